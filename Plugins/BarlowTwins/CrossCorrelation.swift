import Regularization
import Tensors

/// The Barlow Twins loss of all pairs of arrays, as one operation with a gradient in closed form.
///
/// The `D×D` cross-correlation matrix is never made. With `K = ẐẐᵀ/N`, `N×N`,
///
///     ‖C‖²_F = ⟨K⁽ᵃ⁾, K⁽ᵇ⁾⟩        ∂‖C‖²_F/∂Ẑ⁽ᵃ⁾ = (2/N) K⁽ᵇ⁾ Ẑ⁽ᵃ⁾
///
/// and the diagonal is one sum for each column: `C_dd = Ẑ⁽ᵃ⁾_d · Ẑ⁽ᵇ⁾_d/N`. So one product serves all pairs of a modality, since the
/// `K` of its partners may be summed first. Double precision throughout.
public struct CrossCorrelation {
    /// `Σ_{a<b} (on-diagonal + λ · off-diagonal)`, a scalar that gradients may be asked of.
    public let value: Tensor

    /// `Σ_d (C_dd − 1)²`, summed over all pairs.
    public let onDiagonal: Double

    /// `Σ_{i≠j} C_ij²`, summed over all pairs, without `λ`.
    public let offDiagonal: Double

    /// - Parameter arrays: at least two, each `N×D` with `N ≥ 2`.
    public init(of arrays: [Tensor], options: BarlowTwins.Options) {
        require(
            arrays.count >= 2 && Set(arrays.map(\.shape)).count == 1,
            "CrossCorrelation: at least two arrays of one shape N×D are needed, found \(arrays.map(\.shape))")
        let (samples, features) = (arrays[0].shape[0], arrays[0].shape[1])
        let count = Double(samples)
        let batches = arrays.map { CenteredBatch($0) { 1 / ($1 / count + options.epsilon).squareRoot() } }
        let grams = batches.map {
            SecondMoment(of: $0.values, samples: samples, features: features, divisor: count, side: .samples).matrix
        }
        var (onDiagonal, offDiagonal) = (0.0, 0.0)
        var diagonals: [[[Double]]] = []
        for (index, batch) in batches.enumerated() {
            diagonals.append([])
            for other in 0..<index {
                let diagonal = batch.columnProducts(with: batches[other].values).products.map { $0 / count }
                diagonals[index].append(diagonal)
                onDiagonal += diagonal.reduce(0) { $0 + ($1 - 1) * ($1 - 1) }
                offDiagonal += innerProduct(grams[index], grams[other], size: samples) - diagonal.reduce(0) { $0 + $1 * $1 }
            }
        }
        (self.onDiagonal, self.offDiagonal) = (onDiagonal, offDiagonal)
        value = Tensor.custom(Tensor(Float(onDiagonal + options.lambda * offDiagonal)), inputs: arrays) { upstream in
            let upstream = Double(upstream.item)
            return batches.indices.map { index in
                var partners = [Double](repeating: 0, count: samples * samples)
                for other in batches.indices where other != index {
                    for entry in partners.indices { partners[entry] += grams[other][entry] }
                }
                var slope = SecondMoment.product(
                    partners, batches[index].values, samples: samples, features: features, side: .samples,
                    scale: 2 * options.lambda * upstream / count)
                for other in batches.indices where other != index {
                    let diagonal = other < index ? diagonals[index][other] : diagonals[other][index]
                    let factors = diagonal.map { 2 * upstream / count * ($0 - 1 - options.lambda * $0) }
                    let values = batches[other].values
                    for row in 0..<samples {
                        for column in 0..<features {
                            slope[row * features + column] += factors[column] * values[row * features + column]
                        }
                    }
                }
                return gradient(slope, through: batches[index])
            }
        }
    }
}

/// From the gradient in the standardized columns `s_d x_d` to the one in the batch: `s·(g − Ẑ·Σ gẐ/N)` minus its mean.
private func gradient(_ slope: [Double], through batch: CenteredBatch) -> Tensor {
    let (products, sums) = batch.columnProducts(with: slope)
    let count = Double(batch.samples)
    let centered = zip(batch.scales, products).map { -$0 * $0 * $1 / count }
    return batch.gradient(slope, times: batch.scales, centeredTimes: centered, plus: zip(batch.scales, sums).map { -$0 * $1 / count })
}

/// `Σ A_ij B_ij` of two symmetric matrices that are given by their lower triangles.
private func innerProduct(_ a: [Double], _ b: [Double], size: Int) -> Double {
    var sum = 0.0
    for row in 0..<size {
        for column in 0..<row { sum += 2 * a[row * size + column] * b[row * size + column] }
        sum += a[row * size + row] * b[row * size + row]
    }
    return sum
}
