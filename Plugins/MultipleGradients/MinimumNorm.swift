/// The shortest vector in the convex hull of some vectors, given by their inner products.
enum MinimumNorm {
    /// `argmin_w ‖Σ_i w_i g_i‖²` over `w_i ≥ 0`, `Σ w_i = 1`.
    ///
    /// Weight is moved from the vector that lengthens the sum most to the one that shortens it most, each time as far as it helps, until
    /// nothing is gained. For two vectors the first move is exact. Vectors that are equal share the weight as it falls.
    ///
    /// - Parameter products: `g_i·g_j`, symmetric, at least one; with a NaN all weights are equal.
    static func weights(products: [[Double]]) -> [Double] {
        let count = products.count
        var weights = [Double](repeating: 1 / Double(count), count: count)
        let scale = products.indices.map { products[$0][$0] }.max() ?? 0
        guard scale > 0, products.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return weights }
        for _ in 0..<100_000 {
            let slopes = products.map { row in zip(row, weights).reduce(0) { $0 + $1.0 * $1.1 } }
            let giving = weights.indices.filter { weights[$0] > 0 }.max { slopes[$0] < slopes[$1] } ?? 0
            let taking = weights.indices.min { slopes[$0] < slopes[$1] } ?? 0
            let gain = slopes[giving] - slopes[taking]
            guard gain > 1e-14 * scale else { break }
            let curvature = products[giving][giving] + products[taking][taking] - 2 * products[giving][taking]
            let move = min(weights[giving], curvature > 0 ? gain / curvature : weights[giving])
            weights[giving] -= move
            weights[taking] += move
        }
        return weights
    }
}
