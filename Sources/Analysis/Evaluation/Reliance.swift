import Tensors

/// What each modality contributes to a score, and how modalities interact, exactly.
///
/// ```
/// value_m = Σ_{S ∌ m} |S|! (M−|S|−1)!/M! · (v(S+m) − v(S))
/// interaction_mn = Σ_{S ∌ m,n} |S|! (M−|S|−2)!/(M−1)! · (v(S+m+n) − v(S+m) − v(S+n) + v(S))
/// ```
///
/// The values add up to `v(all) − v(none)`. A positive interaction says that two modalities give more
/// together than apart.
public struct ModalityShapley: Sendable, Hashable {
    /// One for each modality.
    public let values: [Double]
    /// `M×M`, symmetric with a zero diagonal.
    public let interactions: [[Double]]

    /// The largest number of modalities, of whose subsets all are needed.
    public static let largestCount = 16

    /// - Parameter scores: of every subset, at the index in which bit `m` says whether modality `m` is
    ///   there; `2^M` of them, from none to all.
    /// - Throws: `Undefined` where their number is not a power of two from 2 to 2¹⁶, or one is not
    ///   finite.
    public init(scores: [Double]) throws(Undefined) {
        let count = scores.count.trailingZeroBitCount
        guard scores.count > 1, scores.count == 1 << count, count <= Self.largestCount else {
            throw Undefined("\(scores.count) scores are not those of all subsets of some modalities")
        }
        guard scores.allSatisfy(\.isFinite) else { throw Undefined("the score of a subset is not finite") }
        func factorial(_ n: Int) -> Double { n < 2 ? 1 : (2...n).reduce(1) { $0 * Double($1) } }
        let all = 0..<scores.count
        values = (0..<count).map { m in
            all.filter { $0 & (1 << m) == 0 }.reduce(0) { sum, set in
                let size = set.nonzeroBitCount
                let weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                return sum + weight * (scores[set | 1 << m] - scores[set])
            }
        }
        interactions = (0..<count).map { m in
            (0..<count).map { n in
                guard m != n else { return 0 }
                let (a, b) = (1 << m, 1 << n)
                return all.filter { $0 & (a | b) == 0 }.reduce(0) { sum, set in
                    let size = set.nonzeroBitCount
                    let weight = factorial(size) * factorial(count - size - 2) / factorial(count - 1)
                    return sum + weight * (scores[set | a | b] - scores[set | a] - scores[set | b] + scores[set])
                }
            }
        }
    }
}

/// Performance over growing corruption (MultiBench, Liang et al. 2021).
public struct RobustnessCurve: Sendable, Hashable {
    /// Levels of corruption, ascending from the uncorrupted one.
    public let levels: [Double]
    /// The performance at each level.
    public let performance: [Double]

    /// - Throws: `Undefined` where there are fewer than two levels, they do not ascend, or a number is
    ///   not finite.
    public init(levels: [Double], performance: [Double]) throws(Undefined) {
        guard levels.count == performance.count, levels.count >= 2 else {
            throw Undefined("a curve needs a performance at each of two or more levels, found \(performance.count) at \(levels.count)")
        }
        guard (levels + performance).allSatisfy(\.isFinite) else { throw Undefined("a level or a performance is not finite") }
        guard zip(levels, levels.dropFirst()).allSatisfy({ $0 < $1 }) else { throw Undefined("the levels do not ascend") }
        (self.levels, self.performance) = (levels, performance)
    }

    /// The area under the curve, by trapezoids.
    public var relative: Double { area { levels[$0 + 1] - levels[$0] } }

    /// The same with every trapezoid 0.1 wide whatever the levels are, as MultiBench's program has it.
    public var relativeOfFixedWidth: Double { area { _ in 0.1 } }

    /// - Parameter width: the width of the trapezoid that begins at a level's index.
    private func area(width: (Int) -> Double) -> Double {
        var area = 0.0
        for index in 0..<levels.count - 1 {
            let height: Double = (performance[index] + performance[index + 1]) / 2
            area += height * width(index)
        }
        return area
    }

    /// `Σ_k (f_k − b_k − (f_0 − b_0))`: what is kept beyond a baseline that is moved to the same start.
    /// A sum: compare equal numbers of levels.
    ///
    /// - Throws: `Undefined` where the baseline has other levels.
    public func effective(against baseline: RobustnessCurve) throws(Undefined) -> Double {
        guard baseline.levels == levels else { throw Undefined("the baseline's curve has other levels") }
        let offset = performance[0] - baseline.performance[0]
        var sum = 0.0
        for (own, other) in zip(performance, baseline.performance) { sum += own - other - offset }
        return sum
    }
}
