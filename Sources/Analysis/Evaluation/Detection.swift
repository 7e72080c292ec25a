import Glibc

/// How well a score tells positive from negative samples, over all thresholds.
///
/// Every distinct score is a threshold, and a sample is taken as positive where its score is at least
/// the threshold, so that no result depends on the order of samples with equal scores.
public struct Detection: Sendable {
    /// `P(score of a positive > score of a negative) + P(equal)/2`.
    public let areaUnderROC: Double
    /// `Σ (R_k − R_{k−1}) P_k` over falling thresholds: average precision.
    public let averagePrecision: Double

    private let positives, negatives: Int
    /// True and false positives at each threshold, from the highest.
    private let points: [(truePositives: Int, falsePositives: Int)]

    /// - Parameters:
    ///   - scores: one for each sample, higher where it is more likely positive; ±∞ are allowed.
    ///   - isPositive: one for each sample.
    /// - Throws: `Undefined` where one of the two kinds does not occur, or a score is NaN.
    public init(scores: [Double], isPositive: [Bool]) throws(Undefined) {
        guard scores.count == isPositive.count else { throw Undefined("\(isPositive.count) samples have \(scores.count) scores") }
        if let row = scores.firstIndex(where: \.isNaN) { throw Undefined("the score of sample \(row + 1) is not a number") }
        let positives = isPositive.count { $0 }
        let negatives = isPositive.count - positives
        guard positives > 0 else { throw Undefined("there is no positive among \(isPositive.count) samples") }
        guard negatives > 0 else { throw Undefined("there is no negative among \(isPositive.count) samples") }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var points: [(truePositives: Int, falsePositives: Int)] = []
        var (hits, alarms) = (0, 0)
        for (place, row) in order.enumerated() {
            if isPositive[row] { hits += 1 } else { alarms += 1 }
            if place + 1 == order.count || scores[order[place + 1]] != scores[row] { points.append((hits, alarms)) }
        }
        var (area, precision) = (0.0, 0.0)
        var last = (truePositives: 0, falsePositives: 0)
        for point in points {
            area += Double(point.falsePositives - last.falsePositives) * Double(point.truePositives + last.truePositives) / 2
            let share = Double(point.truePositives) / Double(point.truePositives + point.falsePositives)
            precision += Double(point.truePositives - last.truePositives) / Double(positives) * share
            last = point
        }
        areaUnderROC = area / (Double(positives) * Double(negatives))
        averagePrecision = precision
        (self.positives, self.negatives, self.points) = (positives, negatives, points)
    }

    /// The false-positive rate at the highest threshold that finds at least `level` of the positives.
    ///
    /// - Parameter level: from 0 to 1. At 1 every positive has to be found.
    public func falsePositiveRate(atLeast level: Double) -> Double {
        let point = points.first { Double($0.truePositives) / Double(positives) >= level } ?? (positives, negatives)
        return Double(point.falsePositives) / Double(negatives)
    }

    /// The false-positive rate at the point of the curve whose true-positive rate is nearest to
    /// `level`, the first of equally near ones.
    ///
    /// This is MMDG-Bench's FPR95, and may be that of a threshold which finds less than `level`.
    /// - Parameter droppingCollinear: leaves out points that lie on a line between their neighbors, as
    ///   scikit-learn's `roc_curve` does by default.
    ///
    /// - Parameter level: the true-positive rate that is looked for, from 0 to 1; the point where
    ///   nothing is accepted counts as one of the curve's.
    public func falsePositiveRate(nearest level: Double, droppingCollinear: Bool = false) -> Double {
        var kept = points
        if droppingCollinear, points.count > 2 {
            kept = points.indices.filter { index in
                guard index > 0, index + 1 < points.count else { return true }
                let (before, here, after) = (points[index - 1], points[index], points[index + 1])
                return after.truePositives - 2 * here.truePositives + before.truePositives != 0
                    || after.falsePositives - 2 * here.falsePositives + before.falsePositives != 0
            }.map { points[$0] }
        }
        var best = (distance: level, falsePositives: 0)
        for point in kept {
            let distance = abs(Double(point.truePositives) / Double(positives) - level)
            if distance < best.distance { best = (distance, point.falsePositives) }
        }
        return Double(best.falsePositives) / Double(negatives)
    }
}

