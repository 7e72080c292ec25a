import Configuration
import Glibc
import Networks
import Regularization
import Tensors

/// Mutual-information perturbed difference of the multimodal competition regularizer: each modality
/// plays for influence on the fused prediction.
///
/// How much a modality counts is measured by how far the prediction moves when its embedding is
/// replaced by another sample's:
///
///     J(u) = JSD(fuse(u), fuse(z)),  averaged over rows and permutations,  z̃⁽ᵐ⁾ the permuted embedding, [·] a stop-gradient
///     greedy:         penalty = Σ_m −J(z̃⁽ᵐ⁾, [z of the others]) + J([z̃⁽ᵐ⁾], z of the others)
///     independent:    penalty = Σ_m −J(z̃⁽ᵐ⁾, [z of the others])
///     collaborative:  penalty = Σ_m −J(z̃⁽ᵐ⁾, z of the others)
///
/// So a modality always raises its own influence; in the greedy game it also lowers that of the others.
/// The greedy penalty is exactly 0, as its two terms have the same value: only its gradient acts, and
/// the divergences are what the log shows.
///
/// It reads the embeddings that the fusion module got, after every transform, and asks the model's own
/// `fuse`, without dropout and without moving statistics. The unpermuted prediction is not detached.
/// Stop-gradients act on the embeddings, not on the parameters of the fusion. Modalities that `on:`
/// leaves out are not players: they are encoded once more, without gradients, to complete what is fused.
///
/// Samples that lack a modality take no part in its exchange: it goes round among those that have it.
///
/// Cost: one pass through the fusion, and for each modality one (greedy: two) on `permutations` times
/// the batch. Where no row is left there is no penalty. NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - modality-competition: {game: greedy, permutations: 2}
/// ```
///
/// Source: Kontras et al., "Balancing Multimodal Training Through Game-Theoretic Regularization",
/// NeurIPS 2025; the sign pattern is the released program's.
public struct ModalityCompetition: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// Who wins by what.
    public enum Game: String, CaseIterable, Sendable {
        /// Each modality raises its own influence and lowers that of the others.
        case greedy
        /// Each modality raises its own influence; the others' embeddings get no gradient.
        case independent
        /// Each modality raises its own influence, and the others' embeddings help.
        case collaborative
    }

    /// Which permuted rows count.
    public enum Rows: String, CaseIterable, Sendable {
        /// All rows.
        case all
        /// Those that got another sample's embedding.
        case moved
        /// Those that got the embedding of a sample of another class.
        case otherClass = "other-class"
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Which game is played.
        public var game = Game.greedy

        /// Number of permutations of the batch.
        public var permutations = 1

        /// Whether one permutation serves all modalities.
        public var sharesPermutations = true

        /// Which permuted rows count.
        public var rows = Rows.all

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("game", \.game, "whether a modality also lowers, ignores or raises the influence of the others"),
                .integer("permutations", \.permutations, in: 1...1024, "number of permutations of the batch"),
                .flag("shared-permutations", \.sharesPermutations, "whether one permutation serves all modalities"),
                .choice("rows", \.rows, "which permuted rows count: all of them, those that moved, or those that changed class"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "modality-competition",
            summary: "makes modalities compete for influence on the fused prediction",
            formula: "Σ_m [−JSD(fuse(z̃_m, [z]), fuse(z)) + JSD(fuse([z̃_m], z), fuse(z))]  (greedy)",
            source: "Kontras et al., Multimodal Competition Regularizer, NeurIPS 2025",
            cost: "one pass through the fusion, and for each modality one (greedy: two) of permutations × N rows",
            unsearched: "none is known",
            notes: [
                "The greedy penalty is always 0; its gradient is not.",
                "Logged: divergence of each modality, how far its permutation moves the prediction, from 0 to log 2.",
            ])
    }

    /// A permutation needs two samples.
    public static var minimumBatch: Int { 2 }

    /// Only the embeddings themselves: the model fuses permuted ones.
    public static var places: [Place] { [.embedding] }

    /// It compares what belongs to one sample alone.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    // A divergence between predicted distributions over classes.
    public static var tasks: [TargetKind] { [.classes] }

    /// Modalities play against each other.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let options: Options

    /// - Throws: `OptionFault` where there is only one modality, the term sees only a part of the
    ///   embeddings, or there is no room for all permutations of a batch.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        try context.requireWholeEmbeddings()
        try context.requireRoom(forRepeats: options.permutations, option: "permutations")
        self.options = options
    }

    /// The penalty of the game; nil where no row is left. Logs each modality's divergence.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        penalty(step, permutations: permutations(step))
    }

    /// The penalty for given permutations of the batch, one list for each modality.
    func penalty(_ step: TrainingStep, permutations: [Modality: [[Int]]]) -> Penalty? {
        let pass = step.evaluationPass
        let embeddings = step.completeEmbeddings(pass)
        let base = step.model.fuse(embeddings, pass: pass).logits
        var terms: [Penalty] = []
        for modality in step.embeddings.modalities {
            let exchanges = exchanges(permutations[modality] ?? [], among: step.embeddings[modality]?.presence.rows, labels: step.labels)
            guard !exchanges.kept.isEmpty else { continue }
            let batch = Exchange(of: modality, in: embeddings, kept: exchanges.kept, replacements: exchanges.replacements)
            let prediction = base.gathering(rows: exchanges.kept)
            func divergence(detaching: (Modality) -> Bool) -> Tensor {
                let exchanged = batch.embeddings.mapEmbeddings { name, embedding in
                    detaching(name) ? embedding.map { array, _ in array.detached() } : embedding
                }
                return JensenShannonDivergence(step.model.fuse(exchanged, pass: pass).logits, prediction).mean
            }
            let own = divergence { options.game != .collaborative && $0 != modality }
            var value = -own
            if options.game == .greedy { value += divergence { $0 == modality } }
            terms.append(Penalty(value: value, reports: [("\(modality).divergence", own.item)]))
        }
        return Penalty.sum(terms)
    }

    /// The permutations of a step, for each modality; drawn from the term's own stream.
    private func permutations(_ step: TrainingStep) -> [Modality: [[Int]]] {
        func draw(_ name: String) -> [[Int]] {
            var stream = step.stream(name)
            return (0..<options.permutations).map { _ in stream.permutation(step.batchSize) }
        }
        let shared = options.sharesPermutations ? draw("") : []
        return Dictionary(
            uniqueKeysWithValues: step.embeddings.modalities.map {
                ($0, options.sharesPermutations ? shared : draw($0.name))
            })
    }

    /// The rows that count, and for each the row whose embedding it gets, over all permutations.
    ///
    /// - Parameter present: the rows that have the modality, which exchange it among themselves in the
    ///   order of the permutation; nil for all.
    private func exchanges(_ permutations: [[Int]], among present: [Int]?, labels: [Int]) -> (kept: [Int], replacements: [Int]) {
        var (kept, replacements): ([Int], [Int]) = ([], [])
        let members = present.map(Set.init)
        for permutation in permutations {
            let others = members.map { members in permutation.filter(members.contains) } ?? permutation
            for (row, other) in zip(present ?? Array(permutation.indices), others) {
                switch options.rows {
                case .moved where row == other: continue
                case .otherClass where labels[row] == labels[other]: continue
                default: break
                }
                kept.append(row)
                replacements.append(other)
            }
        }
        return (kept, replacements)
    }
}

