import Networks
import Regularization
import Tensors

extension Embedding {
    /// The embedding of a map of features, N×T×C: its mean over T, and its places as tokens where they are asked for,
    /// both through the same projection where there is one.
    ///
    /// The mean and a linear map may change places, so that without tokens only one row per sample is projected.
    init(map: Tensor, projection: Linear?, withTokens: Bool) {
        guard withTokens else {
            let pooled = map.meanPooled()
            self.init(pooled: projection.map { $0(pooled) } ?? pooled)
            return
        }
        let tokens = projection.map { $0(map) } ?? map
        self.init(pooled: tokens.meanPooled(), tokens: tokens)
    }

    /// The same for sequences that are padded at their ends, the padding already 0.
    ///
    /// - Parameter lengths: the real places of each; nil where all are.
    init(map: Tensor, lengths: [Int]?, projection: Linear?, withTokens: Bool) {
        guard let lengths else {
            self.init(map: map, projection: projection, withTokens: withTokens)
            return
        }
        let pooled = map.meanPooled(lengths: lengths)
        let tokens = withTokens ? (projection.map { $0(map) } ?? map).clearingPadding(lengths: lengths) : nil
        self.init(pooled: projection.map { $0(pooled) } ?? pooled, tokens: tokens, presence: Presence(lengths: lengths))
    }

    /// The embedding of a map of features over places, N×…×C: its mean, and its places as tokens where they are asked for.
    init(places map: Tensor, withTokens: Bool) {
        let rows = map.reshaped([map.shape[0], map.shape.dimensions.dropFirst().dropLast().reduce(1, *), map.shape[-1]])
        self.init(map: rows, projection: nil, withTokens: withTokens)
    }
}
