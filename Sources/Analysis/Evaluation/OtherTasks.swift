import Glibc
import Tensors

/// How well real values are predicted: sentiment, ratings.
public struct ValueScores: Sendable {
    /// What a true value of exactly 0 counts as when values become two classes.
    public enum ZeroRule: String, CaseIterable, Sendable, Hashable {
        /// Above 0 against the rest: a 0 is negative (MMDG-Bench).
        case negative = "zero-negative"
        /// At least 0 against the rest: a 0 is not negative (`Has0` of MMSA).
        case nonnegative = "zero-nonnegative"
        /// Samples whose true value is 0 are left out (`Non0` of MMSA).
        case leftOut = "zero-left-out"
    }

    /// Mean of `|prediction − value|`.
    public let meanAbsoluteError: Double
    /// Mean of `(prediction − value)²`.
    public let meanSquaredError: Double
    /// Pearson's correlation; undefined for fewer than two samples or where one side is constant.
    public let correlation: Quantity
    private let predictions, values: [Double]

    /// - Throws: `Undefined` without samples, where the numbers do not fit, or where one is not finite.
    ///
    /// - Parameters:
    ///   - predictions: one for each sample, or for each entry where a sample has several values.
    ///   - values: the true ones, in the same order.
    public init(predictions: [Double], values: [Double]) throws(Undefined) {
        guard predictions.count == values.count else { throw Undefined("\(values.count) samples have \(predictions.count) predictions") }
        guard !values.isEmpty else { throw Undefined("there are no samples") }
        if let row = values.indices.first(where: { !predictions[$0].isFinite || !values[$0].isFinite }) {
            throw Undefined("sample \(row + 1) has a value or a prediction that is not finite")
        }
        let n = Double(values.count)
        let errors = zip(predictions, values).map { $0 - $1 }
        meanAbsoluteError = errors.reduce(0) { $0 + abs($1) } / n
        meanSquaredError = errors.reduce(0) { $0 + $1 * $1 } / n
        correlation = .of { () throws(Undefined) in
            guard values.count >= 2 else { throw Undefined("a correlation needs two samples") }
            func centered(_ x: [Double], _ name: String) throws(Undefined) -> [Double] {
                guard x.contains(where: { $0 != x[0] }) else { throw Undefined("all \(name) are equal") }
                let mean = x.reduce(0, +) / n
                return x.map { $0 - mean }
            }
            let (x, y) = (try centered(predictions, "predictions"), try centered(values, "values"))
            var (xy, xx, yy) = (0.0, 0.0, 0.0)
            for (a, b) in zip(x, y) {
                xy += a * b
                xx += a * a
                yy += b * b
            }
            return xy / (xx * yy).squareRoot()
        }
        (self.predictions, self.values) = (predictions, values)
    }

    /// The scores of "positive" against "negative", by sign.
    ///
    /// - Throws: `Undefined` where no sample is left.
    ///
    /// A prediction of exactly 0 is positive under ``ZeroRule/nonnegative`` alone, whichever sign the
    /// true value has.
    ///
    /// - Returns: scores with class 1 for positive and class 0 for negative.
    public func twoClasses(_ rule: ZeroRule) throws(Undefined) -> ClassificationScores {
        let rows = values.indices.filter { rule != .leftOut || values[$0] != 0 }
        guard !rows.isEmpty else { throw Undefined("every true value is 0") }
        let isPositive: (Double) -> Int = { rule == .nonnegative ? ($0 >= 0 ? 1 : 0) : ($0 > 0 ? 1 : 0) }
        return try ClassificationScores(
            predictions: rows.map { isPositive(predictions[$0]) }, labels: rows.map { isPositive(values[$0]) }, classes: 2)
    }

    /// The accuracy of values rounded to whole numbers within `range`, for example seven classes with
    /// `-3...3`.
    ///
    /// Halves are rounded to even numbers, as NumPy does. Values outside the range count as its nearer
    /// end.
    public func accuracy(roundedWithin range: ClosedRange<Double>) -> Double {
        func rounded(_ x: Double) -> Double { min(max(x, range.lowerBound), range.upperBound).rounded(.toNearestOrEven) }
        return Double(zip(predictions, values).count { rounded($0) == rounded($1) }) / Double(values.count)
    }
}

/// How well several labels a sample are predicted.
public struct LabelScores: Sendable {
    /// Average precision of each label; undefined where it never or always occurs.
    public let averagePrecisions: [Quantity]
    private let hits, predicted, actual: [Int]
    private let sampleF1s: [Double]

    /// - Parameters:
    ///   - logits: `N×K`; a label is predicted where its logit is above 0.
    ///   - labels: `N×K` of 0 and 1.
    /// - Throws: `Undefined` where the shapes differ, a value is not finite, or a label is neither 0
    ///   nor 1.
    public init(logits: Tensor, labels: Tensor) throws(Undefined) {
        let (scores, truths) = (try SampleMatrix(logits, "the logits"), try SampleMatrix(labels, "the labels"))
        guard scores.rows == truths.rows, scores.columns == truths.columns else {
            throw Undefined("logits \(logits.shape) and labels \(labels.shape) differ in shape")
        }
        guard truths.values.allSatisfy({ $0 == 0 || $0 == 1 }) else { throw Undefined("a label is neither 0 nor 1") }
        averagePrecisions = (0..<scores.columns).map { label in
            .of { () throws(Undefined) in
                let isPositive = (0..<scores.rows).map { truths[$0, label] == 1 }
                return try Detection(scores: (0..<scores.rows).map { scores[$0, label] }, isPositive: isPositive).averagePrecision
            }
        }
        var (hits, predicted, actual) = (
            [Int](repeating: 0, count: scores.columns), [Int](repeating: 0, count: scores.columns), [Int](repeating: 0, count: scores.columns)
        )
        sampleF1s = (0..<scores.rows).map { row in
            var (both, said, occurring) = (0, 0, 0)
            for label in 0..<scores.columns {
                let (isPredicted, isTrue) = (scores[row, label] > 0, truths[row, label] == 1)
                hits[label] += isPredicted && isTrue ? 1 : 0
                predicted[label] += isPredicted ? 1 : 0
                actual[label] += isTrue ? 1 : 0
                both += isPredicted && isTrue ? 1 : 0
                said += isPredicted ? 1 : 0
                occurring += isTrue ? 1 : 0
            }
            return said + occurring == 0 ? 0 : 2 * Double(both) / Double(said + occurring)
        }
        (self.hits, self.predicted, self.actual) = (hits, predicted, actual)
    }

    /// The mean over the labels whose average precision is defined.
    ///
    /// Undefined where every label occurs in all samples or in none.
    public var meanAveragePrecision: Quantity {
        .of { () throws(Undefined) in
            try mean(averagePrecisions.compactMap(\.number), orBecause: "no label occurs in some samples and not in others")
        }
    }

    /// F1 of all decisions together; 0 where nothing is true or predicted.
    public var microF1: Double { f1(hits.reduce(0, +), predicted.reduce(0, +), actual.reduce(0, +)) }

    /// The mean F1 of all labels.
    public var macroF1: Double {
        hits.indices.reduce(0) { $0 + f1(hits[$1], predicted[$1], actual[$1]) } / Double(hits.count)
    }

    /// The mean over samples of the F1 of a sample's labels.
    public var sampleF1: Double { sampleF1s.reduce(0, +) / Double(sampleF1s.count) }

    private func f1(_ hits: Int, _ predicted: Int, _ actual: Int) -> Double {
        predicted + actual == 0 ? 0 : 2 * Double(hits) / Double(predicted + actual)
    }
}
