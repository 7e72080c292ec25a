import Glibc
import Tensors

/// The Jensen–Shannon divergence between the softmaxes of two batches of logits, as one operation with a gradient in closed form.
///
///     p = softmax(a),  q = softmax(b),  m = (p + q)/2
///     J_n = ½ Σ_c p log(p/m) + ½ Σ_c q log(q/m)          0 ≤ J_n ≤ log 2
///     ∂J_n/∂a_c = ½ p_c (log(p_c/m_c) − KL(p‖m)),  likewise for b
///
/// Computed from log-softmaxes in double precision, so that no probability has to be kept away from 0. Equal logits give 0 with slope 0.
public struct JensenShannonDivergence {
    /// `J_n` of each row, in nats.
    public let rows: [Double]

    /// The mean over the rows, a scalar that gradients may be asked of.
    public let mean: Tensor

    /// - Parameters:
    ///   - a: `N×K` logits with `N ≥ 1`.
    ///   - b: as `a`.
    public init(_ a: Tensor, _ b: Tensor) {
        require(
            a.rank == 2 && a.shape == b.shape && a.elementCount > 0,
            "JensenShannonDivergence: two arrays of logits N×K are needed, found \(a.shape) and \(b.shape)")
        let (samples, classes) = (a.shape[0], a.shape[1])
        var rows = [Double](repeating: 0, count: samples)
        var slopes = (a: [Double](repeating: 0, count: a.elementCount), b: [Double](repeating: 0, count: a.elementCount))
        let (left, right) = (a.values, b.values)
        for row in 0..<samples {
            let columns = row * classes..<(row + 1) * classes
            let (p, q) = (logSoftmax(left[columns]), logSoftmax(right[columns]))
            var (fromP, fromQ) = (0.0, 0.0)
            var ratios = (p: p, q: q)
            // A class that neither knows adds nothing, and one of probability 0 has the slope 0: 0 · log 0 counts as 0.
            for column in 0..<classes where p[column] != -.infinity || q[column] != -.infinity {
                let (larger, smaller) = (max(p[column], q[column]), min(p[column], q[column]))
                let middle = larger + log1p(exp(smaller - larger)) - M_LN2
                ratios.p[column] = p[column] - middle
                ratios.q[column] = q[column] - middle
                fromP += product(exp(p[column]), ratios.p[column])
                fromQ += product(exp(q[column]), ratios.q[column])
            }
            rows[row] = (fromP + fromQ) / 2
            for column in 0..<classes {
                slopes.a[columns.lowerBound + column] = product(exp(p[column]), ratios.p[column] - fromP) / 2
                slopes.b[columns.lowerBound + column] = product(exp(q[column]), ratios.q[column] - fromQ) / 2
            }
        }
        self.rows = rows
        let count = Double(samples)
        mean = Tensor.custom(Tensor(Float(rows.reduce(0, +) / count)), inputs: [a, b]) { [shape = a.shape] upstream in
            let scale = Double(upstream.item) / count
            return [slopes.a, slopes.b].map { Tensor($0.map { Float(scale * $0) }, shape: shape) }
        }
    }
}

/// A probability times a number, 0 where the probability is.
private func product(_ probability: Double, _ number: Double) -> Double { probability == 0 ? 0 : probability * number }

private func logSoftmax(_ logits: ArraySlice<Float>) -> [Double] {
    let values = logits.map(Double.init)
    let peak = values.reduce(-Double.infinity) { $1.isNaN || $1 > $0 ? $1 : $0 }
    let logarithm = peak + log(values.reduce(0) { $0 + exp($1 - peak) })
    return values.map { $0 - logarithm }
}
