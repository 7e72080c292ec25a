import Glibc
import Tensors

/// A linear classifier that tells domains apart by frozen embeddings, trained to convergence: the
/// better it is, the more of the domain the embeddings hold (the paper's Table 2).
///
/// With features standardised by the training rows (a constant column becomes 0) it minimizes `mean
/// CE(z̃Wᵀ + b, domain) + (λ/2)‖W‖²_F`, the bias not penalized. The minimum is unique up to a constant
/// in the bias, whose mean is set to 0. scikit-learn's `LogisticRegression` finds the same with `C =
/// 1/(λN)`.
public struct DomainProbe {
    /// `E×D`, for standardised features.
    public let weight: Tensor
    /// `E`, of mean 0.
    public let bias: [Double]
    /// What was minimized, at the minimum.
    public let objective: Double

    private let solution: SampleMatrix
    private let scale: Standardizing
    private let width: Int

    /// - Parameters:
    ///   - embeddings: `N×D`.
    ///   - domains: `N` numbers in `0..<count`.
    ///   - count: `E`, the number of domains.
    ///   - lambda: the strength of the penalty, above 0.
    /// - Throws: `Undefined` where fewer than two domains occur, one of them not at all, a value is not
    ///   finite, or the descent does not converge.
    public init(on embeddings: Tensor, domains: [Int], count: Int, lambda: Double) throws(Undefined) {
        require(lambda > 0, "without a penalty the minimum may lie at infinity")
        /// Standardized features, `N×D`.
        let samples = try SampleMatrix(embeddings, minimum: 2)
        try checkLabels(domains, count: samples.rows, classes: count)
        guard Set(domains).count >= 2 else { throw Undefined("all samples are of one domain") }
        if let absent = (0..<count).first(where: { !domains.contains($0) }) {
            throw Undefined("domain \(absent) has no training samples")
        }
        scale = Standardizing(samples)
        width = samples.columns
        let regression = SoftmaxRegression(samples: scale.training, labels: domains, classes: count, lambda: lambda)
        let curvature = CurvatureAtZero(of: regression)
        let found = try minimize(
            from: [Double](repeating: 0, count: count * (samples.columns + 1)), preconditioner: curvature.map { $0.dividing }, regression.evaluate)
        objective = found.value
        let size = count * samples.columns
        solution = SampleMatrix(rows: count, columns: samples.columns, values: Array(found.point[0..<size]))
        weight = solution.tensor
        let mean = found.point[size...].reduce(0, +) / Double(count)
        bias = found.point[size...].map { $0 - mean }
    }

    /// One row of domain scores a sample, `M×E`.
    ///
    /// - Parameter embeddings: `M×D`, scaled as the training rows were.
    /// - Throws: `Undefined` where there are no samples, another number of features, or a value that is
    ///   not finite.
    public func logits(of embeddings: Tensor) throws(Undefined) -> Tensor { try scores(embeddings).tensor }

    /// The predicted domains of `M×D` embeddings.
    ///
    /// - Throws: as ``logits(of:)``. Of equal scores the first domain is predicted.
    public func predictions(for embeddings: Tensor) throws(Undefined) -> [Int] { try scores(embeddings).largestColumns }

    /// The share of samples whose domain is predicted.
    ///
    /// - Parameters:
    ///   - embeddings: `M×D`.
    ///   - domains: `M` numbers in `0..<E`.
    /// - Throws: as ``logits(of:)``, and where the domains do not fit.
    public func accuracy(on embeddings: Tensor, domains: [Int]) throws(Undefined) -> Double {
        let found = try predictions(for: embeddings)
        try checkLabels(domains, count: found.count, classes: bias.count)
        return Double(zip(found, domains).count { $0 == $1 }) / Double(found.count)
    }

    /// The accuracy of saying the training rows' most frequent domain every time (the first of equally
    /// frequent ones).
    ///
    /// - Parameters:
    ///   - training: the domains of the training rows.
    ///   - test: those of the rows that are scored.
    /// - Throws: `Undefined` where one of the two is empty.
    public static func chance(training: [Int], test: [Int]) throws(Undefined) -> Double {
        let counts = rowsByClass(training).mapValues(\.count)
        guard let most = counts.keys.sorted().max(by: { counts[$0, default: 0] < counts[$1, default: 0] }), !test.isEmpty else {
            throw Undefined("there are no samples")
        }
        return Double(test.count { $0 == most }) / Double(test.count)
    }

