import Configuration
import Networks
import Regularization
import Tensors

/// DSU: in training, the mean and the deviation of each channel are drawn anew, as far from their own as they differ within the batch.
///
///     μ, σ: mean and √(variance + ε) of a channel over the places of a sample       s_μ, s_σ: √(variance + ε) of these over the batch
///     y = (σ + n' s_σ)(x − μ)/σ + μ + n s_μ         n, n' ~ N(0, 1) for each sample and channel; variances unbiased, ε = 10⁻⁶
///
/// It acts with a probability, at each point for itself, on all samples of the batch together. Gradients go through all four statistics, as in
/// the authors' program. A map of one place has no variance and stays as it is; NaN stays in its sample's channel and enters the spread of
/// that channel. Cost: `O(P·L·C)`.
///
/// Source: Li et al., "Uncertainty Modeling for Out-of-Distribution Generalization", ICLR 2022, eqs. 3 to 8: probability 0.5, after the first
/// convolution and every stage. MBCD has it in front of and behind the last stage, `points: [layer3, layer4]`.
public struct DSU: RegularizerPlugin, ChangesFeatureMaps, ReadsPresence {
    public struct Options: ComponentOptions {
        /// How often it acts.
        public var probability = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.number("probability", \.probability, in: 0...1, unit: "probability", "how often it acts, decided separately at each point")]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "dsu",
            summary: "redraws the statistics of feature maps according to their spread over the batch, in training",
            formula: "y = (σ + n' s_σ)(x − μ)/σ + μ + n s_μ",
            source: "Li et al., Uncertainty Modeling for Out-of-Distribution Generalization, ICLR 2022",
            cost: "O(V) for each point, with V values in its feature map",
            search: [.linear("probability", 0.1...0.9)],
            notes: ["Acts at all points of the encoders unless `points` names some."])
    }

    public static let minimumBatch = 2

    private let options: Options

    public init(options: Options, context: RegularizerContext) {
        self.options = options
    }

    public func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) -> Tensor {
        guard map.places.shape[1] >= 2, forward.acts(with: options.probability, at: map, of: modality) else { return map.values }
        let shape: Shape = [map.samples, 1, map.values.shape[-1]]
        func noise(_ name: String) -> Tensor {
            var stream = forward.stream(of: map, modality, name)
            return stream.normal(shape)
        }
        return Self.perturbed(map, meanNoise: noise("mean"), deviationNoise: noise("deviation"))
    }

    /// - Parameters:
    ///   - meanNoise: `n`, `P×1×C`.
    ///   - deviationNoise: `n'`, `P×1×C`.
    static func perturbed(_ map: FeatureMap, meanNoise: Tensor, deviationNoise: Tensor) -> Tensor {
        func spread(_ statistic: Tensor) -> Tensor { (statistic.variance(axis: 0, keepingAxis: true) + 1e-6).sqrt() }
        let own = ChannelStatistics(of: map)
        return own.replaced(
            mean: own.mean + meanNoise * spread(own.mean), deviation: own.deviation + deviationNoise * spread(own.deviation),
            shape: map.values.shape)
    }
}
