import Configuration
import Tensors
import Weights

/// The samples of one modality where they lie: which row of which array each of them is, and how it is read from there.
///
/// Nothing is kept of what was read. A sample comes out in the shape of all of them, channels last: channels that a file stores first are moved,
/// and behind the end of a shorter sequence there are zeros. Where rows are cut into windows, each window is a sample.
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
    private(set) var sampleShape: [Int]
    /// The shape of one row, channels last: that of a sample where rows are not cut.
    let rowShape: [Int]
    /// The number of values in a row.
    let rowSize: Int
    /// Whether the files store the channels of a sample first.
    let isChannelsFirst: Bool
    /// The arrays that rows are read from.
    private(set) var arrays: [any StoredArray]
    /// For each row, which array and which row of it.
    private(set) var places: RowPlaces
    /// The windows that rows are cut into; nil where every row is a sample.
    private(set) var windows: RowWindows.Places?
    /// Whether values that are not finite are read as 0.
    var replacesNotFinite = false
    /// For each array, its rows where each lies in one piece; empty before ``findPacked()``.
    private var packed: [PackedRows?] = []

    /// - Parameters:
    ///   - name: of the modality.
    ///   - sample: the shape of a sample as the files store it, at least one axis.
    ///   - places: where each row is stored.
    ///   - isChannelsFirst: whether the first axis of a sample is that of its channels.
    init(_ name: String, _ arrays: [any StoredArray], sample: [Int], places: RowPlaces, isChannelsFirst: Bool) {
        (self.name, self.arrays, self.places, self.isChannelsFirst) = (name, arrays, places, isChannelsFirst)
        rowShape = isChannelsFirst ? Array(sample.dropFirst()) + sample.prefix(1) : sample
        sampleShape = rowShape
        rowSize = rowShape.reduce(1, *)
    }

    /// The number of samples.
    var count: Int { windows?.rows.count ?? places.count }
    /// The number of values in a sample.
    var sampleSize: Int { sampleShape.reduce(1, *) }
    /// The number of rows.
    var rowCount: Int { places.count }

    /// Whether a row has an axis of steps, along which it can be cut.
    var isSequence: Bool { rowShape.count >= 2 }
    /// Whether a sample is a part of a row.
    var isCut: Bool { windows != nil && isSequence }

    /// The rows of an array that lie in one piece each; nil for another array, and before ``findPacked()``.
    func packedRows(of place: Place) -> PackedRows? { packed.isEmpty ? nil : packed[Int(place.array)] }

    /// Where the row of a sample is stored; nil for one that lacks the modality.
    func place(of sample: Int) -> Place? { places[row(of: sample)] }

    /// The row that a sample is, or is a part of.
    func row(of sample: Int) -> Int { windows?.rows[sample] ?? sample }

    /// The array that a sample lies in; nil for one that lacks the modality.
    func array(of sample: Int) -> (any StoredArray)? { place(of: sample).map { arrays[Int($0.array)] } }

    /// Makes every window a sample; rows without an axis of steps are the same in all of their windows.
    ///
    /// - Parameter windows: within the rows as they are now, which stay as they are from here on.
    mutating func cut(into windows: RowWindows.Places) {
        self.windows = windows
        if isSequence { sampleShape[0] = windows.steps }
    }

    // MARK: - Other rows

    /// These rows followed by others of the same shape. Rows are joined and left out before they are cut.
    func joined(_ other: StoredRows) -> StoredRows {
        var joined = self
        joined.arrays += other.arrays
        joined.places = places.joined(other.places, arraysBefore: arrays.count)
        return joined
    }

    /// Only some of the rows, in this order.
    func keeping(_ rows: [Int]) -> StoredRows {
        var kept = self
        kept.places = places.keeping(rows)
        return kept
    }

    /// Takes it that rows lack the modality, wherever they are stored.
    ///
    /// - Parameter present: whether each row has it.
    mutating func lack(except present: [Bool]) { places.lack(except: present) }

    // MARK: - Reading

    /// Finds the arrays whose rows lie in one piece each, which makes reading some of them faster from here on.
    mutating func findPacked() {
        guard !isChannelsFirst, !replacesNotFinite else { return }
        let size = rowSize
        packed = arrays.map { $0.rowSize == size ? $0.packedRows : nil }
    }

    /// Reads some samples, one after another.
    ///
    /// - Parameters:
    ///   - samples: in any order.
    ///   - target: room for all of their values.
    /// - Throws: `DatasetFault` with the first of them that cannot be read.
    func read(_ samples: [Int], into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
        let size = sampleSize
        var latest = ReadRow()
        for (slot, sample) in samples.enumerated() {
            let part = UnsafeMutableBufferPointer(rebasing: target[slot * size..<(slot + 1) * size])
            if isCut { try readWindow(sample, into: part, latest: &latest) } else { try readRow(row(of: sample), into: part) }
        }
    }

    /// Calls `body` with where the first value of each sample is and with the memory that they lie in, where that is one array and nothing has to be
    /// converted; returns nil elsewhere.
    ///
    /// - Parameter samples: in any order; one that lacks the modality has a negative place.
    func withMapped<Result>(_ samples: [Int], _ body: (_ starts: [Int], _ values: UnsafeRawBufferPointer) -> Result) -> Result? {
        guard arrays.count == 1, let rows = packed.first ?? nil else { return nil }
        let size = rowSize
        return rows.withFloats { floats in
            // An array that is a sample as a whole has a single row here.
            body(samples.map { sample in place(of: sample).map { ($0.row ?? 0) * size + offsetInRow(of: sample) } ?? -1 }, floats)
        }
    }

    /// Reads all rows in order. Rows that follow each other in a file are read at once: compressed ones may share a chunk.
    ///
    /// - Parameter target: room for the values of all rows.
    /// - Throws: `DatasetFault` with the first row that cannot be read.
    func readAll(into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
        let size = rowSize
        var next = 0
        while next < rowCount {
            let rows = next..<next + followers(of: next)
            let part = UnsafeMutableBufferPointer(rebasing: target[rows.lowerBound * size..<rows.upperBound * size])
            if rows.count > 1 { try readBlock(rows, into: part) } else { try readRow(next, into: part) }
            next = rows.upperBound
        }
    }

    /// What is read of a file at once.
    static let blockBytes = 8 << 20

    /// How many rows from this one on are rows of one array that follow each other there, up to a block; 1 where rows need more than to be
    /// read.
    private func followers(of first: Int) -> Int {
        guard !isChannelsFirst, !replacesNotFinite, let place = places[first], let row = place.row, arrays[Int(place.array)].rowSize == rowSize
        else { return 1 }
        let most = min(places.count - first, max(1, Self.blockBytes / max(1, rowSize * MemoryLayout<Float>.size)))
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
                let start = (row - rows.lowerBound) * rowSize
                try readRow(row, into: UnsafeMutableBufferPointer(rebasing: target[start..<start + rowSize]))
            }
        }
    }

    /// Reads one row into a buffer of its size, with its channels moved to the end; zeros for a row
    /// that lacks the modality, and behind the end of a shorter sequence.
    ///
    /// - Parameters:
    ///   - row: the whole of it, whether or not it is cut.
    ///   - target: room for all of its values.
    /// - Throws: `DatasetFault` where it cannot be read.
    func readRow(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
        guard let place = places[row] else {
            target.update(repeating: 0)
            return
        }
        let array = arrays[Int(place.array)]
        do throws(WeightsFault) {
            if let number = place.row, let rows = packedRows(of: place) { return try rows.read(number, into: target) }
            let rows = place.row.map { $0..<$0 + 1 } ?? 0..<array.rowCount
            guard isChannelsFirst, let channels = rowShape.last else {
                // A sequence that is shorter than others ends in zeros.
                let count = min(rows.count * array.rowSize, target.count)
                try array.read(rows: rows, into: UnsafeMutableBufferPointer(rebasing: target[..<count]))
                for index in count..<target.count { target[index] = 0 }
                if replacesNotFinite {
                    let values = UnsafeMutableBufferPointer(rebasing: target[..<count])
                    guard NotFiniteRows.isAmong(UnsafeBufferPointer(values)) else { return }
                    // A number is not a gap, even if it is too large for single precision.
                    if !array.shape.isEmpty, let beyond = try array.beyondSinglePrecision(rows: rows) {
                        throw array.fault(
                            "holds \(beyond.text), which is too large for single precision but is not a missing value; divide the array by a constant")
                    }
                    for index in values.indices where !values[index].isFinite { values[index] = 0 }
                }
                return
            }
            let values = try array.floats(rows: rows)
            let positions = rowSize / channels
            for position in 0..<positions {
                for channel in 0..<channels { target[position * channels + channel] = values[channel * positions + position] }
            }
        } catch {
            throw unreadable(row, error)
        }
    }

    /// The fault of a row that cannot be read.
    func unreadable(_ row: Int, _ fault: WeightsFault) -> DatasetFault {
        DatasetFault(option: "modalities", message: "row \(row) of '\(name)' cannot be read: \(fault)")
    }

    /// A number of a sample's row that the file has in double precision and that is infinite in single
    /// precision, in words with its place.
    ///
    /// - Parameter sample: of the modality.
    /// - Returns: nil where there is none, or the row cannot be read.
    func beyondSinglePrecision(_ sample: Int) -> String? {
        guard let place = place(of: sample) else { return nil }
        let array = arrays[Int(place.array)]
        guard !array.shape.isEmpty, let found = try? array.beyondSinglePrecision(rows: place.row.map { $0..<$0 + 1 } ?? 0..<array.rowCount) else {
            return nil
        }
        return found.text
    }
}
