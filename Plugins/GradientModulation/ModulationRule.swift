import Glibc

/// From what each modality contributes to how much of its gradient is kept.
enum ModulationRule {
    /// The discrepancy ratio of OGM-GE: a modality's score over that of the others, their mean where there are several.
    static func ratios(of scores: [Double]) -> [Double] {
        let sum = scores.reduce(0, +)
        return scores.map { score in
            let others = (sum - score) / Double(scores.count - 1)
            return others > 0 ? score / others : score > 0 ? .infinity : 1
        }
    }

    /// `1 − tanh(α·ρ)` above a ratio of 1, else 1.
    static func coefficient(ratio: Double, strength: Double) -> Double {
        ratio > 1 && strength > 0 ? 1 - tanh(strength * ratio) : 1
    }

    /// The ratio of adaptive gradient modulation: `exp` of the mean lead in log-likelihood over the others.
    static func adaptiveRatios(of logScores: [Double]) -> [Double] {
        let sum = logScores.reduce(0, +)
        return logScores.map { score in exp(score - (sum - score) / Double(logScores.count - 1)) }
    }

    /// `exp(−α·(r − τ))`: below 1 for a modality that leads by more than it used to, above 1 for one that leads by less.
    static func adaptiveCoefficient(ratio: Double, usual: Double, strength: Double) -> Double {
        exp(-strength * (ratio - usual))
    }
}
