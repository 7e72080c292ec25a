import Configuration
import Glibc
import Networks
import Regularization
import Tensors

/// On-the-fly gradient modulation: the encoder of a modality that predicts better than the others
/// learns more slowly, so that the others catch up.
///
///     p_m: mean probability of the true class from modality m alone        ρ_m = p_m / mean of the others' p
///     k_m = 1 − tanh(α·ρ_m) where ρ_m > 1, else 1
///     gradient of encoder m ← k_m·g + ε,  ε ~ N(0, deviation of the entries of g)      ε with `enhancement`, for each parameter
///
///     adaptive:  r_m = exp(mean over the others of log-likelihood_m − log-likelihood_j),  τ_m the mean of r_m over all steps before
///                k_m = exp(−α·(r_m − τ_m))
///
/// What a modality predicts alone comes from the model's own fusion with the other embeddings absent
/// (``UnimodalPredictions``), without dropout and without moving statistics. It works for any fusion
/// and any number of modalities: against the mean of the others, which for two is the paper's ratio,
/// and for more is ours. Embeddings are those that the fusion module got. Modalities that `on:` leaves
/// out are fused as absent ones are.
///
/// The released program changes only convolutions (parameters of rank 3 and more); `layers: all`
/// changes every parameter of an encoder.
///
/// A modality is scored on the samples that have it. One that no sample of a batch has is left as it
/// is, and such a batch does not enter the means of the adaptive rule.
///
/// Cost: `M + 1` passes through the fusion, twice, without gradients. A coefficient that is not a
/// number counts as 1.
///
/// ```yaml
/// regularizers:
///   - gradient-modulation: {strength: 0.1, layers: all}
/// ```
///
/// Source: Peng et al., "Balanced Multimodal Learning via On-the-fly Gradient Modulation", CVPR 2022;
/// adaptive: Li et al., "Boosting Multi-modal Model Performance with Adaptive Gradient Modulation",
/// ICCV 2023, of which the coefficient is taken, while the contributions are those above in place of
/// Shapley values.
public struct GradientModulation: RegularizerPlugin, ChangesGradients, FollowsUpdates, ReadsPresence {
    /// Where a coefficient comes from.
    public enum Rule: String, CaseIterable, Sendable {
        /// The ratio at this step alone.
        case onTheFly = "on-the-fly"
        /// The ratio at this step against what it was before.
        case adaptive
    }

    /// Which of an encoder's parameters are changed.
    public enum Layers: String, CaseIterable, Sendable {
        /// Those of rank 3 and more.
        case convolutions
        /// All parameters of the encoder.
        case all
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `α`, how strongly gradients are held back.
        public var strength = 0.1

        /// Whether noise is added.
        public var enhancement = true

        /// Where the coefficients come from.
        public var rule = Rule.onTheFly
        /// What takes the place of an absent modality where a modality predicts alone.
        public var absence = Embeddings.Absence.zero
        /// Which of an encoder's parameters are changed.
        public var layers = Layers.convolutions

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("strength", \.strength, in: 0...100, "how strongly gradients are held back, α"),
                .flag("enhancement", \.enhancement, "whether noise with the standard deviation of each gradient is added to it"),
                .choice("rule", \.rule, "the ratio at this step alone, or relative to its mean over all earlier steps"),
                .choice("absence", \.absence, "what replaces an absent modality: zeros, or the mean embedding of the batch"),
                .choice("layers", \.layers, "whose gradients change: parameters with three axes or more (convolutions), or all parameters of an encoder"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "gradient-modulation",
            summary: "slows down the encoder of the modality that predicts best by itself",
            formula: "g_m ← k_m g_m + N(0, deviation(g_m)),  k_m = 1 − tanh(α ρ_m) where ρ_m = p_m / mean_{j≠m} p_j > 1, else 1",
            source: "Peng et al., Balanced Multimodal Learning via On-the-fly Gradient Modulation, CVPR 2022",
            cost: "M + 1 passes through the fusion, twice, without gradients, with M modalities",
            unsearched: "its source names single values",
            notes: [
                "adaptive is the coefficient of Li et al., Adaptive Gradient Modulation, ICCV 2023.",
                "Logged: ratio and coefficient of each modality.",
                "after: and until: are the program's first and last epoch of modulation.",
            ])
    }

    /// Modalities are compared by the probability of the true class.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It scales encoders against each other.
    public static var traits: [TermTrait] { [.balancesEncoders] }

    /// The terms that it conflicts with, and why.
    public static var excludes: [TermExclusion] {
        [TermExclusion(.balancesEncoders, because: "encoders would be held back twice, by ratios that know nothing of each other")]
    }

    /// Modalities are held back against each other.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let options: Options
    private let modalities: [Modality]
    /// The mean ratios of the adaptive rule.
    private let usual: UsualRatios

    public var parts: Parts { options.rule == .adaptive ? ["usual-ratios": usual] : [:] }

