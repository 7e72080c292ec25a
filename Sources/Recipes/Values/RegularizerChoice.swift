import Configuration

/// One regularizer of a row.
package struct RegularizerChoice: Sendable, Hashable {
    /// How the weight changes over the training.
    package struct Schedule: Options, Hashable {
        package enum Shape: String, CaseIterable, Sendable {
            case constant
            case warmUp = "warm-up"
            case window
            case cosine
        }

        package var shape = Shape.constant
        /// Where the change begins, as a share of the training.
        package var start = 0.0
        /// Where the change ends, as a share of the training.
        package var end = 1.0

        package init() {}

        package static var fields: [OptionField<Schedule>] {
            [
                .choice("shape", \.shape, "how the weight changes over the training"),
                .number("start", \.start, in: 0...1, unit: "share of the training", "where the change begins"),
                .number("end", \.end, in: 0...1, unit: "share of the training", "where the change ends"),
            ]
        }
    }

    /// What the regularizer sees.
    package enum Place: String, CaseIterable, Sendable {
        case embedding, projection, fused
    }

    /// The heads of a regularizer at a projection, one for each modality.
    package struct Projection: Options, Hashable {
        package enum Normalization: String, CaseIterable, Sendable {
            case layer, batch
        }

        /// Widths of the hidden layers.
        package var hidden = [2048, 2048]
        /// Width of the projected embedding.
        package var width = 128
        package var normalization = Normalization.layer
        /// Whether each projected vector is brought to length 1.
        package var unit = false

        package init() {}

        package static var fields: [OptionField<Projection>] {
            [
                .integers("hidden", \.hidden, in: 1...65_536, unit: "features", "widths of the hidden layers"),
                .integer("width", \.width, in: 1...65_536, unit: "features", "width of the projected embedding"),
                .choice("normalization", \.normalization, "normalization of the hidden layers"),
                .flag("unit", \.unit, "whether each projected vector is brought to length 1"),
            ]
        }
    }

    /// `name:`, unique in its row; the regularizer's own unless said otherwise.
    package let name: String
    /// The regularizer and its own options.
    package let choice: ComponentChoice
    /// `weight:`; nil for the regularizer's default.
    package let weight: Double?
    package let schedule: Schedule
    /// `on:`, the modalities that it sees; nil for all.
    package let modalities: [String]?
    /// `at:`, the embedding unless said otherwise.
    package let place: Place
    /// `projection:`, used at a projection only.
    package let projection: Projection
    /// Where the item stands.
    package let location: SourceLocation
    /// Where each of the keys above stands.
    package let locations: [String: SourceLocation]

    struct Settings: Options {
        var weight: Double?
        var place = Place.embedding

        static var fields: [OptionField<Settings>] {
            [
                .number("weight", \.weight, in: 0..., "factor of the penalty"),
                .choice("at", \.place, "what the regularizer sees"),
            ]
        }
    }

    /// The keys that belong to every regularizer and so are no option of any.
    static let reservedKeys = ["use", "name", "weight", "schedule", "on", "at", "projection"]
}
