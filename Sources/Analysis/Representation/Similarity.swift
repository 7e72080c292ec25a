internal import COpenBLAS
import Glibc
import Tensors

/// How alike two matrices of embeddings of the same `N` items are, each between 0 and 1.
///
/// ```
/// linear CKA   ‖YcᵀXc‖²_F / (‖XcᵀXc‖_F ‖YcᵀYc‖_F)
/// RBF CKA      ⟨HKH, HLH⟩ / (‖HKH‖_F ‖HLH‖_F),  K_ij = exp(−‖x_i−x_j‖²/2s²),  s = ½ √(median of all N² squared distances)
/// Procrustes   ‖(Xc/‖Xc‖_F)ᵀ (Yc/‖Yc‖_F)‖_*, the sum of the singular values
/// feature Gram ⟨SᵀS, TᵀT⟩ / (‖SᵀS‖_F ‖TᵀT‖_F), where S and T may have different items but share the features
/// ```
///
/// `Xc` has its column means taken off. Kornblith et al. (2019) for CKA. The width `s` of the kernel
/// counts the zeros of the diagonal among the distances; HSIC uses another rule. All but the feature
/// Gram pair the rows of the two.
public enum Similarity: String, CaseIterable, Sendable, Hashable {
    /// Centered kernel alignment of linear kernels.
    ///
    /// From `D1×D2` or `N×N` products, whichever is smaller.
    case linearCKA = "cka-linear"
    /// Centered kernel alignment of Gaussian kernels.
    ///
    /// `O(N²(D1 + D2))`; undefined where half of the distances of one side are 0.
    case kernelCKA = "cka-rbf"
    /// The best rotation of one onto the other.
    ///
    /// From the singular values of `XᵀY`, or of an `N×N` matrix where there are fewer samples than
    /// features.
    case procrustes
    /// The angle between the features' own products.
    ///
    /// It needs no pairing, so the two sides may have different numbers of samples.
    case featureGram = "feature-gram"

    /// Whether the two matrices' rows have to be the same items in the same order.
    public var pairsRows: Bool { self != .featureGram }

    /// - Parameters:
    ///   - first: `N×D1`.
    ///   - second: `N×D2`; for the feature Gram `M×D1`.
    /// - Throws: `Undefined` where shapes do not fit, there are fewer than two items, an embedding is
    ///   constant, or a value is not finite.
    public func between(_ first: Tensor, _ second: Tensor) throws(Undefined) -> Double {
        try between(
            SampleMatrix(first, "the first embeddings", minimum: 2), SampleMatrix(second, "the second embeddings", minimum: 2))
    }

    func between(_ first: SampleMatrix, _ second: SampleMatrix) throws(Undefined) -> Double {
        if pairsRows {
            guard first.rows == second.rows else { throw Undefined("\(first.rows) and \(second.rows) samples cannot be paired") }
        } else if first.columns != second.columns {
            throw Undefined("embeddings of \(first.columns) and \(second.columns) features have no features in common")
        }
        let (x, y) = (first.centered, second.centered)
        guard x.norm > 0, y.norm > 0 else { throw Undefined("all samples have the same embedding") }
        switch self {
        case .linearCKA:
            return x.squaredCrossNorm(y) / (x.squaredCrossNorm(x).squareRoot() * y.squaredCrossNorm(y).squareRoot())
        case .kernelCKA:
            let sums = try PairSums(
                PairDistances(x), PairDistances(y), .gaussian(bandwidth: Self.bandwidth(x, "first")),
                .gaussian(bandwidth: Self.bandwidth(y, "second")))
            return sums.centeredXY / (sums.centeredXX.squareRoot() * sums.centeredYY.squareRoot())
        case .procrustes:
            return try x.crossSingularValues(y).reduce(0, +) / (x.norm * y.norm)
        case .featureGram:
            return x.transposedCrossNorm(y) / (x.squaredCrossNorm(x).squareRoot() * y.squaredCrossNorm(y).squareRoot())
        }
    }

    /// Half the root of the median of all `N²` squared distances.
    ///
    /// - Throws: `Undefined` where the median is 0, as for embeddings that mostly repeat.
    private static func bandwidth(_ samples: SampleMatrix, _ name: String) throws(Undefined) -> Double {
        let median = PairDistances(samples).medianSquared(includingDiagonal: true)
        guard median > 0 else { throw Undefined("half or more of the distances between the \(name) embeddings are 0") }
        return 0.5 * median.squareRoot()
    }
}

