import Regularization
import Tensors

/// How far a prediction moves when the embeddings of single modalities are perturbed.
struct Sensitivity {
    /// `score_m` of each perturbed modality.
    let scores: [Double]
    /// `L`.
    let loss: Double
    /// `‖(1/score_m)_m‖₂`, a scalar with its gradient in what the fusion and the targets depend on; nil where a score is 0.
    let term: Tensor?

    /// How far along a gradient differences are taken, as a share of the embeddings' size.
    private static let reach: Float = 1e-2

    /// - Parameters:
    ///   - embeddings: of all of the model's modalities, `N×D_m`.
    ///   - noise: standard normal numbers, `N·S×D_m`, for each modality that is perturbed.
    ///   - fuse: the logits of embeddings.
    /// - Returns: nil where nothing is recorded, as in a pass without gradients.
    init?(_ embeddings: Embeddings, noise: [(modality: Modality, values: Tensor)], samples: Int, fuse: (Embeddings) -> Tensor) {
        let rows = (0..<embeddings.batchSize).flatMap { [Int](repeating: $0, count: samples) }
        let targets = fuse(embeddings).softmax().gathering(rows: rows)
        var perturbed = embeddings.mapEmbeddings { $1.map { array, _ in array.detached().gathering(rows: rows) } }
        for (modality, values) in noise {
            guard let repeated = perturbed[modality]?.pooled else { continue }
            let deviation = repeated.variance(axis: 0, keepingAxis: true).sqrt()
            perturbed[modality] = Embedding(pooled: (repeated + values * deviation).detached().tracked())
        }
        func divergence(_ embeddings: Embeddings) -> Tensor {
            let logits = fuse(embeddings)
            return (logits.softplus() - logits * targets).mean()
        }
        let leaves = noise.map { perturbed[$0.modality]?.pooled ?? Tensor(.nan) }
        let whole = divergence(perturbed)
        guard whole.isTracked else { return nil }
        let slopes = gradients(of: whole, with: leaves, keepingGraph: true).map { $0?.detached() }
        loss = Double(whole.item)
        let count = Double(rows.count)
        var scores: [Double] = []
        // Each score's own derivative, made of recorded terms that are 0 here.
        var changes: [Tensor] = []
        for (index, (modality, _)) in noise.enumerated() {
            guard let slope = slopes[index] else { return nil }
            let square = slope.squared().sum().item
            let score = Double(square) / count / loss
            scores.append(score)
            let step = square > 0 ? Self.reach * (leaves[index].squared().sum().item / square).squareRoot() : 0
            guard step > 0 else {
                changes.append(Tensor(0))
                continue
            }
            func moved(_ sign: Float) -> Tensor {
                var other = perturbed
                other[modality] = Embedding(pooled: leaves[index].detached() + slope * (sign * step))
                return divergence(other)
            }
            let along = (moved(1) - moved(-1)) / (2 * step)
            let share = (whole - whole.detached()) * Float(score / loss)
            changes.append((along - along.detached()) * Float(2 / (count * loss)) - share)
        }
        self.scores = scores
        let inverses = scores.map { 1 / $0 }
        let norm = inverses.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard !(norm == .infinity) else {
            term = nil
            return
        }
        term = zip(changes, inverses).reduce(Tensor(Float(norm))) { sum, change in
            sum + change.0 * Float(-change.1 * change.1 * change.1 / norm)
        }
    }
}
