import Regularization
import Tensors

/// The distance of students to interpolations between their teachers.
///
///     mix_ab = s_ab·T_a + (1 − s_ab)·T_b,  s_ab > ½        distance_ab = mean_n ‖mix_ab/‖mix_ab‖ − S_a/‖S_a‖‖
///     value = Σ over all ordered pairs a ≠ b of f_a · distance_ab
///
/// Each pair is there twice, once for each side: what the paper writes with one share above and one below ½.
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
