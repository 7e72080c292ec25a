import Glibc
import Tensors

/// Whether confidences are what they say: expected and maximum calibration error, Brier score, negative log-likelihood.
///
/// Bin `j` of `B` holds `(j−1)/B < confidence ≤ j/B`; Guo et al. (2017) use 15. Empty bins contribute nothing.
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
    /// `(1/n) Σ_i Σ_c (p_ic − [y_i = c])²` over all classes, in `0...2`: for two classes twice the common binary score.
    public let brierScore: Double
    /// Mean cross-entropy.
    public let negativeLogLikelihood: Double

    /// - Throws: `Undefined` where the labels do not fit.
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
    /// - Throws: `Undefined` where the likelihood has no maximum at a temperature between 10⁻³ and 10³: every sample classified
    ///   correctly, or no better than with equal probabilities.
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
