import Glibc
import Tensors

/// The supervised contrastive loss of all modalities' projections, with each projection of each sample as an anchor.
///
///     −(T/T₀) · mean_i mean_{j ∈ P(i)} [s_ij − log Σ_{k≠i} exp s_ik],   s_ij = f_i·f_j / T,   P(i): the other rows of i's class
///
/// Source: Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, Eq. 2.
package enum ProjectionContrast {
    /// - Parameters:
    ///   - projections: one array `N×width` for each modality, of unit rows.
    ///   - labels: the class of each sample, `N` numbers.
    /// - Returns: a scalar; 0 where no row has another one of its class.
    package static func loss(_ projections: [Tensor], labels: [Int], temperature: Double, baseTemperature: Double) -> Tensor {
        let features = Tensor.concatenated(projections, axis: 0)
        let classes = projections.flatMap { _ in labels }
        let count = classes.count
        let similarity = features.matmul(features, transposingRight: true) * Float(1 / temperature)
        let itself = Tensor(shape: [count, count]) { mask in
            for row in 0..<count {
                for other in 0..<count { mask[row * count + other] = row == other ? -.greatestFiniteMagnitude / 2 : 0 }
            }
        }
        let logProbability = similarity - (similarity + itself).logSumExp(axis: 1, keepingAxis: true)
        return (logProbability * attraction(of: classes)).sum() * Float(-temperature / baseTemperature)
    }

    /// The share of each pair in the mean over anchors of the mean over their positives.
    private static func attraction(of classes: [Int]) -> Tensor {
        let positives = classes.map { label in classes.count { $0 == label } - 1 }
        let anchors = positives.count { $0 > 0 }
        return Tensor(shape: [classes.count, classes.count]) { share in
            for row in classes.indices {
                for other in classes.indices {
                    let attracts = row != other && classes[row] == classes[other]
                    share[row * classes.count + other] = attracts ? 1 / Float(positives[row] * anchors) : 0
                }
            }
        }
    }
}
