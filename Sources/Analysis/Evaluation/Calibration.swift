import Glibc
import Tensors

/// What a classifier said about `N` samples of `K` classes, in double precision: class probabilities,
/// confidences, predictions.
public struct ClassProbabilities: Sendable {
    /// The number of samples `N`.
    public let count: Int
    /// The number of classes `K`.
    public let classes: Int
    /// `N×K`, row-major: the logits over the temperature.
    private let logits: SampleMatrix

    /// - Parameter temperature: divides the logits; above 0.
    /// - Throws: `Undefined` without samples or classes, or where a logit is not finite.
    ///
    /// - Parameter logits: `N×K`, before the softmax.
    public init(logits: Tensor, temperature: Double = 1) throws(Undefined) {
        require(temperature > 0, "a temperature of \(temperature)")
        var matrix = try SampleMatrix(logits, "the logits")
        if temperature != 1 { for index in matrix.values.indices { matrix.values[index] /= temperature } }
        self.logits = matrix
        count = matrix.rows
        classes = matrix.columns
    }

    /// The class of the largest logit of each sample, the first of equal ones.
    public var predictions: [Int] { logits.largestColumns }

    /// The softmax of one sample's logits, `K`.
    ///
    /// - Returns: `K` numbers that add up to 1 but for rounding.
    public func probabilities(of row: Int) -> [Double] {
        let own = self.row(row)
        let sum = logSumExp(own)
        return own.map { exp($0 - sum) }
    }

    /// The probability of the predicted class of each sample.
    public var confidences: [Double] {
        (0..<count).map { row in
            let own = self.row(row)
            return exp((own.max() ?? 0) - logSumExp(own))
        }
    }

    /// `log(p/(1 − p))` of each confidence `p`. It orders as `p` does, and still tells confidences
    /// apart that are 1 in double precision.
    public var confidenceLogits: [Double] {
        (0..<count).map { row in
            var own = self.row(row)
            guard own.count > 1, let best = own.indices.max(by: { own[$0] < own[$1] }) else { return .infinity }
            let largest = own.remove(at: best)
            return largest - logSumExp(own)
        }
    }

    /// `log Σ_c exp(logit_c)` of each sample.
    public var logSums: [Double] { (0..<count).map { logSumExp(row($0)) } }

    /// Mean cross-entropy.
    ///
    /// In nats, computed from the logits, so that it stays finite where a probability rounds to 0.
    ///
    /// - Throws: `Undefined` where there is not one label for each sample, in `0..<K`.
    public func negativeLogLikelihood(labels: [Int]) throws(Undefined) -> Double {
        try checkLabels(labels, count: count, classes: classes)
        return labels.enumerated().reduce(0) { $0 + logSumExp(row($1.offset)) - logits[$1.offset, $1.element] } / Double(count)
    }

    /// The logits of one sample over the temperature, `K`.
    func row(_ row: Int) -> ArraySlice<Double> { logits.values[row * classes..<(row + 1) * classes] }

    /// `log Σ exp`, shifted by the largest value so that nothing overflows.
    private func logSumExp(_ values: ArraySlice<Double>) -> Double {
        let largest = values.max() ?? -.infinity
        return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
    }
}

/// Whether confidences are what they say: expected and maximum calibration error, Brier score, negative
/// log-likelihood.
///
/// Bin `j` of `B` holds `(j−1)/B < confidence ≤ j/B`; Guo et al. (2017) use 15. Empty bins contribute
/// nothing.
public struct Calibration: Sendable {
    /// One bin of confidences.
    public struct Bin: Sendable, Hashable {
        /// Samples in the bin.
        public let count: Int
        /// The share of right predictions, and the mean confidence; 0 where the bin is empty.
        public let accuracy, confidence: Double
    }

