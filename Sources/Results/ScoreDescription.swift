/// One figure by which a task tells how good predictions are, as selection, tables and drawings need to know it.
public struct ScoreDescription: Hashable, Codable, Sendable {
    /// How a score is written for people.
    public enum Form: String, Hashable, Codable, Sendable {
        /// A fraction, written in percent; differences are percentage points.
        case percent
        /// A number in the unit of what is predicted, written as it is.
        case plain
    }

    /// Its name in files and options, in kebab-case: `accuracy`, `mean-absolute-error`.
    public var name: String
    /// Its name in tables and sentences: `accuracy`, `mean absolute error`.
    public var title: String
    /// How it is written.
    public var form: Form
    /// Whether a higher figure is a better one.
    public var isHigherBetter: Bool
    /// The lowest and the highest figure that there can be; nil for none.
    public var lowest, highest: Double?

    /// - Parameters:
    ///   - title: the name with spaces in place of hyphens by default.
    ///   - form: percent by default.
    ///   - lowest: 0 by default.
    ///   - highest: 1 of a fraction, else none, by default.
    public init(
        _ name: String, title: String? = nil, form: Form = .percent, isHigherBetter: Bool = true, lowest: Double? = 0, highest: Double? = nil
    ) {
        self.name = name
        self.title = title ?? name.replacing("-", with: " ")
        self.form = form
        self.isHigherBetter = isHigherBetter
        self.lowest = lowest
        self.highest = highest ?? (form == .percent ? 1 : nil)
    }

    /// The share of samples whose class is predicted.
    public static let accuracy = ScoreDescription("accuracy")

    /// Whether one figure is better than another; never of numbers that are none.
    public func isBetter(_ one: Double, than other: Double) -> Bool { isHigherBetter ? one > other : one < other }

    /// The best of some figures; nil without figures.
    public func best(of figures: [Double]) -> Double? { isHigherBetter ? figures.max() : figures.min() }

    /// How much better the first figure is than the second: below 0 where it is worse.
    public func gain(from other: Double, to one: Double) -> Double { isHigherBetter ? one - other : other - one }

    /// Whether a figure is the best or the worst that there can be.
    package func isAtBound(_ figure: Double) -> Bool { figure == lowest || figure == highest }
}
