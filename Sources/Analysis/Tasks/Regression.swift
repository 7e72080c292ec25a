import Configuration
import Regularization
import Tensors

/// Numbers, such as sentiment, ratings or measurements; `regression` in a recipe.
///
/// Targets are `N×V`. It is scored by the mean absolute error, the mean squared error, Pearson's
/// correlation and, by the sign of values, accuracy and weighted F1 of two classes, once for each rule
/// on what a true 0 is.
///
/// ```yaml
/// task: {use: regression, loss: huber, delta: 0.5, zero: [negative, left-out]}
/// ```
package struct Regression: TaskPlugin {
    /// How a distance counts.
    package enum Loss: String, CaseIterable, Sendable {
        /// `|x − t|`.
        case l1
        /// `(x − t)²`.
        case l2
        /// Squared up to `delta`, absolute beyond it.
        case huber
    }

    package struct Options: ComponentOptions {
        /// The loss of a distance.
        package var loss = Loss.l1
        /// Where Huber's function turns from a square into a line, in the unit of the values.
        package var delta = 1.0
        /// The score of tables and of selection; nil for the mean absolute error.
        package var score: String?
        /// What a true 0 is where values become two classes; a pair of scores for each.
        package var zero = ["negative", "left-out"]
        /// The largest magnitude of rounded values whose accuracy is reported too; nil for none.
        package var roundedWithin: Double?

        package init() {}

        package static var fields: [OptionField<Options>] {
            [
                .choice("loss", \.loss, "the mean of |x − t|, of (x − t)², or of Huber's function of x − t"),
                .number("delta", \.delta, in: 1e-6..., unit: "of the values", "the error at which Huber's loss changes from quadratic to linear"),
                .text("score", \.score, "the score of tables and of selection; the mean absolute error by default"),
                .texts(
                    "zero", \.zero,
                    "for scores of two classes by sign, what a true 0 counts as: negative, positive or left-out, or several of these; "
                        + "with an empty list there are no such scores"),
                .number(
                    "rounded-within", \.roundedWithin, in: 0.5...1000, unit: "of the values",
                    "adds the accuracy of values that are clipped to ± this number and rounded; 3 gives seven classes"),
            ]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "regression", summary: "numbers, with the absolute, squared or Huber loss; scored by error, correlation and two-class scores",
            formula: "l1: mean |x − t|;  l2: mean (x − t)²;  huber: mean of ½d² for |d| ≤ δ, else δ(|d| − ½δ)",
            source: "Huber 1964; two-class scores: MMSA and MMDG-Bench",
            notes: [
                "mae, mse and two-class scores are over all entries; correlation is Pearson's, averaged if a sample has several values",
                "a prediction above 0 is positive; a prediction of 0 is positive if a true 0 counts as positive",
                "MMDG-Bench: a true 0 is negative. MMSA: Has0 is positive, Non0 is left-out",
            ])
    }

    package static var targets: TargetKind { .values }

    package let criterion: Criterion
    package let scores: [ScoreDescription]
    private let rules: [(name: String, rule: ValueScores.ZeroRule)]
    private let roundedWithin: Double?

    private static let rules: [(name: String, rule: ValueScores.ZeroRule)] = [
        ("negative", .negative), ("positive", .nonnegative), ("left-out", .leftOut),
    ]

    /// - Throws: `OptionFault` where `zero` or `score` names something that there is not.
    ///
    /// - Parameters:
    ///   - options: see ``Options``.
    ///   - context: the values to learn, of any number.
    package init(options: Options, context: TaskContext) throws(OptionFault) {
        criterion =
            switch options.loss {
            case .l1: .absolute
            case .l2: .squared
            case .huber: .huber(threshold: options.delta)
            }
        var rules: [(name: String, rule: ValueScores.ZeroRule)] = []
        for name in options.zero {
            let known = Self.rules.map(\.name)
            guard let rule = Self.rules.first(where: { $0.name == name }) else {
                throw OptionFault(
                    option: "zero", expected: "negative, positive or left-out", found: name, suggestion: nearestName(to: name, among: known))
            }
            guard !rules.contains(where: { $0.name == name }) else {
                throw OptionFault(option: "zero", expected: "each rule once", found: "\(name) twice")
            }
            rules.append(rule)
        }
        self.rules = rules
        roundedWithin = options.roundedWithin
        var scores = [
            ScoreDescription("mae", title: "mean absolute error", form: .plain, isHigherBetter: false),
            ScoreDescription("mse", title: "mean squared error", form: .plain, isHigherBetter: false),
            ScoreDescription("correlation", form: .plain, lowest: -1, highest: 1),
        ]
        for (name, _) in rules {
            let title = name == "left-out" ? "0 left out" : "0 is \(name)"
            scores.append(ScoreDescription("two-class-accuracy-zero-\(name)", title: "two-class accuracy (\(title))"))
            scores.append(ScoreDescription("weighted-f1-zero-\(name)", title: "weighted F1 (\(title))"))
        }
        if roundedWithin != nil { scores.append(ScoreDescription("rounded-accuracy")) }
        self.scores = try choosing(options.score, first: scores)
    }

    package func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
        let (predictions, values) = (outputs.values.map(Double.init), targets.array.values.map(Double.init))
        let all = Result<ValueScores, Undefined>.attempt { try ValueScores(predictions: predictions, values: values) }
        return scores.map { score in
            .attempt { () throws -> Double in
                switch score.name {
                case "mae": return try all.get().meanAbsoluteError
                case "mse": return try all.get().meanSquaredError
                case "correlation": return try meanCorrelation(predictions, values, columns: targets.width)
                case "rounded-accuracy": return try all.get().accuracy(roundedWithin: -(roundedWithin ?? 0)...(roundedWithin ?? 0))
                default: return try twoClassScore(score.name, all.get())
                }
            }
        }
    }

    /// The accuracy or the weighted F1 of two classes, by the name of the score.
    ///
    /// - Throws: `Undefined` where the rule leaves no sample, or predictions are not finite.
    private func twoClassScore(_ name: String, _ scores: ValueScores) throws -> Double {
        guard let (_, rule) = rules.first(where: { name.hasSuffix("-zero-\($0.name)") }) else { throw Undefined("the task has no score '\(name)'") }
        let found = try scores.twoClasses(rule)
        return name.hasPrefix("weighted-f1") ? found.weightedF1 : found.accuracy
    }

    /// The mean over the columns of Pearson's correlation.
    ///
    /// - Throws: `Undefined` where one column has no correlation, as with constant predictions or a
    ///   single sample.
    private func meanCorrelation(_ predictions: [Double], _ values: [Double], columns: Int) throws -> Double {
        let correlations = try (0..<columns).map { column in
            let rows = stride(from: column, to: values.count, by: columns)
            return try ValueScores(predictions: rows.map { predictions[$0] }, values: rows.map { values[$0] }).correlation.get()
        }
        return correlations.reduce(0, +) / Double(correlations.count)
    }
}
