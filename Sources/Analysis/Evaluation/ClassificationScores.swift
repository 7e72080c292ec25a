/// The confusion matrix of a classifier, and what is read from it.
///
/// `0/0` counts as 0 in precision, recall and F1, as in scikit-learn. Means say over which classes they
/// are taken: a class that is predicted but never true counts with F1 0 among the classes that occur at
/// all, and not among those that occur as labels.
public struct ClassificationScores: Sendable, Hashable {
    /// The number of classes `K`.
    public let classes: Int
    /// `K×K`: samples of a class (row) that were predicted as a class (column).
    public let confusion: [[Int]]
    private let count: Int

    /// - Throws: `Undefined` without samples, or where a label or prediction is not one of the classes.
    ///
    /// - Parameters:
    ///   - predictions: `N` classes in `0..<classes`.
    ///   - labels: the true ones.
    ///   - classes: `K`, also those that do not occur.
    public init(predictions: [Int], labels: [Int], classes: Int) throws(Undefined) {
        guard !labels.isEmpty else { throw Undefined("there are no samples") }
        try checkLabels(labels, count: predictions.count, classes: classes)
        try checkLabels(predictions, count: labels.count, classes: classes)
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        for (prediction, label) in zip(predictions, labels) { confusion[label][prediction] += 1 }
        (self.confusion, self.classes, count) = (confusion, classes, labels.count)
    }

    private var hits: [Int] { (0..<classes).map { confusion[$0][$0] } }
    /// Samples of each class.
    public var supports: [Int] { confusion.map { $0.reduce(0, +) } }
    /// Predictions of each class.
    public var predicted: [Int] { (0..<classes).map { column in confusion.reduce(0) { $0 + $1[column] } } }

    /// The share of samples whose class is predicted.
    public var accuracy: Double { Double(hits.reduce(0, +)) / Double(count) }
    /// The share of a class's predictions that are right.
    public var precision: [Double] { ratios(hits, predicted) }
    /// The accuracy within each class; 0 for a class without samples.
    public var recall: [Double] { ratios(hits, supports) }
    /// `2TP/(2TP + FP + FN)` of each class.
    public var f1: [Double] { ratios(hits.map { 2 * $0 }, zip(supports, predicted).map { $0 + $1 }) }

    /// The mean F1 of the classes that occur among labels or predictions (scikit-learn's
    /// `average='macro'`).
    public var macroF1: Double { mean(f1) { supports[$0] > 0 || predicted[$0] > 0 } }
    /// The mean F1 of the classes that occur among the labels.
    public var macroF1OfLabels: Double { mean(f1) { supports[$0] > 0 } }
    /// The mean F1 of all classes.
    public var macroF1OfAll: Double { mean(f1) { _ in true } }
    /// The mean F1, weighted by the classes' samples (scikit-learn's `average='weighted'`).
    public var weightedF1: Double { zip(f1, supports).reduce(0.0) { $0 + $1.0 * Double($1.1) } / Double(count) }
    /// The mean recall of the classes that occur among the labels.
    public var balancedAccuracy: Double { mean(recall) { supports[$0] > 0 } }
    /// The lowest recall of the classes that occur among the labels, and the class, the first of equal
    /// ones.
    public var worstClass: (class: Int, accuracy: Double)? {
        (0..<classes).filter { supports[$0] > 0 }.map { (class: $0, accuracy: recall[$0]) }.min { $0.accuracy < $1.accuracy }
    }

    private func ratios(_ a: [Int], _ b: [Int]) -> [Double] { zip(a, b).map { $1 == 0 ? 0 : Double($0) / Double($1) } }

    private func mean(_ values: [Double], where counts: (Int) -> Bool) -> Double {
        let chosen = values.indices.filter(counts)
        return chosen.reduce(0) { $0 + values[$1] } / Double(max(chosen.count, 1))
    }
}

/// Accuracy within groups of samples: domains, or classes within domains (Sagawa et al. 2020).
public struct GroupAccuracies: Sendable, Hashable {
    /// The groups that occur, in ascending order.
    public let groups: [Int]
    /// The accuracy within each.
    public let accuracies: [Double]

    /// - Throws: `Undefined` without samples, or where the numbers do not fit.
    ///
    /// - Parameters:
    ///   - predictions: `N` classes.
    ///   - labels: the true ones.
    ///   - groups: a number for each sample; any numbers.
    public init(predictions: [Int], labels: [Int], groups: [Int]) throws(Undefined) {
        guard !labels.isEmpty else { throw Undefined("there are no samples") }
        guard predictions.count == labels.count, groups.count == labels.count else {
            throw Undefined("\(labels.count) samples have \(predictions.count) predictions and \(groups.count) groups")
        }
        let rows = rowsByClass(groups)
        self.groups = rows.keys.sorted()
        accuracies = self.groups.map { group in
            let own = rows[group] ?? []
            return Double(own.count { predictions[$0] == labels[$0] }) / Double(own.count)
        }
    }

    /// The lowest accuracy of a group that occurs, and the first such group.
    public var worst: (group: Int, accuracy: Double) {
        zip(groups, accuracies).map { (group: $0, accuracy: $1) }.min { $0.accuracy < $1.accuracy } ?? (0, .nan)
    }

    /// The unweighted mean over the groups that occur.
    public var mean: Double { accuracies.reduce(0, +) / Double(accuracies.count) }
}
