import Configuration
import Networks
import Regularization
import Tensors

/// MixStyle: in training, each sample keeps its content and takes a mix of its own and another sample's channel statistics.
///
///     μ, σ: mean and √(variance + ε) of a channel over the places of a sample, unbiased, ε = 10⁻⁶
///     y_i = (s σ_i + (1 − s) σ_j)(x_i − μ_i)/σ_i + s μ_i + (1 − s) μ_j            s ~ Beta(α, α) for each sample
///     within:  j from a permutation of the batch          across:  j a random sample of another source domain
///
/// It acts with a probability, at each point for itself, on all samples of the batch together. The statistics are constants for the gradient,
/// as in the authors' program. A map of one place has no variance and stays as it is, as does a batch of a single domain across domains.
/// Cost: `O(P·L·C)`.
///
/// Source: Zhou et al., "Domain Generalization with MixStyle", ICLR 2021, eqs. 4 to 6: probability 0.5, α = 0.1 (searched in 0.1…0.3), after
/// the first and the second stage.
public struct MixStyle: RegularizerPlugin, ChangesFeatureMaps, ReadsPresence {
    /// Whose statistics are mixed in.
    public enum Pairs: String, CaseIterable, Sendable {
        /// Those of any sample of the batch.
        case within
        /// Those of a sample of another source domain.
        case across
    }

    public struct Options: ComponentOptions {
        public var pairs = Pairs.within

        /// How often it acts.
        public var probability = 0.5

        /// `α`: small values leave one of the two nearly whole.
        public var concentration = 0.1

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("pairs", \.pairs, "which samples are mixed: any two of the batch, or two of different source domains"),
                .number("probability", \.probability, in: 0...1, unit: "probability", "how often it acts, decided separately at each point"),
                .number("concentration", \.concentration, in: 0.01...1000, "both parameters α of the beta distribution from which shares are drawn"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "mix-style",
            summary: "mixes the statistics of feature maps of pairs of samples in training",
            formula: "y_i = (s σ_i + (1 − s) σ_j)(x_i − μ_i)/σ_i + s μ_i + (1 − s) μ_j,  s ~ Beta(α, α)",
            source: "Zhou et al., Domain Generalization with MixStyle, ICLR 2021",
            cost: "O(V) for each point, with V values in its feature map",
            search: [.linear("concentration", 0.1...0.3)],
            notes: ["Acts at layer1 and layer2 of encoders that have these, else at the first half of their points, unless `points` names some."])
    }

    public static let minimumBatch = 2

    /// The lower half of a network: what is near the output tells classes apart rather than styles.
    public static func points(among names: [String]) -> [String] {
        let published = names.filter(["layer1", "layer2"].contains)
        return published.isEmpty ? Array(names.prefix((names.count + 1) / 2)) : published
    }

    private let options: Options

    public init(options: Options, context: RegularizerContext) {
        self.options = options
    }

    public func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) -> Tensor {
        guard map.places.shape[1] >= 2, forward.acts(with: options.probability, at: map, of: modality) else { return map.values }
        var stream = forward.stream(of: map, modality, "pairs")
        guard let partners = partners(of: map.samples, forward.domains, &stream) else { return map.values }
        let shares = Tensor((0..<map.samples).map { _ in stream.beta(options.concentration) }, shape: [map.samples, 1, 1])
        return Self.mixed(map, with: partners, shares: shares)
    }

    /// For each sample the one whose statistics are mixed in; nil where there is no other domain.
    private func partners(of samples: Int, _ domains: [Int]?, _ stream: inout RandomStream) -> [Int]? {
        guard options.pairs == .across else { return stream.permutation(samples) }
        guard let domains, Set(domains).count > 1 else { return nil }
        return domains.map { domain in
            let others = domains.indices.filter { domains[$0] != domain }
            return others[min(Int(stream.uniform() * Float(others.count)), others.count - 1)]
        }
    }

    /// - Parameters:
    ///   - partners: for each sample the one whose statistics are mixed in.
    ///   - shares: `P×1×1`, what a sample keeps of its own.
    static func mixed(_ map: FeatureMap, with partners: [Int], shares: Tensor) -> Tensor {
        let own = ChannelStatistics(of: map).detached()
        func mix(_ statistic: Tensor) -> Tensor { statistic * shares + statistic.gathering(rows: partners) * (1 - shares) }
        return own.replaced(mean: mix(own.mean), deviation: mix(own.deviation), shape: map.values.shape)
    }
}
