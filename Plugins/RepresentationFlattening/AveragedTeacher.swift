import Networks
import Regularization
import Tensors

/// The model and the projection heads with averaged weights: what a student's projections are compared with.
///
/// The average is begun by the first ``follow()``; until then there are no features.
final class AveragedTeacher: Module {
    private let heads: [Modality: ProjectionHead]
    private let followed: Followed
    private let average: any WeightAverage
    private let updates = Buffer(Tensor(0), isCount: true)

    var parts: Parts { ["average": average, "updates": updates] }

    /// - Parameter decay: of an exponential average; nil for the plain mean.
    init(of model: any MultimodalModel, heads: [Modality: ProjectionHead], named parts: Parts, decay: Double?) {
        self.heads = heads
        followed = Followed(["model": model, "heads": parts])
        if let decay {
            average = ExponentialMovingAverage(of: followed, decay: Float(decay))
        } else {
            average = SimpleMovingAverage(of: followed)
        }
    }

    /// Takes the present weights into the average.
    func follow() {
        let count = updates.value.item
        if count == 0 {
            // An exponential average would else begin at the initial weights, however late the term begins to act.
            average.restart()
        } else {
            average.update()
        }
        updates.value = Tensor(count + 1)
    }

    /// The projection of each modality under the averaged weights, `N×width`, without dropout and with running statistics; nil before the
    /// average has begun.
    func features(_ step: TrainingStep) -> [Modality: Tensor]? {
        guard updates.value.item > 0 else { return nil }
        let pass = step.evaluationPass
        return withoutGradients {
            average.withAverage {
                let embeddings = step.encoded(pass)
                var features: [Modality: Tensor] = [:]
                for (modality, head) in heads {
                    guard let embedding = embeddings[modality], !embedding.rows.isEmpty else { continue }
                    features[modality] = embedding.projected(by: head, pass).pooled
                }
                return features
            }
        }
    }
}

extension Embedding {
    /// The projections of the samples that have the modality, at least one, `N×width`; 0 for the others.
    func projected(by head: ProjectionHead, _ pass: Pass) -> Embedding {
        guard let rows = presence.rows else { return Embedding(pooled: head(pooled, pass)) }
        return Embedding(pooled: head(present, pass)).spread(to: rows, of: pooled.shape[0])
    }
}

/// Everything that one average follows.
private final class Followed: Module {
    let parts: Parts

    init(_ parts: Parts) { self.parts = parts }
}
