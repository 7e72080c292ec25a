import Configuration
import Networks
import Regularization
import Tensors

/// A trained model with the data of its trial, as a measurement sees them.
///
/// What the model makes of a set of samples is computed when it is first asked for, and kept for the
/// next measurement.
public final class TrainedModel {
    /// Samples as the model reads them.
    package struct Batch {
        /// Positions in the data set, `N`.
        package let rows: [Int]
        /// One array `N×…` for each modality, and what of it is there.
        package let inputs: Inputs
        /// What is to be predicted of each sample.
        package let targets: Targets
        /// The domain of each sample, `N`.
        package let domains: [Int]

        package init(rows: [Int], inputs: Inputs, targets: Targets, domains: [Int]) {
            self.rows = rows
            self.inputs = inputs
            self.targets = targets
            self.domains = domains
        }
    }

    /// The modalities, in the model's order; of a measurement whose `on` names some, these.
    public var modalities: [Modality] { shown.map { shown in allModalities.filter(shown.contains) } ?? allModalities }
    /// What is learned, with the scores that tell how good predictions are.
    public let task: any TaskPlugin
    /// What there is to learn: the names of classes, labels or values.
    public let targets: TargetFacts
    /// Names of the domains, in the order of their numbers.
    public let domains: [String]

    /// Modalities whose inputs cannot be changed, since the output of a frozen part was computed
    /// beforehand and stands in their place.
    public let frozenInputs: Set<Modality>

    /// Those of the model, whatever a measurement is about.
    private let allModalities: [Modality]
    private let encode: (Inputs, Set<Modality>) throws -> Embeddings
    private let change: (Embeddings) throws -> Embeddings
    private let fuse: (Embeddings) throws -> Prediction
    private let readBatches: (SampleSet, (Batch) throws -> Void) throws -> Void
    /// What reading samples, or the model, threw while the present measurement runs.
    private var ownFault: (any Error)?
    private var known: [SampleSet: ModelOutputs] = [:]
    /// The embeddings of each batch as the fusion reads them, of sets in which they are small enough to be kept.
    private var kept: [SampleSet: [(rows: [Int], embeddings: Embeddings)]] = [:]
    private var shapes: [Modality: [Int]] = [:]
    /// What may be read at the moment; nil for everything.
    private var readable: Set<SampleSet>?
    /// The modalities that the measurement which runs is about; nil for all.
    private var shown: Set<Modality>?
    /// The same model on the samples of another data set, where the measurement which runs names one.
    private var other: TrainedModel?

    /// - Parameters:
    ///   - frozenInputs: modalities whose inputs are stored outputs of a frozen part.
    ///   - encode: the model's encoders of some modalities.
    ///   - change: what regularizers change about the embeddings of all modalities in evaluation; nothing by default.
    ///   - fuse: the model's fusion.
    ///   - forEachBatch: hands over the batches of a set in the data set's order, and none of an empty
    ///     one.
    package init(
        modalities: [Modality], task: any TaskPlugin = Classification(), targets: TargetFacts, domains: [String],
        frozenInputs: Set<Modality> = [], encode: @escaping (Inputs, _ only: Set<Modality>) throws -> Embeddings,
        change: @escaping (Embeddings) throws -> Embeddings = { $0 },
        fuse: @escaping (Embeddings) throws -> Prediction, forEachBatch: @escaping (SampleSet, (Batch) throws -> Void) throws -> Void
    ) {
        allModalities = modalities
        self.task = task
        self.targets = targets
        self.domains = domains
        self.frozenInputs = frozenInputs
        self.encode = encode
        self.change = change
        self.fuse = fuse
        readBatches = forEachBatch
    }

    /// Hands over the batches of a set, and remembers what this throws: it is no fault of the measurement
    /// that asks.
    ///
    /// - Parameters:
    ///   - set: which samples.
    ///   - body: is given one batch after another; what it throws ends this.
    /// - Throws: what reading the samples throws, and what `body` throws.
    private func forEachBatch(_ set: SampleSet, _ body: (Batch) throws -> Void) throws {
        do { try readBatches(set, body) } catch {
            ownFault = error
            throw error
        }
    }

    /// Names of the classes, in the order of their labels; none where something else is learned.
    public var classes: [String] { targets.kind == .classes ? targets.names : [] }

