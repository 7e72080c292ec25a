import Glibc
import Tensors

/// The base loss: how far a prediction is from the targets.
package enum Criterion: Hashable, Sendable {
    /// For classes: the mean over samples of `−Σ_k t_k log softmax(x)_k`.
    case crossEntropy

    /// For labels: the mean over samples and labels of `−t log σ(x) − (1 − t) log(1 − σ(x))`.
    case binaryCrossEntropy

    /// For values: the mean of `|x − t|`.
    case absolute

    /// For values: the mean of `(x − t)²`.
    case squared

    /// For values: the mean of `½ (x − t)²` up to a distance of `threshold`, and of `threshold · (|x − t| − ½ threshold)` beyond it
    /// (Huber 1964).
    case huber(threshold: Double)

    /// The kind of targets that it compares with.
    package var kind: Targets.Kind {
        switch self {
        case .crossEntropy: .classes
        case .binaryCrossEntropy: .labels
        case .absolute, .squared, .huber: .values
        }
    }

    /// The loss of a batch, a scalar; NaN for an empty batch.
    ///
    /// - Parameters:
    ///   - outputs: what the model gives, `N×K` before any softmax, or `N×V`.
    ///   - targets: ``Targets/array``, possibly changed by regularizers, in the shape of `outputs`.
    package func loss(of outputs: Tensor, targets: Tensor) -> Tensor {
        switch self {
        case .crossEntropy:
            return outputs.crossEntropy(targets: targets)
        case .binaryCrossEntropy:
            return mean(outputs, targets) { x, t in
                let decay = exp(-abs(x))
                let sigmoid = x >= 0 ? 1 / (1 + decay) : decay / (1 + decay)
                return (max(x, 0) - x * t + log1p(decay), sigmoid - t)
            }
        case .absolute:
            return mean(outputs, targets) { x, t in (abs(x - t), x > t ? 1 : x < t ? -1 : 0) }
        case .squared:
            return mean(outputs, targets) { x, t in ((x - t) * (x - t), 2 * (x - t)) }
        case .huber(let threshold):
            return mean(outputs, targets) { x, t in
                let distance = x - t
                // Written so that NaN, which compares false with everything, reaches the square.
                if abs(distance) > threshold {
                    return (threshold * (abs(distance) - threshold / 2), distance > 0 ? threshold : -threshold)
                }
                return (distance * distance / 2, distance)
            }
        }
    }

    /// The loss against targets that nobody has changed.
    package func loss(of outputs: Tensor, targets: Targets) -> Tensor {
        if case (.crossEntropy, .classes(let classes, _)) = (self, targets) { return outputs.crossEntropy(labels: classes) }
        return loss(of: outputs, targets: targets.array)
    }

    /// The mean of a function of each entry, in double precision, with the gradient in the outputs.
    private func mean(
        _ outputs: Tensor, _ targets: Tensor, _ entry: (_ x: Double, _ t: Double) -> (value: Double, slope: Double)
    ) -> Tensor {
        var sum = 0.0
        let slopes = zip(outputs.values, targets.values).map { x, t in
            let (value, slope) = entry(Double(x), Double(t))
            sum += value
            return slope
        }
        let count = Double(outputs.elementCount)
        return Tensor.custom(Tensor(Float(sum / count)), inputs: [outputs]) { [shape = outputs.shape] upstream in
            let scale = Double(upstream.item) / count
            return [Tensor(slopes.map { Float(scale * $0) }, shape: shape)]
        }
    }
}
