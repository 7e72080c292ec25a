/// Figures from elsewhere, such as a paper's table, that a run is compared with.
package struct ExpectedFigures: Hashable, Codable, Sendable {
    /// The column that stands for the mean over all targets.
    package static let average = "average"

    /// Where the figures come from, for example `Table 13`; nil where the recipe does not say.
    package var source: String?
    /// In percent, by row and column; a column is a target or `average`.
    package var figures: [String: [String: Double]]

    package init(source: String? = nil, figures: [String: [String: Double]]) {
        self.source = source
        self.figures = figures
    }
}
