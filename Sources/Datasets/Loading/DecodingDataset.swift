import Configuration
import Foundation
import Media
import Tensors

/// What decodes samples from files, row by row.
package protocol SampleDecoder: Sendable {
    /// How samples are decoded ahead: the number of workers, and the memory for samples that wait.
    var loading: LoadingOptions { get }

    /// Decodes one modality of one row. It may be called from several threads at once.
    ///
    /// - Throws: `MediaFault` with the file that is missing or damaged.
    /// - Precondition: the row and the modality exist.
    func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample

    /// The shape of a sample of a modality in a view; nil for an unknown modality.
    func sampleShape(_ modality: String, view: SampleView) -> [Int]?

    /// The bytes that a decoded value takes while it waits: 1 in a picture, 4 as a number.
    func bytesOfValue(_ modality: String) -> Int

    /// The files that a modality of a row may be read from; none is opened.
    func files(_ row: Int, modality: String) -> [String]

    /// Which part of its files a row is, in words of any kind; empty where it is all of them.
    func part(_ row: Int) -> String

    /// The length of a row in seconds; nil where its file does not say.
    func seconds(_ row: Int) -> Double?
}

extension SampleDecoder {
    /// All of its files.
    package func part(_ row: Int) -> String { "" }
}

/// A data set whose inputs are decoded from files, row by row.
package protocol DecodingDataset: Dataset, SampleDecoder {}

/// A data set that shows samples of others, which may be decoded from files.
package protocol DecodedByOthers: Dataset {
    /// What decodes its rows; nil where they are not decoded from files.
    var foreignDecoder: (any SampleDecoder)? { get }
}

extension Dataset {
    /// What decodes the rows of this data set; nil where they are not decoded from files.
    package var decoder: (any SampleDecoder)? {
        if let own = self as? any DecodingDataset { return own }
        return (self as? any DecodedByOthers)?.foreignDecoder
    }
}

extension DecodingDataset {
    /// Clips leave their decoder on the scale that the encoders expect.
    public var isStandardized: Bool { true }

    /// Decodes some rows as evaluation shows them, one after the other on the calling thread.
    ///
    /// - Throws: `DatasetFault` with the row and the file that is missing or damaged.
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        try inputs(rows, modality: modality, view: .evaluation)
    }

    /// Decodes some rows as a view shows them, one after the other on the calling thread.
    /// ``BatchLoader`` decodes ahead on several.
    ///
    /// - Throws: `DatasetFault` with the row and the file that is missing or damaged.
    public func inputs(_ rows: [Int], modality: String, view: SampleView) throws -> Tensor {
        guard let shape = sampleShape(modality, view: view) else { throw unknownModality(modality) }
        var samples: [DecodedSample] = []
        for row in rows {
            do throws(MediaFault) {
                samples.append(try decode(row, modality: modality, view: view))
            } catch {
                throw DatasetFault(message: "row \(row), \(modality): \(error)")
            }
        }
        return DecodedSample.stack(samples, shape: shape)
    }
}

extension SampleView {
    /// The random numbers of one modality of one row; nil in evaluation.
    ///
    /// Modalities draw independently, so that one can be left out without changing the others.
    func stream(row: Int, modality: String) -> RandomStream? {
        switch self {
        case .evaluation: nil
        case .training(let epoch, let random): random.child(modality).stream("row-\(row)", step: epoch)
        }
    }
}

/// How a sample is shown: always the same in evaluation, augmented anew in every epoch of training.
public enum SampleView: Hashable, Sendable {
    /// The same samples every time, without random crops or noise.
    case evaluation
    /// Everything random depends on `random`, the row and the epoch alone: not on the batch, its order
    /// or the number of workers.
    case training(epoch: Int, random: RandomSource)
}

