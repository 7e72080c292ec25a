import Networks
import Regularization
import Tensors

/// The distance of students to interpolations between their teachers.
///
///     mix_ab = s_ab·T_a + (1 − s_ab)·T_b,  s_ab > ½        distance_ab = mean_n ‖mix_ab/‖mix_ab‖ − S_a/‖S_a‖‖
///     value = Σ over all ordered pairs a ≠ b of f_a · distance_ab
///
/// Each pair is there twice, once for each side: what the paper writes with one share above and one
/// below ½.
struct FlatteningDistillation {
    /// The weighted sum, a scalar; gradients reach the students alone.
    let value: Tensor

    /// The mean distance of each modality to its mixes, in the order of the students.
    let distances: [(modality: Modality, mean: Float)]

    /// - Parameters:
    ///   - students: projections `N×width`; a pair counts the samples that have both modalities.
    ///   - teachers: projections of the same modalities, `N×width`.
    ///   - factors: `f`; 1 where one is missing.
    ///   - share: `s_ab` of a modality `a` beside another one, `N×1`.
    init(
        students: [(modality: Modality, projection: Embedding)], teachers: [Modality: Tensor], factors: [Modality: Double],
        share: (_ modality: Modality, _ other: Modality) -> Tensor
    ) {
        var total = Tensor(0)
        var distances: [(modality: Modality, mean: Float)] = []
        for (modality, projection) in students {
            guard let own = teachers[modality] else { continue }
            var (sum, pairs) = (Tensor(0), 0)
            for (other, theirs) in students where other != modality {
                guard let foreign = teachers[other] else { continue }
                let rows = Embeddings([(modality, projection), (other, theirs)]).completeRows
                guard rows?.isEmpty != true else { continue }
                func shared(_ array: Tensor) -> Tensor { rows.map { array.gathering(rows: $0) } ?? array }
                let mix = Self.mix(shared(own), shared(foreign), share: shared(share(modality, other)))
                sum += Self.distance(shared(projection.pooled), to: mix)
                pairs += 1
            }
            total += sum * Float(factors[modality] ?? 1)
            distances.append((modality, sum.item / Float(max(pairs, 1))))
        }
        value = total
        self.distances = distances
    }

    /// `share·own + (1 − share)·foreign`, without a gradient.
    static func mix(_ own: Tensor, _ foreign: Tensor, share: Tensor) -> Tensor {
        withoutGradients { foreign + (own - foreign) * share }
    }

    /// The mean distance of the rows of two `N×width` arrays, each row divided by its length.
    static func distance(_ student: Tensor, to teacher: Tensor) -> Tensor {
        (teacher.detached().normalized(axis: 1) - student.normalized(axis: 1)).norm(axis: 1).mean()
    }
}

/// The model and the projection heads with averaged weights: what a student's projections are compared
/// with.
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

    /// The projection of each modality under the averaged weights, `N×width`, without dropout and with
    /// running statistics; nil before the average has begun.
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
    /// The projections of the samples that have the modality, at least one, `N×width`; 0 for the
    /// others.
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

/// How much of an interpolated feature is the modality's own: draws from a symmetric beta distribution,
/// given that they exceed ½.
///
/// A draw and its complement are equally likely, so the larger of the two has the conditional
/// distribution exactly: nothing has to be drawn again until it fits.
enum InterpolationShares {
    /// One share for each sample, `N×1`, each in ½…1.
    ///
    /// - Parameter concentration: of the beta distribution, above 0; 1 makes shares even, small values
    ///   bring them near 1.
    static func draw(_ count: Int, concentration: Double, from stream: inout RandomStream) -> Tensor {
        let shares = (0..<count).map { _ in
            let share = stream.beta(concentration)
            return max(share, 1 - share)
        }
        return Tensor(shares, shape: [count, 1])
    }
}
