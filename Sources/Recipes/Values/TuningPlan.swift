import Configuration

/// How a row's grid is searched. Only source data are looked at.
package struct TuningPlan: Sendable, Hashable {
    /// Seeds that every candidate is trained with; the recipe's first unless said otherwise.
    package let seeds: [Int]
    /// The evaluation's selection unless said otherwise.
    package let selection: EvaluationPlan.Selection
    /// Epochs of a candidate's training; nil for as many as the row's.
    package let epochs: Int?
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    struct Settings: Options {
        var selection: EvaluationPlan.Selection?
        var epochs: Int?

        static var fields: [OptionField<Settings>] {
            [
                .choice("selection", \.selection, "how candidates are compared"),
                .integer("epochs", \.epochs, in: 1...1_000_000, "epochs of a candidate's training"),
            ]
        }
    }
}
