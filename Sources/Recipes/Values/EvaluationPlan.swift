import Configuration

/// How generalization to unseen domains is measured.
package struct EvaluationPlan: Sendable, Hashable {
    package enum TrainingDomains: String, CaseIterable, Sendable {
        /// One domain is held out, all others are trained on.
        case multiSource = "multi-source"
        /// One domain is trained on, all others are held out.
        case singleSource = "single-source"
    }

    /// How the epoch, and a tuned value, are chosen without a look at the target.
    package enum Selection: String, CaseIterable, Sendable {
        /// Best score on held-back samples of the source domains; ties go to the lower loss.
        case sourceValidation = "source-validation"
        /// Best score on a source domain that was left out of training, averaged over the source domains.
        case leaveOneSourceOut = "leave-one-source-out"
        /// No choice of epoch: the last one.
        case lastEpoch = "last-epoch"
    }

    /// `protocol:`, multi-source unless said otherwise.
    package let trainingDomains: TrainingDomains
    /// `domains:`, the targets to hold out; nil for every domain.
    package let domains: [String]?
    /// `validation:`, the share of the source samples that is held back for selection; 0.2 unless said otherwise.
    package let validation: Double
    /// `selection:`, source validation unless said otherwise.
    package let selection: Selection
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    /// The domains of a data set that are held out, in its order.
    package func targets(among known: [String]) -> [String] { known.filter { domains?.contains($0) ?? true } }

    /// The columns of the report: the targets, or `source → target` for each pair.
    package func columns(among known: [String]) -> [String] {
        let targets = targets(among: known)
        return switch trainingDomains {
        case .multiSource: targets
        case .singleSource: known.flatMap { source in targets.filter { $0 != source }.map { "\(source) → \($0)" } }
        }
    }

    struct Settings: Options {
        var trainingDomains = TrainingDomains.multiSource
        var validation = 0.2
        var selection = Selection.sourceValidation

        static var fields: [OptionField<Settings>] {
            [
                .choice("protocol", \.trainingDomains, "which domains are trained on"),
                .number("validation", \.validation, in: 0..<1, unit: "share of the source samples", "held back for selection"),
                .choice("selection", \.selection, "how the epoch is chosen"),
            ]
        }
    }
}

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
