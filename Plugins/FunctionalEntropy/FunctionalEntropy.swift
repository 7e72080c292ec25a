import Configuration
import Regularization
import Tensors

/// Maximal functional entropy: perturbing any modality moves the prediction, so that none of them can
/// be ignored.
///
///     u_m = z_m repeated S times + ε_m · σ_m,  ε ~ N(0, 1),  σ_m: deviation of each column over the repeated rows
///     L = mean binary cross-entropy of fuse(u) against softmax(fuse(z)),  g_m = dL/du_m
///     score_m = mean over rows of ‖g_m,row‖² / L,   penalty = ‖(1/score_m)_m‖₂
///
/// It reads the embeddings that the fusion got, and asks the model's own fusion, without dropout and
/// without moving statistics. The perturbed embeddings are leaves: encoders learn through the targets
/// alone, the fusion through everything. The derivative of `‖g‖²` in the fusion's parameters is a
/// second derivative; it is taken as the central difference of first ones along `g`, which agrees to
/// about three digits, while the value is exact. NaN gives NaN; where the gradient of a modality is 0,
/// so that its score has no inverse, there is no penalty, nor while the weight is 0, as its value is
/// made of gradients. Cost: `2 M + 2` passes of `S·N` rows through the fusion.
///
/// ```yaml
/// regularizers:
///   - functional-entropy: {weight: 1e-10, samples: 10}
/// ```
///
/// Source: Gat et al., "Removing Bias in Multi-modal Classifiers: Regularization by Maximizing
/// Functional Entropies", NeurIPS 2020, in the form of MultiBench's program: S 10, weight 10⁻¹⁰.
public struct FunctionalEntropy: RegularizerPlugin, AddsPenalty {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `S`, perturbations of each sample.
        public var samples = 10

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.integer("samples", \.samples, in: 2...4096, "number of perturbations of each sample")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "functional-entropy",
            summary: "keeps the prediction sensitive to every modality",
            formula: "‖(1/score_m)_m‖₂,  score_m = mean ‖dL/du_m‖² / L,  L: divergence of fuse(u) from fuse(z), u perturbed",
            source: "Gat et al., Removing Bias in Multi-modal Classifiers, NeurIPS 2020; MultiBench",
            cost: "2·M + 2 passes of samples × N rows through the fusion, with M modalities",
            unsearched: "MultiBench has one weight, and no range",
            notes: [
                "Logged: score of each modality.",
                "The default weight, 1e-10, is that of the released programs: scores are small, so their inverses are large.",
            ])
    }

    /// The weight of the released programs.
    public static var defaultWeight: Double { 1e-10 }

    /// Only the embeddings themselves: the model fuses perturbed ones.
    public static var places: [Place] { [.embedding] }

    /// Divergences are those of distributions over classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It compares what the prediction draws from each modality.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let samples: Int

    /// - Throws: `OptionFault` where there is only one modality, the term sees only a part of the
    ///   embeddings, or there is no room for all perturbations of a batch.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        try context.requireWholeEmbeddings()
        try context.requireRoom(forRepeats: options.samples, option: "samples")
        samples = options.samples
    }

    /// The norm of the inverse scores; nil for an empty batch, where a score is 0, and where no
    /// gradients are recorded. Logs `score` of each modality.
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

/// How far a prediction moves when the embeddings of single modalities are perturbed.
struct Sensitivity {
    /// `score_m` of each perturbed modality.
    let scores: [Double]
    /// `L`.
    let loss: Double
    /// `‖(1/score_m)_m‖₂`, a scalar with its gradient in what the fusion and the targets depend on; nil
    /// where a score is 0.
    let term: Tensor?

    /// How far along a gradient differences are taken, as a share of the embeddings' size.
    private static let reach: Float = 1e-2

    /// - Parameters:
    ///   - embeddings: of all of the model's modalities, `N×D_m`.
    ///   - noise: standard normal numbers, `N·S×D_m`, for each modality that is perturbed.
    ///   - fuse: the logits of embeddings.
    /// - Returns: nil where nothing is recorded, as in a pass without gradients.
    init?(_ embeddings: Embeddings, noise: [(modality: Modality, values: Tensor)], samples: Int, fuse: (Embeddings) -> Tensor) {
        let rows = (0..<embeddings.batchSize).flatMap { [Int](repeating: $0, count: samples) }
        let targets = fuse(embeddings).softmax().gathering(rows: rows)
        var perturbed = embeddings.mapEmbeddings { $1.map { array, _ in array.detached().gathering(rows: rows) } }
        for (modality, values) in noise {
            guard let repeated = perturbed[modality]?.pooled else { continue }
            let deviation = repeated.variance(axis: 0, keepingAxis: true).sqrt()
            perturbed[modality] = Embedding(pooled: (repeated + values * deviation).detached().tracked())
        }
        func divergence(_ embeddings: Embeddings) -> Tensor {
            let logits = fuse(embeddings)
            return (logits.softplus() - logits * targets).mean()
        }
        let leaves = noise.map { perturbed[$0.modality]?.pooled ?? Tensor(.nan) }
        let whole = divergence(perturbed)
        guard whole.isTracked else { return nil }
        let slopes = gradients(of: whole, with: leaves, keepingGraph: true).map { $0?.detached() }
        loss = Double(whole.item)
        let count = Double(rows.count)
        var scores: [Double] = []
        // Each score's own derivative, made of recorded terms that are 0 here.
        var changes: [Tensor] = []
        for (index, (modality, _)) in noise.enumerated() {
            guard let slope = slopes[index] else { return nil }
            let square = slope.squared().sum().item
            let score = Double(square) / count / loss
            scores.append(score)
            let step = square > 0 ? Self.reach * (leaves[index].squared().sum().item / square).squareRoot() : 0
            guard step > 0 else {
                changes.append(Tensor(0))
                continue
            }
            func moved(_ sign: Float) -> Tensor {
                var other = perturbed
                other[modality] = Embedding(pooled: leaves[index].detached() + slope * (sign * step))
                return divergence(other)
            }
            let along = (moved(1) - moved(-1)) / (2 * step)
            let share = (whole - whole.detached()) * Float(score / loss)
            changes.append((along - along.detached()) * Float(2 / (count * loss)) - share)
        }
        self.scores = scores
        let inverses = scores.map { 1 / $0 }
        let norm = inverses.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard !(norm == .infinity) else {
            term = nil
            return
        }
        term = zip(changes, inverses).reduce(Tensor(Float(norm))) { sum, change in
            sum + change.0 * Float(-change.1 * change.1 * change.1 / norm)
        }
    }
}
