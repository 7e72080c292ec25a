/// Rows that are all combinations of `k` factors, each on or off: a full 2^k design.
package struct FactorialDesign: Hashable, Sendable {
    /// What is switched on and off, in order of appearance.
    package let factors: [String]
    /// The row of every combination; bit `i` of the index says that factor `i` is on.
    package let rows: [String]

    /// Beyond this number, a design is no longer looked for.
    static let mostFactors = 10
    /// Twice the rows of the largest design; among more, none is looked for.
    static let mostRows = 2048

    /// Finds the largest full design among rows; of equally large ones, the one whose full row comes first.
    ///
    /// What all rows of a design share is not a factor. Rows beside the design, and rows with the same factors as an earlier
    /// row, are passed over.
    ///
    /// - Parameter rows: each row's name and what it switches on.
    /// - Returns: nil when no two factors are crossed.
    package init?(rows: [(name: String, factors: [String])]) {
        guard rows.count <= Self.mostRows else { return nil }
        var names: [Set<String>: String] = [:]
        for row in rows where names[Set(row.factors)] == nil { names[Set(row.factors)] = row.name }
        var best: FactorialDesign?
        for base in rows {
            for full in rows {
                let factors = full.factors.filter { !base.factors.contains($0) }
                guard Set(base.factors).isSubset(of: full.factors), Set(factors).count == factors.count,
                    factors.count > (best?.factors.count ?? 1), factors.count <= Self.mostFactors
                else { continue }
                let combinations = (0..<1 << factors.count).compactMap { combination in
                    names[Set(base.factors + factors.indices.filter { combination >> $0 & 1 == 1 }.map { factors[$0] })]
                }
                if combinations.count == 1 << factors.count {
                    best = FactorialDesign(factors: factors, rows: combinations)
                }
            }
        }
        guard let best else { return nil }
        self = best
    }

    private init(factors: [String], rows: [String]) {
        self.factors = factors
        self.rows = rows
    }

    /// The effect of a set of factors: for one factor, how much it adds on average over all settings of the others; for
    /// several, by how much their effects together go beyond their sum (Yates' contrasts, divided by 2^(k−1)).
    ///
    /// - Parameters:
    ///   - set: bit `i` stands for factor `i`; not empty.
    ///   - values: one value per combination, in the order of `rows`.
    package func effect(of set: Int, in values: [Double]) -> Double {
        let contrast = values.indices.reduce(0.0) { sum, combination in
            (set & ~combination).nonzeroBitCount.isMultiple(of: 2) ? sum + values[combination] : sum - values[combination]
        }
        return contrast / Double(values.count / 2)
    }

    /// The Shapley value of a factor: what it adds, averaged over all orders in which the factors can be added. The values
    /// of all factors add up to the difference between everything on and everything off.
    package func shapleyValue(of factor: Int, in values: [Double]) -> Double {
        let bit = 1 << factor
        return values.indices.filter { $0 & bit == 0 }.reduce(0.0) { sum, others in
            let size = others.nonzeroBitCount
            // |S|! (k − |S| − 1)! / k!
            let weight = 1 / (Double(factors.count) * Self.binomial(factors.count - 1, size))
            return sum + weight * (values[others | bit] - values[others])
        }
    }

    /// Every non-empty set of factors, single ones first, then by size.
    package var sets: [Int] {
        (1..<1 << factors.count).sorted { ($0.nonzeroBitCount, $0) < ($1.nonzeroBitCount, $1) }
    }

    private static func binomial(_ n: Int, _ k: Int) -> Double {
        (0..<k).reduce(1.0) { $0 * Double(n - $1) / Double($1 + 1) }
    }
}
