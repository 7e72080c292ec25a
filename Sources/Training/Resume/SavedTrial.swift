import Foundation
import Persistence
import Results
import Tensors
import Weights

/// Named values of a model, an optimizer or a regularizer.
package typealias NamedTensors = [(name: String, value: Tensor)]

/// Everything that a trial needs to go on as if nothing had interrupted it.
///
/// Random numbers are functions of seed, name and step, and the order of the batches one of seed and epoch: neither is here.
struct SavedTrial {
    var progress: TrialProgress
    /// What is trained, what regularizers own and what the optimizer remembers: see `Trainer.state()`.
    var trainer: NamedTensors
    /// The model of the selected epoch; empty before the first.
    var selected: NamedTensors
}

/// What a saved trial was made from. One of another origin would end with other bits.
package struct SavedOrigin: Hashable, Sendable {
    /// The plan's hash.
    let plan: String
    let threads: Int
    /// The processor type whose kernels are used.
    let core: String

    package init(plan: TrialPlan) {
        self.plan = plan.hash
        threads = plan.threads
        core = Threads.coreType
    }
}

/// Why a saved trial cannot be used.
struct SavedTrialFault: Error, Hashable, CustomStringConvertible {
    let file: String
    let reason: String

    var description: String { "\(file): \(reason)" }
}

/// The form of a saved trial on disk: a safetensors file whose metadata says where it comes from and what its content amounts to.
extension SavedTrial {
    private static let selectedPrefix = "selected."

    /// - Throws: `FileFault`; the file is then absent or the old one.
    func write(to path: String, origin: SavedOrigin) throws {
        let progress = try ResultCoding.line(progress)
        var file = SafetensorsWriter()
        var manifest = Manifest(origin: origin, progress: progress)
        for (name, value) in trainer + selected.map({ (name: Self.selectedPrefix + $0.name, value: $0.value) }) {
            let bytes = value.values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
            manifest.add(name, shape: value.shape.dimensions, bytes: bytes)
            file.add(name, .float32, shape: value.shape.dimensions, bytes: bytes)
        }
        file.metadata = [
            "plan": origin.plan, "threads": "\(origin.threads)", "core": origin.core, "progress": progress, "sha256": manifest.digest,
        ]
        try file.write(to: path)
    }

    /// Reads a saved trial and verifies every byte of it.
    ///
    /// - Throws: `WeightsFault`, `DecodingError` or `SavedTrialFault` where it is damaged or of another origin.
    init(readingFrom path: String, origin: SavedOrigin) throws {
        let file = try SafetensorsFile(path)
        func fault(_ reason: String) -> SavedTrialFault { SavedTrialFault(file: path, reason: reason) }
        let found = (file.metadata["plan"], file.metadata["threads"], file.metadata["core"])
        guard found == (origin.plan, "\(origin.threads)", origin.core), let text = file.metadata["progress"] else {
            throw fault("saved by another plan, number of threads or type of processor")
        }
        var manifest = Manifest(origin: origin, progress: text)
        for entry in file.entries { manifest.add(entry.name, shape: entry.shape, bytes: try file.bytes(entry.name)) }
        guard file.metadata["sha256"] == manifest.digest else { throw fault("its content is not what was saved") }
        let tensors = try file.entries.map { (name: $0.name, value: try file.tensor($0.name)) }
        trainer = tensors.filter { !$0.name.hasPrefix(Self.selectedPrefix) }
        selected = tensors.filter { $0.name.hasPrefix(Self.selectedPrefix) }
            .map { (name: String($0.name.dropFirst(Self.selectedPrefix.count)), value: $0.value) }
        progress = try ResultCoding.value(TrialProgress.self, from: Data(text.utf8))
    }

    /// Lists what the digest vouches for: names, shapes and contents in any order, the progress and the origin.
    private struct Manifest {
        private let head: String
        private var lines: [String] = []

        init(origin: SavedOrigin, progress: String) {
            head = "\(origin.plan) \(origin.threads) \(origin.core)\n\(progress)"
        }

        mutating func add(_ name: String, shape: [Int], bytes: Data) {
            lines.append("\(name) \(shape) \(SHA256Digest(of: bytes))")
        }

        var digest: String { SHA256Digest(of: ([head] + lines.sorted()).joined(separator: "\n")).hex }
    }
}
