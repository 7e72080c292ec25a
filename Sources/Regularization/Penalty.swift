import Tensors

/// A term of the loss, and numbers to be logged beside it.
public struct Penalty {
    /// One logged number.
    public typealias Report = (name: String, value: Float)

    /// The term, a scalar that gradients may be asked of.
    public var value: Tensor

    /// Numbers for the log, in order. The wrapper puts the instance's name before each: `spectral` becomes `mer.spectral`.
    public var reports: [Report]

    public init(value: Tensor, reports: [Report] = []) {
        self.value = value
        self.reports = reports
    }

    /// The first logged number that is NaN or infinite: names the term that went wrong.
    public var firstNonFiniteReport: Report? {
        reports.first { !$0.value.isFinite }
    }

    /// The sum of a penalty over modalities, each one's numbers logged under the modality's name: `spectral` becomes `video.spectral`.
    ///
    /// - Parameters:
    ///   - embeddings: those that the term reads, such as the step's `originalEmbeddings`.
    ///   - penalty: the penalty of one modality's pooled embedding, `P×D`: those of the samples that have the modality. Nil to leave it
    ///     out. It is not asked where none of the samples has the modality.
    /// - Returns: nil where no modality has a penalty.
    public static func sum(
        over embeddings: Embeddings, _ penalty: (_ z: Tensor, _ modality: Modality) throws -> Penalty?
    ) rethrows -> Penalty? {
        sum(
            try embeddings.compactMap { modality, embedding in
                let z = embedding.present
                guard embedding.presence.samples == nil || z.shape[0] > 0, var one = try penalty(z, modality) else { return nil }
                one.reports = one.reports.map { ("\(modality).\($0.name)", $0.value) }
                return one
            })
    }

    /// The sum of penalties with all their numbers, in order; nil where there is none.
    public static func sum(_ penalties: [Penalty]) -> Penalty? {
        penalties.reduce(nil) { sum, next in
            sum.map { Penalty(value: $0.value + next.value, reports: $0.reports + next.reports) } ?? next
        }
    }

    /// The penalty times a factor; the logged numbers stay.
    public static func * (penalty: Penalty, factor: Float) -> Penalty {
        Penalty(value: penalty.value * factor, reports: penalty.reports)
    }
}
