/// What several data sets say together about one difference: the mean over the sets that there could be, how far sets differ, and where
/// the difference of another set may lie.
///
/// The model is that of a random-effects meta-analysis: the difference of a set is drawn from a distribution over sets, and its estimate
/// lies around it with the standard error that the set's own trials show. The spread between sets, τ², is estimated by Paule and Mandel
/// (1982): it is the one at which the weighted squares add up to their expectation. It needs no starting value, has exactly one solution and
/// supposes no distribution (Veroniki et al. 2016). The interval is that of Hartung and Knapp (2001), with Student's t of `k − 1` degrees for
/// `k` sets. The usual interval of DerSimonian and Laird takes τ² as known, and with few sets misses the mean far more often than it says
/// (IntHout et al. 2014). With the estimate of Paule and Mandel the factor of Hartung and Knapp is 1 wherever τ² is above 0; where τ² is 0 it
/// would fall below 1 and narrow the interval because sets happen to agree, and is held at 1 (Knapp and Hartung 2003; Röver et al. 2015).
///
/// With two sets there is one degree of freedom, and the interval is 12.7 standard errors to either side: it nearly always says that two
/// sets tell little about others, which is so. The standard errors count as known; those of very few trials are not, and give weights that
/// are off.
package struct RandomEffects: Hashable, Sendable {
    /// The estimate of one set.
    package struct Effect: Hashable, Sendable {
        package let mean: Double
        /// Positive.
        package let standardError: Double

        package init(mean: Double, standardError: Double) {
            self.mean = mean
            self.standardError = standardError
        }
    }

    /// The mean over all sets, those that are not here included.
    package let mean: Double
    package let standardError: Double
    /// That of the mean.
    package let interval: ConfidenceInterval
    /// Two-sided probability of a mean at least as far from zero if that over all sets were zero.
    package let p: Double
    /// Where the difference of another set lies with the same probability (Higgins, Thompson and Spiegelhalter 2009), with `k − 2`
    /// degrees of freedom; nil for two sets.
    package let prediction: ConfidenceInterval?
    /// τ², the variance of the sets' true differences.
    package let betweenVariance: Double
    /// Cochran's Q, the weighted squares around the common mean.
    package let heterogeneity: Double
    /// How likely a `heterogeneity` at least as large is where all sets have one difference.
    package let heterogeneityP: Double
    /// How many sets.
    package let count: Int
    /// The share of each set in the mean, in the order given; they add up to 1.
    package let shares: [Double]

    /// Nil for fewer than two sets, and where a mean is not finite or a standard error not positive.
    package init?(_ effects: [Effect], confidence: Double = 0.95) {
        guard effects.count > 1, effects.allSatisfy({ $0.mean.isFinite && $0.standardError.isFinite && $0.standardError > 0 }) else { return nil }
        func fitted(_ between: Double) -> (mean: Double, weights: [Double], squares: Double) {
            let weights = effects.map { 1 / ($0.standardError * $0.standardError + between) }
            let mean = zip(weights, effects).reduce(0) { $0 + $1.0 * $1.1.mean } / weights.reduce(0, +)
            let squares = zip(weights, effects).reduce(0) { $0 + $1.0 * ($1.1.mean - mean) * ($1.1.mean - mean) }
            return (mean, weights, squares)
        }
        let degrees = Double(effects.count - 1)
        heterogeneity = fitted(0).squares
        heterogeneityP = ChiSquaredDistribution(degrees: degrees).above(heterogeneity)
        let largest = effects.map { $0.standardError * $0.standardError }.max() ?? 1
        let between = heterogeneity > degrees ? Bisection.root(from: largest) { degrees - fitted($0).squares } : 0
        let (mean, weights, _) = fitted(between)
        let sum = weights.reduce(0, +)
        guard mean.isFinite, sum.isFinite, sum > 0, between.isFinite else { return nil }
        let error = (1 / sum).squareRoot()
        let student = StudentDistribution(degrees: degrees)
        let reach = student.critical(twoSided: 1 - confidence) * error
        self.mean = mean
        standardError = error
        interval = ConfidenceInterval(low: mean - reach, high: mean + reach)
        p = student.twoSided(mean / error)
        prediction =
            effects.count < 3
            ? nil
            : {
                let reach = StudentDistribution(degrees: degrees - 1).critical(twoSided: 1 - confidence) * (between + error * error).squareRoot()
                return ConfidenceInterval(low: mean - reach, high: mean + reach)
            }()
        betweenVariance = between
        count = effects.count
        shares = weights.map { $0 / sum }
    }
}