/// A batch in which one modality's embeddings were exchanged between samples.
private struct Exchange {
    let embeddings: Embeddings

    /// Replaces one modality's rows by those of other samples.
    ///
    /// - Parameters:
    ///   - modality: whose embedding is exchanged.
    ///   - embeddings: of all modalities.
    ///   - kept: the rows that count.
    ///   - replacements: for each of them the sample whose embedding it gets.
    init(of modality: Modality, in embeddings: Embeddings, kept: [Int], replacements: [Int]) {
        self.embeddings = embeddings.mapEmbeddings { name, embedding in
            embedding.gathering(rows: name == modality ? replacements : kept)
        }
    }
}

/// The Jensen–Shannon divergence between the softmaxes of two batches of logits, as one operation with
/// a gradient in closed form.
///
///     p = softmax(a),  q = softmax(b),  m = (p + q)/2
///     J_n = ½ Σ_c p log(p/m) + ½ Σ_c q log(q/m)          0 ≤ J_n ≤ log 2
///     ∂J_n/∂a_c = ½ p_c (log(p_c/m_c) − KL(p‖m)),  likewise for b
///
/// Computed from log-softmaxes in double precision, so that no probability has to be kept away from 0.
/// Equal logits give 0 with slope 0.
public struct JensenShannonDivergence {
    /// `J_n` of each row, in nats.
    public let rows: [Double]