    /// The task's first score of some predictions.
    ///
    /// - Parameter outputs: of the same samples, for their targets.
    ///
    /// - Parameter logits: `N×K`, before any softmax or sigmoid.
    public func score(of logits: Tensor, for outputs: ModelOutputs) -> Quantity { task.allScores(logits, outputs.targets)[0] }

    /// What the model makes of a set of samples.
    ///
    /// - Throws: `Undefined` where the set is empty; `MeasurementFault` where the measurement has not
    ///   said that it reads it; what reading the data throws.
    public func outputs(on set: SampleSet) throws -> ModelOutputs {
        try checkReadable(set)
        let outputs = try allOutputs(on: set)
        return shown.map(outputs.about) ?? outputs
    }

    /// The same of all modalities, computed once for all measurements of the model.
    ///
    /// - Returns: for another data set what the model that reads it makes of its samples.
    private func allOutputs(on set: SampleSet) throws -> ModelOutputs {
        if set == .other, let other { return try other.allOutputs(on: set) }
        if let outputs = known[set] { return outputs }
        var gathering = Gathering(modalities: allModalities)
        var batches: [(rows: [Int], embeddings: Embeddings)] = []
        var size = 0
        try forEachBatch(set) { batch in
            try withoutGradients {
                let embeddings = try embeddings(of: batch.inputs)
                gathering.add(batch, embeddings, try fuse(embeddings))
                size += embeddings.reduce(0) { $0 + $1.embedding.pooled.elementCount + ($1.embedding.tokens?.elementCount ?? 0) }
                if size <= Self.mostKept { batches.append((batch.rows, embeddings)) } else { batches = [] }
            }
        }
        guard let outputs = gathering.outputs else { throw Self.empty(set) }
        known[set] = outputs
        if size <= Self.mostKept { kept[set] = batches }
        return outputs
    }

    /// Numbers in the embeddings of a set that are kept beside its outputs, 64 MiB; larger ones are made again when they are asked for.
    private static let mostKept = 1 << 24

    /// Predictions under changed embeddings, one `N×K` for each change, in the order of
    /// ``outputs(on:)``.
    ///
    /// Each sample is encoded once at most, however many changes there are.
    /// - Throws: as ``outputs(on:)``.
    ///
    /// - Parameter changes: what happens to the embeddings between encoding and fusing; none gives no
    ///   predictions.
    public func logits(on set: SampleSet, under changes: [EmbeddingChange]) throws -> [Tensor] {
        try checkReadable(set)
        if set == .other, let other { return try other.logits(on: set, under: changes) }
        return try logits(on: set, of: changes.count) { add in
            func addChanged(_ rows: [Int], _ embeddings: Embeddings) throws {
                add(try changes.map { try fuse($0.apply(embeddings, rows)).logits })
            }
            if let kept = kept[set] {
                for batch in kept { try addChanged(batch.rows, batch.embeddings) }
            } else {
                try forEachBatch(set) { try addChanged($0.rows, embeddings(of: $0.inputs)) }
            }
        }
    }

    /// The embeddings of all modalities, as the fusion reads them.
    ///
    /// - Parameter inputs: of one batch.
    private func embeddings(of inputs: Inputs) throws -> Embeddings { try change(encode(inputs, Set(allModalities))) }

    /// Predictions for changed inputs, one `N×K` for each change, in the order of ``outputs(on:)``.
    ///
    /// What a change leaves as it is is encoded once for all changes, what it may change once for each.
    /// - Throws: as ``outputs(on:)``.
    ///
    /// - Parameter changes: what happens to the inputs before they are encoded.
    public func logits(on set: SampleSet, under changes: [InputChange]) throws -> [Tensor] {
        try checkReadable(set)
        if set == .other, let other { return try other.logits(on: set, under: changes) }
        let all = Set(allModalities)
        let left = changes.reduce(into: Set<Modality>()) { left, change in left.formUnion(all.subtracting(change.modalities ?? all)) }
        return try logits(on: set, of: changes.count) { add in
            try forEachBatch(set) { batch in
                let unchanged = left.isEmpty ? Embeddings([]) : try encode(batch.inputs, left)
                add(
                    try changes.map { change in
                        let own = all.intersection(change.modalities ?? all)
                        let inputs = change.apply(batch.inputs, batch.rows)
                        let encoded = own.isEmpty ? Embeddings([]) : try encode(inputs, own)
                        let merged = Embeddings(
                            allModalities.compactMap { modality in
                                (encoded[modality] ?? unchanged[modality]).map { (modality: modality, embedding: $0) }
                            })
                        return try fuse(self.change(merged)).logits
                    })
            }
        }
    }

