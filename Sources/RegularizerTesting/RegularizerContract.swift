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
/// Each ``ContractCheck`` runs the regularizer on small batches of its own: more samples than features
/// and fewer, one and two samples where it allows them, one to four modalities, unequal widths, tokens,
/// and missing modalities. All of them go through the same objective as a training. A check whose
/// outcome would mean nothing because an earlier one failed is skipped, so that a report names the
/// cause and not its consequences.
///
/// A run takes well under a second where the options keep the regularizer's own networks small. It
/// needs no files and draws the same numbers every time.
public enum RegularizerContract {
    /// How far a gradient may be from central differences, relative to the slope that it predicts or,
    /// where that is smaller, to the slope to be expected along a random direction.
    public static let gradientTolerance = 0.01

    /// Runs a regularizer through every check.
    ///
    /// - Parameters:
    ///   - plugin: the regularizer.
    ///   - options: the options to run it with. Keep the networks that it owns small; the reported
    ///     costs belong to these options.
    ///   - exceptions: what the regularizer is documented not to keep; such a check is reported as
    ///     declared.
    /// - Returns: every result; nothing is thrown. Tests expect ``ContractReport/failures`` to be empty
    ///   or call ``ContractReport/requirePassed()``.
    ///
    /// ```swift
    /// var options = EmbeddingNoise.Options()
    /// options.scale = .relative
    /// let report = RegularizerContract.check(EmbeddingNoise.self, options: options, declares: [.randomDraws, .stopGradients])
    /// print(report)                       // the table, with the declared exceptions
    /// ```
    public static func check<Plugin: RegularizerPlugin>(
        _ plugin: Plugin.Type, options: Plugin.Options = Plugin.Options(), declares exceptions: ContractExceptions = []
    ) -> ContractReport {
        let subject = Subject(plugin, options: options, exceptions: exceptions)
        var findings = checks.filter { !$0.needsInstance }.flatMap { $0.findings(on: subject) }
        // With a wrong bound there is still a regularizer to check; with refused options there is none.
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
        // Where a fault stopped one check and another check reports that very fault, only the latter counts as failed.
        let failed = Set(findings.filter { $0.outcome == .failed && $0.cause == nil }.map(\.check))
        findings = findings.map { finding in
            guard let cause = finding.cause, failed.contains(cause) else { return finding }
            return Finding(finding.check, .skipped, "means nothing while “\(cause.title)” fails", scenario: finding.scenario)
        }
        return ContractReport(regularizer: subject.description.name, findings: findings.map(\.published), cost: cost(of: subject))
    }

    /// The checks, in the order in which they are run and reported.
    private static let checks: [any Check.Type] = [
        DescriptionCheck.self, OptionsCheck.self, FinitenessCheck.self, DeterminismCheck.self, GradientCheck.self, PermutationCheck.self,
        PresenceCheck.self, TargetsCheck.self, TasksCheck.self, ZeroWeightCheck.self, DegenerateInputsCheck.self, NaNCheck.self,
        CheckpointCheck.self, EvaluationCheck.self,
        GradientTransformCheck.self, EvaluatedWeightsCheck.self,
    ]

    /// The measured cost, for batches of up to 256 samples; nil where the regularizer could not be
    /// made.
    private static func cost(of subject: Subject) -> RegularizerCost? {
        guard let ordinary = subject.ordinary else { return nil }
        return try? RegularizerCost.measure(
            samples: [32, 64, 128, 256].filter { $0 >= subject.minimumBatch }, modalities: ordinary.widths.count, repetitions: 3,
            make: subject.make)
    }
}

