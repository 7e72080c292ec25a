import Configuration
import Foundation
import Networks
import Persistence
import Synchronization
import Tensors
import Weights

/// Any data set as one safetensors file that the data set `arrays` reads: what it shows in evaluation,
/// as 32-bit floats, with labels, domains, split, groups, positions and lengths.
///
/// Rows are read and written block by block, so that memory stays bounded however large the data are.
///
/// Keys of the file:
///
/// ```
/// <modality>            N×(sample shape)  32-bit floats, channels last
/// labels                N, or N×V         classes, labels of 0 and 1, or values
/// domains               N                 whole numbers, as are all that follow
/// split                 N                 0 train, 1 validation, 2 test, 3 held-back
/// groups, positions     N                 where the data set has them
/// lengths.<modality>    N                 real steps of padded sequences, 0 where the modality is missing
/// present.<modality>    N                 1, or 0 where it is missing; for what is no padded sequence and is missing somewhere
/// ```
///
/// Its metadata have the names of classes (or labels, or values) and of domains.
package struct SafetensorsConversion: Sendable {
    private let dataset: any Dataset
    private let lengths: [String: [Int]]
    /// 1 or 0 for each row, for modalities without lengths that some rows lack.
    private let present: [String: [Int]]
    /// What there is to say about what the file cannot hold.
    package let remarks: [String]

    /// What is read at once.
    private static let blockBytes = 64 << 20
    /// Keys that no modality can have.
    private static let reserved: Set = ["labels", "domains", "split", "groups", "positions"]
    /// How keys begin that say which rows and steps of a modality are real.
    private static let prefixes = ["lengths.", "present."]

    /// Looks whether a file can hold the data set; nothing is written.
    ///
    /// - Throws: `DatasetFault` where a modality has a name that the file needs for something else, or where it cannot be read which rows
    ///   have one.
    package init(_ dataset: any Dataset) throws(DatasetFault) {
        self.dataset = dataset
        var lengths: [String: [Int]] = [:]
        var present: [String: [Int]] = [:]
        let rows = Array(dataset.labels.indices)
        for modality in dataset.facts.modalities {
            guard !Self.reserved.contains(modality.name), !Self.prefixes.contains(where: modality.name.hasPrefix) else {
                throw DatasetFault(
                    message: "a modality is called '\(modality.name)'",
                    expected: "another name than " + Self.reserved.sorted().joined(separator: ", ") + ", not beginning with "
                        + Self.prefixes.joined(separator: " or "))
            }
            let presence: Presence
            do { presence = try dataset.presence(rows, modality: modality.name) } catch {
                throw error as? DatasetFault ?? DatasetFault(message: "\(error)")
            }
            if modality.isPadded {
                lengths[modality.name] = presence.lengths(of: rows.count, places: modality.sampleShape.first ?? 0)
            } else if let samples = presence.samples {
                present[modality.name] = samples.map { $0 ? 1 : 0 }
            }
        }
        (self.lengths, self.present) = (lengths, present)
        let names = dataset.facts.domains + dataset.facts.targets.names
        remarks = names.contains { $0.contains(",") } ? ["commas in names of classes and domains become semicolons"] : []
    }

    /// Bytes of all values that the file will hold.
    package var byteCount: Int {
        dataset.facts.modalities.reduce(0) { sum, modality in sum + modality.sampleShape.reduce(dataset.count * 4, *) }
    }

    /// Writes the file: complete, or not at all.
    ///
    /// - Parameter progress: called with the bytes of inputs that are written.
    /// - Throws: `FileFault`, also where a row cannot be read.
    package func write(to path: String, progress: @escaping @Sendable (Int) -> Void = { _ in }) throws(FileFault) {
        let facts = dataset.facts
        var writer = SafetensorsWriter(metadata: [
            facts.targets.kind.rawValue: Self.list(facts.targets.names), "domains": Self.list(facts.domains),
        ])
        if let values = dataset.targetValues {
            writer.add("labels", values, shape: facts.targets.width == 1 ? [dataset.count] : [dataset.count, facts.targets.width])
        } else {
            writer.add("labels", dataset.labels, shape: [dataset.count])
        }
        writer.add("domains", dataset.domains, shape: [dataset.count])
        if let split = dataset.split { writer.add("split", split.map(SplitNames.number), shape: [dataset.count]) }
        if let groups = dataset.groups { writer.add("groups", groups, shape: [dataset.count]) }
        if let positions = dataset.positions { writer.add("positions", positions, shape: [dataset.count]) }
        for (modality, own) in lengths.sorted(by: { $0.key < $1.key }) { writer.add("lengths.\(modality)", own, shape: [dataset.count]) }
        for (modality, own) in present.sorted(by: { $0.key < $1.key }) { writer.add("present.\(modality)", own, shape: [dataset.count]) }
        let done = ByteCount()
        for modality in facts.modalities {
            let size = modality.sampleShape.reduce(1, *)
            let shape = dataset.sampleShapeInEvaluation(of: modality)
            writer.add(modality.name, .float32, shape: [dataset.count] + shape, rowsPerBlock: max(1, Self.blockBytes / max(size * 4, 1))) {
                [dataset] (rows: Range<Int>) throws(FileFault) -> Data in
                let block: Data
                do {
                    block = try dataset.inputs(Array(rows), modality: modality.name, view: .evaluation).withUnsafeValues { values in
                        Data(buffer: values)
                    }
                } catch {
                    throw FileFault(action: "convert", path: modality.name, reason: "\(error)")
                }
                progress(done.add(block.count))
                return block
            }
        }
        try writer.write(to: path)
    }

    /// The section of a recipe that reads the file.
    package func recipe(path: String) -> String {
        let facts = dataset.facts
        var options = ["use: arrays", "path: \(path)", "modalities: [\(facts.modalityNames.joined(separator: ", "))]"]
        if facts.targets.kind != .classes { options.append("targets: \(facts.targets.kind.rawValue)") }
        if dataset.split != nil { options.append("split: split") }
        if dataset.groups != nil { options.append("groups: groups") }
        if dataset.positions != nil { options.append("positions: positions") }
        if !lengths.isEmpty { options.append("lengths: [\(lengths.keys.sorted().map { "\($0)=lengths.\($0)" }.joined(separator: ", "))]") }
        if !present.isEmpty { options.append("present: [\(present.keys.sorted().map { "\($0)=present.\($0)" }.joined(separator: ", "))]") }
        if dataset.isStandardized { options.append("standardize: none") }
        return "data: {\(options.joined(separator: ", "))}"
    }

    /// Names in one line of metadata, where commas separate them.
    private static func list(_ names: [String]) -> String { names.map { $0.replacingOccurrences(of: ",", with: ";") }.joined(separator: ",") }
}

extension Dataset {
    /// The shape of a sample as evaluation sees it, which for clips may differ from training's.
    fileprivate func sampleShapeInEvaluation(of modality: DatasetFacts.ModalityFacts) -> [Int] {
        decoder?.sampleShape(modality.name, view: .evaluation) ?? modality.sampleShape
    }
}

/// Bytes that are written, counted by whoever makes them.
private final class ByteCount: Sendable {
    private let bytes = Mutex(0)

    /// Adds some and returns all.
    func add(_ count: Int) -> Int {
        bytes.withLock { bytes in
            bytes += count
            return bytes
        }
    }
}
