import Tensors

/// Linear regression with a ridge, in closed form: `W = (ZcᵀZc + λI)⁻¹ ZcᵀYc`, `b = mean(Y) − mean(Z)
/// W`.
///
/// λ is absolute, the bias is not penalized and features are not standardised. With fewer samples than
/// features the equal `W = Zcᵀ(ZcZcᵀ + λI)⁻¹Yc` is solved, which is `N×N`.
struct RidgeRegression {
    /// `D×V`.
    let weight: SampleMatrix
    /// `V`.
    let bias: [Double]

    /// - Parameters:
    ///   - inputs: `N×D`.
    ///   - outputs: `N×V`.
    /// - Throws: `Undefined` where the system is singular, which λ > 0 prevents.
    init(from inputs: SampleMatrix, to outputs: SampleMatrix, lambda: Double) throws(Undefined) {
        let ((meansZ, z), meansY) = (inputs.centeredWithMeans, outputs.columnMeans)
        let y = outputs.subtracting(meansY)
        let ofSamples = z.rows < z.columns
        guard let factor = z.gram(ofSamples: ofSamples).addingToDiagonal(lambda).cholesky else {
            throw Undefined("\(z.rows) samples of \(z.columns) features give a singular system with a ridge of \(lambda)")
        }
        func solve(_ rightHandSide: SampleMatrix) -> SampleMatrix {
            factor.solvingLower(factor.solvingLower(rightHandSide), transposed: true)
        }
        weight = ofSamples ? z.times(solve(y), transposingLeft: true) : solve(z.times(y, transposingLeft: true))
        let offset = SampleMatrix(rows: 1, columns: z.columns, values: meansZ).times(weight)
        bias = zip(meansY, offset.values).map { $0 - $1 }
    }

    /// `Z W + b`, `M×V`.
    ///
    /// - Parameter inputs: `M×D`.
    func callAsFunction(_ inputs: SampleMatrix) -> SampleMatrix {
        inputs.times(weight).subtracting(bias.map { -$0 })
    }
}

/// A linear classifier on frozen embeddings, by ridge regression on one-hot labels: what can be read
/// from them with the least effort, in and out of the domains that it was fitted on.
///
/// The prediction is the class of the largest score, the same as for targets −1 and 1 (scikit-learn's
/// `RidgeClassifier` with alpha = λ).
public struct RidgeProbe {
    private let regression: RidgeRegression
    /// The number of classes `K`.
    public let classes: Int

    /// - Parameters:
    ///   - embeddings: `N×D`.
    ///   - labels: `N` classes in `0..<classes`. A class that does not occur gets the score 0.
    ///   - lambda: the ridge, above 0.
    /// - Throws: `Undefined` where fewer than two classes occur, a value is not finite, or the numbers
    ///   do not fit.
    public init(on embeddings: Tensor, labels: [Int], classes: Int, lambda: Double) throws(Undefined) {
        try self.init(on: SampleMatrix(embeddings, minimum: 2), labels: labels, classes: classes, lambda: lambda)
    }

    /// The same on at least two samples in double precision.
    init(on samples: SampleMatrix, labels: [Int], classes: Int, lambda: Double) throws(Undefined) {
        try checkLabels(labels, count: samples.rows, classes: classes)
        guard Set(labels).count > 1 else { throw Undefined("all samples are of one class") }
        var targets = SampleMatrix(rows: samples.rows, columns: classes)
        for (row, label) in labels.enumerated() { targets[row, label] = 1 }
        regression = try RidgeRegression(from: samples, to: targets, lambda: lambda)
        self.classes = classes
    }

    /// `D×K`.
    public var weight: Tensor { regression.weight.tensor }

    /// `K`.
    public var bias: [Double] { regression.bias }

    /// One row of class scores a sample, `M×K`.
    ///
    /// - Parameter embeddings: `M×D`.
    /// - Throws: `Undefined` where there are no samples, another number of features, or a value that is
    ///   not finite.
    public func scores(of embeddings: Tensor) throws(Undefined) -> Tensor { try scores(of: SampleMatrix(embeddings)).tensor }

    /// The predicted classes of `M×D` embeddings.
    ///
    /// - Throws: as ``scores(of:)``. Of equal scores the first class is predicted.
    public func predictions(for embeddings: Tensor) throws(Undefined) -> [Int] { try scores(of: SampleMatrix(embeddings)).largestColumns }

    /// The share of samples whose class is predicted.
    ///
    /// - Parameters:
    ///   - embeddings: `M×D`.
    ///   - labels: `M` classes in `0..<classes`.
    /// - Throws: as ``scores(of:)``, and where the labels do not fit.
    public func accuracy(on embeddings: Tensor, labels: [Int]) throws(Undefined) -> Double {
        try accuracy(on: SampleMatrix(embeddings), labels: labels)
    }

