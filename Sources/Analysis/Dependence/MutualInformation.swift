import Glibc
import Tensors

/// The mutual information of two sets of features in few dimensions, from distances to the `k`-th
/// nearest neighbor (Kraskov, Stögbauer and Grassberger 2004, Eq. 8).
///
/// The columns are standardised (a constant one is left at 0) and distances are maxima over columns.
/// With `ε_i` the distance from sample `i` to its `k`-th neighbor in the joint space and `n_u(i)`,
/// `n_v(i)` the numbers of samples strictly nearer in one space,
///
/// ```
/// I = ψ(k) + ψ(N) − mean_i [ψ(n_u(i) + 1) + ψ(n_v(i) + 1)]   nats
/// ```
///
/// The estimate may be slightly negative. Neighbors say little in many dimensions: embeddings are
/// projected to a few columns first, and the estimate is that of the projections. The cost is `O(N²
/// p)`, memory `O(N)`.
public struct MutualInformation: Sendable, Hashable {
    /// Nats.
    public let value: Double
    /// The estimate with negative values set to 0.
    public var clipped: Double { max(0, value) }

    /// `ε_i`.
    let neighborDistances: [Double]
    let countsX, countsY: [Int]
    /// The standardised projections, `N×p`.
    let projectedX, projectedY: SampleMatrix

    /// The information between `x·projectionX` and `y·projectionY`.
    ///
    /// - Parameters:
    ///   - x: `N×D1`.
    ///   - y: `N×D2`.
    ///   - projectionX: `D1×p`; nil to use `x` as it is.
    ///   - projectionY: `D2×q`.
    ///   - neighbors: `k`.
    /// - Throws: `Undefined` where the numbers of samples differ or there are not more than `k`, a
    ///   value is not finite, a side is constant, or more than `k` samples coincide, for which the
    ///   estimator has no meaning.
    public init(
        _ x: Tensor, _ y: Tensor, projectionX: Tensor? = nil, projectionY: Tensor? = nil, neighbors: Int = 3
    ) throws(Undefined) {
        require(neighbors >= 1, "the \(neighbors)-th neighbor")
        let first = try SampleMatrix(x, "the first embeddings", minimum: neighbors + 1)
        let second = try SampleMatrix(y, "the second embeddings", minimum: neighbors + 1)
        let (p, q) = (try projectionX.map(Self.projection), try projectionY.map(Self.projection))
        try self.init(p.map { first.times($0) } ?? first, q.map { second.times($0) } ?? second, neighbors: neighbors)
    }

    private static func projection(_ tensor: Tensor) throws(Undefined) -> SampleMatrix { try SampleMatrix(tensor, "the projection") }

    /// The information between the first principal components of both sides.
    ///
    /// - Parameter dimensions: how many components; no more than there are features or samples less
    ///   one.
    ///
    /// - Parameters:
    ///   - x: `N×D1`.
    ///   - y: `N×D2`.
    ///   - neighbors: `k`; 3 by default.
    /// - Throws: `Undefined` as the other initializer, and where there are fewer directions than
    ///   `dimensions`.
    public init(principalComponentsOf x: Tensor, _ y: Tensor, dimensions: Int, neighbors: Int = 3) throws(Undefined) {
        let first = try SampleMatrix(x, "the first embeddings", minimum: neighbors + 1)
        let second = try SampleMatrix(y, "the second embeddings", minimum: neighbors + 1)
        try self.init(
            first.principalComponents(dimensions), second.principalComponents(dimensions), neighbors: neighbors)
    }

