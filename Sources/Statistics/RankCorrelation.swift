/// Correlation of the orders of two lists.
package enum RankCorrelation {
    /// Spearman's coefficient, equal values sharing the mean of their ranks; nil for fewer than three pairs, for lists without spread, and where a value is NaN.
    package static func spearman(_ one: [Double], _ other: [Double]) -> Double? {
        guard one.count == other.count, one.count > 2, !one.contains(where: \.isNaN), !other.contains(where: \.isNaN) else { return nil }
        let (x, y) = (ranks(of: one), ranks(of: other))
        let mean = Double(one.count + 1) / 2
        var (product, xx, yy) = (0.0, 0.0, 0.0)
        for (a, b) in zip(x, y) {
            product += (a - mean) * (b - mean)
            xx += (a - mean) * (a - mean)
            yy += (b - mean) * (b - mean)
        }
        return xx > 0 && yy > 0 ? product / (xx * yy).squareRoot() : nil
    }

    /// Ranks from 1, of equal values the mean.
    static func ranks(of values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
            start = end + 1
        }
        return ranks
    }
}
