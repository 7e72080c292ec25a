import Configuration
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
}

/// What a trained model makes of some samples, in the order of the data set.
public struct ModelOutputs {
    /// The rows of the data set, `N`.
    public let rows: [Int]
    /// What is to be predicted of each sample.
    public let targets: Targets
    /// The domain of each sample, `N`.
    public let domains: [Int]
    /// Each modality's pooled embedding, `N×D`, in the model's order.
    public let embeddings: [(modality: Modality, values: Tensor)]
    /// What the classifier reads, `N×F`, where the model has such a thing.
    public let representation: Tensor?
    /// The prediction, `N×K` before any softmax or sigmoid, or `N×V`.
    public let logits: Tensor

    /// The class of each sample, `N`; none where the task is another one than classification, see
    /// ``MeasurementPlugin/tasks``.
    public var labels: [Int] { targets.classes ?? [] }

    /// The embeddings of all modalities, and the fused representation where there is one.
    public var representations: [(modality: Modality, values: Tensor)] {
        embeddings + (representation.map { [(modality: .fused, values: $0)] } ?? [])
    }

    /// The number of samples `N`.
    public var count: Int { rows.count }

    /// The same of some samples.
    ///
    /// - Parameter places: positions in `0..<count`.
    public func selecting(_ places: [Int]) -> ModelOutputs {
        ModelOutputs(
            rows: places.map { rows[$0] }, targets: targets.gathering(rows: places), domains: places.map { domains[$0] },
            embeddings: embeddings.map { ($0.modality, $0.values.selectingRows(places)) },
            representation: representation?.selectingRows(places), logits: logits.selectingRows(places))
    }

    /// At most `limit` samples, evenly spread over the data set's order, and so the same ones for every
    /// row of a table.
    public func thinned(to limit: Int) -> ModelOutputs {
        guard count > limit else { return self }
        return selecting((0..<limit).map { $0 * count / limit })
    }
}

/// A change of the embeddings between encoding and fusing, in evaluation: noise, a modality that is
/// missing.
public struct EmbeddingChange {
    let apply: (_ embeddings: Embeddings, _ rows: [Int]) -> Embeddings

    /// - Parameter apply: given the embeddings of a batch and its samples' rows in the data set,
    ///   returns embeddings of the same shapes.
    public init(_ apply: @escaping (_ embeddings: Embeddings, _ rows: [Int]) -> Embeddings) {
        self.apply = apply
    }

    /// No change.
    public static var none: EmbeddingChange { EmbeddingChange { embeddings, _ in embeddings } }

    /// Sets some modalities' embeddings to zero, as the paper's Table 14 and MMDG-Bench drop an
    /// encoder.
    public static func dropping(_ modalities: [Modality]) -> EmbeddingChange {
        EmbeddingChange { embeddings, _ in
            embeddings.mapEmbeddings { modality, embedding in
                modalities.contains(modality) ? embedding.map { array, _ in Tensor.zeros(array.shape) } : embedding
            }
        }
    }

    /// Adds Gaussian noise to the embeddings of one modality.
    ///
    /// The noise of a sample is a function of the seed, the modality and the sample's row in the data
    /// set alone, so that all rows of a table, whatever their batches, meet the same corrupted data.
    ///
    /// - Parameters:
    ///   - deviation: σ.
    ///   - seed: another seed gives other noise.
    public static func noise(_ deviation: Float, on modality: Modality, seed: UInt64) -> EmbeddingChange {
        let source = RandomSource(seed: seed).child("corruption").child(modality.name)
        return EmbeddingChange { embeddings, rows in
            embeddings.mapEmbeddings { own, embedding in
                guard own == modality else { return embedding }
                return embedding.map { array, isTokens in
                    let numbers = source.child(isTokens ? "tokens" : "pooled")
                    let width = array.elementCount / max(rows.count, 1)
                    var values = array.values
                    for (place, row) in rows.enumerated() {
                        var stream = numbers.stream(step: row)
                        for index in place * width..<(place + 1) * width { values[index] += deviation * stream.normal() }
                    }
                    return Tensor(values, shape: array.shape)
                }.cleared()
            }
        }
    }
}

/// A trained model with the data of its trial, as a measurement sees them.
///
/// What the model makes of a set of samples is computed when it is first asked for, and kept for the
/// next measurement.
public final class TrainedModel {
    /// Samples as the model reads them.
    package struct Batch {
        package let rows: [Int]
        package let inputs: Inputs
        package let targets: Targets
        package let domains: [Int]

        package init(rows: [Int], inputs: Inputs, targets: Targets, domains: [Int]) {
            self.rows = rows
            self.inputs = inputs
            self.targets = targets
            self.domains = domains
        }
    }

    /// The modalities, in the model's order.
    public let modalities: [Modality]
    /// What is learned, with the scores that tell how good predictions are.
    public let task: any TaskPlugin
    /// What there is to learn: the names of classes, labels or values.
    public let targets: TargetFacts
    /// Names of the domains, in the order of their numbers.
    public let domains: [String]

    private let encode: (Inputs) throws -> Embeddings
    private let fuse: (Embeddings) throws -> Prediction
    private let forEachBatch: (SampleSet, (Batch) throws -> Void) throws -> Void
    private var known: [SampleSet: ModelOutputs] = [:]
    /// What may be read at the moment; nil for everything.
    private var readable: Set<SampleSet>?