/// The checks of the contract, in the order in which they are run and reported.
///
/// They are run on up to ten batches each; a batch that the regularizer refuses when it is made, such
/// as one with a single modality, counts as declared.
public enum ContractCheck: String, CaseIterable, Sendable {
    /// The description names the regularizer in kebab-case, has a summary and a source, and explains
    /// every option; and the type conforms to a hook.
    ///
    /// A recipe names a regularizer and its options by these names, and `regulus describe` prints the
    /// rest. Without a paper, `source` says that the method is one's own.
    case description
    /// Options survive encoding and decoding, values at the declared bounds are accepted and those
    /// beyond are refused under the option's name, and every choice works or is refused.
    ///
    /// A failure mostly means that an option has no field, or that two fields share a property. A
    /// combination that cannot work is refused by an `OptionFault` from the initializer.
    case options
    /// Penalty, gradients and changed embeddings are finite on ordinary batches.
    ///
    /// Typical causes of a failure are a logarithm of 0, a division by a number of samples that may be
    /// 0 or 1, and a norm of a zero vector. A regularizer that needs more samples says so by
    /// `minimumBatch`.
    case finiteness
    /// The same seed and step give the same bits, also from a second instance, and random numbers
    /// change from step to step.
    ///
    /// Random numbers come from `stream(_:)` of the step or the pass and never from the system. State
    /// that a hook keeps between calls belongs into ``Regularization/Regularizer/parts``.
    case determinism
    /// Gradients agree with central differences to ``RegularizerContract/gradientTolerance``.
    ///
    /// A closed-form gradient given to `Tensor.custom` is what this check is for. Where a stop-gradient
    /// is part of the method, declare ``ContractExceptions/stopGradients``.
    case gradient
    /// Another order of the samples changes nothing but the order of the results.
    ///
    /// A failure means that something depends on the position of a sample in the batch, such as a
    /// pairing of neighbors. Where each sample has a random number of its own, declare
    /// ``ContractExceptions/randomDraws``.
    case permutation
    /// Nothing depends on what stands in place of missing modalities or on padding.
    ///
    /// A regularizer without `ReadsPresence` passes as long as it does not look beyond the samples that
    /// it is given. One with it uses `Embedding.present` and `mapPresent(_:)` wherever it computes
    /// means, norms or covariances.
    case presence
    /// Changed targets are distributions over the classes and carry no record of gradients.
    ///
    /// Each row sums to 1 and has no negative entries. Targets that depend on the prediction have to be
    /// detached.
    case targets
    /// A short training of every declared task is accepted and stays finite.
    ///
    /// A regularizer that reads classes declares `tasks` as `[.classes]`; by default it claims to serve
    /// all.
    case tasks
    /// With weight 0 a training has the bits of one without the regularizer.
    ///
    /// The wrapper sees to this. A failure points to a regularizer that changes the model outside its
    /// hooks.
    case zeroWeight
    /// Constant, repeated and zero embeddings, a single class, a single domain, a class that a domain lacks and
    /// a domain of one sample give finite results.
    ///
    /// Such batches occur in trainings: an encoder may collapse, and a small batch may hold one class, or a
    /// single sample of a domain.
    /// Where zero embeddings cannot be served, declare ``ContractExceptions/undefinedAtZero``.
    case degenerateInputs
    /// NaN in what the penalty reads makes the penalty NaN.
    ///
    /// Otherwise a training goes on as if nothing had happened. `max`, comparisons and clamping are the
    /// usual places where NaN gets lost.
    case nan
    /// A training that is saved and continued in new instances has the bits of one that was not
    /// interrupted.
    ///
    /// A failure means that something is kept outside of `parts`, or is changed in a hook that may be
    /// called more than once in a step.
    case checkpoint
    /// In evaluation, changed embeddings do not depend on seed or step.
    ///
    /// Noise and dropout ask for `isTraining`.
    case evaluation
    /// Changed gradients keep names and shapes, are finite and reproducible, and leave parameters
    /// alone.
    ///
    /// Parameters are moved only by asking for gradients at a displacement; see
    /// ``Regularization/StepObjective``.
    case gradientTransform
    /// Averaged weights have the model's names and shapes, are finite, and give the model its own
    /// values back.
    case evaluatedWeights

    /// What the check is about in a few words: a row of the report's table.
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
        case .degenerateInputs: "constant and zero inputs, single classes and domains"
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
/// An exception appears in the report as “declared”; it loosens the one check that it names and no
/// other. Declare one only for what the method itself implies, and say so in the regularizer's
/// documentation, because a user meets the same behavior in a training.
///
/// ```swift
/// let report = RegularizerContract.check(EmbeddingDropout.self, declares: .randomDraws)
/// ```
public struct ContractExceptions: OptionSet, Sendable {
    /// One bit for each exception.
    public let rawValue: Int

    /// The exceptions of these bits; tests write `[.randomDraws]` instead.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The gradient is deliberately not the derivative of the value, as with stop-gradients and
    /// gradient reversal. It is then checked to be finite, not 0 everywhere, and the same each time.
    ///
    /// Loosens ``ContractCheck/gradient``.
    public static let stopGradients = ContractExceptions(rawValue: 1 << 0)

    /// It draws random numbers for each sample, so that in another order a sample gets another draw.
    ///
    /// Loosens ``ContractCheck/permutation``, and the comparison of a batch with and without samples
    /// that have no modality.
    public static let randomDraws = ContractExceptions(rawValue: 1 << 1)

    /// It is not finite where all embeddings are 0, as a logarithm of a norm is not.
    ///
    /// Loosens ``ContractCheck/degenerateInputs``, for zero embeddings only.
    public static let undefinedAtZero = ContractExceptions(rawValue: 1 << 2)

    /// Its penalty stays finite where an input that it reads is NaN, as one that only looks at the
    /// largest value may.
    ///
    /// Loosens ``ContractCheck/nan``.
    public static let hidesNaN = ContractExceptions(rawValue: 1 << 3)
}
