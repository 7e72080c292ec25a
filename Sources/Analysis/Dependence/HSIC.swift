import Glibc
import Tensors

/// The Hilbert–Schmidt independence criterion of two sets of features of the same `N` samples, with
/// Gaussian kernels whose width is the median distance.
///
/// ```
/// biased   tr(KHLH)/N²      (V-statistic, Gretton et al. 2008; the form of 2005 divides by (N−1)²)
/// unbiased [tr(K̃L̃) + (1ᵀK̃1)(1ᵀL̃1)/((N−1)(N−2)) − 2/(N−2) 1ᵀK̃L̃1] / (N(N−3))      (Song et al. 2007)
/// normalized  biased(X,Y)/√(biased(X,X) biased(Y,Y))
/// ```
///
/// `K_ij = exp(−‖x_i−x_j‖²/2σ²)` with σ the median over the pairs `i < j` (RBF CKA has another rule),
/// `H = I − 1/N`, K̃ has a zero diagonal. The cost is `O(N²(D1 + D2))`; memory is `O(N)` beside a block
/// of rows.
public struct HSIC {
    /// The kernels' widths.
    public let widthX, widthY: Double
    /// `tr(KHLH)/N²`: at least 0, and above 0 also for independent features.
    public let biased: Double
    /// `tr(KHLH)/(N−1)²`.
    public var biasedOverPairs: Double { biased * Double(sums.count * sums.count) / Double((sums.count - 1) * (sums.count - 1)) }
    /// May be negative; undefined with fewer than four samples.
    public let unbiased: Quantity
    /// Between 0 and 1.
    public let normalized: Quantity

    private let x, y: PairDistances
    private let sums: PairSums

    /// - Parameters:
    ///   - x: `N×D1`.
    ///   - y: `N×D2`.
    /// - Throws: `Undefined` where the numbers of samples differ or are below two, a value is not
    ///   finite, or half of the pairs of one side are equal, which leaves its kernel without a width.
    public init(_ x: Tensor, _ y: Tensor) throws(Undefined) {
        try self.init(
            PairDistances(SampleMatrix(x, "the first embeddings", minimum: 2)), PairDistances(SampleMatrix(y, "the second embeddings", minimum: 2)))
    }

    /// The same from the distances between at least two samples, which other measures of them may have computed already.
    init(_ x: PairDistances, _ y: PairDistances) throws(Undefined) {
        guard x.count == y.count else { throw Undefined("\(x.count) and \(y.count) samples cannot be paired") }
        (self.x, self.y) = (x, y)
        widthX = try Self.width(of: self.x, "first")
        widthY = try Self.width(of: self.y, "second")
        let sums = try PairSums(self.x, self.y, .gaussian(bandwidth: widthX), .gaussian(bandwidth: widthY))
        self.sums = sums
        biased = sums.centeredXY / Double(sums.count * sums.count)
        unbiased = .of { () throws(Undefined) in
            guard sums.count >= 4 else { throw Undefined("the unbiased form needs at least 4 samples, found \(sums.count)") }
            return sums.unbiasedXY
        }
        normalized = .of { sums.centeredXY / (sums.centeredXX * sums.centeredYY).squareRoot() }
    }

    /// - Throws: `Undefined` where half of the pairs or more coincide.
    private static func width(of distances: PairDistances, _ name: String) throws(Undefined) -> Double {
        // The median of the distances, of which an even number averages two: not the root of the squares' median.
        let width = distances.medianDistance
        guard width > 0 else { throw Undefined("half or more of the pairs have the same \(name) embedding, so that its kernel has no width") }
        return width
    }

    /// The gradients of the biased form with respect to `x` (`N×D1`) and `y` (`N×D2`), the widths held
    /// fixed.
    public var biasedGradients: (x: Tensor, y: Tensor) {
        let n = Double(sums.count)
        // d tr(KHLH)/dK = HLH.
        func slope(_ rows: [Double]) -> (Int, Int, Double) -> Double {
            let mean = rows.reduce(0, +) / (n * n)
            return { i, j, value in (value - rows[i] / n - rows[j] / n + mean) / (n * n) }
        }
        return (gradient(x, widthX, y, widthY, slope(sums.rowsY)), gradient(y, widthY, x, widthX, slope(sums.rowsX)))
    }

    /// The gradients of the unbiased form, the widths held fixed.
    ///
    /// - Throws: `Undefined` with fewer than four samples.
    public func unbiasedGradients() throws(Undefined) -> (x: Tensor, y: Tensor) {
        _ = try unbiased.get()
        let n = Double(sums.count)
        func slope(_ rows: [Double]) -> (Int, Int, Double) -> Double {
            let rows = rows.map { $0 - 1 }
            let constant = rows.reduce(0, +) / ((n - 1) * (n - 2))
            return { i, j, value in i == j ? 0 : (value + constant - (rows[i] + rows[j]) / (n - 2)) / (n * (n - 3)) }
        }
        return (gradient(x, widthX, y, widthY, slope(sums.rowsY)), gradient(y, widthY, x, widthX, slope(sums.rowsX)))
    }

    /// `Σ_j 2 G_ij K_ij (x_j − x_i)/σ²` for the symmetric `G = ∂/∂K`, which `slope` gives from an entry
    /// of the other kernel.
    private func gradient(
        _ own: PairDistances, _ ownWidth: Double, _ other: PairDistances, _ otherWidth: Double, _ slope: (Int, Int, Double) -> Double
    ) -> Tensor {
        let (count, features) = (own.count, own.samples.columns)
        let (kernel, otherKernel) = (PairSums.Entry.gaussian(bandwidth: ownWidth), PairSums.Entry.gaussian(bandwidth: otherWidth))
        return Tensor(shape: [count, features]) { target in
            for rows in own.blocks {
                own.withSquared(rows, 0..<count) { squared in
                    other.withSquared(rows, 0..<count) { otherSquared in
                        for i in rows {
                            var sum = [Double](repeating: 0, count: features)
                            for j in 0..<count {
                                let factor = 2 * slope(i, j, otherKernel(otherSquared[i, j])) * kernel(squared[i, j]) / (ownWidth * ownWidth)
                                for column in 0..<features { sum[column] += factor * (own.samples[j, column] - own.samples[i, column]) }
                            }
                            for column in 0..<features { target[i * features + column] = Float(sum[column]) }
                        }
                    }
                }
            }
        }
    }
}