    /// - Parameters:
    ///   - encode: the model's encoders, and what regularizers change about embeddings in evaluation.
    ///   - fuse: the model's fusion.
    ///   - forEachBatch: hands over the batches of a set in the data set's order, and none of an empty
    ///     one.
    package init(
        modalities: [Modality], task: any TaskPlugin = Classification(), targets: TargetFacts, domains: [String],
        encode: @escaping (Inputs) throws -> Embeddings,
        fuse: @escaping (Embeddings) throws -> Prediction, forEachBatch: @escaping (SampleSet, (Batch) throws -> Void) throws -> Void
    ) {
        self.modalities = modalities
        self.task = task
        self.targets = targets
        self.domains = domains
        self.encode = encode
        self.fuse = fuse
        self.forEachBatch = forEachBatch
    }

    /// Names of the classes, in the order of their labels; none where something else is learned.
    public var classes: [String] { targets.kind == .classes ? targets.names : [] }

    /// The task's first score of some predictions.
    ///
    /// - Parameter outputs: of the same samples, for their targets.
    public func score(of logits: Tensor, for outputs: ModelOutputs) -> Quantity { task.allScores(logits, outputs.targets)[0] }

    /// What the model makes of a set of samples.
    ///
    /// - Throws: `Undefined` where the set is empty; `MeasurementFault` where the measurement has not
    ///   said that it reads it; what reading the data throws.
    public func outputs(on set: SampleSet) throws -> ModelOutputs {
        try checkReadable(set)
        if let outputs = known[set] { return outputs }
        var gathering = Gathering(modalities: modalities)
        try forEachBatch(set) { batch in
            try withoutGradients {
                let embeddings = try encode(batch.inputs)
                gathering.add(batch, embeddings, try fuse(embeddings))
            }
        }
        guard let outputs = gathering.outputs else { throw Undefined("there are no \(set.rawValue) samples") }
        known[set] = outputs
        return outputs
    }

    /// Predictions under changed embeddings, one `N×K` for each change, in the order of
    /// ``outputs(on:)``.
    ///
    /// Each sample is encoded once, however many changes there are.
    /// - Throws: as ``outputs(on:)``.
    public func logits(on set: SampleSet, under changes: [EmbeddingChange]) throws -> [Tensor] {
        try checkReadable(set)
        var parts: [[Tensor]] = changes.map { _ in [] }
        try forEachBatch(set) { batch in
            try withoutGradients {
                let embeddings = try encode(batch.inputs)
                for (index, change) in changes.enumerated() { parts[index].append(try fuse(change.apply(embeddings, batch.rows)).logits) }
            }
        }
        guard let first = parts.first, !first.isEmpty else {
            if changes.isEmpty { return [] }
            throw Undefined("there are no \(set.rawValue) samples")
        }
        return parts.map { Tensor.concatenated($0, axis: 0) }
    }

    /// Runs a measurement, which can read what it says that it reads and nothing else.
    ///
    /// - Returns: its findings; where it has none at all, a number `measurement` that says why.
    /// - Throws: `MeasurementFault` where it reads what it did not say or returns findings that cannot
    ///   be told apart; what reading the data throws.
    package func measure(with measurement: any MeasurementPlugin) throws -> Findings {
        readable = measurement.reads
        defer { readable = nil }
        do {
            let findings = try measurement.measure(self)
            try findings.check()
            return findings
        } catch let undefined as Undefined {
            var findings = Findings()
            findings.numbers = [Findings.Number("measurement", value: nil, reason: undefined.reason)]
            return findings
        }
    }

    private func checkReadable(_ set: SampleSet) throws(MeasurementFault) {
        guard readable?.contains(set) ?? true else {
            throw MeasurementFault("it asks for \(set.rawValue) samples, which its 'reads' does not name")
        }
    }

    /// Outputs of the batches so far.
    private struct Gathering {
        let modalities: [Modality]
        var (rows, domains): ([Int], [Int]) = ([], [])
        var targets: [Targets] = []
        var embeddings: [Modality: [Tensor]] = [:]
        var (representations, logits): ([Tensor], [Tensor]) = ([], [])

        init(modalities: [Modality]) { self.modalities = modalities }

        mutating func add(_ batch: Batch, _ encoded: Embeddings, _ prediction: Prediction) {
            (rows, domains) = (rows + batch.rows, domains + batch.domains)
            targets.append(batch.targets)
            for (modality, embedding) in encoded { embeddings[modality, default: []].append(embedding.pooled) }
            if let representation = prediction.representation { representations.append(representation) }
            logits.append(prediction.logits)
        }

        /// Nil without samples.
        var outputs: ModelOutputs? {
            guard !rows.isEmpty, let targets = Targets.concatenated(targets) else { return nil }
            return ModelOutputs(
                rows: rows, targets: targets, domains: domains,
                embeddings: modalities.compactMap { modality in
                    embeddings[modality].map { (modality, Tensor.concatenated($0, axis: 0)) }
                }, representation: representations.isEmpty ? nil : Tensor.concatenated(representations, axis: 0),
                logits: Tensor.concatenated(logits, axis: 0))
        }
    }
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
