import Glibc
import Tensors

/// Distance covariance and correlation of two sets of features of the same `N` samples (Székely, Rizzo and Bakirov 2007).
///
/// It is 0 in the population if and only if the two are independent. With `A` and `B` the doubly centered matrices of distances,
/// `dCov² = Σ A∘B / N²` and `dCor² = dCov²(X,Y)/√(dCov²(X,X) dCov²(Y,Y))`. The plain form grows with the number of features; the
/// bias-corrected one (Székely and Rizzo 2013) has expectation 0 under independence and may be negative.
///
/// The cost is `O(N²(D1 + D2))`; memory is `O(N)` beside a block of rows.
public struct DistanceCorrelation: Sendable, Hashable {
    /// dCov²(X,Y).
    public let covariance: Double
    /// dCov²(X,X) and dCov²(Y,Y).
    public let varianceX, varianceY: Double
    /// Bias-corrected dCor²; undefined with fewer than four samples.
    public let corrected: Quantity

    /// dCor², in `0...1`. Many programs print this one.
    public var squared: Double { covariance / (varianceX * varianceY).squareRoot() }

    /// dCor, its root.
    public var correlation: Double { max(0, squared).squareRoot() }

    /// - Parameters:
    ///   - x: `N×D1`.
    ///   - y: `N×D2`.
    /// - Throws: `Undefined` where the numbers of samples differ or are below two, a value is not finite, or one side is constant (whose
    ///   correlation is 0 by definition only).
    public init(_ x: Tensor, _ y: Tensor) throws(Undefined) {
        let first = try SampleMatrix(x, "the first embeddings", minimum: 2)
        let second = try SampleMatrix(y, "the second embeddings", minimum: 2)
        for (samples, name) in [(first, "first"), (second, "second")] where samples.constantColumns.count == samples.columns {
            throw Undefined("all samples have the same \(name) embedding")
        }
        let sums = try PairSums(PairDistances(first), PairDistances(second), .distance, .distance)
        let squaredCount = Double(sums.count * sums.count)
        covariance = sums.centeredXY / squaredCount
        varianceX = sums.centeredXX / squaredCount
        varianceY = sums.centeredYY / squaredCount
        corrected = .of { () throws(Undefined) in
            guard sums.count >= 4 else { throw Undefined("the bias correction needs at least 4 samples, found \(sums.count)") }
            let (xx, yy) = (sums.unbiasedXX, sums.unbiasedYY)
            guard xx > 0, yy > 0 else { throw Undefined("the unbiased distance variance is not positive") }
            return sums.unbiasedXY / (xx * yy).squareRoot()
        }
    }
}
