import Configuration
import Datasets
import Foundation
import Persistence
import Training

/// A name for the contents of a data set.
///
/// Two data sets of equal fingerprint are taken for the same when results are reused. Reading all inputs would cost as much as an epoch; a
/// changed file nearly always changes the fingerprint:
/// - where inputs are decoded from files: facts, rows, the path and size of every file, and pieces of those that hold a whole clip;
/// - elsewhere: facts, rows, and the inputs of up to 64 of them, spread over the data set.
package enum Fingerprint {
    /// - Throws: what the data set throws where it cannot be read.
    package static func of(_ dataset: some Dataset) throws -> String {
        let facts = dataset.facts
        var data = Data("\(facts.modalities) \(facts.domains) \(facts.targets.names) ".utf8)
        data.append(contentsOf: text(of: dataset.labels) + [UInt8(ascii: " ")] + text(of: dataset.domains))
        if let values = dataset.targetValues {
            data.append(Data(facts.targets.kind.rawValue.utf8))
            values.withUnsafeBytes { data.append(contentsOf: $0) }
        }
        if let decoder = dataset.decoder {
            data.append(Data("\(dataset.groups ?? []) \(dataset.split ?? [])".utf8))
            for digest in filesOfRows(dataset, decoder) { data.append(Data(digest.utf8)) }
            return SHA256Digest(of: data).hex
        }
        let step = max(1, dataset.count / 64)
        let rows = Array(stride(from: 0, to: dataset.count, by: step))
        for modality in facts.modalities {
            try dataset.inputs(rows, modality: modality.name).withUnsafeValues { data.append(contentsOf: UnsafeRawBufferPointer($0)) }
            // Which rows are missing is known without reading; the length of a sequence may not be.
            let presence = try dataset.presence(modality.isPadded ? rows : Array(dataset.labels.indices), modality: modality.name)
            if !presence.isWhole { data.append(Data("\(presence.samples ?? []) \(presence.lengths ?? [])".utf8)) }
        }
        return SHA256Digest(of: data).hex
    }

    /// The numbers as an array describes itself, `[1, 2, 3]`: its own description takes half a second for a million of them.
    private static func text(of numbers: [Int]) -> [UInt8] {
        var text = [UInt8(ascii: "[")]
        text.reserveCapacity(numbers.count * 4)
        for (index, number) in numbers.enumerated() {
            if index > 0 { text += [UInt8(ascii: ","), UInt8(ascii: " ")] }
            text.append(contentsOf: String(number).utf8)
        }
        return text + [UInt8(ascii: "]")]
    }

    /// A digest for each row's files. A benchmark has millions of them, and asking for sizes waits for the file system.
    private static func filesOfRows(_ dataset: some Dataset, _ decoder: any SampleDecoder) -> [String] {
        let modalities = dataset.facts.modalityNames
        let digests = Slots<String>(count: dataset.count)
        DispatchQueue.concurrentPerform(iterations: dataset.count) { row in
            var lines = [decoder.part(row)]
            for modality in modalities {
                let files = decoder.files(row, modality: modality)
                // Pictures of different content hardly ever have the same size; sounds of the same length always do.
                lines += files.map { text(of: $0, readsPieces: files.count <= filesOfWholeClips) }
            }
            digests.set(SHA256Digest(of: lines.joined(separator: "\n")).hex, at: row)
        }
        return digests.complete ?? []
    }

    /// The largest number of files of one modality of a row that may hold whole clips; where there are more, they are single pictures.
    private static let filesOfWholeClips = 4
    private static let pieceBytes = 4096

    private static func text(of path: String, readsPieces: Bool) -> String {
        guard let size = FileContents.size(path) else { return "\(path) missing" }
        guard readsPieces else { return "\(path) \(size)" }
        do throws(FileFault) {
            let last = max(0, size - pieceBytes)
            let pieces = try FileContents.pieces(of: path, at: [0, last / 2, last], count: pieceBytes)
            return "\(path) \(size) \(SHA256Digest(of: pieces))"
        } catch {
            return "\(path) \(size) unreadable"
        }
    }
}
