import Configuration
import Weights

/// The samples of one modality where they lie: which row of which array each of them is, and how it is read from there.
///
/// Nothing is kept of what was read. A sample comes out in the shape of all of them, channels last: channels that a file stores first are moved,
/// and behind the end of a shorter sequence there are zeros.
struct StoredRows: Sendable {
    /// Where a sample is stored.
    struct Place: Hashable, Sendable {
        /// The number of the array among those of the modality.
        let array: Int32
        /// Nil where the whole array is one sample.
        let row: Int?
    }

    /// The name of the modality, for messages.
    let name: String
    /// The shape of one sample, channels last.
    let sampleShape: [Int]
    /// Whether the files store the channels of a sample first.
    private let isChannelsFirst: Bool
    /// The arrays that rows are read from.
    private(set) var arrays: [any StoredArray]
    /// For each row, which array and which row of it; nil for a row that lacks the modality.
    private(set) var places: [Place?]
    /// Whether values that are not finite are read as 0.
    var replacesNotFinite = false
    /// For each array, its rows as they lie in the file, where they need only be copied; empty before ``findPacked()``.
    private var packed: [PackedRows?] = []

    /// - Parameters:
    ///   - name: of the modality.
    ///   - sample: the shape of a sample as the files store it, at least one axis.
    ///   - places: where each row is stored; nil for a row that lacks the modality.
    ///   - isChannelsFirst: whether the first axis of a sample is that of its channels.
    init(_ name: String, _ arrays: [any StoredArray], sample: [Int], places: [Place?], isChannelsFirst: Bool) {
        (self.name, self.arrays, self.places, self.isChannelsFirst) = (name, arrays, places, isChannelsFirst)
        sampleShape = isChannelsFirst ? Array(sample.dropFirst()) + sample.prefix(1) : sample
    }

    /// The number of rows.
    var count: Int { places.count }
    /// The number of values in a sample.
    var sampleSize: Int { sampleShape.reduce(1, *) }

    /// The array that a row lies in; nil for a row that lacks the modality.
    func array(of row: Int) -> (any StoredArray)? { places[row].map { arrays[Int($0.array)] } }

    // MARK: - Other rows

    /// These rows followed by others of the same shape.
    func joined(_ other: StoredRows) -> StoredRows {
        var joined = self
        joined.arrays += other.arrays
        let offset = Int32(arrays.count)
        joined.places += other.places.map { place in place.map { Place(array: $0.array + offset, row: $0.row) } }
        return joined
    }

    /// Only some of the rows, in this order.
    func keeping(_ rows: [Int]) -> StoredRows {
        var kept = self
        kept.places = rows.map { places[$0] }
        return kept
    }

    /// Takes it that rows lack the modality, wherever they are stored.
    ///
    /// - Parameter present: whether each row has it.
    mutating func lack(except present: [Bool]) {
        for (row, isPresent) in present.enumerated() where !isPresent { places[row] = nil }
    }

    // MARK: - Reading

    /// Finds out of which arrays rows need only be copied, which makes reading them faster from here on.
    mutating func findPacked() {
        guard !isChannelsFirst, !replacesNotFinite else { return }
        let size = sampleSize
        packed = arrays.map { $0.rowSize == size ? $0.packedRows : nil }
    }

    /// Reads some rows, one after another. Neighbors among them that lie packed in one array are copied in one go.
    ///
    /// - Parameters:
    ///   - rows: in any order.
    ///   - target: room for all of their values.
    /// - Throws: `DatasetFault` with the first of them that cannot be read.
    func read(_ rows: [Int], into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
        let size = sampleSize
        var slot = 0
        while slot < rows.count {
            let run = packedRun(rows[slot...])
            let end = slot + (run?.numbers.count ?? 1)
            let part = UnsafeMutableBufferPointer(rebasing: target[slot * size..<end * size])
            if let run { run.array.copy(run.numbers, into: part) } else { try read(rows[slot], into: part) }
            slot = end
        }
    }

    /// The first of some rows with those behind it that lie packed in the same array; nil where the first does not.
    ///
    /// - Returns: the array, and the numbers of the rows there.
    private func packedRun(_ rows: ArraySlice<Int>) -> (array: PackedRows, numbers: [Int])? {
        guard !packed.isEmpty, let first = rows.first, let place = places[first], place.row != nil, let array = packed[Int(place.array)] else { return nil }
        var numbers: [Int] = []
        for row in rows {
            guard let other = places[row], other.array == place.array, let number = other.row else { break }
            numbers.append(number)
        }
        return (array, numbers)
    }