    /// From the lowest confidence to the highest.
    public let bins: [Bin]
    /// `Σ (n_j/n) |accuracy_j − confidence_j|`.
    public let expectedError: Double
    /// The largest `|accuracy_j − confidence_j|`.
    public let maximumError: Double
    /// `(1/n) Σ_i Σ_c (p_ic − [y_i = c])²` over all classes, in `0...2`: for two classes twice the
    /// common binary score.
    public let brierScore: Double
    /// Mean cross-entropy.
    public let negativeLogLikelihood: Double

    /// - Throws: `Undefined` where the labels do not fit.
    ///
    /// - Parameters:
    ///   - probabilities: of `N` samples.
    ///   - labels: `N` classes in `0..<K`.
    ///   - count: the number `B` of bins, at least 1; 15 by default.
    public init(_ probabilities: ClassProbabilities, labels: [Int], bins count: Int = 15) throws(Undefined) {
        require(count >= 1, "\(count) bins")
        negativeLogLikelihood = try probabilities.negativeLogLikelihood(labels: labels)
        let (confidences, predictions) = (probabilities.confidences, probabilities.predictions)
        var (counts, hits, sums) = ([Int](repeating: 0, count: count), [Int](repeating: 0, count: count), [Double](repeating: 0, count: count))
        var brier = 0.0
        for row in 0..<probabilities.count {
            let bin = min(max(Int((confidences[row] * Double(count)).rounded(.up)) - 1, 0), count - 1)
            counts[bin] += 1
            hits[bin] += predictions[row] == labels[row] ? 1 : 0
            sums[bin] += confidences[row]
            for (c, p) in probabilities.probabilities(of: row).enumerated() {
                let difference = p - (c == labels[row] ? 1 : 0)
                brier += difference * difference
            }
        }
        bins = (0..<count).map {
            let n = Double(max(counts[$0], 1))
            return Bin(count: counts[$0], accuracy: Double(hits[$0]) / n, confidence: sums[$0] / n)
        }
        let total = Double(probabilities.count)
        expectedError = bins.reduce(0) { $0 + Double($1.count) / total * abs($1.accuracy - $1.confidence) }
        maximumError = bins.filter { $0.count > 0 }.reduce(0) { max($0, abs($1.accuracy - $1.confidence)) }
        brierScore = brier / total
    }

    /// The temperature that minimizes the negative log-likelihood of given samples (Guo et al. 2017).
    ///
    /// The likelihood is concave in `1/T`: its slope `mean(Σ p_c z_c − z_y)` is bisected.
    /// - Throws: `Undefined` where the likelihood has no maximum at a temperature between 10⁻³ and 10³:
    ///   every sample classified correctly, or no better than with equal probabilities.
    ///
    /// - Parameters:
    ///   - logits: `N×K`, of samples that were not trained on.
    ///   - labels: their `N` classes.
    /// - Returns: above 1 where the model is too sure of itself, below 1 where it is not sure enough.
    public static func temperature(logits: Tensor, labels: [Int]) throws(Undefined) -> Double {
        let plain = try ClassProbabilities(logits: logits)
        try checkLabels(labels, count: plain.count, classes: plain.classes)
        func slope(_ inverse: Double) -> Double {
            var sum = 0.0
            for (row, label) in labels.enumerated() {
                let values = plain.row(row)
                let largest = values.max() ?? 0
                var (weights, mean) = (0.0, 0.0)
                for value in values {
                    let weight = exp(inverse * (value - largest))
                    weights += weight
                    mean += weight * value
                }
                sum += mean / weights - values[values.startIndex + label]
            }
            return sum / Double(labels.count)
        }
        var (low, high) = (log(1e-3), log(1e3))
        guard slope(exp(high)) > 0 else {
            throw Undefined("the likelihood rises without end as the temperature goes to 0")
        }
        guard slope(exp(low)) < 0 else {
            throw Undefined("the likelihood rises without end with the temperature: equal probabilities would be better")
        }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if slope(exp(middle)) < 0 { low = middle } else { high = middle }
        }
        return exp(-(low + high) / 2)
    }
}
