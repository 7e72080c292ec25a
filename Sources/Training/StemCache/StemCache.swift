import Configuration
import Datasets
import Foundation
import Models
import Networks
import Persistence
import Regularization
import Results
import Tensors

/// The stored stem outputs of one trial's encoders: reads them, and computes and stores those that are
/// missing.
///
/// Every clip goes through the stem by itself, so that what is stored depends neither on the batch nor
/// on who stores it. It belongs to the thread that trains.
final class StemCache {
    private struct Source {
        let modality: Modality
        let encoder: any StagedEncoder
        let plan: ComponentPlan
        let stem: String
        let loader: BatchLoader
    }

    private let folder: String
    private let plan: TrialPlan
    private let data: any Dataset
    private let standardization: Standardization
    private let sources: [Source]
    private var files: [StemKey: StemFile] = [:]

    /// - Parameters:
    ///   - folder: the folder of the cache; made when something is stored.
    ///   - encoders: those whose stems are fixed functions, with what the plan says of them.
    init(
        in folder: URL, plan: TrialPlan, data: any Dataset, standardization: Standardization,
        encoders: [(modality: Modality, encoder: any StagedEncoder, plan: ComponentPlan)]
    ) throws(DatasetFault) {
        self.folder = folder.path
        self.plan = plan
        self.data = data
        self.standardization = standardization
        var sources: [Source] = []
        for (modality, encoder, component) in encoders {
            sources.append(
                Source(
                    modality: modality, encoder: encoder, plan: component, stem: encoder.stemDigest,
                    loader: try BatchLoader(data, modalities: [modality.name], standardization: standardization, workers: plan.threads)))
        }
        self.sources = sources
    }

    /// The modalities whose stems are stored.
    var modalities: [Modality] { sources.map(\.modality) }

    /// How media files have been read for it.
    var loading: LoadingRecord { sources.map { LoadingRecord($0.loader.report) }.reduce(LoadingRecord(), +) }

    /// Computes and stores what is missing of some rows.
    ///
    /// - Parameter pause: called after every clip; may throw to stop, and what has been stored stays.
    /// - Returns: the rows that cannot be read and are to be left out.
    /// - Throws: `FileFault` where nothing can be stored; `DatasetFault` where rows cannot be read and are not to be left out.
    func fill(_ rows: [Int], view: SampleView, pause: () throws -> Void) throws -> Set<Int> {
        var leftOut: Set<Int> = []
        for source in sources {
            let file = try file(of: source, view: view)
            // Processes that fill the same file begin at different rows, so that two rarely compute the same clip.
            let start = rows.isEmpty ? 0 : Int.random(in: 0..<rows.count)
            let order = Array(rows[start...] + rows[..<start])
            for first in stride(from: 0, to: order.count, by: Self.lookahead) {
                let piece = order[first..<min(first + Self.lookahead, order.count)]
                let missing = try piece.filter { try !file.mayHold($0) }
                leftOut.formUnion(try compute(missing, source, view, into: file, pause: pause))
            }
        }
        return leftOut
    }

    /// The number of rows that are computed before it is checked which of the others another process
    /// has stored meanwhile.
    private static let lookahead = 64

    /// - Returns: the rows that cannot be read.
    private func compute(
        _ rows: [Int], _ source: Source, _ view: SampleView, into file: StemFile, pause: () throws -> Void
    ) throws -> [Int] {
        guard !rows.isEmpty else { return [] }
        var done: Set<Int> = []
        try source.loader.forEach(rows.map { [$0] }, view: view, allowsEmpty: true) { loaded in
            guard let row = loaded.rows.first, let input = loaded.inputs[source.modality.name] else { return }
            done.insert(row)
            if try !file.mayHold(row) { try file.write(stem(of: input, source, row: row), row: row) }
            try pause()
        }
        return rows.filter { !done.contains($0) }
    }

    private func stem(of input: Tensor, _ source: Source, row: Int) throws(DatasetFault) -> [Float16] {
        let pass = Pass(isTraining: false, random: RandomSource(seed: 0), step: 0)
        let maps = withoutGradients { source.encoder.stem(input, pass: pass) }
        let numbers = maps.flatMap { map in map.withUnsafeValues { $0.map { Float16($0) } } }
        guard numbers.allSatisfy(\.isFinite) else {
            throw DatasetFault(
                message: "the stem of '\(source.plan.name)' makes values of row \(row), \(source.modality), that 16-bit floats cannot hold",
                expected: "values up to 65504, or stem-cache: false")
        }
        return numbers
    }

    /// The stored values of some rows, N×values for each modality, all of which have been filled. A damaged record is computed again.
    ///
    /// - Returns: the rows without those that cannot be read, and their values.
    func read(_ rows: [Int], view: SampleView) throws -> (rows: [Int], inputs: [Modality: Tensor]) {
        var records: [[[Float16]]] = sources.map { _ in [] }
        var kept: [Int] = []
        for row in rows {
            let found = try sources.map { try values(of: row, $0, view) }
            let whole = found.compactMap(\.self)
            guard whole.count == sources.count else { continue }
            kept.append(row)
            for (place, values) in whole.enumerated() { records[place].append(values) }
        }
        var inputs: [Modality: Tensor] = [:]
        for (source, values) in zip(sources, records) {
            let width = values.first?.count ?? 0
            inputs[source.modality] = Tensor(shape: [values.count, width]) { output in
                for (row, record) in values.enumerated() {
                    for place in record.indices { output[row * width + place] = Float(record[place]) }
                }
            }
        }
        return (kept, inputs)
    }

    private func values(of row: Int, _ source: Source, _ view: SampleView) throws -> [Float16]? {
        let file = try file(of: source, view: view)
        if let values = try file.read(row) { return values }
        var values: [Float16]?
        try source.loader.forEach([[row]], view: view, allowsEmpty: true) { loaded in
            guard let input = loaded.inputs[source.modality.name], !loaded.rows.isEmpty else { return }
            let computed = try stem(of: input, source, row: row)
            try file.write(computed, row: row)
            values = computed
        }
        return values
    }

    private func file(of source: Source, view: SampleView) throws(FileFault) -> StemFile {
        let shown: StemKey.View =
            switch view {
            case .evaluation: .evaluation
            case .training(let epoch, _): .draw(epoch)
            }
        let key = StemKey(
            plan, isDecoded: source.loader.decodes, modality: source.modality, encoder: source.plan, stem: source.stem,
            standardization: standardization, view: shown)
        if let file = files[key] { return file }
        let sample = data.sampleShape(of: source.modality.name, view: view)
        let file = try StemFile(in: folder, key: key, rows: data.count, shapes: source.encoder.stemShapes(of: sample))
        files[key] = file
        return file
    }
}

extension Dataset {
    /// The shape of a sample in a view.
    package func sampleShape(of modality: String, view: SampleView) -> Shape {
        let shape = decoder?.sampleShape(modality, view: view)
        return Shape(shape ?? facts.modalities.first { $0.name == modality }?.sampleShape ?? [])
    }
}