    /// Reads all rows in order. Rows that follow each other in a file are read at once: compressed ones may share a chunk.
    ///
    /// - Parameter target: room for the values of all rows.
    /// - Throws: `DatasetFault` with the first row that cannot be read.
    func readAll(into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
        let size = sampleSize
        var next = 0
        while next < count {
            let rows = next..<next + followers(of: next)
            let part = UnsafeMutableBufferPointer(rebasing: target[rows.lowerBound * size..<rows.upperBound * size])
            if rows.count > 1 { try readBlock(rows, into: part) } else { try read(next, into: part) }
            next = rows.upperBound
        }
    }

    /// What is read of a file at once.
    private static let blockBytes = 8 << 20

    /// How many rows from this one on are rows of one array that follow each other there, up to a block; 1 where rows need more than to be
    /// read.
    private func followers(of first: Int) -> Int {
        guard !isChannelsFirst, !replacesNotFinite, let place = places[first], let row = place.row, arrays[Int(place.array)].rowSize == sampleSize
        else { return 1 }
        let most = min(places.count - first, max(1, Self.blockBytes / max(1, sampleSize * MemoryLayout<Float>.size)))
        var count = 1
        while count < most, places[first + count] == Place(array: place.array, row: row + count) { count += 1 }
        return count
    }

    /// Reads rows that follow each other in their array.
    ///
    /// - Parameters:
    ///   - rows: none of which lacks the modality.
    ///   - target: room for all of their values, row after row.
    /// - Throws: `DatasetFault` with the first of them that cannot be read.
    private func readBlock(_ rows: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
        guard let place = places[rows.lowerBound], let first = place.row else { return }
        do throws(WeightsFault) {
            try arrays[Int(place.array)].read(rows: first..<first + rows.count, into: target)
        } catch {
            // One after another tells which it is.
            for row in rows {
                let start = (row - rows.lowerBound) * sampleSize
                try read(row, into: UnsafeMutableBufferPointer(rebasing: target[start..<start + sampleSize]))
            }
        }
    }

    /// Reads one row into a buffer of one sample, with its channels moved to the end; zeros for a row
    /// that lacks the modality, and behind the end of a shorter sequence.
    func read(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
        guard let place = places[row] else {
            target.update(repeating: 0)
            return
        }
        let array = arrays[Int(place.array)]
        do throws(WeightsFault) {
            let rows = place.row.map { $0..<$0 + 1 } ?? 0..<array.rowCount
            guard isChannelsFirst, let channels = sampleShape.last else {
                // A sequence that is shorter than others ends in zeros.
                let count = min(rows.count * array.rowSize, target.count)
                try array.read(rows: rows, into: UnsafeMutableBufferPointer(rebasing: target[..<count]))
                for index in count..<target.count { target[index] = 0 }
                if replacesNotFinite {
                    let values = UnsafeMutableBufferPointer(rebasing: target[..<count])
                    guard NotFiniteRows.isAmong(values) else { return }
                    // A number is no gap, even where single precision has no room for it.
                    if !array.shape.isEmpty, let beyond = try array.beyondSinglePrecision(rows: rows) {
                        throw array.fault("holds \(beyond.text), and is not to be taken for a value that is not finite; divide the array by a constant")
                    }
                    for index in values.indices where !values[index].isFinite { values[index] = 0 }
                }
                return
            }
            let values = try array.floats(rows: rows)
            let positions = sampleSize / channels
            for position in 0..<positions {
                for channel in 0..<channels { target[position * channels + channel] = values[channel * positions + position] }
            }
        } catch {
            throw DatasetFault(option: "modalities", message: "row \(row) of '\(name)' cannot be read: \(error)")
        }
    }

    /// A number of a row that the file has in double precision and that is infinite in single precision,
    /// in words with its place.
    ///
    /// - Parameter row: of the modality.
    /// - Returns: nil where there is none, or the row cannot be read.
    func beyondSinglePrecision(_ row: Int) -> String? {
        guard let place = places[row] else { return nil }
        let array = arrays[Int(place.array)]
        guard !array.shape.isEmpty, let found = try? array.beyondSinglePrecision(rows: place.row.map { $0..<$0 + 1 } ?? 0..<array.rowCount) else {
            return nil
        }
        return found.text
    }

    /// Asks the system to have some rows ready soon, and does not wait for it.
    func readAhead(_ rows: [Int]) {
        for case let place? in rows.map({ places[$0] }) {
            let array = arrays[Int(place.array)]
            if !array.shape.isEmpty { array.readAhead(rows: place.row.map { $0..<$0 + 1 } ?? 0..<array.rowCount) }
        }
    }
}
