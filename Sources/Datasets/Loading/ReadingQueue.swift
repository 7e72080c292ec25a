import Foundation
import Tensors

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
final class ReadingQueue: @unchecked Sendable {  // `state` is only touched while `condition` is locked
    /// The values of a batch, by the modality's name.
    private typealias Values = [String: [Float]]

    /// What the reading thread and its user share.
    private struct State {
        /// The next batch that is read, by whichever thread.
        var taken = 0
        /// The next batch that is handed out.
        var delivered = 0
        /// Batches that wait, by their number.
        var ready: [Int: Result<Values, any Error>] = [:]
        /// Memory of batches that were handed out.
        var spare: [Values] = []
        /// Whether the thread has been asked to end.
        var isStopped = false
        /// Whether the thread has begun and not ended; never where the system refused it.
        var isReading = false
        var waited = Duration.zero
    }

    private let dataset: any Dataset
    private let batches: [[Int]]
    private let modalities: [String]
    private let view: SampleView
    private let scales: [String: ChannelScale]
    /// How many batches may be read or wait at a time.
    private let capacity: Int
    /// Locks `state`, and wakes up both threads when it changes.
    private let condition = NSCondition()
    private var state = State()

    /// The most memory that batches may take while they wait.
    private static let mostBytes = 64 << 20
    /// The most batches that wait: enough for the disk to have many rows to read at a time.
    private static let mostBatches = 4

    /// Starts to read; nil where nothing is on disk, or reading could not go on beside the step.
    ///
    /// - Parameters:
    ///   - batches: in the order in which they will be asked for.
    ///   - modalities: those on disk.
    ///   - view: as the batches are shown.
    ///   - scales: what inputs are brought to when they are handed out, by the modality's name.
    init?(_ dataset: any Dataset, batches: [[Int]], modalities: [String], view: SampleView, scales: [String: ChannelScale]) {
        let width = dataset.facts.modalities.filter { modalities.contains($0.name) }.map { $0.sampleShape.reduce(1, *) }.reduce(0, +)
        let bytes = max(1, (batches.first?.count ?? 0) * width * MemoryLayout<Float>.size)
        guard !modalities.isEmpty, batches.count > 1, Threads.available > 1, bytes <= Self.mostBytes else { return nil }
        (self.dataset, self.batches, self.modalities, self.view, self.scales) = (dataset, batches, modalities, view, scales)
        capacity = min(Self.mostBatches, Self.mostBytes / bytes)
        let thread = Thread { [self] in work() }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// The time that `next` has spent waiting for what was being read.
    var waited: Duration {
        condition.lock()
        defer { condition.unlock() }
        return state.waited
    }

    /// The next batch; nil for one that its user has to read, as the thread has not begun to.
    ///
    /// - Returns: the inputs on disk by the modality's name, each N×(sample shape).
    /// - Throws: what the data set throws.
    func next() throws -> [String: Tensor]? {
        guard let outcome = take() else { return nil }
        let values = try outcome.get()
        var inputs: [String: Tensor] = [:]
        for modality in dataset.facts.modalities {
            guard let read = values[modality.name] else { continue }
            let count = read.count / modality.sampleShape.reduce(1, *)
            inputs[modality.name] = read.withUnsafeBufferPointer {
                Tensor($0, shape: Shape([count] + modality.sampleShape), scale: scales[modality.name])
            }
        }
        condition.lock()
        defer { condition.unlock() }
        state.spare.append(values)
        return inputs
    }

    /// Waits for the next batch; nil where nobody has begun to read it.
    private func take() -> Result<Values, any Error>? {
        condition.lock()
        defer { condition.unlock() }
        let place = state.delivered
        state.delivered += 1
        defer { condition.broadcast() }
        guard place < state.taken else {
            state.taken = place + 1
            return nil
        }
        if state.ready[place] == nil {
            let start = ContinuousClock.now
            while state.ready[place] == nil { condition.wait() }
            state.waited += start.duration(to: .now)
        }
        return state.ready.removeValue(forKey: place)
    }

    /// Ends the thread and returns when it has ended. It has to be called in any case.
    func stop() {
        condition.lock()
        defer { condition.unlock() }
        state.isStopped = true
        condition.broadcast()
        while state.isReading { condition.wait() }
    }

    /// What the thread does.
    private func work() {
        let disk = dataset as? any ReadsAhead
        func readAhead(_ place: Int) {
            if batches.indices.contains(place) { for modality in modalities { disk?.readAhead(batches[place], modality: modality) } }
        }
        guard start() else { return }
        var waits = DiskWaits()
        var values: Values = [:]
        while let place = begin(&values) {
            // The disk brings this batch and the next together.
            if waits.areFrequent() {
                if !waits.wereFrequent { readAhead(place) }
                readAhead(place + 1)
            }
            let outcome = Result { try read(batches[place], into: &values) }.map { values }
            condition.lock()
            state.ready[place] = outcome
            condition.broadcast()
            condition.unlock()
        }
        condition.lock()
        state.isReading = false
        condition.broadcast()
        condition.unlock()
    }

    /// Whether there still is something to do for the thread.
    private func start() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        state.isReading = !state.isStopped
        return state.isReading
    }

    /// The next batch to read; waits while as many as allowed are there. Nil after the last.
    ///
    /// - Parameter values: become memory of a batch that was handed out, where there is one.
    private func begin(_ values: inout Values) -> Int? {
        condition.lock()
        defer { condition.unlock() }
        while !state.isStopped, state.taken < batches.count, state.taken - state.delivered >= capacity { condition.wait() }
        guard !state.isStopped, state.taken < batches.count else { return nil }
        values = state.spare.popLast() ?? [:]
        defer { state.taken += 1 }
        return state.taken
    }

    /// Reads a batch.
    ///
    /// - Parameters:
    ///   - rows: of the batch.
    ///   - values: memory that is used again where it has the size.
    /// - Throws: what the data set throws.
    private func read(_ rows: [Int], into values: inout Values) throws {
        for modality in modalities {
            let inputs = try dataset.inputs(rows, modality: modality, view: view)
            inputs.withUnsafeValues { read in
                if values[modality]?.count != read.count { values[modality] = [Float](repeating: 0, count: read.count) }
                values[modality]?.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: read) }
            }
        }
    }
}
