import Glibc
import Tensors

/// The supervised contrastive loss of a set of vectors, as one operation with a gradient in closed
/// form.
///
///     s_ij = f_i · f_j / T         P(i) = {j ≠ i : label_j = label_i}
///     l_i  = −(T/T₀) · mean_{j ∈ P(i)} [s_ij − log Σ_{k≠i} exp(s_ik)]
///     loss = the mean of l_i over the anchors i that have positives
///
/// With `p_ij` the softmax of the row `s_i·` without `s_ii`, the gradient in `s` is `G_ij = (T/T₀)/A ·
/// (p_ij − [j ∈ P(i)]/|P(i)|)` for the `A` anchors in use, and the one in `F` is `(G + Gᵀ) F / T`. One
/// `M×M×D` product forward, one backward; sums over rows are in double precision.
public struct ContrastiveLoss {
    /// The loss, a scalar; differentiable with respect to the features.
    public let value: Tensor

    /// `A`, the number of rows that have another row of their class.
    public let anchors: Int

    /// The loss of vectors as they are: nothing is normalized here.
    ///
    /// Without any anchor the loss is 0. NaN gives NaN.
    ///
    /// - Parameters:
    ///   - features: `M×D`, one row for each view of each sample.
    ///   - labels: the class of each row, `M` numbers.
    ///   - temperature: `T`, above 0.
    ///   - baseTemperature: `T₀`, above 0.
    public init(of features: Tensor, labels: [Int], temperature: Double, baseTemperature: Double) {
        require(
            features.rank == 2 && features.shape[0] == labels.count,
            "ContrastiveLoss: \(labels.count) labels for features of shape \(features.shape), which must be M×D")
        let rows = features.detached()
        let similarity = rows.matmul(rows, transposingRight: true)
        let ratio = temperature / baseTemperature
        let terms = AnchorTerms(similarity, labels: labels, temperature: temperature)
        anchors = terms.anchors
        value = Tensor.custom(Tensor(Float(ratio * terms.mean)), inputs: [features]) { upstream in
            let scale = Double(upstream.item) * ratio / temperature
            return [terms.symmetricSlopes(similarity, labels: labels, scale: scale).matmul(rows)]
        }
    }
}

/// What the loss and its gradient need of each row of the similarities.
private struct AnchorTerms {
    /// 1/T, what a similarity is multiplied by.
    let inverse: Double
    /// The largest scaled similarity of each row to another one.
    var peaks: [Double]
    /// `Σ_{k≠i} exp(s_ik − peak_i)`.
    var sums: [Double]
    /// `|P(i)|`.
    var positives: [Int]
    var anchors = 0
    /// The mean over the anchors of `−mean_{j ∈ P(i)} log p_ij`; 0 without anchors.
    var mean = 0.0

    init(_ similarity: Tensor, labels: [Int], temperature: Double) {
        let count = labels.count
        inverse = 1 / temperature
        peaks = [Double](repeating: -.infinity, count: count)
        sums = [Double](repeating: 0, count: count)
        positives = [Int](repeating: 0, count: count)
        similarity.withUnsafeValues { values in
            for row in 0..<count {
                let line = UnsafeBufferPointer(rebasing: values[row * count..<(row + 1) * count])
                var peak = -Double.infinity
                var attraction = 0.0
                for other in 0..<count where other != row {
                    let scaled = Double(line[other]) * inverse
                    if scaled > peak || scaled.isNaN { peak = scaled }
                    guard labels[other] == labels[row] else { continue }
                    positives[row] += 1
                    attraction += scaled
                }
                guard positives[row] > 0 else { continue }
                var sum = 0.0
                for other in 0..<count where other != row { sum += exp(Double(line[other]) * inverse - peak) }
                (peaks[row], sums[row]) = (peak, sum)
                anchors += 1
                mean += peak + log(sum) - attraction / Double(positives[row])
            }
        }
        if anchors > 0 { mean /= Double(anchors) }
    }

    /// `scale/A · (H + Hᵀ)` with `H_ij = p_ij − [j ∈ P(i)]/|P(i)|` for anchors and 0 for other rows.
    func symmetricSlopes(_ similarity: Tensor, labels: [Int], scale: Double) -> Tensor {
        let count = labels.count
        let scale = scale / Double(max(anchors, 1))
        func slope(_ row: Int, _ other: Int, _ scaled: Double) -> Double {
            guard positives[row] > 0 else { return 0 }
            let probability = exp(scaled - peaks[row]) / sums[row]
            return labels[row] == labels[other] ? probability - 1 / Double(positives[row]) : probability
        }
        return Tensor(shape: similarity.shape) { target in
            similarity.withUnsafeValues { values in
                for row in 0..<count {
                    target[row * count + row] = 0
                    for other in 0..<row {
                        let scaled = Double(values[row * count + other]) * inverse
                        let sum = Float(scale * (slope(row, other, scaled) + slope(other, row, scaled)))
                        target[row * count + other] = sum
                        target[other * count + row] = sum
                    }
                }
            }
        }
    }
}
