import Configuration
import Tensors

extension Embedding {
    /// The entries of a part alone.
    package func selecting(_ part: EmbeddingPart) -> Embedding {
        guard part != .whole else { return self }
        let entries = part.entries(of: width)
        return map { array, _ in array.slice(axis: array.rank - 1, entries) }
    }

    /// This embedding with the entries of a part replaced.
    package func replacing(_ part: EmbeddingPart, with other: Embedding) -> Embedding {
        guard part != .whole else { return other }
        let entries = part.entries(of: width)
        func joined(_ whole: Tensor, _ changed: Tensor) -> Tensor {
            let axis = whole.rank - 1
            let pieces = [whole.slice(axis: axis, 0..<entries.lowerBound), changed, whole.slice(axis: axis, entries.upperBound..<width)]
            return Tensor.concatenated(pieces.filter { $0.shape[axis] > 0 }, axis: axis)
        }
        let tokens: Tensor? = if let mine = self.tokens, let theirs = other.tokens { joined(mine, theirs) } else { other.tokens }
        return Embedding(pooled: joined(pooled, other.pooled), tokens: tokens)
    }
}
