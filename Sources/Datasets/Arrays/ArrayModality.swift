import Configuration
import Networks
import Synchronization
import Tensors
import Weights

/// One modality of a data set whose samples are rows of arrays in files. Small arrays are held in
/// memory, others are read row by row.
struct ArrayModality: Sendable {
    /// The name of the modality in recipes and reports.
    let name: String
    /// The shape of one sample, channels last.
    let sampleShape: [Int]
    /// Whether the files store the channels of a sample first.
    private let isChannelsFirst: Bool
    /// The arrays that rows are read from.
    private var arrays: [any StoredArray]
    /// For each row, which array and which row of it; nil for a row that lacks the modality.
    private var places: [Place?]
    /// The lengths of the sequences; nil where all are of one length.
    private var lengths: Lengths?
    /// Whether values that are not finite are read as 0.
    private var replacesNotFinite = false
    /// All values, rows × sample, where they are few enough to stay in memory.
    private var held: [Float]?
    /// The rows of files that were found to be finite.
    private var finite: FiniteRows?
    /// For each array of a modality that stays in its files, its rows as they lie there, where they need only be copied.
    private var packed: [PackedRows?] = []

    /// Where a sample is stored.
    struct Place: Hashable, Sendable {
        /// The number of the array among those of the modality.
        let array: Int32
        /// Nil where the whole array is one sample.
        let row: Int?
    }

    /// Where the lengths of padded sequences come from.
    private enum Lengths: Sendable {
        /// One number for each row.
        case given([Int])
        /// Zeros up to the end of a sequence are padding.
        case fromPadding
    }

    /// How much memory a modality may take; larger ones stay in the file.
    static let mostHeldBytes = 256 << 20
    /// The largest number of axes of an array: one axis of a tensor is left for the batch.
    private static let mostAxes = 8
    /// The largest number of rows. A file may claim any shape; these limits are above what anybody has
    /// or can train on.
    private static let mostRows = 1 << 28
    /// The largest number of values in a sample.
    private static let mostSampleValues = 1 << 28

    /// The rows of one array.
    ///
    /// - Throws: `DatasetFault` for a shape that cannot be samples.
    init(_ name: String, _ array: any StoredArray, layout: Arrays.Layout) throws(DatasetFault) {
        guard !array.shape.isEmpty, !array.shape.contains(0) else { throw Self.unfit(array) }
        guard array.rowCount <= Self.mostRows else {
            throw DatasetFault(
                option: "modalities", message: "\(array.file): the array '\(array.name)' of shape \(array.shapeText) has more than \(Self.mostRows) rows")
        }
        try self.init(
            name, [array], layout: layout, sample: Array(array.shape.dropFirst()), places: (0..<array.rowCount).map { Place(array: 0, row: $0) })
        guard let steps = array.stepCounts else { return }
        guard layout == .channelsLast else {
            throw DatasetFault(
                option: "layout", message: "\(array.file): the sequences of '\(array.name)' differ in length", expected: "channels-last: steps × features")
        }
        try take(lengths: steps)
    }

    /// Rows of several arrays, or whole arrays, of samples of one shape.
    ///
    /// - Parameters:
    ///   - sample: the shape of a sample as the files store it; empty for one number.
    ///   - places: where each row is stored; nil for a row that lacks the modality.
    /// - Throws: `DatasetFault` where there are not rows, or samples are empty, have too many axes or
    ///   too many values.
    init(_ name: String, _ arrays: [any StoredArray], layout: Arrays.Layout, sample: [Int], places: [Place?]) throws(DatasetFault) {
        self.name = name
        self.arrays = arrays
        self.places = places
        var sample = sample
        guard sample.count < Self.mostAxes - 1, !sample.contains(0), !places.isEmpty else {
            throw arrays.first.map(Self.unfit) ?? DatasetFault(option: "modalities", message: "'\(name)' has no rows")
        }
        guard sample.reduce(Optional(1), { product, extent in product.flatMap { $0.multipliedWithin(Self.mostSampleValues, by: extent) } }) != nil else {
            throw DatasetFault(
                option: "modalities", message: "samples of '\(name)' have shape \(ArrayContainer.text(sample)), more than \(Self.mostSampleValues) values each")
        }
        if sample.isEmpty { sample = [1] }
        isChannelsFirst = layout == .channelsFirst && sample.count > 1
        if isChannelsFirst { sample.append(sample.removeFirst()) }
        sampleShape = sample
    }