/// Decodes rows ahead on threads of its own and returns them in the order in which they were asked for.
///
/// At most `capacity` rows are being decoded or waiting at any time. A row's result depends neither on
/// the thread that decodes it nor on other rows, so that results do not depend on the number of
/// workers. A row that fails is returned like any other, and decoding goes on.
final class DecodingQueue: @unchecked Sendable {  // `state` is only touched while `condition` is locked
    /// The samples of a row, one for each modality, or the first fault among them.
    typealias Outcome = Result<[DecodedSample], MediaFault>

    /// What workers and the reader share.
    private struct State {
        /// The next place that a worker takes.
        var taken = 0
        /// The next place that is handed out.
        var delivered = 0
        /// Decoded rows that wait, by their place.
        var outcomes: [Int: Outcome] = [:]
        /// Whether workers have been asked to end.
        var isStopped = false
        /// The number of workers that have not ended.
        var workers: Int
        var waited = Duration.zero
    }

    private let decoder: any SampleDecoder
    private let rows: [Int]
    private let modalities: [String]
    private let view: SampleView
    private let capacity: Int
    /// Locks `state`, and wakes up workers and the reader when it changes.
    private let condition = NSCondition()
    private var state: State

    /// Starts decoding.
    /// - Parameters:
    ///   - rows: in the order in which they will be asked for; a row may come more than once.
    ///   - capacity: rows that may be in memory at once, at least 1.
    init(
        _ decoder: any SampleDecoder, rows: [Int], modalities: [String], view: SampleView, workers: Int, capacity: Int
    ) {
        require(workers >= 1 && capacity >= 1, "\(workers) workers cannot decode \(capacity) rows ahead")
        self.decoder = decoder
        self.rows = rows
        self.modalities = modalities
        self.view = view
        self.capacity = capacity
        let count = min(workers, capacity, max(rows.count, 1))
        state = State(workers: count)
        for _ in 0..<count {
            let thread = Thread { [self] in work() }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// The time that `next` has spent waiting for workers.
    var waited: Duration {
        condition.lock()
        defer { condition.unlock() }
        return state.waited
    }

    /// The next row with its samples of all modalities, or the first fault among them; nil after the
    /// last row.
    func next() -> (row: Int, outcome: Outcome)? {
        let start = ContinuousClock.now
        condition.lock()
        defer { condition.unlock() }
        let place = state.delivered
        guard place < rows.count, !state.isStopped else { return nil }
        while state.outcomes[place] == nil { condition.wait() }
        guard let outcome = state.outcomes.removeValue(forKey: place) else { return nil }
        state.delivered += 1
        state.waited += start.duration(to: .now)
        condition.broadcast()
        return (rows[place], outcome)
    }

    /// Ends the workers and returns when the last one has ended. It has to be called in any case.
    func stop() {
        condition.lock()
        defer { condition.unlock() }
        state.isStopped = true
        condition.broadcast()
        while state.workers > 0 { condition.wait() }
    }

    /// The loop of one worker.
    private func work() {
        while let place = take() {
            let outcome = decode(rows[place])
            condition.lock()
            state.outcomes[place] = outcome
            condition.broadcast()
            condition.unlock()
        }
        condition.lock()
        state.workers -= 1
        condition.broadcast()
        condition.unlock()
    }

    /// The index of the next row to decode; waits while as many rows as allowed are in memory.
    private func take() -> Int? {
        condition.lock()
        defer { condition.unlock() }
        while !state.isStopped, state.taken < rows.count, state.taken - state.delivered >= capacity { condition.wait() }
        guard !state.isStopped, state.taken < rows.count else { return nil }
        defer { state.taken += 1 }
        return state.taken
    }

    /// Decodes all modalities of a row.
    private func decode(_ row: Int) -> Outcome {
        var samples: [DecodedSample] = []
        for modality in modalities {
            do throws(MediaFault) {
                samples.append(try decoder.decode(row, modality: modality, view: view))
            } catch {
                return .failure(error)
            }
        }
        return .success(samples)
    }
}
