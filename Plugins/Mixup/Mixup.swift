import Configuration
import Regularization
import Tensors

/// Mixup: in training, embeddings are mixed with those of other samples, and targets with theirs.
///
///     z_i ← s z_i + (1 − s) z_j,  target_i ← s target_i + (1 − s) target_j        s ~ Beta(α, α)
///     within:  j from one permutation of the batch, one s for all rows
///     across:  j the row of the next source domain, the domains in a random circle, one s for each domain
///
/// All modalities of a sample are mixed with those of the same other sample, tokens with the pooled
/// vectors. Cross-entropy with mixed targets is the mix of both cross-entropies. Across domains the
/// `j`-th rows meet; where domains differ in size in the batch, a smaller one is begun again and every
/// row counts, where DomainBed drops what is left over. One domain stays as it is. Cost: `O(N·D)`.
///
/// ```yaml
/// regularizers:
///   - mixup: {pairs: across, concentration: 0.2}
/// ```
///
/// Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018; on embeddings: Verma
/// et al., "Manifold Mixup", ICML 2019; across domains as in DomainBed (α = 0.2, searched in 10^U(−1,
/// 1)), which mixes inputs.
public struct Mixup: RegularizerPlugin, ChangesEmbeddings, ChangesTargets {
    /// Whom a sample is mixed with.
    public enum Pairs: String, CaseIterable, Sendable {
        /// Any sample of the batch.
        case within
        /// A sample of another source domain.
        case across
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Whom a sample is mixed with.
        public var pairs = Pairs.within

        /// `α`: small values keep one of the two nearly whole.
        public var concentration = 0.2

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("pairs", \.pairs, "which samples are mixed: any two of the batch, or two of different source domains"),
                .number("concentration", \.concentration, in: 0.01...1000, "both parameters α of the beta distribution from which shares are drawn"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "mixup",
            summary: "mixes embeddings and targets of pairs of samples in training",
            formula: "z_i ← s z_i + (1 − s) z_j,  y_i ← s y_i + (1 − s) y_j,  s ~ Beta(α, α)",
            source: "Zhang et al., mixup, ICLR 2018; Verma et al., Manifold Mixup, ICML 2019; DomainBed",
            cost: "O(N·D)",
            search: [.logarithmic("concentration", 0.1...10)],
            notes: [
                "All modalities of a sample are mixed with the same other sample.", "Penalties that read labels see the unmixed ones.",
                "pairs: across needs samples of at least two source domains.",
            ])
    }

    /// The terms that it conflicts with, and why.
    public static var excludes: [TermExclusion] {
        [TermExclusion(.judgesPredictions, because: "predictions of mixed samples have no label of their own")]
    }

    private let options: Options

    /// - Throws: `OptionFault` where the term sees only a part of the modalities, as the targets are
    ///   mixed for all of them, and where samples are to be mixed across domains and there is one.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        guard context.modalities.count == context.model.modalities.count else {
            throw OptionFault(
                option: "on", expected: "all modalities, as the targets are mixed for all",
                found: context.modalities.map(\.name).joined(separator: ", "))
        }
        guard options.pairs == .within || context.sourceDomains.count != 1 else {
            throw OptionFault(
                option: "pairs", expected: "within, as the training has a single source domain", found: options.pairs.rawValue, suggestion: "within")
        }
        self.options = options
    }

    /// The mixed embeddings in training; the given ones in evaluation.
    public func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        guard let mixing = mixing(embeddings.batchSize, in: forward) else { return embeddings }
        return embeddings.mapEmbeddings { $1.map { array, _ in mixing(array) } }
    }

    /// The targets, mixed in the same way as the embeddings of the same step.
    public func changedTargets(_ targets: Tensor, in forward: ForwardPass) -> Tensor {
        mixing(targets.shape[0], in: forward).map { $0(targets) } ?? targets
    }

    /// The same for both hooks of a step; nil in evaluation.
    private func mixing(_ samples: Int, in forward: ForwardPass) -> Mixing? {
        guard forward.isTraining, samples > 0 else { return nil }
        switch options.pairs {
        case .within: return Mixing(within: samples, concentration: options.concentration, from: forward.stream(""))
        case .across:
            guard let domains = forward.domains.map(DomainRows.all) else { return nil }
            return Mixing(across: domains.map(\.rows), concentration: options.concentration, from: forward.stream(""))
        }
    }
}

/// Which row each row of a batch is mixed with, and how much it keeps of itself.
struct Mixing {
    /// For each row the row that is mixed in.
    let partners: [Int]

    /// For each row its own share, 0…1; the partner has the rest.
    let shares: [Float]

    /// One share for the whole batch, partners in random order.
    init(within samples: Int, concentration: Double, from stream: RandomStream) {
        var stream = stream
        let share = stream.beta(concentration)
        self.init(order: stream.permutation(samples), share: share)
    }

    /// - Parameter order: for each row its partner.
    init(order: [Int], share: Float) {
        partners = order
        shares = .init(repeating: share, count: order.count)
    }

    /// Each domain with the next one of a random order, with one share for each pair.
    init(across domains: [[Int]], concentration: Double, from stream: RandomStream) {
        var stream = stream
        let order = stream.permutation(domains.count)
        self.init(across: domains, order: order, shares: order.map { _ in stream.beta(concentration) })
    }

    /// The `j`-th row of a domain meets the `j`-th of the next; a smaller one is begun again.
    ///
    /// - Parameters:
    ///   - domains: the rows of each domain, all rows of the batch together.
    ///   - order: the domains in the order in which each is mixed with the next, and the last with the
    ///     first.
    ///   - shares: one for each entry of `order`.
    init(across domains: [[Int]], order: [Int], shares: [Float]) {
        let samples = domains.reduce(0) { $0 + $1.count }
        var (partners, all) = (Array(0..<samples), [Float](repeating: 1, count: samples))
        for (index, domain) in order.enumerated() {
            let other = domains[order[(index + 1) % order.count]]
            for (position, row) in domains[domain].enumerated() {
                partners[row] = other[position % other.count]
                all[row] = shares[index]
            }
        }
        self.partners = partners
        self.shares = all
    }

    /// `share · x + (1 − share) · partner's x`, for an array whose first axis is the rows.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let own = Tensor(shares, shape: Shape([shares.count] + Array(repeating: 1, count: x.rank - 1)))
        return x * own + x.gathering(rows: partners) * (1 - own)
    }
}