    /// - Throws: `OptionFault` where there is only one modality, the term sees only a part of the
    ///   embeddings, or an encoder has no parameter that would be changed.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        try context.requireWholeEmbeddings()
        if options.layers == .convolutions,
            let without = context.modalities.first(where: { modality in
                !context.model.encoderParameters(of: modality).contains { $0.shape.rank >= 3 }
            })
        {
            throw OptionFault(
                option: "layers", expected: "all for encoders without convolutions",
                found: "convolutions, which \(without)'s encoder lacks")
        }
        self.options = options
        modalities = context.modalities
        usual = UsualRatios(context.modalities.count)
    }

    /// The gradients with those of better modalities' encoders reduced. Logs `ratio` and `coefficient`
    /// of each modality.
    public func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) -> Gradients {
        guard let measured = measure(step) else { return gradients }
        for (modality, (ratio, coefficient)) in zip(measured.modalities, zip(measured.ratios, measured.coefficients)) {
            step.report("\(modality).ratio", Float(ratio))
            step.report("\(modality).coefficient", Float(coefficient))
        }
        // Handed on to `follow`: the same again however often the gradients of this step are changed.
        usual.last = measured.modalities == modalities ? measured.ratios : nil
        let coefficients = zip(measured.modalities, measured.coefficients).map { (prefix: "encoders.\($0).", factor: Float($1)) }
        return gradients.map { name, gradient in
            guard let own = coefficients.first(where: { name.hasPrefix($0.prefix) }), options.layers == .all || gradient.rank >= 3
            else { return gradient }
            return modulated(gradient, factor: own.factor, from: step.stream(name))
        }
    }

    /// Takes the ratios of the step into the means of the adaptive rule.
    public func follow(_ step: TrainingStep, learningRate: Float) {
        if options.rule == .adaptive { usual.commit() }
    }

    /// A gradient times a coefficient, with noise where it is asked for.
    private func modulated(_ gradient: Tensor, factor: Float, from stream: RandomStream) -> Tensor {
        let kept = gradient * factor
        guard options.enhancement, gradient.elementCount > 1 else { return kept }
        let deviation = gradient.reshaped([gradient.elementCount]).variance(axis: 0).item.squareRoot()
        var stream = stream
        return kept + stream.normal(gradient.shape, deviation: deviation)
    }

    /// Ratio and coefficient of each modality that some sample has; nil where these are fewer than two.
    private func measure(_ step: TrainingStep) -> (modalities: [Modality], ratios: [Double], coefficients: [Double])? {
        guard !step.labels.isEmpty else { return nil }
        let pass = step.evaluationPass
        let alone = UnimodalPredictions(of: modalities, step.completeEmbeddings(pass), absence: options.absence, model: step.model, pass: pass)
        let players = alone.modalities
        guard players.count >= 2 else { return nil }
        switch options.rule {
        case .onTheFly:
            let ratios = ModulationRule.ratios(of: alone.probabilities(of: step.labels))
            return (players, ratios, ratios.map { ModulationRule.coefficient(ratio: $0, strength: options.strength) })
        case .adaptive:
            let ratios = ModulationRule.adaptiveRatios(of: alone.logProbabilities(of: step.labels))
            let means = usual.means.map { means in players.compactMap { modalities.firstIndex(of: $0).map { means[$0] } } }
            let coefficients = zip(ratios, means ?? ratios).map {
                ModulationRule.adaptiveCoefficient(ratio: $0, usual: $1, strength: options.strength)
            }
            return (players, ratios, coefficients.map { $0.isFinite ? $0 : 1 })
        }
    }
}

/// From what each modality contributes to how much of its gradient is kept.
enum ModulationRule {
    /// The discrepancy ratio of OGM-GE: a modality's score over that of the others, their mean where
    /// there are several.
    static func ratios(of scores: [Double]) -> [Double] {
        let sum = scores.reduce(0, +)
        return scores.map { score in
            let others = (sum - score) / Double(scores.count - 1)
            return others > 0 ? score / others : score > 0 ? .infinity : 1
        }
    }

    /// `1 − tanh(α·ρ)` above a ratio of 1, else 1.
    static func coefficient(ratio: Double, strength: Double) -> Double {
        ratio > 1 && strength > 0 ? 1 - tanh(strength * ratio) : 1
    }

    /// The ratio of adaptive gradient modulation: `exp` of the mean lead in log-likelihood over the
    /// others.
    static func adaptiveRatios(of logScores: [Double]) -> [Double] {
        let sum = logScores.reduce(0, +)
        return logScores.map { score in exp(score - (sum - score) / Double(logScores.count - 1)) }
    }

    /// `exp(−α·(r − τ))`: below 1 for a modality that leads by more than it used to, above 1 for one
    /// that leads by less.
    static func adaptiveCoefficient(ratio: Double, usual: Double, strength: Double) -> Double {
        exp(-strength * (ratio - usual))
    }
}

/// The mean of each modality's ratio over the steps that lie behind.
final class UsualRatios: Module {
    /// What this step's gradients were changed by; it enters the mean with ``commit()``.
    var last: [Double]?

    /// The sums of the ratios, one for each modality.
    private let sums: Buffer
    /// The number of steps in these sums.
    private let steps = Buffer(Tensor(0), isCount: true)

    var parts: Parts { ["sums": sums, "steps": steps] }

    /// No ratio yet, for a number of modalities.
    init(_ count: Int) {
        sums = Buffer(.zeros([count]))
    }

    /// The means, or nil before the first step.
    var means: [Double]? {
        let count = Double(steps.value.item)
        return count > 0 ? sums.value.values.map { Double($0) / count } : nil
    }

    /// Takes the step's ratios into the mean; those that are not finite are left out.
    func commit() {
        defer { last = nil }
        guard let last, last.allSatisfy(\.isFinite) else { return }
        sums.value = Tensor(zip(sums.value.values, last).map { $0 + Float($1) }, shape: [last.count])
        steps.value = Tensor(steps.value.item + 1)
    }
}