    /// The fault of an array whose shape cannot be rows of samples.
    private static func unfit(_ array: any StoredArray) -> DatasetFault {
        DatasetFault(
            option: "modalities", message: "\(array.file): the array '\(array.name)' of shape \(array.shapeText) cannot hold samples",
            expected: "rows × up to \(mostAxes - 2) axes, none empty")
    }

    /// The number of rows.
    var count: Int { places.count }
    /// The name, the shape of a sample, and whether samples are padded sequences.
    var facts: DatasetFacts.ModalityFacts { DatasetFacts.ModalityFacts(name: name, sampleShape: sampleShape, isPadded: lengths != nil) }
    /// The number of values in a sample.
    private var sampleSize: Int { sampleShape.reduce(1, *) }

    /// These rows followed by those of another array.
    ///
    /// - Throws: `DatasetFault` where samples differ in shape.
    func joined(_ other: ArrayModality) throws(DatasetFault) -> ArrayModality {
        guard other.sampleShape == sampleShape else {
            throw DatasetFault(
                option: "modalities",
                message: "samples of '\(name)' have shape \(ArrayContainer.text(other.sampleShape)) in \(other.arrays.first?.file ?? ""), but "
                    + "\(ArrayContainer.text(sampleShape)) in \(arrays.first?.file ?? "")",
                expected: "one shape in all files")
        }
        var joined = self
        joined.arrays += other.arrays
        let offset = Int32(arrays.count)
        joined.places += other.places.map { place in place.map { Place(array: $0.array + offset, row: $0.row) } }
        if lengths != nil || other.lengths != nil { joined.lengths = .given(givenLengths + other.givenLengths) }
        return joined
    }

    /// The steps of each row as they are given; all of them where nothing else is said.
    private var givenLengths: [Int] {
        if case .given(let lengths) = lengths { lengths } else { places.map { $0 == nil ? 0 : sampleShape[0] } }
    }

    /// Only some of the rows, in this order.
    func keeping(_ rows: [Int]) -> ArrayModality {
        var kept = self
        kept.places = rows.map { places[$0] }
        if case .given(let lengths) = lengths { kept.lengths = .given(rows.map { lengths[$0] }) }
        return kept
    }

    // MARK: - What is there

    /// Takes the number of real steps of each row.
    ///
    /// - Throws: `DatasetFault` where samples are not sequences, or a length is not possible for this
    ///   shape.
    mutating func take(lengths: [Int]) throws(DatasetFault) {
        try requireSequences()
        if let row = lengths.firstIndex(where: { !(0...sampleShape[0]).contains($0) }) {
            throw DatasetFault(
                option: "lengths", message: "row \(row) of '\(name)' is said to have \(lengths[row]) steps", expected: "0 to \(sampleShape[0])")
        }
        self.lengths = .given(lengths)
    }

    /// Treats steps that are 0 up to the end as padding.
    ///
    /// - Throws: `DatasetFault` where samples are not sequences.
    mutating func takeLengthsFromPadding() throws(DatasetFault) {
        try requireSequences()
        lengths = .fromPadding
    }

    /// Takes values that are not finite for 0.
    mutating func replaceNotFinite() { replacesNotFinite = true }

    /// Refuses samples that have no axis of steps.
    private func requireSequences() throws(DatasetFault) {
        guard sampleShape.count < 2 else { return }
        throw DatasetFault(
            option: "lengths", message: "samples of '\(name)' have shape \(ArrayContainer.text(sampleShape)), which are not sequences",
            expected: "steps × features")
    }

    /// Whether it is known without reading which rows are present.
    var knowsPresence: Bool { if case .fromPadding = lengths { false } else { true } }

    /// Which of some rows have the modality, and how many of their steps are real.
    ///
    /// - Throws: `DatasetFault` where lengths come from the padding and a row cannot be read.
    func presence(_ rows: [Int]) throws(DatasetFault) -> Presence {
        let there = rows.map { places[$0] != nil }
        switch lengths {
        case nil: return Presence(samples: there)
        case .given(let lengths): return Presence(samples: there, lengths: rows.map { lengths[$0] })
        case .fromPadding:
            var found: [Int] = []
            for row in rows { found.append(places[row] == nil ? 0 : try stepsBeforePadding(row)) }
            return Presence(samples: there, lengths: found)
        }
    }

    /// The number of steps before the padding at the end of a row; 0 where all values are 0.
    private func stepsBeforePadding(_ row: Int) throws(DatasetFault) -> Int {
        let width = sampleSize / sampleShape[0]
        func steps(_ values: some BidirectionalCollection<Float>) -> Int {
            guard let last = values.lastIndex(where: { $0 != 0 }) else { return 0 }
            return values.distance(from: values.startIndex, to: last) / width + 1
        }
        if let held { return steps(held[row * sampleSize..<(row + 1) * sampleSize]) }
        return steps(try values(of: row))
    }

