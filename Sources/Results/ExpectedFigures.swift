/// Figures from elsewhere, such as a paper's table, that a run is compared with.
package struct ExpectedFigures: Hashable, Codable, Sendable {
    /// The column that stands for the mean over all targets.
    package static let average = "average"

    /// The figures of one variant of a sweep.
    package struct Variant: Hashable, Codable, Sendable {
        /// Each dial's path to its value.
        package var settings: [String: String]
        package var figures: [String: [String: Double]]

        package init(settings: [String: String], figures: [String: [String: Double]]) {
            self.settings = settings
            self.figures = figures
        }
    }

    /// Where the figures come from, for example `Table 13`; nil where the recipe does not say.
    package var source: String?
    /// In percent, by row and column; a column is a target or `average`. They are those of all variants that `variants` does not list.
    package var figures: [String: [String: Double]]
    /// What differs from variant to variant.
    package var variants: [Variant]

    package init(source: String? = nil, figures: [String: [String: Double]], variants: [Variant] = []) {
        self.source = source
        self.figures = figures
        self.variants = variants
    }

    /// Figures that were written before `variants` existed are read as being the same in all.
    ///
    /// - Throws: `DecodingError` when an entry has another type.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        source = try fields.decodeIfPresent(String.self, forKey: .source)
        figures = try fields.decode([String: [String: Double]].self, forKey: .figures)
        variants = try fields.decodeIfPresent([Variant].self, forKey: .variants) ?? []
    }

    /// Those of one variant, by row and column.
    package func figures(of settings: [String: String]) -> [String: [String: Double]] {
        variants.first { $0.settings == settings }?.figures ?? figures
    }
}
