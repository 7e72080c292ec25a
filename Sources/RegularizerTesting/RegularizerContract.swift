import Configuration
import Regularization

/// What every regularizer has to keep, checked in one call.
///
/// ```swift
/// @Test func contract() {
///     let report = RegularizerContract.check(MER.self)
///     #expect(report.failures.isEmpty, "\(report)")
/// }
/// ```
///
/// Each ``ContractCheck`` runs the regularizer on small batches of its own: more samples than features and fewer, two samples, one to
/// four modalities, and one with tokens. A check whose outcome would mean nothing because an earlier one failed is left out, so that a
/// report names the cause and not its consequences.
///
/// A whole run takes well under a second for options that keep the regularizer's own networks small.
public enum RegularizerContract {
    /// How far a gradient may be from what central differences give, relative to what it predicts (or, where that is more, to what a
    /// random direction is expected to show).
    public static let gradientTolerance = 0.01

    /// Runs a regularizer through every check.
    ///
    /// - Parameters:
    ///   - plugin: the regularizer.
    ///   - options: the options to run it with. Keep the networks that it owns small; the costs that the report gives are of these options.
    ///   - exceptions: what the regularizer is documented not to keep; such a check is reported as declared.
    public static func check<Plugin: RegularizerPlugin>(
        _ plugin: Plugin.Type, options: Plugin.Options = Plugin.Options(), declares exceptions: ContractExceptions = []
    ) -> ContractReport {
        let subject = Subject(plugin, options: options, exceptions: exceptions)
        var findings = checks.filter { !$0.needsInstance }.flatMap { $0.findings(on: subject) }
        // A wrong bound leaves a regularizer to be checked; refused options do not.
        let causes: Set<ContractCheck> = subject.ordinary == nil ? [.options] : []
        for check in checks where check.needsInstance {
            let failed = causes.union(findings.filter { $0.outcome == .failed && $0.check != .options && $0.cause == nil }.map(\.check))
            if !check.hooks.isEmpty, Set(check.hooks).isDisjoint(with: subject.hooks) {
                findings.append(Finding(check.check, .none))
            } else if let cause = check.presumes.first(where: failed.contains) {
                findings.append(Finding(check.check, .skipped, "means nothing while “\(cause.title)” fails"))
            } else {
                findings += check.findings(on: subject)
            }
        }
        // What stopped one check is a failure of the check that is about it, if that has seen it.
        let failed = Set(findings.filter { $0.outcome == .failed && $0.cause == nil }.map(\.check))
        findings = findings.map { finding in
            guard let cause = finding.cause, failed.contains(cause) else { return finding }
            return Finding(finding.check, .skipped, "means nothing while “\(cause.title)” fails", scenario: finding.scenario)
        }
        return ContractReport(regularizer: subject.description.name, findings: findings.map(\.published), cost: cost(of: subject))
    }

    private static let checks: [any Check.Type] = [
        DescriptionCheck.self, OptionsCheck.self, FinitenessCheck.self, DeterminismCheck.self, GradientCheck.self, PermutationCheck.self,
        PresenceCheck.self, TargetsCheck.self, TasksCheck.self, ZeroWeightCheck.self, DegenerateInputsCheck.self, NaNCheck.self,
        CheckpointCheck.self, EvaluationCheck.self,
        GradientTransformCheck.self, EvaluatedWeightsCheck.self,
    ]

    private static func cost(of subject: Subject) -> RegularizerCost? {
        guard let ordinary = subject.ordinary else { return nil }
        return try? RegularizerCost.measure(
            samples: [32, 64, 128, 256].filter { $0 >= subject.minimumBatch }, modalities: ordinary.widths.count, repetitions: 3,
            make: subject.make)
    }
}

/// The checks of the contract, in the order in which they are run and reported.
public enum ContractCheck: String, CaseIterable, Sendable {
    case description, options, finiteness, determinism, gradient, permutation, presence, targets, tasks, zeroWeight, degenerateInputs, nan
    case checkpoint
    case evaluation, gradientTransform, evaluatedWeights

    /// What the check is about, in a few words, as a row of the report's table.
    public var title: String {
        switch self {
        case .description: "description is complete"
        case .options: "options round-trip, bounds hold"
        case .finiteness: "value and gradient are finite"
        case .determinism: "same seed, same bits"
        case .gradient: "gradient against central differences"
        case .permutation: "order of the batch does not matter"
        case .presence: "what is missing does not count"
        case .targets: "targets stay distributions, without gradient"
        case .tasks: "serves every task that it declares"
        case .zeroWeight: "weight 0 changes nothing"
        case .degenerateInputs: "constant, repeated and zero inputs"
        case .nan: "NaN in, NaN out"
        case .checkpoint: "state round-trips through a checkpoint"
        case .evaluation: "evaluation draws nothing"
        case .gradientTransform: "gradient transform keeps names and shapes"
        case .evaluatedWeights: "evaluated weights fit the model"
        }
    }
}

/// What a regularizer is documented not to keep of the contract.
///
/// An exception stands in the report as “declared”; it loosens the one check that it names and no other.
public struct ContractExceptions: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Its gradient is on purpose not the derivative of its value, as with stop-gradients and gradient reversal. The gradient is then
    /// checked to be finite, not 0 everywhere, and the same each time.
    public static let stopGradients = ContractExceptions(rawValue: 1 << 0)

    /// It draws random numbers for each sample, so that reordering the batch gives each sample another draw.
    public static let randomDraws = ContractExceptions(rawValue: 1 << 1)

    /// It is not finite where all embeddings are 0.
    public static let undefinedAtZero = ContractExceptions(rawValue: 1 << 2)

    /// Its penalty stays finite where an input that it reads is NaN.
    public static let hidesNaN = ContractExceptions(rawValue: 1 << 3)
}
