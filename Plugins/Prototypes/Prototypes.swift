import Configuration
import Networks
import Regularization
import Tensors

/// Prototypical modality rebalance: the modality that tells classes apart less well learns to, by the
/// distances to its class means.
///
///     s_m,ik = −‖z_m,i − P_m,k‖,  score_m = Σ_i softmax(s_m,i)_{y_i}
///     penalty = Σ over modalities with score_m below the mean of the others' of mean_i CE(s_m,i, y_i)
///
/// For two modalities that is the paper's rule: the weaker one gets the term, and neither where both
/// are equal; for more it is ours. Prototypes `P_m` are constants to the gradient: class means of the
/// encoders' own output `N×D` in training, gathered over `every` steps, then `P ← (1 − momentum)·mean +
/// momentum·P`. Both programs compute them once an epoch over a tenth of the batches, in evaluation.
/// Until the first are there, there is no penalty; a class that had no sample keeps its prototype, or
/// has 0. NaN gives NaN. Cost: `O(N·K·D)` for each modality.
///
/// ```yaml
/// regularizers:
///   - prototypes: {weight: 1, every: 10}
/// ```
///
/// Source: Fan et al., "PMR: Prototypical Modal Rebalance for Multimodal Learning", CVPR 2023 (momentum
/// 0.2 and weight 1 in its program, 0.5 and 0.6 in BalanceBenchmark). Its entropy term for the first
/// epochs is in neither program.
public struct Prototypes: RegularizerPlugin, AddsPenalty, FollowsUpdates {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// How much of the old prototypes each update keeps.
        public var momentum = 0.2

        /// Steps from one update of the prototypes to the next.
        public var every = 10

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("momentum", \.momentum, in: 0..<1, "how much of the old prototypes each update keeps"),
                .integer("every", \.every, in: 1...1_000_000, unit: "steps", "steps between two updates of the prototypes"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "prototypes",
            summary: "trains the weaker modality by the distances of its embeddings to its class means",
            formula: "mean_i CE(−‖z_i − P_k‖, y_i) for modalities whose score is below the others'",
            source: "Fan et al., PMR: Prototypical Modal Rebalance for Multimodal Learning, CVPR 2023",
            cost: "O(N·K·D) for each modality, with K classes",
            unsearched: "none is known",
            notes: ["Logged: loss and ratio of each modality; a ratio below 1 gets the term.", "The prototypes are saved with the model."])
    }

    /// A class mean needs several samples of the class, and the weaker modality another one to be weaker than.
    public static var needs: [DataNeed] { [.severalModalities, .severalSamplesOfAClass] }

    /// Embeddings and projections, which have class means.
    public static var places: [Place] { [.embedding, .projection] }

    /// Prototypes are means of classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    private let every: Int
    /// The class means of each modality.
    private let means: [(modality: Modality, means: ClassMeans)]
    /// Steps followed.
    private let steps = Buffer(Tensor(0), isCount: true)

    public var parts: Parts {
        ["means": Parts(means.map { (name: $0.modality.name, part: $0.means) }), "steps": steps]
    }

    /// - Throws: `OptionFault` where there is only one modality.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        every = options.every
        means = context.modalities.map {
            ($0, ClassMeans(classes: context.classes, width: context.widths[$0] ?? 0, momentum: options.momentum))
        }
    }

    /// The loss of the modalities below the mean of the others; nil while there are no prototypes.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let seen = means.compactMap { modality, means -> (modality: Modality, similarities: Tensor)? in
            guard let prototypes = means.current, let z = step.originalEmbeddings[modality]?.pooled else { return nil }
            return (modality, ClassMeans.similarities(z, to: prototypes))
        }
        guard seen.count >= 2 else { return nil }
        return Self.penalty(seen, labels: step.labels)
    }

    /// The penalty for similarities `N×K` of each modality.
    static func penalty(_ seen: [(modality: Modality, similarities: Tensor)], labels: [Int]) -> Penalty? {
        let scores = seen.map { $0.similarities.detached().softmax().picking(labels).sum().item }
        let sum = scores.reduce(0, +)
        return Penalty.sum(
            zip(seen, scores).map { seen, score in
                let loss = seen.similarities.crossEntropy(labels: labels)
                let others = (sum - score) / Float(scores.count - 1)
                // A score that is not a number is no reason to leave the loss out.
                let isWeaker = !(score >= others)
                return Penalty(
                    value: isWeaker ? loss : Tensor(0), reports: [("\(seen.modality).loss", loss.item), ("\(seen.modality).ratio", score / others)])
            })
    }

    /// Gathers the embeddings of the step, and updates the prototypes when it is time.
    public func follow(_ step: TrainingStep, learningRate: Float) {
        guard step.batchSize > 0 else { return }
        let count = Int(steps.value.item)
        for (modality, means) in means {
            guard let z = step.originalEmbeddings[modality]?.pooled else { continue }
            means.gather(z, labels: step.labels)
            // The first batch makes the first prototypes.
            if count % every == 0 { means.update() }
        }
        steps.value = Tensor(Float(count + 1))
    }
}

