import Configuration
import Foundation

/// What a recipe trains on.
package struct DataPlan: Sendable, Hashable {
    /// How inputs are brought to a common scale, with figures taken from training samples only.
    package enum Standardization: String, CaseIterable, Sendable {
        /// As they are.
        case none
        /// Each modality divided by one number.
        case scale
        /// Each channel to mean 0 and standard deviation 1.
        case channel
    }

    /// The data set and its options.
    package let source: ComponentChoice
    package let standardize: Standardization
    /// Where each key stands.
    package let locations: [String: SourceLocation]

    struct Settings: Options {
        var standardize = Standardization.channel

        static var fields: [OptionField<Settings>] {
            [.choice("standardize", \.standardize, "how inputs are brought to a common scale")]
        }
    }
}

/// How one model is trained.
package struct TrainingPlan: Sendable, Hashable {
    /// What the learning rate is multiplied by for a part of the model.
    package struct PartRate: Sendable, Hashable {
        /// The beginning of its parameters' names: `encoders`, `encoders.audio`, `fusion`.
        package let part: String
        package let factor: Double
    }

    package enum Batching: String, CaseIterable, Sendable {
        /// Every batch has equally many samples of each source domain.
        case balanced
        /// Batches are drawn from all source samples alike.
        case shuffled
    }

    /// Passes over the training samples; where `steps:` is given, the number of checks.
    package let epochs: Int
    /// `check-every:`, steps from one check to the next where the length is given in steps; nil where an epoch is a pass.
    package let checkEvery: Int?
    /// Samples per step.
    package let batch: Int
    /// Balanced by default.
    package let batching: Batching
    /// `optimizer:`, without its learning rate; adam by default.
    package let optimizer: ComponentChoice
    /// `optimizer.learning-rate`, the base of the schedule; 0.001 by default.
    package let learningRate: Double
    /// `optimizer.rates`: factors of the learning rate for parts of the model, by the beginning of their parameters' names.
    package let rates: [PartRate]
    /// `schedule:`, how the learning rate goes; constant by default.
    package let schedule: ComponentChoice
    /// `gradient-clip:`, the largest norm of the whole gradient; nil for no limit.
    package let gradientClip: Double?
    /// `augmentation-draws:`, how many different views training has of each sample; nil for a new one in each epoch.
    package let augmentationDraws: Int?
    /// `stem-cache:`, whether what frozen stems make is stored; off by default.
    package let stemCache: Bool
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    struct Settings: Options {
        var batch = 1
        var batching = Batching.balanced
        var gradientClip: Double?
        var augmentationDraws: Int?
        var stemCache = false

        static var fields: [OptionField<Settings>] {
            [
                .integer("batch", \.batch, in: 1...1_000_000, unit: "samples", required: true, "samples per step"),
                .choice("batching", \.batching, "how samples are put into batches"),
                .number("gradient-clip", \.gradientClip, in: 0..., "largest norm of the gradient"),
                .integer(
                    "augmentation-draws", \.augmentationDraws, in: 1...1_000_000, unit: "draws",
                    "different views that training has of each sample, the same for all seeds; null for a new one in each epoch"),
                .flag("stem-cache", \.stemCache, "the outputs of frozen stems are stored as 16-bit floats, and read from there"),
            ]
        }
    }

    /// The length of a training in passes.
    struct EpochSettings: Options {
        var epochs = 1

        static var fields: [OptionField<EpochSettings>] {
            [.integer("epochs", \.epochs, in: 1...1_000_000, required: true, "passes over the training samples")]
        }
    }

    /// The length of a training in steps.
    struct StepSettings: Options {
        var steps = 1
        var checkEvery = 1

        static var fields: [OptionField<StepSettings>] {
            [
                .integer("steps", \.steps, in: 1...1_000_000_000, required: true, "steps of the optimizer, in place of epochs"),
                .integer(
                    "check-every", \.checkEvery, in: 1...1_000_000_000, unit: "steps", required: true, "between two looks at source validation"),
            ]
        }
    }

    struct OptimizerSettings: Options {
        var learningRate = 0.001

        static var fields: [OptionField<OptimizerSettings>] {
            [.number("learning-rate", \.learningRate, in: 0..., "length of a step")]
        }
    }
}