    // MARK: - Reading

    /// Reads all values into memory where they take at most so many bytes; leaves larger modalities in
    /// their files.
    ///
    /// - Parameter limit: how many bytes.
    /// - Returns: what is wrong where some values are not finite; nil where nothing is, or nothing was
    ///   read.
    /// - Throws: `DatasetFault` where a row cannot be read.
    mutating func holdIfSmall(limit: Int = Self.mostHeldBytes) throws(DatasetFault) -> DatasetFault? {
        let size = sampleSize
        guard let total = places.count.multipliedWithin(limit / 4, by: size) else {
            finite = FiniteRows(count: count)
            if !isChannelsFirst, !replacesNotFinite { packed = arrays.map { $0.rowSize == size ? $0.packedRows : nil } }
            return nil
        }
        var values = [Float](repeating: 0, count: total)
        var notFinite = NotFinite()
        var next = 0
        while next < places.count {
            // Rows that follow each other in a file are read at once: compressed ones may share a chunk.
            let rows = next..<next + followers(of: next)
            let outcome = values.withUnsafeMutableBufferPointer { buffer in
                Result { () throws(DatasetFault) -> Void in
                    let target = UnsafeMutableBufferPointer(rebasing: buffer[rows.lowerBound * size..<rows.upperBound * size])
                    if rows.count > 1 { try read(rows, into: target) } else { try read(next, into: target) }
                }
            }
            try outcome.get()
            for row in rows { notFinite.look(at: values[row * size..<(row + 1) * size], row: row) }
            next = rows.upperBound
        }
        held = values
        return notFinite.fault(in: self)
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
    ///   - rows: rows of the modality, none of which lacks it.
    ///   - target: room for all of their values, row after row.
    /// - Throws: `DatasetFault` with the first of them that cannot be read.
    private func read(_ rows: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
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

    /// Reads some rows, `N×(sample shape)`; zeros for a row that lacks the modality.
    ///
    /// - Throws: `DatasetFault` where a row cannot be read or holds a value that is not finite.
    func inputs(_ rows: [Int]) throws(DatasetFault) -> Tensor {
        if let held { return gather(rows, from: held, sampleShape: sampleShape) }
        var fault: DatasetFault?
        let size = sampleSize
        let known = finite?.known(among: rows)
        let inputs = Tensor(shape: Shape([rows.count] + sampleShape)) { output in
            var notFinite = NotFinite()
            let isCopied = copyPacked(rows, into: output)
            for (place, row) in rows.enumerated() where fault == nil {
                let slot = UnsafeMutableBufferPointer(rebasing: output[place * size..<(place + 1) * size])
                if !isCopied {
                    do throws(DatasetFault) {
                        try read(row, into: slot)
                    } catch {
                        fault = error
                    }
                }
                if known?[place] != true, Self.hasNotFinite(slot) { notFinite.look(at: slot, row: row) }
            }
            fault = fault ?? notFinite.fault(in: self)
        }
        if let fault { throw fault }
        finite?.insert(rows)
        return inputs
    }

    /// Copies rows that all lie packed in one array.
    ///
    /// - Returns: whether they do; otherwise nothing is copied.
    private func copyPacked(_ rows: [Int], into target: UnsafeMutableBufferPointer<Float>) -> Bool {
        guard let first = rows.first, let array = places[first]?.array, packed.indices.contains(Int(array)), let packed = packed[Int(array)]
        else { return false }
        var numbers: [Int] = []
        numbers.reserveCapacity(rows.count)
        for row in rows {
            guard let place = places[row], place.array == array, let number = place.row else { return false }
            numbers.append(number)
        }
        packed.copy(numbers, into: target)
        return true
    }

    /// Asks the system to have some rows ready soon, and does not wait for it.
    func readAhead(_ rows: [Int]) {
        guard held == nil else { return }
        for case let place? in rows.map({ places[$0] }) {
            let array = arrays[Int(place.array)]
            if !array.shape.isEmpty { array.readAhead(rows: place.row.map { $0..<$0 + 1 } ?? 0..<array.rowCount) }
        }
    }

    /// One row, channels last, with whatever values it has.
    ///
    /// - Throws: `DatasetFault` where it cannot be read.
    func values(of row: Int) throws(DatasetFault) -> [Float] {
        var values = [Float](repeating: 0, count: sampleSize)
        let outcome = values.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(DatasetFault) in try read(row, into: buffer) }
        }
        try outcome.get()
        return values
    }