/// How well confidence tells right from wrong predictions.
///
/// All are fractions; MMDG-Bench prints AURC × 1000 and the others × 100.
public struct MisclassificationDetection: Sendable {
    /// The share of wrong predictions.
    public let errorRate: Double
    /// `(1/n) Σ_k (errors among the k most confident)/k`, equal confidences in stored order: the area
    /// under the risk–coverage curve.
    public let areaUnderRiskCoverage: Double
    /// The same with each error flag replaced by its mean over equal confidences, which does not depend
    /// on the samples' order.
    public let areaUnderRiskCoverageOfTies: Double
    /// AURC minus that of the best possible order, `r + (1−r) ln(1−r)`.
    public var excessAreaUnderRiskCoverage: Double {
        let r = errorRate
        return areaUnderRiskCoverage - (r == 1 ? 1 : r + (1 - r) * log(1 - r))
    }
    /// With right predictions as positives; undefined where all are right or all are wrong.
    public let correctness: Result<Detection, Undefined>
    /// With wrong predictions as positives, by falling confidence.
    public let errors: Result<Detection, Undefined>

    /// Detection on a classifier's own confidences, told apart also where softmax saturates.
    ///
    /// - Parameters:
    ///   - probabilities: of `N` samples.
    ///   - labels: `N` classes in `0..<K`.
    /// - Throws: `Undefined` where the labels do not fit.
    public init(_ probabilities: ClassProbabilities, labels: [Int]) throws(Undefined) {
        try checkLabels(labels, count: probabilities.count, classes: probabilities.classes)
        let correct = zip(probabilities.predictions, labels).map { $0 == $1 }
        try self.init(confidences: probabilities.confidenceLogits, isCorrect: correct)
    }

    /// - Parameters:
    ///   - confidences: one for each sample; only their order counts.
    ///   - isCorrect: whether its prediction is right.
    /// - Throws: `Undefined` without samples, or where a confidence is NaN.
    public init(confidences: [Double], isCorrect: [Bool]) throws(Undefined) {
        guard confidences.count == isCorrect.count else {
            throw Undefined("\(isCorrect.count) samples have \(confidences.count) confidences")
        }
        guard !isCorrect.isEmpty else { throw Undefined("there are no samples") }
        if let row = confidences.firstIndex(where: \.isNaN) { throw Undefined("the confidence of sample \(row + 1) is not a number") }
        let count = isCorrect.count
        let order = confidences.indices.sorted { (confidences[$0], $1) > (confidences[$1], $0) }
        let wrong = order.map { isCorrect[$0] ? 0.0 : 1.0 }
        var shared = wrong
        var start = 0
        while start < count {
            var end = start + 1
            while end < count, confidences[order[end]] == confidences[order[start]] { end += 1 }
            let mean = wrong[start..<end].reduce(0, +) / Double(end - start)
            for place in start..<end { shared[place] = mean }
            start = end
        }
        func area(_ flags: [Double]) -> Double {
            var (errors, sum) = (0.0, 0.0)
            for (place, flag) in flags.enumerated() {
                errors += flag
                sum += errors / Double(place + 1)
            }
            return sum / Double(count)
        }
        errorRate = wrong.reduce(0, +) / Double(count)
        areaUnderRiskCoverage = area(wrong)
        areaUnderRiskCoverageOfTies = area(shared)
        guard isCorrect.contains(true) else {
            let reason = Undefined("no sample is classified correctly")
            (correctness, errors) = (.failure(reason), .failure(reason))
            return
        }
        guard isCorrect.contains(false) else {
            let reason = Undefined("every sample is classified correctly")
            (correctness, errors) = (.failure(reason), .failure(reason))
            return
        }
        correctness = Result { () throws(Undefined) in try Detection(scores: confidences, isPositive: isCorrect) }
        errors = Result { () throws(Undefined) in try Detection(scores: confidences.map(-), isPositive: isCorrect.map(!)) }
    }
}

/// How well a score tells samples of known kinds from others.
public enum OutOfDistributionScore: String, CaseIterable, Sendable, Hashable {
    /// The largest softmax probability (Hendrycks and Gimpel 2017).
    case maximumProbability = "msp"
    /// `T · log Σ exp(logit/T)` (Liu et al. 2020, whose energy is its negative).
    case energy

    /// The scores of samples: higher where they look known.
    ///
    /// - Parameters:
    ///   - logits: of `N` samples; for the energy divided by the temperature already.
    ///   - temperature: `T`, which scales the energy back; 1 by default and without meaning for
    ///     probabilities.
    /// - Returns: `N` numbers.
    public func values(_ logits: ClassProbabilities, temperature: Double = 1) -> [Double] {
        switch self {
        case .maximumProbability: logits.confidences
        case .energy: logits.logSums.map { $0 * temperature }
        }
    }
}
