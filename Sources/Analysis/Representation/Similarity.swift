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
        try between(CenteredEmbeddings(first), CenteredEmbeddings(second))
    }

    fileprivate func between(_ x: CenteredEmbeddings, _ y: CenteredEmbeddings) throws(Undefined) -> Double {
        let (first, second) = (x.samples, y.samples)
        if pairsRows {
            guard first.rows == second.rows else { throw Undefined("\(first.rows) and \(second.rows) samples cannot be paired") }
        } else if first.columns != second.columns {
            throw Undefined("embeddings of \(first.columns) and \(second.columns) features have no features in common")
        }
        guard x.norm > 0, y.norm > 0 else { throw Undefined("all samples have the same embedding") }
        switch self {
        case .linearCKA:
            return x.squaredCrossNorm(y) / (x.squaredNormOfProducts.squareRoot() * y.squaredNormOfProducts.squareRoot())
        case .kernelCKA:
            let (distancesX, distancesY) = (PairDistances(first), PairDistances(second))
            let sums = try PairSums(
                distancesX, distancesY, .gaussian(bandwidth: Self.bandwidth(distancesX, "first")),
                .gaussian(bandwidth: Self.bandwidth(distancesY, "second")))
            return sums.centeredXY / (sums.centeredXX.squareRoot() * sums.centeredYY.squareRoot())
        case .procrustes:
            return try first.crossSingularValues(second).reduce(0, +) / (x.norm * y.norm)
        case .featureGram:
            return first.transposedCrossNorm(second) / (x.squaredNormOfProducts.squareRoot() * y.squaredNormOfProducts.squareRoot())
        }
    }

    /// Half the root of the median of all `N²` squared distances.
    ///
    /// - Throws: `Undefined` where the median is 0, as for embeddings that mostly repeat.
    private static func bandwidth(_ distances: PairDistances, _ name: String) throws(Undefined) -> Double {
        let median = distances.medianSquared(includingDiagonal: true)
        guard median > 0 else { throw Undefined("half or more of the distances between the \(name) embeddings are 0") }
        return 0.5 * median.squareRoot()
    }
}

/// Embeddings with their means taken off, and what more than one similarity needs of them, made when it is first asked for.
private final class CenteredEmbeddings {
    /// `N×D`.
    let samples: SampleMatrix
    /// The Frobenius norm; 0 exactly where all samples are equal.
    let norm: Double
    /// `XXᵀ`, `N×N`; asked for only where that is small beside `XᵀX`.
    private lazy var gram = samples.gram(ofSamples: true)
    /// `‖XᵀX‖²_F`, which is also `‖XXᵀ‖²_F`.
    private(set) lazy var squaredNormOfProducts = squaredCrossNorm(self)

    init(_ samples: SampleMatrix) {
        self.samples = samples.centered
        norm = self.samples.norm
    }

    /// `‖XᵀY‖²_F` of embeddings of the same samples, on the side whose matrix is smaller: `XᵀY` is `D1×D2`, and the equal `tr(XXᵀ YYᵀ)` takes
    /// two `N×N` matrices.
    func squaredCrossNorm(_ other: CenteredEmbeddings) -> Double {
        if 2 * samples.rows * samples.rows < samples.columns * other.samples.columns { return gram.dot(other.gram) }
        let product = samples.times(other.samples, transposingLeft: true)
        return product.dot(product)
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
    /// With fewer samples than features they are those of `AᵀB` for the `N×N` triangular factors `X = A Qᵀ`, `Y = B Pᵀ`.
    fileprivate func crossSingularValues(_ other: SampleMatrix) throws(Undefined) -> [Double] {
        guard rows < min(columns, other.columns) else { return try times(other, transposingLeft: true).singularValues() }
        return try lowerFactor().times(other.lowerFactor(), transposingLeft: true).singularValues()
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
    public private(set) var classes: [Int]
    /// The similarity within each of them.
    public private(set) var values: [Double]
    /// The other classes that occur, and why they do not count.
    public private(set) var leftOut: [(class: Int, reason: Undefined)]

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
        self = try Self.all([similarity], source: source, sourceLabels: sourceLabels, target: target, targetLabels: targetLabels)[0]
    }

    /// Several similarities of the same embeddings, in their order, which share what they can within each class.
    ///
    /// - Parameters:
    ///   - similarities: what is measured; each gets a result of its own.
    ///   - source: `N×D`.
    ///   - sourceLabels: `N` classes.
    ///   - target: `M×D`.
    ///   - targetLabels: `M` classes.
    /// - Throws: as ``init(_:source:sourceLabels:target:targetLabels:)``.
    static func all(
        _ similarities: [Similarity], source: Tensor, sourceLabels: [Int], target: Tensor, targetLabels: [Int]
    ) throws(Undefined) -> [ClassConditionalSimilarity] {
        let (source, target) = (try SampleMatrix(source, "the source embeddings"), try SampleMatrix(target, "the target embeddings"))
        guard sourceLabels.count == source.rows, targetLabels.count == target.rows else {
            throw Undefined(
                "\(source.rows) source and \(target.rows) target samples have \(sourceLabels.count) and \(targetLabels.count) labels")
        }
        let sourceRows = rowsByClass(sourceLabels)
        let targetRows = rowsByClass(targetLabels)
        var found = similarities.map { _ in ClassConditionalSimilarity() }
        for label in Set(sourceLabels + targetLabels).sorted() {
            let (own, other) = (sourceRows[label] ?? [], targetRows[label] ?? [])
            let pairs = min(own.count, other.count)
            guard pairs >= 2 else {
                let reason = Undefined("it has \(own.count) source and \(other.count) target samples")
                for index in found.indices { found[index].leftOut.append((label, reason)) }
                continue
            }
            func embeddings(_ samples: SampleMatrix, _ rows: some Sequence<Int>) -> CenteredEmbeddings {
                CenteredEmbeddings(samples.selecting(rows: Array(rows)))
            }
            // All of a class on each side; the first pairs of them where samples are paired.
            let (first, second) = (embeddings(source, own), embeddings(target, other))
            let firstPaired = own.count == pairs ? first : embeddings(source, own.prefix(pairs))
            let secondPaired = other.count == pairs ? second : embeddings(target, other.prefix(pairs))
            for (index, similarity) in similarities.enumerated() {
                do throws(Undefined) {
                    let value = try similarity.pairsRows ? similarity.between(firstPaired, secondPaired) : similarity.between(first, second)
                    found[index].values.append(value)
                    found[index].classes.append(label)
                } catch {
                    found[index].leftOut.append((label, error))
                }
            }
        }
        return found
    }

    /// No class yet.
    private init() { (classes, values, leftOut) = ([], [], []) }
}

/// The rows of each class, in order.
///
/// - Returns: the positions of each class that occurs, rising.
func rowsByClass(_ labels: [Int]) -> [Int: [Int]] {
    var rows: [Int: [Int]] = [:]
    for (row, label) in labels.enumerated() { rows[label, default: []].append(row) }
    return rows
}