    /// Domain scores in double precision, `M×E`.
    private func scores(_ embeddings: Tensor) throws(Undefined) -> SampleMatrix {
        let samples = try SampleMatrix(embeddings)
        guard samples.columns == width else {
            throw Undefined("the probe reads \(width) features, and the embeddings have \(samples.columns)")
        }
        return scale(samples).times(solution, transposingRight: true).subtracting(bias.map { -$0 })
    }
}

/// The objective of multinomial logistic regression and its gradient, over the weights `E×D` followed
/// by the bias `E`.
private struct SoftmaxRegression {
    let samples: SampleMatrix
    let labels: [Int]
    let classes: Int
    let lambda: Double

    /// - Parameter point: `E·D` weights, row by row, then `E` biases.
    /// - Returns: the mean cross-entropy plus `λ/2 ‖W‖²`, and its gradient in the same layout.
    func evaluate(_ point: [Double]) -> (value: Double, gradient: [Double]) {
        let size = classes * samples.columns
        let weight = SampleMatrix(rows: classes, columns: samples.columns, values: Array(point[0..<size]))
        // Classes in rows: both products then run along the samples' rows.
        var slopes = weight.times(samples, transposingRight: true)
        var loss = 0.0
        var biasGradient = [Double](repeating: 0, count: classes)
        let share = 1 / Double(samples.rows)
        for row in 0..<samples.rows {
            var largest = -Double.infinity
            for k in 0..<classes {
                slopes[k, row] += point[size + k]
                largest = max(largest, slopes[k, row])
            }
            var sum = 0.0
            let own = slopes[labels[row], row]
            for k in 0..<classes {
                slopes[k, row] = exp(slopes[k, row] - largest)
                sum += slopes[k, row]
            }
            loss += log(sum) + largest - own
            for k in 0..<classes {
                let slope = (slopes[k, row] / sum - (k == labels[row] ? 1 : 0)) * share
                slopes[k, row] = slope
                biasGradient[k] += slope
            }
        }
        let gradient = slopes.times(samples)
        return (
            loss * share + lambda / 2 * weight.dot(weight),
            zip(gradient.values, weight.values).map { $0 + lambda * $1 } + biasGradient
        )
    }
}

/// The curvature of multinomial logistic regression where all weights are 0, without what couples the classes: `A = XᵀX/(E N) + λI` for the
/// weights of each class, and `1/E` for its bias.
///
/// Its inverse is what makes the descent short: features of embeddings are correlated, and the objective is steep along their first directions
/// and flat along the last. Factorized once, from the `D×D` or the `N×N` form:
///
/// ```
/// A⁻¹ = E N (L Lᵀ)⁻¹,  L Lᵀ = XᵀX + λ E N I          A⁻¹ = (I − UᵀU)/λ,  U = L⁻¹X,  L Lᵀ = XXᵀ + λ E N I
/// ```
private struct CurvatureAtZero {
    private let classes: Int
    private let columns: Int
    private let lambda: Double
    /// `E N`.
    private let divisor: Double
    /// L, `D×D`; U, `N×D`, with fewer samples than features.
    private let factor: SampleMatrix
    private let isOfSamples: Bool

    /// Nil where the matrix is singular within rounding, as for a λ that is next to nothing. The descent is only longer without it.
    init?(of regression: SoftmaxRegression) {
        let samples = regression.samples
        (classes, columns, lambda) = (regression.classes, samples.columns, regression.lambda)
        divisor = Double(classes * samples.rows)
        isOfSamples = samples.rows < samples.columns
        guard let root = samples.gram(ofSamples: isOfSamples).addingToDiagonal(lambda * divisor).cholesky else { return nil }
        factor = isOfSamples ? root.solvingLower(samples) : root
    }

    /// `A⁻¹` times a vector of the objective's layout: `E·D` weights, row by row, then `E` biases.
    ///
    /// - Complexity: `O(E D²)`, or `O(E N D)` with fewer samples than features.
    func dividing(_ point: [Double]) -> [Double] {
        let weight = SampleMatrix(rows: classes, columns: columns, values: Array(point[0..<classes * columns]))
        let bias = point[(classes * columns)...].map { $0 * Double(classes) }
        guard isOfSamples else {
            return weight.divided(by: factor, transposed: true).divided(by: factor, transposed: false).values.map { divisor * $0 } + bias
        }
        let inside = weight.times(factor, transposingRight: true).times(factor)
        return zip(weight.values, inside.values).map { ($0 - $1) / lambda } + bias
    }
}
