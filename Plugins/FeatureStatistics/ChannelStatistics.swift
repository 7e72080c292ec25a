import Regularization
import Tensors

/// Mean and standard deviation of each channel of each sample over its places: what stands for the style of a picture or a sound.
struct ChannelStatistics {
    /// `P×1×C`.
    let mean, deviation: Tensor

    /// The map itself, `P×L×C`.
    let places: Tensor

    private let lengths: [Int]?

    /// - Parameters:
    ///   - map: of two places or more; of a padded one those that are real count.
    ///   - epsilon: is added to the unbiased variances, under the root.
    init(of map: FeatureMap, epsilon: Float = 1e-6) {
        let places = map.places
        (self.places, lengths) = (places, map.lengths)
        guard let lengths else {
            mean = places.mean(axis: 1, keepingAxis: true)
            deviation = (places.variance(axis: 1, keepingAxis: true) + epsilon).sqrt()
            return
        }
        let divisors = Tensor(lengths.map { 1 / Float(max($0 - 1, 1)) }, shape: [lengths.count, 1, 1])
        mean = places.meanPooled(lengths: lengths).unsqueezed(axis: 1)
        let squares = (places - mean).clearingPadding(lengths: lengths).squared().sum(axis: 1, keepingAxis: true)
        deviation = (squares * divisors + epsilon).sqrt()
    }

    private init(mean: Tensor, deviation: Tensor, places: Tensor, lengths: [Int]?) {
        (self.mean, self.deviation, self.places, self.lengths) = (mean, deviation, places, lengths)
    }

    /// The same as constants: gradients go through the map alone.
    func detached() -> ChannelStatistics {
        ChannelStatistics(mean: mean.detached(), deviation: deviation.detached(), places: places, lengths: lengths)
    }

    /// The map, normalized by its own statistics, with others in their place.
    ///
    /// - Parameters:
    ///   - mean: `P×1×C`.
    ///   - deviation: `P×1×C`.
    ///   - shape: of the map.
    func replaced(mean: Tensor, deviation: Tensor, shape: Shape) -> Tensor {
        ((places - self.mean) / self.deviation * deviation + mean).reshaped(shape)
    }
}

extension ForwardPass {
    /// Whether something that acts with a probability does so at a point in this step: all samples together, and every pathway.
    func acts(with probability: Double, at map: FeatureMap, of modality: Modality) -> Bool {
        var stream = stream("\(modality).\(map.point)")
        return Double(stream.uniform()) < probability
    }

    /// Random numbers of one map.
    func stream(of map: FeatureMap, _ modality: Modality, _ name: String) -> RandomStream {
        stream("\(modality).\(map.point).\(map.pathway).\(name)")
    }
}
