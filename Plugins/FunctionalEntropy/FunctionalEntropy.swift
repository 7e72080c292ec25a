import Configuration
import Regularization
import Tensors

/// Maximal functional entropy: perturbing any modality moves the prediction, so that none of them can be ignored.
///
///     u_m = z_m repeated S times + ε_m · σ_m,  ε ~ N(0, 1),  σ_m: deviation of each column over the repeated rows
///     L = mean binary cross-entropy of fuse(u) against softmax(fuse(z)),  g_m = dL/du_m
///     score_m = mean over rows of ‖g_m,row‖² / L,   penalty = ‖(1/score_m)_m‖₂
///
/// It reads the embeddings that the fusion got, and asks the model's own fusion, without dropout and without moving statistics. The perturbed
/// embeddings are leaves: encoders learn through the targets alone, the fusion through everything. The derivative of `‖g‖²` in the fusion's
/// parameters is a second derivative; it is taken as the central difference of first ones along `g`, which agrees to about three digits, while
/// the value is exact. NaN gives NaN; where the gradient of a modality is 0, so that its score has no inverse, there is no penalty, nor while
/// the weight is 0, as its value is made of gradients. Cost:
/// `2 M + 2` passes of `S·N` rows through the fusion.
///
/// Source: Gat et al., "Removing Bias in Multi-modal Classifiers: Regularization by Maximizing Functional Entropies", NeurIPS 2020, in the form of
/// MultiBench's program: S 10, weight 10⁻¹⁰.
public struct FunctionalEntropy: RegularizerPlugin, AddsPenalty {
    public struct Options: ComponentOptions {
        /// `S`, perturbations of each sample.
        public var samples = 10

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.integer("samples", \.samples, in: 2...4096, "perturbations of each sample")]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "functional-entropy",
            summary: "keeps the prediction sensitive to every modality",
            formula: "‖(1/score_m)_m‖₂,  score_m = mean ‖dL/du_m‖² / L,  L: divergence of fuse(u) from fuse(z), u perturbed",
            source: "Gat et al., Removing Bias in Multi-modal Classifiers, NeurIPS 2020; MultiBench",
            notes: ["Logged: score of each modality.", "The weight is that of programs, 1e-10: scores are small, so their inverses are large."])
    }

    public static var defaultWeight: Double { 1e-10 }
    public static var places: [Place] { [.embedding] }
    public static var tasks: [Targets.Kind] { [.classes] }

    private let samples: Int

    /// - Throws: `OptionFault` where there is only one modality, or the term sees only a part of the embeddings.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        try context.requireWholeEmbeddings()
        samples = options.samples
    }

    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let pass = step.evaluationPass
        let embeddings = step.completeEmbeddings(pass).mapEmbeddings { Embedding(pooled: $1.pooled) }
        let noise = step.embeddings.map { element in
            var stream = step.stream("noise.\(element.modality)")
            return (element.modality, stream.normal([step.batchSize * samples, element.embedding.width]))
        }
        let measured = Sensitivity(embeddings, noise: noise, samples: samples) { step.model.fuse($0, pass: pass).logits }
        guard let measured, let term = measured.term else { return nil }
        return Penalty(value: term, reports: zip(noise, measured.scores).map { ("\($0.0).score", Float($1)) })
    }
}