    /// The shape of one sample of a modality, as its encoder reads it; nil where a set is empty.
    ///
    /// - Throws: as ``outputs(on:)``.
    public func inputShape(of modality: Modality, on set: SampleSet) throws -> [Int]? {
        try checkReadable(set)
        if set == .other, let other { return try other.inputShape(of: modality, on: set) }
        if let known = shapes[modality] { return known }
        struct Found: Error {}
        var shape: [Int]?
        do {
            try forEachBatch(set) { batch in
                shape = batch.inputs[modality].map { Array($0.shape.dimensions.dropFirst()) }
                throw Found()
            }
        } catch is Found { ownFault = nil }
        shapes[modality] = shape
        return shape
    }

    /// The predictions of every batch, put together change by change.
    ///
    /// - Parameter forEach: adds the predictions of each batch, one `N×K` for each change.
    private func logits(on set: SampleSet, of count: Int, _ forEach: (_ add: ([Tensor]) -> Void) throws -> Void) throws -> [Tensor] {
        guard count > 0 else { return [] }
        var parts = [[Tensor]](repeating: [], count: count)
        try withoutGradients {
            try forEach { predictions in
                for (index, logits) in predictions.enumerated() { parts[index].append(logits) }
            }
        }
        guard !parts[0].isEmpty else { throw Self.empty(set) }
        return parts.map { Tensor.concatenated($0, axis: 0) }
    }

    /// Why a set that has no samples can give nothing.
    ///
    /// A recipe that asks for another data set and names none is refused when it is planned, so that there are no samples of another set where a
    /// measurement was run in some other way.
    private static func empty(_ set: SampleSet) -> Undefined {
        Undefined(set == .other ? "there are no samples of another data set" : "there are no \(set.rawValue) samples")
    }

    /// Runs a measurement, which can read what it says that it reads and nothing else.
    ///
    /// - Parameters:
    ///   - modalities: those that it is about; nil for all.
    ///   - other: the same model on the samples of another data set, which the measurement reads as ``SampleSet/other``.
    /// - Returns: its findings; where it has none at all, a number `measurement` that says why.
    /// - Throws: `MeasurementFault` where it reads what it did not say, returns findings that are none, or throws something of its own;
    ///   what reading the data throws.
    package func measure(
        with measurement: any MeasurementPlugin, on modalities: [Modality]? = nil, against other: TrainedModel? = nil
    ) throws -> Findings {
        (readable, shown, self.other) = (measurement.reads, modalities.map(Set.init), other)
        ownFault = nil
        other?.ownFault = nil
        defer { (readable, shown, self.other) = (nil, nil, nil) }
        do {
            if let modalities, self.modalities.isEmpty, !modalities.contains(.fused) {
                throw Undefined("the model does not read \(modalities.map(\.name).joined(separator: ", "))")
            }
            let findings = try measurement.measure(self)
            try findings.check()
            return findings
        } catch let undefined as Undefined {
            var findings = Findings()
            findings.numbers = [Findings.Number("measurement", value: nil, reason: undefined.reason)]
            return findings
        } catch let fault as MeasurementFault {
            throw fault
        } catch {
            throw ownFault ?? other?.ownFault ?? MeasurementFault("it throws \("\(error)".prefix(Self.longestError))")
        }
    }

    /// How much is said of an error that a measurement throws, in characters.
    ///
    /// The text is whatever somebody's type makes of itself.
    private static let longestError = 300

    /// - Throws: `MeasurementFault` where the measurement that runs has not named the set.
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
        var present: [Modality: [Bool]] = [:]
        var (representations, logits): ([Tensor], [Tensor]) = ([], [])

        init(modalities: [Modality]) { self.modalities = modalities }

        mutating func add(_ batch: Batch, _ encoded: Embeddings, _ prediction: Prediction) {
            rows += batch.rows
            domains += batch.domains
            targets.append(batch.targets)
            for (modality, embedding) in encoded {
                embeddings[modality, default: []].append(embedding.pooled)
                present[modality, default: []] += batch.rows.indices.map(embedding.presence.contains)
            }
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
                }, present: present.filter { $0.value.contains(false) },
                representation: representations.isEmpty ? nil : Tensor.concatenated(representations, axis: 0),
                logits: Tensor.concatenated(logits, axis: 0))
        }
    }
}
