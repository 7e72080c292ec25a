import Configuration
import Glibc
import Tensors

/// What is to be learned for each sample of a batch.
public enum Targets {
    /// What kind of thing is learned.
    public typealias Kind = TargetKind

    /// The class of each sample: `N` numbers in `0..<count`.
    case classes([Int], of: Int)

    /// For each sample and label, 1 where it applies and 0 where it does not: `N×K`.
    case labels(Tensor)

    /// The numbers to be predicted, `N×V`.
    case values(Tensor)

    /// Which of the three these are.
    public var kind: Kind {
        switch self {
        case .classes: .classes
        case .labels: .labels
        case .values: .values
        }
    }

    /// Number of samples `N`.
    public var count: Int {
        switch self {
        case .classes(let classes, _): classes.count
        case .labels(let array), .values(let array): array.shape[0]
        }
    }

    /// The width of the prediction that they are compared with: `K` for classes and labels, `V` for
    /// values.
    public var width: Int {
        switch self {
        case .classes(_, let count): count
        case .labels(let array), .values(let array): array.shape[1]
        }
    }

    /// The class of each sample; nil for another kind.
    public var classes: [Int]? {
        if case .classes(let classes, _) = self { classes } else { nil }
    }

    /// The targets as criteria read them and regularizers change them: for classes `N×K` with a single
    /// 1 in each row, otherwise the array itself.
    public var array: Tensor {
        switch self {
        case .classes(let classes, let count): .oneHot(classes, classes: count)
        case .labels(let array), .values(let array): array
        }
    }

    /// The targets of several batches one after another; nil for no batch, or for batches of different
    /// kinds or widths.
    package static func concatenated(_ parts: [Targets]) -> Targets? {
        guard let first = parts.first, parts.allSatisfy({ $0.kind == first.kind && $0.width == first.width }) else { return nil }
        return switch first {
        case .classes(_, let count): .classes(parts.flatMap { $0.classes ?? [] }, of: count)
        case .labels: .labels(.concatenated(parts.map(\.array), axis: 0))
        case .values: .values(.concatenated(parts.map(\.array), axis: 0))
        }
    }

    /// The targets of some samples, in the given order; a sample may be repeated.
    public func gathering(rows: [Int]) -> Targets {
        switch self {
        case .classes(let classes, let count): .classes(rows.map { classes[$0] }, of: count)
        case .labels(let array): .labels(array.gathering(rows: rows))
        case .values(let array): .values(array.gathering(rows: rows))
        }
    }
}

/// The base loss: how far the predictions for a batch are from its targets.
public struct Criterion: Sendable {
    /// Its name in kebab-case, such as `cross-entropy` or `huber`.
    public let name: String

    private let compute: @Sendable (_ outputs: Tensor, _ targets: Tensor) -> Tensor

    /// - Parameters:
    ///   - name: in kebab-case.
    ///   - compute: the loss of a batch, a scalar that can be differentiated. `outputs` is the
    ///     prediction, `N×K` or `N×V`; `targets` is ``Targets/array``, possibly changed by
    ///     regularizers.
    public init(_ name: String, _ compute: @escaping @Sendable (_ outputs: Tensor, _ targets: Tensor) -> Tensor) {
        self.name = name
        self.compute = compute
    }

    /// The loss of a batch, a scalar; NaN for an empty batch.
    ///
    /// - Parameters:
    ///   - outputs: the prediction, `N×K` before any softmax or sigmoid, or `N×V`.
    ///   - targets: ``Targets/array``, possibly changed by regularizers.
    public func loss(of outputs: Tensor, targets: Tensor) -> Tensor { compute(outputs, targets) }
}

extension Criterion {
    /// For classes: the mean over samples of `−Σ_k t_k log softmax(x)_k`. The rows of `t` may be any
    /// distributions.
    public static let crossEntropy = Criterion("cross-entropy") { $0.crossEntropy(targets: $1) }

    /// For labels: the mean over samples and labels of `−t log σ(x) − (1 − t) log(1 − σ(x))`, computed
    /// without overflow for any `x`.
    public static let binaryCrossEntropy = Criterion("binary-cross-entropy") { outputs, targets in
        mean(outputs, targets) { x, t in
            let decay = exp(-abs(x))
            let sigmoid = x >= 0 ? 1 / (1 + decay) : decay / (1 + decay)
            return (max(x, 0) - x * t + log1p(decay), sigmoid - t)
        }
    }

    /// For values: the mean of `|x − t|`, with a gradient of 0 where `x = t`.
    public static let absolute = Criterion("absolute") { outputs, targets in
        mean(outputs, targets) { x, t in (abs(x - t), x > t ? 1 : x < t ? -1 : 0) }
    }

    /// For values: the mean of `(x − t)²`.
    public static let squared = Criterion("squared") { outputs, targets in
        mean(outputs, targets) { x, t in ((x - t) * (x - t), 2 * (x - t)) }
    }

    /// For values: the mean of `½ (x − t)²` up to a distance of `threshold`, and of `threshold · (|x −
    /// t| − ½ threshold)` beyond it (Huber 1964).
    ///
    /// - Parameter threshold: above 0.
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

    /// The mean over entries of a function of prediction and target, in double precision, with its
    /// gradient in the predictions.
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
