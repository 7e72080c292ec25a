import Configuration
import Glibc
import Networks
import Regularization
import Tensors

/// On-the-fly prediction modulation: in training, embeddings of the modality that predicts best are
/// dropped more often, so that the fusion learns from the others.
///
///     score_m = Σ_i probability of the true class from modality m alone,  ratio_m = score_m / mean of the others' scores
///     q_m = base·(1 + λ tanh(ratio_m − 1)) where ratio_m > 1, at most 1, else 0
///     z_m,i ← keep_m,i z_m,i / (1 − θ),  keep_m,i ~ Bernoulli(1 − q_m),  θ = Σ_m D_m q_m / Σ_m D_m
///
///     confidence:  q_m = base + (1 − base)·tanh(r_m − 1) where r_m > 1, r_m = mean_o conf_m/conf_o, conf the mean largest probability;  no rescaling
///
/// With probability `1 − share` a whole batch is left alone. What a modality predicts alone comes from
/// the model's own fusion (``UnimodalPredictions``). Every embedding is rescaled by the same mean rate,
/// also one that is never dropped. A sample that would lose all its modalities, which takes more than
/// two, keeps them all, which is our convention; the mean over the others is ours for more than two as
/// well. Tokens are dropped with the pooled vector. Cost: `M + 1` passes through the fusion, without
/// gradients.
///
/// ```yaml
/// regularizers:
///   - online-dropout: {base: 0.5, share: 0.7}
/// ```
///
/// Source: Wei et al., "On-the-fly Modulation for Balanced Multimodal Learning", TPAMI 2024 (OPM): base
/// 0.4 to 0.5, λ 0.5, share 0.7; `confidence`: MBCD as in the MMDG benchmark's program, base 0, share
/// 1, by unimodal classifiers of its own.
public struct OnlineDropout: RegularizerPlugin, ChangesEmbeddings {
    /// What is compared, and how often is dropped.
    public enum Rule: String, CaseIterable, Sendable {
        /// By the probability of the true class.
        case truth
        /// By the largest probability (MBCD).
        case confidence
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// What is compared, and how often is dropped.
        public var rule = Rule.truth

        /// The rate at a ratio just above 1.
        public var base = 0.5

        /// `λ`, how much the rate grows with the ratio.
        public var growth = 0.5

        /// How often a batch is changed at all.
        public var share = 0.7

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("rule", \.rule, "what is compared between modalities: the probability of the true class, or the confidence"),
                .number("base", \.base, in: 0..<1, unit: "probability", "how often a modality that leads is dropped"),
                .number("growth", \.growth, in: 0...100, "how much this rate grows with the lead, λ"),
                .number("share", \.share, in: 0...1, unit: "probability", "how often a batch is changed at all"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "online-dropout",
            summary: "drops embeddings of the modality that predicts best by itself, in training",
            formula: "q_m = base (1 + λ tanh(ratio_m − 1)) where ratio_m > 1;  z_m ← keep z_m/(1 − θ),  θ = Σ D_m q_m / Σ D_m",
            source: "Wei et al., On-the-fly Modulation for Balanced Multimodal Learning, TPAMI 2024",
            cost: "M + 1 passes through the fusion, without gradients, with M modalities",
            search: [.linear("base", 0...0.9, step: 0.1, of: .mmdgBench)],
            notes: ["Logged: the rate of each modality.", "Samples, not features, are dropped."])
    }

    /// Modalities are compared by probabilities of classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// Modalities are dropped against each other.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let options: Options
    /// The model, whose fusion says what each modality predicts alone.
    private let model: any MultimodalModel

    /// - Throws: `OptionFault` where the term sees less than all modalities, or fewer than two.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        try context.requireWholeEmbeddings()
        guard context.modalities.count == context.model.modalities.count else {
            throw OptionFault(
                option: "on", expected: "all modalities, which are compared with each other",
                found: context.modalities.map(\.name).joined(separator: ", "))
        }
        self.options = options
        model = context.model
    }

    /// The embeddings without what was dropped, in training; the given ones in evaluation.
    public func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        guard forward.isTraining, let labels = forward.targets?.classes, !labels.isEmpty else { return embeddings }
        let pass = Pass(isTraining: false, random: forward.pass.random, step: forward.pass.step)
        let alone = UnimodalPredictions(embeddings, model: model, pass: pass)
        let rates =
            switch options.rule {
            case .truth: Self.rates(scores: alone.probabilities(of: labels), base: options.base, growth: options.growth)
            case .confidence:
                Self.confidenceRates(alone.logits.map { Double($0.softmax().maximum(axis: 1).mean().item) }, base: options.base)
            }
        for (modality, rate) in zip(alone.modalities, rates) { forward.report("\(modality).rate", Float(rate)) }
        var stream = forward.stream("")
        guard Double(stream.uniform()) < options.share, rates.contains(where: { $0 > 0 }) else { return embeddings }
        var kept = rates.map { rate in labels.map { _ in Double(stream.uniform()) >= rate } }
        for row in labels.indices where kept.allSatisfy({ !$0[row] }) {
            for player in kept.indices { kept[player][row] = true }
        }
        return Self.cleaned(embeddings, kept: kept, rates: options.rule == .truth ? rates : rates.map { _ in 0 })
    }

    /// How often each modality is dropped by its confidence against each other's.
    static func confidenceRates(_ confidences: [Double], base: Double) -> [Double] {
        confidences.indices.map { index in
            let others = confidences.indices.filter { $0 != index }
            let ratio = others.reduce(0) { $0 + confidences[index] / confidences[$1] } / Double(others.count)
            return ratio > 1 ? base + (1 - base) * tanh(ratio - 1) : 0
        }
    }

    /// How often each modality is dropped. A score that is not a number drops nothing.
    static func rates(scores: [Double], base: Double, growth: Double) -> [Double] {
        let sum = scores.reduce(0, +)
        return scores.map { score in
            let lead = score / ((sum - score) / Double(scores.count - 1)) - 1
            return lead > 0 ? min(1, base * (1 + growth * tanh(lead))) : 0
        }
    }

    /// The embeddings that are kept, rescaled by the mean rate.
    static func cleaned(_ embeddings: Embeddings, kept: [[Bool]], rates: [Double]) -> Embeddings {
        let widths = embeddings.map { Double($0.embedding.width) }
        let theta = zip(widths, rates).reduce(0) { $0 + $1.0 * $1.1 } / widths.reduce(0, +)
        // Where every modality is dropped for certain, nothing is left to be rescaled.
        let scale = theta < 1 ? Float(1 / (1 - theta)) : 1
        return Embeddings(
            zip(embeddings, kept).map { element, kept in
                let mask = kept.map { $0 ? scale : 0 }
                return (
                    element.modality,
                    element.embedding.map { array, isTokens in array * Tensor(mask, shape: isTokens ? [mask.count, 1, 1] : [mask.count, 1]) }
                )
            })
    }
}