    /// The mean over the rows, a scalar that gradients may be asked of.
    public let mean: Tensor

    /// - Parameters:
    ///   - a: `N×K` logits with `N ≥ 1`.
    ///   - b: as `a`.
    public init(_ a: Tensor, _ b: Tensor) {
        require(
            a.rank == 2 && a.shape == b.shape && a.elementCount > 0,
            "JensenShannonDivergence: two arrays of logits N×K are needed, found \(a.shape) and \(b.shape)")
        let (samples, classes) = (a.shape[0], a.shape[1])
        var rows = [Double](repeating: 0, count: samples)
        var slopes = (a: [Double](repeating: 0, count: a.elementCount), b: [Double](repeating: 0, count: a.elementCount))
        let (left, right) = (a.values, b.values)
        for row in 0..<samples {
            let columns = row * classes..<(row + 1) * classes
            let (p, q) = (logSoftmax(left[columns]), logSoftmax(right[columns]))
            var (fromP, fromQ) = (0.0, 0.0)
            var ratios = (p: p, q: q)
            // A class that neither knows adds nothing, and one of probability 0 has the slope 0: 0 · log 0 counts as 0.
            for column in 0..<classes where p[column] != -.infinity || q[column] != -.infinity {
                let (larger, smaller) = (max(p[column], q[column]), min(p[column], q[column]))
                let middle = larger + log1p(exp(smaller - larger)) - M_LN2
                ratios.p[column] = p[column] - middle
                ratios.q[column] = q[column] - middle
                fromP += product(exp(p[column]), ratios.p[column])
                fromQ += product(exp(q[column]), ratios.q[column])
            }
            rows[row] = (fromP + fromQ) / 2
            for column in 0..<classes {
                slopes.a[columns.lowerBound + column] = product(exp(p[column]), ratios.p[column] - fromP) / 2
                slopes.b[columns.lowerBound + column] = product(exp(q[column]), ratios.q[column] - fromQ) / 2
            }
        }
        self.rows = rows
        let count = Double(samples)
        mean = Tensor.custom(Tensor(Float(rows.reduce(0, +) / count)), inputs: [a, b]) { [shape = a.shape] upstream in
            let scale = Double(upstream.item) / count
            return [slopes.a, slopes.b].map { Tensor($0.map { Float(scale * $0) }, shape: shape) }
        }
    }
}

/// A probability times a number, 0 where the probability is.
private func product(_ probability: Double, _ number: Double) -> Double { probability == 0 ? 0 : probability * number }

/// The logarithms of the probabilities of one row, in double precision.
private func logSoftmax(_ logits: ArraySlice<Float>) -> [Double] {
    let values = logits.map(Double.init)
    let peak = values.reduce(-Double.infinity) { $1.isNaN || $1 > $0 ? $1 : $0 }
    let logarithm = peak + log(values.reduce(0) { $0 + exp($1 - peak) })
    return values.map { $0 - logarithm }
}
