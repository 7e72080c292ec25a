import Glibc
import Tensors

/// The base loss: how far a batch's predictions are from its targets.
public struct Criterion: Sendable {
    /// What it is called: `cross-entropy`, `huber`.
    public let name: String

    private let compute: @Sendable (_ outputs: Tensor, _ targets: Tensor) -> Tensor

    /// - Parameters:
    ///   - name: what it is called, in kebab-case.
    ///   - compute: the loss of a batch, a scalar that gradients may be asked of. `outputs` is what the model gives, `N×K`; `targets` is
    ///     ``Targets/array``, possibly changed by regularizers.
    public init(_ name: String, _ compute: @escaping @Sendable (_ outputs: Tensor, _ targets: Tensor) -> Tensor) {
        self.name = name
        self.compute = compute
    }

    /// The loss of a batch, a scalar; NaN for an empty batch.
    ///
    /// - Parameters:
    ///   - outputs: what the model gives, `N×K` before any softmax or sigmoid, or `N×V`.
    ///   - targets: ``Targets/array``, possibly changed by regularizers.
    public func loss(of outputs: Tensor, targets: Tensor) -> Tensor { compute(outputs, targets) }
}

extension Criterion {
    /// For classes: the mean over samples of `−Σ_k t_k log softmax(x)_k`.
    public static let crossEntropy = Criterion("cross-entropy") { $0.crossEntropy(targets: $1) }

    /// For labels: the mean over samples and labels of `−t log σ(x) − (1 − t) log(1 − σ(x))`.
    public static let binaryCrossEntropy = Criterion("binary-cross-entropy") { outputs, targets in
        mean(outputs, targets) { x, t in
            let decay = exp(-abs(x))
            let sigmoid = x >= 0 ? 1 / (1 + decay) : decay / (1 + decay)
            return (max(x, 0) - x * t + log1p(decay), sigmoid - t)
        }
    }

    /// For values: the mean of `|x − t|`.
    public static let absolute = Criterion("absolute") { outputs, targets in
        mean(outputs, targets) { x, t in (abs(x - t), x > t ? 1 : x < t ? -1 : 0) }
    }

    /// For values: the mean of `(x − t)²`.
    public static let squared = Criterion("squared") { outputs, targets in
        mean(outputs, targets) { x, t in ((x - t) * (x - t), 2 * (x - t)) }
    }

    /// For values: the mean of `½ (x − t)²` up to a distance of `threshold`, and of `threshold · (|x − t| − ½ threshold)` beyond it
    /// (Huber 1964).
    public static func huber(threshold: Double) -> Criterion {
        Criterion("huber") { outputs, targets in
            mean(outputs, targets) { x, t in
                let distance = x - t
                // Written so that NaN, which compares false with everything, reaches the square.
                if abs(distance) > threshold {
                    return (threshold * (abs(distance) - threshold / 2), distance > 0 ? threshold : -threshold)
                }
                return (distance * distance / 2, distance)
            }
        }
    }

    /// The mean of a function of each entry, in double precision, with the gradient in the outputs.
    private static func mean(
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