    private init(_ x: SampleMatrix, _ y: SampleMatrix, neighbors: Int) throws(Undefined) {
        guard x.rows == y.rows else { throw Undefined("\(x.rows) and \(y.rows) samples cannot be paired") }
        let (u, v) = (Standardizing(x).training, Standardizing(y).training)
        for (samples, name) in [(u, "first"), (v, "second")] where samples.norm == 0 {
            throw Undefined("all samples have the same \(name) embedding")
        }
        (projectedX, projectedY) = (u, v)
        let n = x.rows
        var (distances, nearX, nearY) = ([Double](repeating: 0, count: n), [Int](repeating: 0, count: n), [Int](repeating: 0, count: n))
        var (rowX, rowY) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
        rowX.withUnsafeMutableBufferPointer { rowX in
            rowY.withUnsafeMutableBufferPointer { rowY in
                for i in 0..<n {
                    Self.fill(rowX, with: u, from: i)
                    Self.fill(rowY, with: v, from: i)
                    let distance = Self.neighborDistance(rowX, rowY, from: i, neighbors: neighbors)
                    distances[i] = distance
                    // The sample itself is at distance 0, and nearer than any other that does not coincide with it.
                    let own = distance > 0 ? 1 : 0
                    nearX[i] = rowX.reduce(0) { $0 + ($1 < distance ? 1 : 0) } - own
                    nearY[i] = rowY.reduce(0) { $0 + ($1 < distance ? 1 : 0) } - own
                }
            }
        }
        let coinciding = distances.count { $0 == 0 }
        guard coinciding == 0 else {
            throw Undefined("\(coinciding) of \(n) samples coincide with \(neighbors) or more others, and distances to neighbors then say nothing")
        }
        (neighborDistances, countsX, countsY) = (distances, nearX, nearY)
        let sum = (0..<n).reduce(0.0) { $0 + digamma(nearX[$1] + 1) + digamma(nearY[$1] + 1) }
        value = digamma(neighbors) + digamma(n) - sum / Double(n)
    }

    /// The distances from sample `i` to all, 0 to itself.
    private static func fill(_ row: UnsafeMutableBufferPointer<Double>, with samples: SampleMatrix, from i: Int) {
        let width = samples.columns
        samples.values.withUnsafeBufferPointer { values in
            for j in 0..<row.count {
                var largest = 0.0
                for column in 0..<width { largest = max(largest, abs(values[i * width + column] - values[j * width + column])) }
                row[j] = largest
            }
        }
    }

    /// The distance from sample `i` to its `k`-th neighbor in the joint space.
    ///
    /// - Parameters:
    ///   - rowX: the distances from the sample to all in the first space.
    ///   - rowY: those in the second one.
    private static func neighborDistance(
        _ rowX: UnsafeMutableBufferPointer<Double>, _ rowY: UnsafeMutableBufferPointer<Double>, from i: Int, neighbors: Int
    ) -> Double {
        var nearest = [Double](repeating: .infinity, count: neighbors)
        var farthest = Double.infinity
        for j in 0..<rowX.count {
            let joint = max(rowX[j], rowY[j])
            guard joint < farthest, j != i else { continue }
            var place = neighbors - 1
            while place > 0, nearest[place - 1] > joint {
                nearest[place] = nearest[place - 1]
                place -= 1
            }
            nearest[place] = joint
            farthest = nearest[neighbors - 1]
        }
        return farthest
    }
}

extension SampleMatrix {
    /// The samples' coordinates along the directions of largest variance, `N×p`.
    ///
    /// - Throws: `Undefined` where there are not so many directions.
    ///
    /// The eigenvectors come from the smaller of the `D×D` and the `N×N` matrix; a coordinate's sign is
    /// the library's choice.
    func principalComponents(_ dimensions: Int) throws(Undefined) -> SampleMatrix {
        let available = min(rows - 1, columns)
        guard dimensions >= 1, dimensions <= available else {
            throw Undefined("\(rows) samples of \(columns) features have at most \(available) principal components, not \(dimensions)")
        }
        let centered = centered
        let ofSamples = rows < columns
        let (eigenvalues, vectors) = try centered.gram(ofSamples: ofSamples).symmetricEigen()
        // Eigenvalues ascend: the last columns are the first components.
        var directions = SampleMatrix(rows: vectors.rows, columns: dimensions)
        for row in 0..<vectors.rows {
            for component in 0..<dimensions {
                let column = vectors.columns - 1 - component
                let scale = ofSamples ? max(0, eigenvalues[column]).squareRoot() : 1
                directions[row, component] = scale * vectors[row, column]
            }
        }
        return ofSamples ? directions : centered.times(directions)
    }
}

/// ψ(n) of a positive whole number: the harmonic number of `n − 1` minus Euler's constant.
///
/// Exact sums below 64, the asymptotic series above, both to about 10⁻¹⁵.
///
/// - Precondition: `n ≥ 1`.
func digamma(_ n: Int) -> Double {
    if n < 64 { return (1..<n).reduce(-0.577_215_664_901_532_9) { $0 + 1 / Double($1) } }
    let x = Double(n)
    let inverse = 1 / (x * x)
    return log(x) - 0.5 / x - inverse * (1.0 / 12 - inverse * (1.0 / 120 - inverse / 252))
}
