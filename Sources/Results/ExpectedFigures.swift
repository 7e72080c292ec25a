/// Figures from elsewhere, such as a paper's table, that a run is compared with.
package struct ExpectedFigures: Hashable, Codable, Sendable {
    /// The column that stands for the mean over all targets.
    package static let average = "average"

    /// The figures of one variant of a sweep.
    package struct Variant: Hashable, Codable, Sendable {
        /// Each dial's path to its value.
        package var settings: [String: String]
        package var figures: [String: [String: Double]]
        package var measured: [Measured]

        package init(settings: [String: String], figures: [String: [String: Double]], measured: [Measured] = []) {
            self.settings = settings
            self.figures = figures
            self.measured = measured
        }

        package init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            settings = try fields.decode([String: String].self, forKey: .settings)
            figures = try fields.decode([String: [String: Double]].self, forKey: .figures)
            measured = try fields.decodeIfPresent([Measured].self, forKey: .measured) ?? []
        }
    }

    /// A figure for something that a measurement finds.
    package struct Measured: Hashable, Codable, Sendable {
        /// The measurement's name in the recipe.
        package var measurement: String
        /// What it finds, as the report writes it: `rankme of video on target`.
        package var quantity: String
        package var row: String
        /// In the measurement's own unit: a fraction, not a percentage.
        package var value: Double

        package init(measurement: String, quantity: String, row: String, value: Double) {
            self.measurement = measurement
            self.quantity = quantity
            self.row = row
            self.value = value
        }
    }

    /// Where the figures come from, for example `Table 13`; nil where the recipe does not say.
    package var source: String?
    /// By row and column, as the table is written: in percent for a fraction; a column is a target or `average`. They are those of all variants that `variants` does not list.
    package var figures: [String: [String: Double]]
    /// Those of what is measured, in the recipe's order; of all variants that `variants` does not list.
    package var measured: [Measured]
    /// What differs from variant to variant.
    package var variants: [Variant]

    package init(source: String? = nil, figures: [String: [String: Double]], measured: [Measured] = [], variants: [Variant] = []) {
        self.source = source
        self.figures = figures
        self.measured = measured
        self.variants = variants
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        source = try fields.decodeIfPresent(String.self, forKey: .source)
        figures = try fields.decode([String: [String: Double]].self, forKey: .figures)
        measured = try fields.decodeIfPresent([Measured].self, forKey: .measured) ?? []
        variants = try fields.decode([Variant].self, forKey: .variants)
    }

    /// Those of one variant, by row and column.
    package func figures(of settings: [String: String]) -> [String: [String: Double]] {
        variants.first { $0.settings == settings }?.figures ?? figures
    }

    /// Those of what is measured in one variant.
    package func measured(of settings: [String: String]) -> [Measured] {
        variants.first { $0.settings == settings }?.measured ?? measured
    }
}
