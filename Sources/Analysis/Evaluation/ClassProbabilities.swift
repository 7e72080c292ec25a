import Glibc
import Tensors

/// What a classifier said about `N` samples of `K` classes, in double precision: class probabilities, confidences, predictions.
public struct ClassProbabilities: Sendable {
    /// The number of samples `N`.
    public let count: Int
    /// The number of classes `K`.
    public let classes: Int
    /// `N×K`, row-major: the logits over the temperature.
    private let logits: SampleMatrix

    /// - Parameter temperature: divides the logits; above 0.
    /// - Throws: `Undefined` without samples or classes, or where a logit is not finite.
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

    /// `log(p/(1 − p))` of each confidence `p`. It orders as `p` does, and still tells confidences apart that are 1 in double precision.
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
    public func negativeLogLikelihood(labels: [Int]) throws(Undefined) -> Double {
        try checkLabels(labels, count: count, classes: classes)
        return labels.enumerated().reduce(0) { $0 + logSumExp(row($1.offset)) - logits[$1.offset, $1.element] } / Double(count)
    }

    func row(_ row: Int) -> ArraySlice<Double> { logits.values[row * classes..<(row + 1) * classes] }

    private func logSumExp(_ values: ArraySlice<Double>) -> Double {
        let largest = values.max() ?? -.infinity
        return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
    }
}
