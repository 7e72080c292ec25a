import Glibc
import Tensors

/// Quantiles of a few losses, their distribution smoothed by a normal kernel; in double precision.
struct SmoothedQuantile {
    /// `h`, 0 for equal losses or a single one.
    let bandwidth: Double

    private let losses: Tensor
    private let values: [Double]
    /// `dh/dL_e`.
    private let bandwidthSlopes: [Double]

    /// - Parameter losses: `E`, at least one.
    init(of losses: Tensor) {
        self.losses = losses
        values = losses.values.map(Double.init)
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let factor = 1.06 * pow(count, -0.2)
        let deviation = values.count < 2 ? 0 : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
        bandwidth = factor * deviation
        bandwidthSlopes = values.map { deviation == 0 ? 0 : factor * ($0 - mean) / ((count - 1) * deviation) }
    }

    /// `F⁻¹(alpha)`, a scalar with its exact derivative.
    func callAsFunction(_ alpha: Double) -> Tensor {
        guard bandwidth > 0 else { return losses.mean() }
        let x = inverse(alpha)
        // dF/dx dx + Σ dF/dL_e dL_e = 0, each loss moving the bandwidth as well.
        let densities = values.map { exp(-0.5 * pow((x - $0) / bandwidth, 2)) }
        let sum = densities.reduce(0, +)
        let shares = densities.map { $0 / sum }
        let pull = zip(shares, values).reduce(0) { $0 + $1.0 * (x - $1.1) / bandwidth }
        return recorded(x, slopes: zip(shares, bandwidthSlopes).map { $0 + pull * $1 })
    }

    /// `mean_e (L_e + h √(−2 log))`: the quantile where `1 − α` is `exp(log)`, far out in the tail.
    func tail(log: Double) -> Tensor {
        let length = (-2 * log).squareRoot()
        let mean = values.reduce(0, +) / Double(values.count)
        return recorded(mean + bandwidth * length, slopes: bandwidthSlopes.map { 1 / Double(values.count) + length * $0 })
    }

    private func recorded(_ value: Double, slopes: [Double]) -> Tensor {
        Tensor.custom(Tensor(Float(value)), inputs: [losses]) { [shape = losses.shape] upstream in
            [Tensor(slopes.map { Float($0) * upstream.item }, shape: shape)]
        }
    }

    /// Bisection between bounds that hold the quantile of every single normal distribution.
    private func inverse(_ alpha: Double) -> Double {
        let (smallest, largest) = (values.min() ?? 0, values.max() ?? 0)
        // Φ⁻¹ of every α that the options admit lies within ±4.
        var (low, high) = (smallest - 4 * bandwidth, largest + 4 * bandwidth)
        for _ in 0..<200 where low < high {
            let middle = (low + high) / 2
            if middle == low || middle == high { break }
            let share = values.reduce(0) { $0 + 0.5 * erfc(-(middle - $1) / (bandwidth * 2.0.squareRoot())) } / Double(values.count)
            if share < alpha { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