extension SampleMatrix {
    /// `⟨XᵀX, YᵀY⟩` of matrices that share their features: by `D×D` matrices, or as `‖XYᵀ‖²_F` where
    /// that is smaller.
    fileprivate func transposedCrossNorm(_ other: SampleMatrix) -> Double {
        if rows * other.rows < 2 * columns * columns {
            let product = times(other, transposingRight: true)
            return product.dot(product)
        }
        return gram(ofSamples: false).dot(other.gram(ofSamples: false))
    }

    /// The singular values of `XᵀY`.
    ///
    /// With fewer samples than features they are those of `A Bᵀ` for `N×N` roots of the two Gram
    /// matrices: `XXᵀ = A Aᵀ`, `YYᵀ = B Bᵀ`.
    fileprivate func crossSingularValues(_ other: SampleMatrix) throws(Undefined) -> [Double] {
        guard rows < min(columns, other.columns) else { return try times(other, transposingLeft: true).singularValues() }
        return try root().times(other.root(), transposingLeft: true).singularValues()
    }

    /// `U S`, `N×N`, of the singular value decomposition `X = U S Vᵀ` of a matrix with fewer rows than
    /// columns.
    private func root() throws(Undefined) -> SampleMatrix {
        let (eigenvalues, vectors) = try gram(ofSamples: true).symmetricEigen()
        var result = vectors
        for row in 0..<rows { for column in 0..<rows { result[row, column] *= max(eigenvalues[column], 0).squareRoot() } }
        return result
    }
}

/// A similarity of source and target embeddings within each class, and its mean over the classes.
///
/// Rows are paired in stored order: of a class with `n_s` source and `n_t` target samples, the first
/// `min(n_s, n_t)` of each are compared. The paper does not say how it pairs them; the feature Gram
/// needs no pairing and takes all rows. Classes with fewer than two pairs are left out, and so are
/// those in which the similarity is undefined; ``leftOut`` says why.
public struct ClassConditionalSimilarity: Sendable {
    /// The classes that count, in ascending order.
    public let classes: [Int]
    /// The similarity within each of them.
    public let values: [Double]
    /// The other classes that occur, and why they do not count.
    public let leftOut: [(class: Int, reason: Undefined)]

    /// The unweighted mean over the classes that count.
    public var mean: Quantity {
        .of { () throws(Undefined) in
            try Analysis.mean(
                values, orBecause: "no class has what it needs on both sides\(leftOut.first.map { " (class \($0.class): \($0.reason.reason))" } ?? "")")
        }
    }

    /// - Parameters:
    ///   - source: `N×D`.
    ///   - sourceLabels: `N` classes.
    ///   - target: `M×D`.
    ///   - targetLabels: `M` classes.
    /// - Throws: `Undefined` where the numbers of labels do not fit or a value is not finite.
    public init(
        _ similarity: Similarity, source: Tensor, sourceLabels: [Int], target: Tensor, targetLabels: [Int]
    ) throws(Undefined) {
        let (source, target) = (try SampleMatrix(source, "the source embeddings"), try SampleMatrix(target, "the target embeddings"))
        guard sourceLabels.count == source.rows, targetLabels.count == target.rows else {
            throw Undefined(
                "\(source.rows) source and \(target.rows) target samples have \(sourceLabels.count) and \(targetLabels.count) labels")
        }
        let sourceRows = rowsByClass(sourceLabels)
        let targetRows = rowsByClass(targetLabels)
        var (classes, values, leftOut): ([Int], [Double], [(Int, Undefined)]) = ([], [], [])
        for label in Set(sourceLabels + targetLabels).sorted() {
            do throws(Undefined) {
                var (first, second) = (sourceRows[label] ?? [], targetRows[label] ?? [])
                let pairs = min(first.count, second.count)
                guard pairs >= 2 else { throw Undefined("it has \(first.count) source and \(second.count) target samples") }
                if similarity.pairsRows { (first, second) = (Array(first.prefix(pairs)), Array(second.prefix(pairs))) }
                values.append(try similarity.between(source.selecting(rows: first), target.selecting(rows: second)))
                classes.append(label)
            } catch {
                leftOut.append((label, error))
            }
        }
        (self.classes, self.values) = (classes, values)
        self.leftOut = leftOut.map { (class: $0.0, reason: $0.1) }
    }
}

/// The rows of each class, in order.
///
/// - Returns: the positions of each class that occurs, rising.
func rowsByClass(_ labels: [Int]) -> [Int: [Int]] {
    var rows: [Int: [Int]] = [:]
    for (row, label) in labels.enumerated() { rows[label, default: []].append(row) }
    return rows
}
