import Synchronization
import Tensors
import Weights

/// A data set of arrays of which some stay on disk.
package protocol ReadsAhead: Dataset {
    /// Whether inputs of a modality are read from a file each time that they are asked for.
    func isOnDisk(_ modality: String) -> Bool

    /// Asks the system to have some rows of a modality ready soon, and does not wait for it.
    ///
    /// - Precondition: all rows exist.
    func readAhead(_ rows: [Int], modality: String)
}

/// Reads the next batches of arrays on disk on a thread of its own while a step computes, and returns them in order.
///
/// What is read waits as plain numbers, in memory that is used again: neither tensors nor the memory that their thread keeps cross over. A batch that nobody has begun
/// to read when it is asked for is left to whoever asks, so that a machine without a free processor loses nothing.
final class ReadingQueue: Sendable {
    /// The values of a batch, by the modality's name.
    private typealias Values = [String: [Float]]

    /// The modalities that it reads.
    let modalities: [String]

    private let dataset: any ReadsAhead
    private let batches: [[Int]]
    private let view: SampleView
    private let scales: [String: ChannelScale]
    /// The places of the batches.
    private let ahead: WorkAhead<Result<Values, any Error>>
    /// Memory of batches that were handed out.
    private let spare = Mutex<[Values]>([])

    /// The most memory that batches may take while they wait.
    private static let mostBytes = 64 << 20
    /// The most batches that wait: enough for the disk to have many rows to read at a time.
    private static let mostBatches = 4

    /// Starts to read; nil where nothing is on disk that is worth it, or reading could not go on beside the step.
    ///
    /// - Parameters:
    ///   - batches: in the order in which they will be asked for.
    ///   - modalities: all that are loaded. Those in memory are left to whoever asks, and small samples: handing them over takes longer than reading them.
    ///   - view: as the batches are shown.
    ///   - scales: what inputs are brought to when they are handed out, by the modality's name.
    init?(_ dataset: any Dataset, batches: [[Int]], modalities: [String], view: SampleView, scales: [String: ChannelScale]) {
        guard let dataset = dataset as? any ReadsAhead, batches.count > 1, Threads.available > 1 else { return nil }
        let sizes = dataset.facts.modalities.reduce(into: [:]) { $0[$1.name] = $1.sampleShape.reduce(MemoryLayout<Float>.size, *) }
        self.modalities = modalities.filter { dataset.isOnDisk($0) && sizes[$0, default: 0] >= PackedRows.leastRead }
        let bytes = max(1, (batches.first?.count ?? 0) * self.modalities.reduce(0) { $0 + sizes[$1, default: 0] })
        guard !self.modalities.isEmpty, bytes <= Self.mostBytes else { return nil }
        (self.dataset, self.batches, self.view, self.scales) = (dataset, batches, view, scales)
        ahead = WorkAhead(count: batches.count, capacity: min(Self.mostBatches, Self.mostBytes / bytes))
        ahead.start(threads: 1) { [self] in work() }
    }

    /// The time that `next` has spent waiting for what was being read.
    var waited: Duration { ahead.waited }

    /// The next batch; nil for one that its user has to read, as the thread has not begun to.
    ///
    /// - Returns: the inputs on disk by the modality's name, each N×(sample shape).
    /// - Throws: what the data set throws.
    func next() throws -> [String: Tensor]? {
        guard let values = try ahead.nextIfBegun()?.value?.get() else { return nil }
        var inputs: [String: Tensor] = [:]
        for modality in dataset.facts.modalities {
            guard let read = values[modality.name] else { continue }
            let count = read.count / modality.sampleShape.reduce(1, *)
            inputs[modality.name] = read.withUnsafeBufferPointer {
                Tensor($0, shape: Shape([count] + modality.sampleShape), scale: scales[modality.name])
            }
        }
        spare.withLock { $0.append(values) }
        return inputs
    }

    /// Ends the thread and returns when it has ended. It has to be called in any case.
    func stop() { ahead.stop() }

    /// What the thread does.
    private func work() {
        func readAhead(_ place: Int) {
            if batches.indices.contains(place) { for modality in modalities { dataset.readAhead(batches[place], modality: modality) } }
        }
        var waits = DiskWaits()
        while let place = ahead.begin() {
            // The disk brings this batch and the next together.
            if waits.areFrequent() {
                if !waits.wereFrequent { readAhead(place) }
                readAhead(place + 1)
            }
            ahead.finish(place, Result { try read(batches[place]) })
        }
    }

    /// Reads a batch, into memory that is used again where it has the size.
    ///
    /// - Throws: what the data set throws.
    private func read(_ rows: [Int]) throws -> Values {
        var values = spare.withLock { $0.popLast() } ?? [:]
        for modality in modalities {
            let inputs = try dataset.inputs(rows, modality: modality, view: view)
            inputs.withUnsafeValues { read in
                if values[modality]?.count != read.count { values[modality] = [Float](repeating: 0, count: read.count) }
                values[modality]?.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: read) }
            }
        }
        return values
    }
}