/// The mean embedding of each class, with momentum: `P ← (1 − momentum)·mean + momentum·P`.
///
/// Embeddings of several steps are gathered before they move the prototypes. A class without a sample
/// since then keeps its prototype; before there is any, its prototype is 0.
final class ClassMeans: Module {
    /// The share of the old prototypes that an update keeps.
    private let momentum: Float
    /// `P`, `K×D`.
    private let prototypes: Buffer
    /// The sums of the embeddings of each class since the last update, `K×D`.
    private let sums: Buffer
    /// Samples of each class in `sums`, `K`.
    private let counts: Buffer
    /// How often the prototypes have been moved.
    private let updates = Buffer(Tensor(0), isCount: true)

    var parts: Parts { ["prototypes": prototypes, "sums": sums, "counts": counts, "updates": updates] }

    /// No prototypes yet.
    init(classes: Int, width: Int, momentum: Double) {
        self.momentum = Float(momentum)
        prototypes = Buffer(.zeros([classes, width]))
        sums = Buffer(.zeros([classes, width]))
        counts = Buffer(.zeros([classes]))
    }

    /// `K×D`; nil before the first update.
    var current: Tensor? { updates.value.item > 0 ? prototypes.value : nil }

    /// Gathers the embeddings of a batch, `N×D`. What is not finite is left out as a whole.
    func gather(_ z: Tensor, labels: [Int]) {
        guard z.withUnsafeValues({ $0.allSatisfy(\.isFinite) }) else { return }
        let classes = Tensor.oneHot(labels, classes: counts.elementCount)
        sums.value = sums.value + classes.matmul(z, transposingLeft: true)
        counts.value = counts.value + classes.sum(axis: 0)
    }

    /// Moves the prototypes to the means of what was gathered, the first time all the way.
    func update() {
        let present = counts.value.isGreater(than: 0).unsqueezed(axis: 1)
        let means = sums.value / Tensor.maximum(counts.value, .ones(counts.shape)).unsqueezed(axis: 1)
        let share = updates.value.item == 0 ? 1 : 1 - momentum
        prototypes.value = prototypes.value + present * (means - prototypes.value) * share
        updates.value = Tensor(updates.value.item + 1)
        sums.value = .zeros(sums.shape)
        counts.value = .zeros(counts.shape)
    }

    /// Similarities to prototypes `K×D`: `−‖z_i − P_k‖`, `N×K`. Where the distance is 0 its gradient is
    /// 0.
    static func similarities(_ z: Tensor, to prototypes: Tensor) -> Tensor {
        -(z.unsqueezed(axis: 1) - prototypes.unsqueezed(axis: 0)).norm(axis: 2)
    }
}
