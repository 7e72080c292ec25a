import Networks
import Regularization
import Tensors

/// The parts of a trial's data that a measurement can ask for.
public enum SampleSet: String, CaseIterable, Sendable, Hashable {
    /// The source samples that the model was trained on, shown as evaluation shows them.
    case training
    /// The source samples that were held back: in the training domains, and not trained on.
    case validation
    /// The samples of the held-out domain.
    case target
    /// The samples of the held-out domain whose class the model was not told of. Their targets mean nothing.
    case unknown
    /// All samples of another data set, which the recipe names with the measurement. Their targets and domains mean nothing.
    case other
}

/// What a trained model makes of some samples, in the order of the data set.
public struct ModelOutputs {
    /// The rows of the data set, `N`.
    public let rows: [Int]
    /// What is to be predicted of each sample.
    public let targets: Targets
    /// The domain of each sample, `N`.
    public let domains: [Int]
    /// Each modality's pooled embedding, `N×D`, in the model's order. Rows of samples that lack the
    /// modality are 0 and say nothing; see ``present``.
    public let embeddings: [(modality: Modality, values: Tensor)]
    /// Which of the `N` samples have a modality; a modality without an entry is there everywhere.
    public let present: [Modality: [Bool]]
    /// What the classifier reads, `N×F`, where the model has such a thing.
    public let representation: Tensor?
    /// The prediction, `N×K` before any softmax or sigmoid, or `N×V`.
    public let logits: Tensor

    /// The class of each sample, `N`; none where the task is another one than classification, see
    /// ``MeasurementPlugin/tasks``.
    public var labels: [Int] { targets.classes ?? [] }

    /// The embeddings of all modalities, and the fused representation where there is one, each with the
    /// samples that have it: what a measurement of representations works on, so that what is missing is
    /// never taken for a vector of zeros.
    public var representations: [RepresentedSamples] {
        let all = embeddings + (representation.map { [(modality: .fused, values: $0)] } ?? [])
        return all.map { modality, values in
            let places = places(of: [modality])
            return RepresentedSamples(
                modality: modality, values: places.count == count ? values : values.selectingRows(places), places: places,
                labels: labels.isEmpty ? [] : places.map { labels[$0] }, domains: places.map { domains[$0] })
        }
    }

    /// The positions of the samples that have all of some modalities, in order.
    ///
    /// - Returns: positions in `0..<count`, rising; all of them for modalities that no sample lacks.
    public func places(of modalities: [Modality]) -> [Int] {
        let needed = modalities.compactMap { present[$0] }
        return (0..<count).filter { place in needed.allSatisfy { $0[place] } }
    }

    /// The same without the embeddings of other modalities; without the fused representation too, unless ``Regularization/Modality/fused`` is
    /// among the given ones.
    ///
    /// Logits stay: they are of the whole model.
    ///
    /// - Parameter modalities: those to keep; one that the model does not read is passed over.
    func about(_ modalities: Set<Modality>) -> ModelOutputs {
        ModelOutputs(
            rows: rows, targets: targets, domains: domains, embeddings: embeddings.filter { modalities.contains($0.modality) }, present: present,
            representation: modalities.contains(.fused) ? representation : nil, logits: logits)
    }

    /// The number of samples `N`.
    public var count: Int { rows.count }

    /// The same of some samples.
    ///
    /// - Parameter places: positions in `0..<count`.
    ///
    /// - Returns: the samples in the given order; a place may be given twice.
    public func selecting(_ places: [Int]) -> ModelOutputs {
        ModelOutputs(
            rows: places.map { rows[$0] }, targets: targets.gathering(rows: places), domains: places.map { domains[$0] },
            embeddings: embeddings.map { ($0.modality, $0.values.selectingRows(places)) },
            present: present.mapValues { present in places.map { present[$0] } },
            representation: representation?.selectingRows(places), logits: logits.selectingRows(places))
    }

    /// At most `limit` samples, evenly spread over the data set's order, and so the same ones for every
    /// row of a table.
    ///
    /// Sample `i` of the result is number `⌊i · count / limit⌋` of these.
    public func thinned(to limit: Int) -> ModelOutputs {
        guard count > limit else { return self }
        return selecting((0..<limit).map { $0 * count / limit })
    }
}

/// One representation of those samples that have it.
public struct RepresentedSamples {
    /// Whose embedding it is; ``Modality/fused`` for what the classifier reads.
    public let modality: Modality
    /// `P×D`, one row for each sample that has the modality.
    public let values: Tensor
    /// The positions of these samples in the ``ModelOutputs``, `P`, rising.
    public let places: [Int]
    /// Their classes, `P`; none where the task is another one than classification.
    public let labels: [Int]
    /// Their domains, `P`.
    public let domains: [Int]
}

extension Tensor {
    /// Some rows of an array `N×…`, in the given order.
    func selectingRows(_ rows: [Int]) -> Tensor {
        let width = elementCount / max(shape[0], 1)
        return withUnsafeValues { values in
            Tensor(rows.flatMap { values[$0 * width..<($0 + 1) * width] }, shape: Shape([rows.count] + shape.dimensions.dropFirst()))
        }
    }
}