/// How generalization to unseen domains is measured.
package struct EvaluationPlan: Sendable, Hashable {
    package enum TrainingDomains: String, CaseIterable, Sendable {
        /// One domain is held out, all others are trained on.
        case multiSource = "multi-source"
        /// One domain is trained on, all others are held out.
        case singleSource = "single-source"
        /// Domains mean nothing: a share of all samples is held out.
        case iid
        /// Domains mean nothing: the samples, or groups of them, make up folds, each of which is held out once.
        case kFold = "k-fold"
        /// Each domain is trained on itself: a reference for what could be reached there, and no result of generalization.
        case trainedOnTarget = "trained-on-target"
    }

    /// The rule of a recipe that names none.
    package static let standardSelection = "source-validation"

    /// Which check of equal scores is taken.
    package enum Ties: String, CaseIterable, Sendable {
        /// The one of the lower validation loss, then the first.
        case lowerLoss = "lower-loss"
        case first
        case latest
    }

    /// One column of the study: what is trained on, and what is held out.
    package struct Transfer: Sendable, Hashable {
        package let sources: [String]
        package let target: String

        /// `a + b → c`.
        package var name: String { sources.joined(separator: " + ") + " → " + target }

        /// From `a + b -> c`, or with an arrow; nil where the text is none.
        init?(_ text: String) {
            let parts = text.replacingOccurrences(of: "→", with: "->").components(separatedBy: "->")
            guard parts.count == 2 else { return nil }
            sources = parts[0].split(separator: "+", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
            target = parts[1].trimmingCharacters(in: .whitespaces)
            guard !target.isEmpty, !sources.contains(""), Set(sources).count == sources.count, !sources.contains(target) else { return nil }
        }
    }

    /// `protocol:`, multi-source by default.
    package let trainingDomains: TrainingDomains
    /// `domains:`, the targets to hold out; nil for every domain.
    package let domains: [String]?
    /// `transfers:`, the columns of the study in place of a protocol; nil without.
    package let transfers: [Transfer]?
    /// `validation-per-class:`, rows of each class and source domain for selection, in place of a share; nil without.
    package let validationPerClass: Int?
    /// `ties:`, the lower loss by default.
    package let ties: Ties
    /// `validation:`, the share of the source samples that is held back for selection; 0.2 by default.
    package let validation: Double
    /// `selection:`, the rule that chooses the epoch; source validation by default.
    package let selection: ComponentChoice
    /// `test:`, the share of the samples that the protocol iid holds out; 0.2 by default.
    package let test: Double
    /// `folds:` of the protocol k-fold; 5 by default.
    package let folds: Int
    /// `draw:`, which random division the protocols iid and k-fold use, the same for all seeds.
    package let draw: Int
    /// `unknown-classes:`, classes that are not learned, and whose samples measurements may set against those of the others.
    package let unknownClasses: [String]
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    /// The domains of a data set that are held out, in its order. Under iid the data are divided into `train` and `test`.
    package func targets(among known: [String]) -> [String] {
        known.filter { domains?.contains($0) ?? true }.filter { trainingDomains != .iid || $0 == "test" }
    }

    /// The columns of the report: the targets, or `source → target` for each pair.
    package func columns(among known: [String]) -> [String] {
        if let transfers { return transfers.map(\.name) }
        let targets = targets(among: known)
        return switch trainingDomains {
        case .multiSource, .iid, .kFold: targets
        case .trainedOnTarget: targets.map { "\($0) → \($0)" }
        case .singleSource: known.flatMap { source in targets.filter { $0 != source }.map { "\(source) → \($0)" } }
        }
    }

    struct Settings: Options {
        var trainingDomains = TrainingDomains.multiSource
        var validation = 0.2
        var validationPerClass: Int?
        var test = 0.2
        var folds = 5
        var draw = 0
        var ties = Ties.lowerLoss

        static var fields: [OptionField<Settings>] {
            [
                .choice("protocol", \.trainingDomains, "which domains are trained on, or iid or k-fold for data without domains"),
                .number("test", \.test, in: 0.001...0.999, unit: "share of the samples", "held out by the protocol iid"),
                .integer("folds", \.folds, in: 2...1000, "parts of the protocol k-fold"),
                .integer("draw", \.draw, in: 0..., "which random division iid and k-fold use"),
                .number("validation", \.validation, in: 0..<1, unit: "share of the source samples", "held back for selection"),
                .integer(
                    "validation-per-class", \.validationPerClass, in: 1...1_000_000, unit: "samples",
                    "of each class and source domain held back for selection, in place of a share and of a prescribed split"),
                .choice("ties", \.ties, "which of equal scores is taken by the rule source-validation"),
            ]
        }
    }
}

/// How a row's grid is searched. Only source data are looked at.
package struct TuningPlan: Sendable, Hashable {
    /// Seeds that every candidate is trained with; the recipe's first by default.
    package let seeds: [Int]
    /// The rule that chooses among candidates; the evaluation's by default.
    package let selection: ComponentChoice
    /// Epochs of a candidate's training; nil for as many as the row's.
    package let epochs: Int?
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    struct Settings: Options {
        var epochs: Int?

        static var fields: [OptionField<Settings>] {
            [.integer("epochs", \.epochs, in: 1...1_000_000, "epochs of a candidate's training")]
        }
    }
}

/// `choice:`, the selection rules whose choices of tuned values are compared with each other, and with the best that there was.
///
/// Every candidate is trained in every seed then and measured on the target, which no rule is given.
package struct ChoicePlan: Sendable, Hashable {
    /// Each with its options; at least one.
    package let selections: [ComponentChoice]
    package let location: SourceLocation
}
