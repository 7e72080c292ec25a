import Glibc
import Tensors

/// The canonical correlations of two sets of features of the same `N` samples, with a ridge on both
/// covariances.
///
/// `Cxx = XcᵀXc/(N−1) + rI`, `Cyy` likewise, `Cxy = XcᵀYc/(N−1)`; the correlations are the singular
/// values of `Cxx^{-½} Cxy Cyy^{-½}`. The ridge is absolute and the features are not standardised. With
/// `N ≤ D` and a small ridge all correlations go to 1: tell the ridge with the number. Each side is
/// whitened in its `N×N` or its `D×D` form, whichever is smaller.
public struct CanonicalCorrelations: Sendable, Hashable {
    /// In descending order, `min(D1, D2)` of them; those beyond the rank `N − 1` are 0.
    public let values: [Double]
    /// The ridge `r`.
    public let ridge: Double

    /// - Parameters:
    ///   - x: `N×D1`.
    ///   - y: `N×D2`.
    ///   - ridge: at least 0.
    /// - Throws: `Undefined` where the numbers of samples differ or are below two, a value is not
    ///   finite, or a covariance is singular.
    public init(_ x: Tensor, _ y: Tensor, ridge: Double) throws(Undefined) {
        require(ridge >= 0, "a ridge of \(ridge) is negative")
        let first = try SampleMatrix(x, "the first embeddings", minimum: 2)
        let second = try SampleMatrix(y, "the second embeddings", minimum: 2)
        guard first.rows == second.rows else { throw Undefined("\(first.rows) and \(second.rows) samples cannot be paired") }
        let found = try Self.whitened(first, ridge, "first").times(Self.whitened(second, ridge, "second"), transposingLeft: true)
            .singularValues()
        let count = min(first.columns, second.columns)
        values = (0..<count).map { $0 < found.count ? min(1, found[$0]) : 0 }
        self.ridge = ridge
    }

    /// The mean of the `k` largest.
    ///
    /// - Throws: `Undefined` where there are fewer than `k`, since a mean of fewer would be another
    ///   quantity.
    public func mean(ofLargest k: Int) throws(Undefined) -> Double {
        guard k >= 1, k <= values.count else { throw Undefined("there are \(values.count) canonical correlations, not \(k)") }
        return values.prefix(k).reduce(0, +) / Double(k)
    }

    /// `Xc Cxx^{-½}/√(N−1)` up to a rotation of its columns, which the singular values do not see:
    /// `N×D`, or `N×N` with fewer samples.
    private static func whitened(_ samples: SampleMatrix, _ ridge: Double, _ name: String) throws(Undefined) -> SampleMatrix {
        let centered = samples.centered
        guard centered.norm > 0 else { throw Undefined("all samples have the same \(name) embedding") }
        let divisor = Double(samples.rows - 1)
        if samples.rows <= samples.columns {
            guard ridge > 0 else {
                throw Undefined("\(samples.rows) samples of \(samples.columns) features have a singular covariance without a ridge")
            }
            // Xc = U S Vᵀ gives U · diag(s/√(s² + (N−1) r)).
            let (eigenvalues, vectors) = try centered.gram(ofSamples: true).symmetricEigen()
            var result = vectors
            for row in 0..<samples.rows {
                for column in 0..<samples.rows {
                    let square = max(eigenvalues[column], 0)
                    result[row, column] *= (square / (square + divisor * ridge)).squareRoot()
                }
            }
            return result
        }
        guard let factor = centered.gram(ofSamples: false).addingToDiagonal(divisor * ridge).cholesky else {
            throw Undefined("the covariance of the \(name) embeddings is singular; a ridge above \(ridge) makes it regular")
        }
        return centered.divided(by: factor, transposed: true)
    }
}

/// Distance covariance and correlation of two sets of features of the same `N` samples (Székely, Rizzo
/// and Bakirov 2007).
///
/// It is 0 in the population if and only if the two are independent. With `A` and `B` the doubly
/// centered matrices of distances, `dCov² = Σ A∘B / N²` and `dCor² = dCov²(X,Y)/√(dCov²(X,X)
/// dCov²(Y,Y))`. The plain form grows with the number of features; the bias-corrected one (Székely and
/// Rizzo 2013) has expectation 0 under independence and may be negative.
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
    /// - Throws: `Undefined` where the numbers of samples differ or are below two, a value is not
    ///   finite, or one side is constant (whose correlation is 0 by definition only).
    public init(_ x: Tensor, _ y: Tensor) throws(Undefined) {
        try self.init(
            PairDistances(SampleMatrix(x, "the first embeddings", minimum: 2)), PairDistances(SampleMatrix(y, "the second embeddings", minimum: 2)))
    }

    /// The same from the distances between at least two samples, which other measures of them may have computed already.
    init(_ x: PairDistances, _ y: PairDistances) throws(Undefined) {
        for (distances, name) in [(x, "first"), (y, "second")] where distances.samples.constantColumns.count == distances.samples.columns {
            throw Undefined("all samples have the same \(name) embedding")
        }
        let sums = try PairSums(x, y, .distance, .distance)
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