    /// Reads one row into a buffer of one sample, with its channels moved to the end; zeros for a row
    /// that lacks the modality, and behind the end of a shorter sequence.
    private func read(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
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
                if replacesNotFinite { for index in 0..<count where !target[index].isFinite { target[index] = 0 } }
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

    /// Whether a value is NaN or infinite. Sixteen are looked at together, right after they were copied: it takes a small part of the time of
    /// reading.
    static func hasNotFinite(_ values: UnsafeMutableBufferPointer<Float>) -> Bool {
        // Only an exponent of ones alone carries into the sign's place when one is added to it.
        let (exponent, one): (UInt32, UInt32) = (0x7f80_0000, 0x0080_0000)
        let bytes = UnsafeRawBufferPointer(values)
        let width = MemoryLayout<SIMD16<UInt32>>.size
        var found = SIMD16<UInt32>()
        var next = 0
        while next + width <= bytes.count {
            found |= (bytes.loadUnaligned(fromByteOffset: next, as: SIMD16<UInt32>.self) & exponent) &+ one
            next += width
        }
        var rest: UInt32 = 0
        for value in values[(next / MemoryLayout<Float>.size)...] { rest |= (value.bitPattern & exponent) &+ one }
        for lane in found.indices { rest |= found[lane] }
        return rest >> 31 == 1
    }

    // MARK: - Remarks

    /// A remark where the last axis, which counts as the channels, looks like another one: at most 4 in
    /// the first and at least 16 in the last.
    func remarks(layout: Arrays.Layout) -> [String] {
        guard layout == .channelsLast, sampleShape.count >= 2, let first = sampleShape.first, let last = sampleShape.last, first <= 4, last >= 16
        else { return [] }
        let turned = Array(sampleShape.dropFirst()) + [first]
        return [
            "samples of '\(name)' have shape \(ArrayContainer.text(sampleShape)), so \(last) channels; if these are \(first) channels of "
                + "\(ArrayContainer.text(Array(sampleShape.dropFirst()))), say layout: channels-first, which makes them \(ArrayContainer.text(turned))"
        ]
    }

    /// The rows of a file that were read and found to be finite, by any thread: each is looked at once, however often it is read.
    private final class FiniteRows: Sendable {
        private let rows: Mutex<[Bool]>

        /// None of so many.
        init(count: Int) { rows = Mutex(Array(repeating: false, count: count)) }

        /// Whether each of some rows is known to be finite.
        ///
        /// - Parameter asked: rows that exist, in the order of the result.
        func known(among asked: [Int]) -> [Bool] { rows.withLock { rows in asked.map { rows[$0] } } }

        /// Takes rows that are finite.
        ///
        /// - Parameter found: rows that exist; some may be known already.
        func insert(_ found: [Int]) { rows.withLock { rows in for row in found { rows[row] = true } } }
    }

    /// The rows that hold NaN or infinity: how many, and the first few.
    struct NotFinite {
        /// The number of rows with such values.
        private(set) var rows = 0
        /// The number of such values.
        private(set) var values = 0
        /// Up to five of the rows.
        private(set) var first: [Int] = []

        /// Counts the values of a row that are not finite.
        mutating func look(at sample: some Collection<Float>, row: Int) {
            let found = sample.count { !$0.isFinite }
            guard found > 0 else { return }
            rows += 1
            values += found
            if first.count < 5 { first.append(row) }
        }

        /// The finding in words.
        var summary: String {
            "\(values) values in \(rows) rows are not finite (rows \(first.map(String.init).joined(separator: ", "))\(rows > first.count ? ", …" : ""))"
        }

        /// The finding as a fault that names file and array; nil where all values are finite.
        func fault(in modality: ArrayModality) -> DatasetFault? {
            guard rows > 0 else { return nil }
            guard let place = modality.places[first[0]] else { return nil }
            let file = modality.arrays[Int(place.array)]
            return DatasetFault(
                option: "modalities", message: "\(file.file): '\(modality.name)' (array '\(file.name)'): \(summary)",
                expected: "finite numbers; numpy.nan_to_num(array) puts zeros there, or leave those rows out")
        }
    }
}

extension Int {
    /// The product; nil where it is larger than `limit`.
    fileprivate func multipliedWithin(_ limit: Int, by other: Int) -> Int? {
        let (product, isTooLarge) = multipliedReportingOverflow(by: other)
        return isTooLarge || product > limit ? nil : product
    }
}
