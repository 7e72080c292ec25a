import Configuration

/// One term of a row: a regularizer, or a sum of terms.
///
/// | Key | Meaning |
/// |---|---|
/// | `use` | the regularizer's registered name, where the item is not written `name: {…}`; `sum` for a sum |
/// | `name` | the instance's name, unique in its list |
/// | `weight` | factor of the penalty |
/// | `schedule` | how the weight changes over the training |
/// | `after`, `until` | from when to when the term acts: `0.4`, `5 epochs` or `400 steps` |
/// | `on` | the modalities that it sees |
/// | `at` | what it acts on: `embedding`, `projection` or `fused` |
/// | `part` | the entries that it sees: `whole`, `shared` (the first half) or `specific` (the second) |
/// | `points` | where inside the encoders it acts, of a regularizer that changes feature maps |
/// | `projection` | the heads, for `at: projection` |
/// | `terms` | the terms of a sum, which has `name`, `weight`, `schedule`, `after`, `until` and `on` beside it |
package struct RegularizerChoice: Sendable, Hashable {

    /// What the term consists of.
    package indirect enum Content: Sendable, Hashable {
        /// A regularizer and its own options.
        case regularizer(ComponentChoice)
        /// Terms that are added up; the keys of this choice apply to all of them together.
        case sum([RegularizerChoice])
    }

    /// `name:`, unique in its list; the regularizer's own by default.
    package let name: String
    package let content: Content
    /// `weight:`; nil for the regularizer's default.
    package let weight: Double?
    package let schedule: WeightSchedule
    /// `after:`, when the term begins to act; nil for the training's beginning.
    package let after: TrainingMoment?
    /// `until:`, when the term ceases to act; nil for the training's end.
    package let until: TrainingMoment?
    /// `on:`, the modalities that it sees; nil for all.
    package let modalities: [String]?
    /// `at:`, the embedding by default.
    package let place: Place
    /// `part:`, the whole embedding by default.
    package let part: EmbeddingPart
    /// `points:`, where inside the encoders it changes feature maps; nil for the regularizer's own choice.
    package let points: [String]?
    /// `projection:`, used at a projection only.
    package let projection: ProjectionOptions
    /// Where the item stands.
    package let location: SourceLocation
    /// Where each of the keys above stands.
    package let locations: [String: SourceLocation]

    /// The regularizer and its own options; `sum` without options for a sum.
    package var choice: ComponentChoice {
        if case .regularizer(let choice) = content { choice } else { ComponentChoice(Self.sumName, location: location) }
    }

    /// The terms of a sum; none for a regularizer.
    package var terms: [RegularizerChoice] {
        if case .sum(let terms) = content { terms } else { [] }
    }

    /// The regularizers of this term: itself, or those of its terms and of theirs.
    package var regularizers: [RegularizerChoice] {
        if case .sum(let terms) = content { terms.flatMap(\.regularizers) } else { [self] }
    }

    /// What every term has.
    struct Settings: Options {
        var weight: Double?
        static var fields: [OptionField<Settings>] { [.number("weight", \.weight, in: 0..., "factor of the penalty")] }
    }

    /// What a regularizer has and a sum leaves to its terms.
    struct PlaceSettings: Options {
        var place = Place.embedding
        var part = EmbeddingPart.whole

        static var fields: [OptionField<PlaceSettings>] {
            [
                .choice("at", \.place, "what the regularizer sees"),
                .choice("part", \.part, "which entries of it"),
            ]
        }
    }

    /// The name of a list of terms that stands for one.
    static let sumName = "sum"

    /// The keys that belong to every regularizer and so are not options of any.
    static let reservedKeys = ["use"] + keys.map(\.name)

    /// The keys that every regularizer has beside its own options, for people.
    package static let keys: [(name: String, accepts: String, standard: String, help: String)] = [
        ("name", "a name", "the regularizer's", "the instance's name, unique in its list"),
        ("weight", "a number from 0 up", "the regularizer's own weight, mostly 1", "factor of the penalty; of a transform, how far it is applied"),
        ("schedule", "a shape, or shape, start and end", "constant", "how the weight changes over the training"),
        ("after", TrainingMoment.expectation, "the beginning", "when the term begins to act"),
        ("until", TrainingMoment.expectation, "the end", "when the term ceases to act"),
        ("on", "names of modalities", "all", "the modalities that it sees"),
        ("at", "embedding, projection or fused", "embedding", "what it acts on"),
        ("part", "whole, shared or specific", "whole", "the entries that it sees: all, the first half or the second"),
        ("points", "names of points inside the encoders", "the regularizer's own", "where it changes feature maps, such as [layer1, layer2]"),
        ("projection", "a section", "no options", "the heads, for at: projection"),
    ]

    /// The keys of a sum.
    static let sumKeys = ["use", "name", "weight", "schedule", "after", "until", "on", "terms"]
}
