import Configuration
import Networks
import Tensors
import Weights

/// One modality of a data set whose samples are rows of arrays in files: the shape of its samples, which rows have it, and how long their
/// sequences are. Small arrays are held in memory, others are read when rows are asked for. Where rows are cut into windows, these are the
/// samples, and the rows themselves are what is held.
struct ArrayModality: Sendable {
    /// Where the samples lie, and how they are read from there.
    private var stored: StoredRows
    /// The lengths of the sequences; nil where all are of one length.
    private var lengths: Lengths?
    /// All values, rows × (values of a row), where they are few enough to stay in memory.
    private var held: [Float]?
    /// The samples of files that were found to be finite.
    private var finite: FiniteRows?

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
            name, [array], layout: layout, sample: Array(array.shape.dropFirst()), places: RowPlaces(firstRows: array.rowCount))
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
    ///   - places: where each row is stored.
    /// - Throws: `DatasetFault` where there are not rows, or samples are empty, have too many axes or
    ///   too many values.
    init(_ name: String, _ arrays: [any StoredArray], layout: Arrays.Layout, sample: [Int], places: RowPlaces) throws(DatasetFault) {
        guard sample.count < Self.mostAxes - 1, !sample.contains(0), places.count > 0 else {
            throw arrays.first.map(Self.unfit) ?? DatasetFault(option: "modalities", message: "'\(name)' has no rows")
        }
        guard sample.reduce(Optional(1), { product, extent in product.flatMap { $0.multipliedWithin(Self.mostSampleValues, by: extent) } }) != nil else {
            throw DatasetFault(
                option: "modalities", message: "samples of '\(name)' have shape \(ArrayContainer.text(sample)), more than \(Self.mostSampleValues) values each")
        }
        stored = StoredRows(
            name, arrays, sample: sample.isEmpty ? [1] : sample, places: places, isChannelsFirst: layout == .channelsFirst && sample.count > 1)
    }

    /// The fault of an array whose shape cannot be rows of samples.
    private static func unfit(_ array: any StoredArray) -> DatasetFault {
        DatasetFault(
            option: "modalities", message: "\(array.file): the array '\(array.name)' of shape \(array.shapeText) cannot hold samples",
            expected: "rows × up to \(mostAxes - 2) axes, none empty")
    }

    /// The name of the modality in recipes and reports.
    var name: String { stored.name }
    /// The shape of one sample, channels last.
    var sampleShape: [Int] { stored.sampleShape }
    /// The number of samples.
    var count: Int { stored.count }
    /// Whether a row has an axis of steps, along which it can be cut into windows.
    var isSequence: Bool { stored.isSequence }
    /// The name, the shape of a sample, and whether samples are padded sequences.
    var facts: DatasetFacts.ModalityFacts { DatasetFacts.ModalityFacts(name: name, sampleShape: sampleShape, isPadded: lengths != nil) }

    /// These rows followed by those of another array.
    ///
    /// - Throws: `DatasetFault` where samples differ in shape.
    func joined(_ other: ArrayModality) throws(DatasetFault) -> ArrayModality {
        guard other.sampleShape == sampleShape else {
            throw DatasetFault(
                option: "modalities",
                message: "samples of '\(name)' have shape \(ArrayContainer.text(other.sampleShape)) in \(other.stored.arrays.first?.file ?? ""), but "
                    + "\(ArrayContainer.text(sampleShape)) in \(stored.arrays.first?.file ?? "")",
                expected: "one shape in all files")
        }
        var joined = self
        joined.stored = stored.joined(other.stored)
        if lengths != nil || other.lengths != nil { joined.lengths = .given(givenLengths + other.givenLengths) }
        return joined
    }

    /// The steps of each row as they are given; all of them where nothing else is said.
    private var givenLengths: [Int] {
        if case .given(let lengths) = lengths { lengths } else { (0..<stored.rowCount).map { stored.places[$0] == nil ? 0 : sampleShape[0] } }
    }

    /// Only some of the rows, in this order.
    func keeping(_ rows: [Int]) -> ArrayModality {
        var kept = self
        kept.stored = stored.keeping(rows)
        if case .given(let lengths) = lengths { kept.lengths = .given(rows.map { lengths[$0] }) }
        return kept
    }

    /// The windows of the rows as samples. A row that lacks the modality lacks it in all of its windows.
    ///
    /// - Parameter windows: within the rows; each holds real steps only, so that none is padded.
    func cut(into windows: RowWindows.Places) -> ArrayModality {
        var cut = self
        if let there = windows.present[name] { cut.stored.lack(except: there) }
        cut.lengths = nil
        cut.stored.cut(into: windows)
        return cut
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

    /// Takes it that rows lack the modality, whatever is stored for them.
    ///
    /// - Parameter present: whether each row has it.
    mutating func lack(except present: [Bool]) { stored.lack(except: present) }

    /// Takes values that are not finite for 0.
    mutating func replaceNotFinite() { stored.replacesNotFinite = true }

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
        let there = stored.places.areAllThere ? nil : rows.map { stored.place(of: $0) != nil }
        switch lengths {
        case nil: return Presence(samples: there)
        case .given(let lengths): return Presence(samples: there, lengths: rows.map { lengths[$0] })
        case .fromPadding:
            var found: [Int] = []
            for row in rows { found.append(stored.places[row] == nil ? 0 : try stepsBeforePadding(row)) }
            return Presence(samples: there, lengths: found)
        }
    }

    /// The number of steps before the padding at the end of a row; 0 where all values are 0.
    private func stepsBeforePadding(_ row: Int) throws(DatasetFault) -> Int {
        let size = stored.sampleSize
        let width = size / sampleShape[0]
        func steps(_ values: some BidirectionalCollection<Float>) -> Int {
            guard let last = values.lastIndex(where: { $0 != 0 }) else { return 0 }
            return values.distance(from: values.startIndex, to: last) / width + 1
        }
        if let held { return steps(held[row * size..<(row + 1) * size]) }
        return steps(try values(of: row))
    }

    // MARK: - Values

    /// Reads all values into memory where they take at most so many bytes; leaves larger modalities in
    /// their files.
    ///
    /// - Parameter limit: how many bytes.
    /// - Returns: what is wrong where some values are not finite; nil where nothing is, or nothing was
    ///   read.
    /// - Throws: `DatasetFault` where a row cannot be read.
    mutating func holdIfSmall(limit: Int = Self.mostHeldBytes) throws(DatasetFault) -> DatasetFault? {
        let size = stored.sampleSize
        guard let total = stored.rowCount.multipliedWithin(limit / 4, by: stored.rowSize) else {
            finite = FiniteRows(count: count)
            stored.findPacked()
            return nil
        }
        let (samples, stored) = (count, stored)
        var notFinite = NotFiniteRows()
        var fault: DatasetFault?
        let values = [Float](unsafeUninitializedCapacity: total) { buffer, count in
            // Rows are all that is written: large pages come cheaper.
            LargePages.ask(for: UnsafeMutableRawBufferPointer(buffer))
            let target = UnsafeMutableBufferPointer(rebasing: buffer[..<total])
            do throws(DatasetFault) {
                try stored.readAll(into: target)
                count = total
            } catch {
                fault = error
                return
            }
            for row in 0..<samples {
                guard let first = stored.offset(of: row) else { continue }
                let sample = UnsafeBufferPointer(rebasing: target[first..<first + size])
                if NotFiniteRows.isAmong(sample) { notFinite.look(at: sample, row: row) }
            }
        }
        if let fault { throw fault }
        held = values
        return notFinite.fault(in: stored)
    }

    /// Some rows, `N×(sample shape)`; zeros for a row that lacks the modality.
    ///
    /// - Parameters:
    ///   - rows: in any order; they may repeat.
    ///   - scale: what they are brought to, missing ones as well: rows in memory while they are copied. Nil to leave them as they are.
    /// - Throws: `DatasetFault` where a row cannot be read or holds a value that is not finite.
    func inputs(_ rows: [Int], scale: ChannelScale? = nil) throws(DatasetFault) -> Tensor {
        func copied(_ scale: ChannelScale?) -> Tensor? { withMemory(of: rows) { Tensor(rowsAt: $0, of: $1, rowShape: sampleShape, scale: scale) } }
        // What is held was looked at when it was read.
        let unknown = held != nil ? [] : finite.map { $0.unknown(among: rows) } ?? Array(rows.indices)
        if unknown.isEmpty, let inputs = copied(scale) { return inputs }
        let inputs = if let inputs = copied(nil) { inputs } else { try read(rows) }
        if let fault = fault(in: inputs, of: rows, at: unknown) { throw fault }
        if !unknown.isEmpty { finite?.insert(rows) }
        return scale.map(inputs.standardized) ?? inputs
    }

    /// Reads some rows from their files, `N×(sample shape)`.
    ///
    /// - Throws: `DatasetFault` where a row cannot be read.
    private func read(_ rows: [Int]) throws(DatasetFault) -> Tensor {
        var fault: DatasetFault?
        let inputs = Tensor(shape: Shape([rows.count] + sampleShape)) { output in
            do throws(DatasetFault) { try stored.read(rows, into: output) } catch { fault = error }
        }
        if let fault { throw fault }
        return inputs
    }

    /// What is wrong where some rows hold values that are not finite; nil where none does.
    ///
    /// - Parameters:
    ///   - inputs: the rows, as they were read.
    ///   - places: of those among them that are looked at.
    private func fault(in inputs: Tensor, of rows: [Int], at places: [Int]) -> DatasetFault? {
        guard !places.isEmpty else { return nil }
        let size = stored.sampleSize
        var notFinite = NotFiniteRows()
        inputs.withUnsafeValues { values in
            for place in places {
                let sample = UnsafeBufferPointer(rebasing: values[place * size..<(place + 1) * size])
                if NotFiniteRows.isAmong(sample) { notFinite.look(at: sample, row: rows[place]) }
            }
        }
        return notFinite.fault(in: stored)
    }

    /// Calls `body` with where the first value of each sample is and with the memory that they lie in: the rows that are held, or those of a mapped file.
    /// Windows that overlap lie in the same row. Returns nil for samples that have to be read or converted.
    ///
    /// - Parameter samples: in any order; they may repeat. One that lacks the modality has a negative place, or that of zeros.
    /// - Precondition: all of them exist.
    private func withMemory<Result>(of samples: [Int], _ body: (_ starts: [Int], _ values: UnsafeRawBufferPointer) -> Result) -> Result? {
        guard let held else { return stored.withMapped(samples, body) }
        let starts = stored.offsets(of: samples)
        return held.withUnsafeBytes { body(starts, $0) }
    }

    /// Whether samples are read from a file each time that they are asked for.
    var isOnDisk: Bool { held == nil }

    /// Asks the system to have some rows ready soon, and does not wait for it.
    func readAhead(_ rows: [Int]) {
        if held == nil { stored.readAhead(rows) }
    }

    /// One row, channels last, with whatever values it has.
    ///
    /// - Throws: `DatasetFault` where it cannot be read.
    func values(of row: Int) throws(DatasetFault) -> [Float] {
        var values = [Float](repeating: 0, count: stored.sampleSize)
        let outcome = values.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(DatasetFault) in try stored.read([row], into: buffer) }
        }
        try outcome.get()
        return values
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

    /// A number of a row that the file has in double precision and that is infinite in single precision,
    /// in words with its place.
    ///
    /// - Parameter row: of the modality.
    /// - Returns: nil where there is none, or the row cannot be read.
    func beyondSinglePrecision(_ row: Int) -> String? { stored.beyondSinglePrecision(row) }
}

extension Int {
    /// The product; nil where it is larger than `limit`.
    fileprivate func multipliedWithin(_ limit: Int, by other: Int) -> Int? {
        let (product, isTooLarge) = multipliedReportingOverflow(by: other)
        return isTooLarge || product > limit ? nil : product
    }
}
