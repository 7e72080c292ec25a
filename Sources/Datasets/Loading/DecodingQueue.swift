import Media
import Tensors

/// Decodes rows ahead on threads of its own and returns them in the order in which they were asked for.
///
/// At most `capacity` rows are being decoded or waiting at any time. A row's result depends neither on
/// the thread that decodes it nor on other rows, so that results do not depend on the number of
/// workers. A row that fails is returned like any other, and decoding goes on.
final class DecodingQueue: Sendable {
    /// The samples of a row, one for each modality, or the first fault among them.
    typealias Outcome = Result<[DecodedSample], MediaFault>

    private let decoder: any SampleDecoder
    private let rows: [Int]
    private let modalities: [String]
    private let view: SampleView
    /// The places of the rows.
    private let ahead: WorkAhead<Outcome>

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
        ahead = WorkAhead(count: rows.count, capacity: capacity)
        ahead.start(threads: min(workers, capacity, max(rows.count, 1))) { [self] in
            while let place = ahead.begin() { ahead.finish(place, decode(rows[place])) }
        }
    }

    /// The time that `next` has spent waiting for workers.
    var waited: Duration { ahead.waited }

    /// The next row with its samples of all modalities, or the first fault among them; nil after the
    /// last row.
    func next() -> (row: Int, outcome: Outcome)? { ahead.next().map { (rows[$0.place], $0.value ?? decode(rows[$0.place])) } }

    /// Ends the workers and returns when the last one has ended. It has to be called in any case.
    func stop() { ahead.stop() }

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