    /// The same of samples in double precision.
    func accuracy(on samples: SampleMatrix, labels: [Int]) throws(Undefined) -> Double {
        let found = try scores(of: samples).largestColumns
        try checkLabels(labels, count: found.count, classes: classes)
        return Double(zip(found, labels).count { $0 == $1 }) / Double(found.count)
    }

    private func scores(of samples: SampleMatrix) throws(Undefined) -> SampleMatrix {
        guard samples.columns == regression.weight.rows else {
            throw Undefined("the probe reads \(regression.weight.rows) features, and the embeddings have \(samples.columns)")
        }
        return regression(samples)
    }
}

/// How well one modality's embedding can be predicted from another's, by ridge regression: what the two
/// share linearly.
///
/// Both sides are standardised with the training rows' statistics; the score is `R² = 1 − Σ(y − ŷ)²/Σ(y
/// − ȳ)²` on other rows, over all features of `y` together, with ȳ the training mean. It is 1 for a
/// perfect prediction, 0 for that of the mean, and below 0 for a worse one.
public struct CrossPrediction: Sendable, Hashable {
    /// R² on the training rows.
    public let trainingScore: Double
    /// R² on the other rows.
    public let score: Double

    /// - Parameters:
    ///   - inputs: `N×D1`, the embeddings to predict from.
    ///   - outputs: `N×D2`, those to predict.
    ///   - training: rows to fit on.
    ///   - test: rows to score on; none of the training rows.
    ///   - lambda: the ridge, relative to the number of training rows.
    /// - Throws: `Undefined` where there are fewer than two rows of either kind, a value is not finite,
    ///   or what is to be predicted is constant.
    public init(from inputs: Tensor, to outputs: Tensor, training: [Int], test: [Int], lambda: Double) throws(Undefined) {
        let (x, y) = (try SampleMatrix(inputs, "the first embeddings"), try SampleMatrix(outputs, "the second embeddings"))
        guard x.rows == y.rows else { throw Undefined("\(x.rows) and \(y.rows) samples cannot be paired") }
        guard training.count >= 2, test.count >= 2 else {
            throw Undefined("it needs two training and two other samples, found \(training.count) and \(test.count)")
        }
        require((training + test).allSatisfy { $0 >= 0 && $0 < x.rows }, "a row is outside the \(x.rows) samples")
        let (scale, target) = (Standardizing(x.selecting(rows: training)), Standardizing(y.selecting(rows: training)))
        let (trainX, trainY) = (scale.training, target.training)
        let (testX, testY) = (scale(x.selecting(rows: test)), target(y.selecting(rows: test)))
        guard trainX.norm > 0 else { throw Undefined("all training samples have the same first embedding") }
        guard trainY.norm > 0, testY.norm > 0 else { throw Undefined("all samples have the same second embedding") }
        let regression = try RidgeRegression(from: trainX, to: trainY, lambda: lambda * Double(training.count))
        func score(_ x: SampleMatrix, _ y: SampleMatrix) -> Double {
            let predicted = regression(x)
            let missed = zip(predicted.values, y.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            return 1 - missed / y.dot(y)
        }
        trainingScore = score(trainX, trainY)
        self.score = score(testX, testY)
    }
}

/// Columns minus the training rows' mean over their population standard deviation; a constant column
/// becomes 0.
struct Standardizing {
    private let means, deviations: [Double]
    /// The training rows in their own scale.
    let training: SampleMatrix

    /// - Parameter training: the rows whose means and deviations are kept, at least one.
    init(_ training: SampleMatrix) {
        let (means, centered) = training.centeredWithMeans
        let deviations = centered.deviationsFromZero
        (self.means, self.deviations) = (means, deviations)
        self.training = centered.dividing(by: deviations)
    }

    /// Other rows in the training rows' scale; what was constant there becomes 0 whatever it is here.
    func callAsFunction(_ samples: SampleMatrix) -> SampleMatrix { samples.subtracting(means).dividing(by: deviations) }
}

extension SampleMatrix {
    /// The matrix in single precision.
    var tensor: Tensor { Tensor(values.map(Float.init), shape: [rows, columns]) }

    /// The column of the largest entry of each row, the first of equal ones.
    var largestColumns: [Int] {
        (0..<rows).map { row in
            var best = 0
            for column in 1..<max(columns, 1) where self[row, column] > self[row, best] { best = column }
            return best
        }
    }
}

/// - Throws: `Undefined` where there is not one label for each sample, in `0..<classes`.
func checkLabels(_ labels: [Int], count: Int, classes: Int) throws(Undefined) {
    guard labels.count == count else { throw Undefined("\(count) samples have \(labels.count) labels") }
    if let row = labels.firstIndex(where: { $0 < 0 || $0 >= classes }) {
        throw Undefined("the label \(labels[row]) of sample \(row + 1) is not one of \(classes) classes")
    }
}
