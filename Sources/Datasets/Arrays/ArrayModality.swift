import Configuration
import Networks
import Tensors
import Weights

/// One modality of a data set whose samples are rows of arrays in files.
struct ArrayModality: Sendable {
    let name: String
    /// One sample's shape, channels last.
    let sampleShape: [Int]
    /// Whether samples lie with their channels first in the files.
    private let isChannelsFirst: Bool
    private var arrays: [any StoredArray]
    /// For each row which of the arrays, and which row of it; nil for a row that lacks the modality.
    private var places: [Place?]
    /// Where sequences differ in length, how long each one is.
    private var lengths: Lengths?
    /// All values, rows × sample, where they are few.
    private var held: [Float]?

    struct Place: Hashable, Sendable {
        let array: Int32
        /// Nil where the whole array is one sample.
        let row: Int?
    }

    /// How long sequences are that are padded at their ends.
    private enum Lengths: Sendable {
        /// For each row.
        case given([Int])
        /// What is 0 to the end is padding.
        case fromPadding
    }

    /// What a modality may take in memory; larger ones stay in the file.
    static let mostHeldBytes = 256 << 20
    /// One axis of a tensor is left for the batch.
    private static let mostAxes = 8
    /// A file may claim any shape; these are more rows than anybody has, and a larger sample than can be trained on.
    private static let mostRows = 1 << 28
    private static let mostSampleValues = 1 << 28

    /// The rows of one array.
    init(_ name: String, _ array: any StoredArray, layout: Arrays.Layout) throws(DatasetFault) {
        guard !array.shape.isEmpty, !array.shape.contains(0) else { throw Self.unfit(array) }
        guard array.rowCount <= Self.mostRows else {
            throw DatasetFault(
                option: "modalities", message: "\(array.file): the array '\(array.name)' of shape \(array.shapeText) has more than \(Self.mostRows) rows")
        }
        try self.init(
            name, [array], layout: layout, sample: Array(array.shape.dropFirst()), places: (0..<array.rowCount).map { Place(array: 0, row: $0) })
    }

    /// Rows of several arrays, or whole arrays, of samples of one shape.
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

    private static func unfit(_ array: any StoredArray) -> DatasetFault {
        DatasetFault(
            option: "modalities", message: "\(array.file): the array '\(array.name)' of shape \(array.shapeText) cannot hold samples",
            expected: "rows × up to \(mostAxes - 2) axes, none empty")
    }

    var count: Int { places.count }
    var facts: DatasetFacts.ModalityFacts { DatasetFacts.ModalityFacts(name: name, sampleShape: sampleShape, isPadded: lengths != nil) }
    private var sampleSize: Int { sampleShape.reduce(1, *) }

    /// The rows of another one behind these.
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
        return joined
    }

    /// Only these of the rows, in this order.
    func keeping(_ rows: [Int]) -> ArrayModality {
        var kept = self
        kept.places = rows.map { places[$0] }
        if case .given(let lengths) = lengths { kept.lengths = .given(rows.map { lengths[$0] }) }
        return kept
    }

    // MARK: - What is there

    /// Takes each row's number of real steps.
    ///
    /// - Throws: where samples are no sequences, or a length is none of this shape.
    mutating func take(lengths: [Int]) throws(DatasetFault) {
        try requireSequences()
        if let row = lengths.firstIndex(where: { !(0...sampleShape[0]).contains($0) }) {
            throw DatasetFault(
                option: "lengths", message: "row \(row) of '\(name)' is said to have \(lengths[row]) steps", expected: "0 to \(sampleShape[0])")
        }
        self.lengths = .given(lengths)
    }

    /// Takes steps that are 0 to the end for padding.
    mutating func takeLengthsFromPadding() throws(DatasetFault) {
        try requireSequences()
        lengths = .fromPadding
    }

    private func requireSequences() throws(DatasetFault) {
        guard sampleShape.count < 2 else { return }
        throw DatasetFault(
            option: "lengths", message: "samples of '\(name)' have shape \(ArrayContainer.text(sampleShape)), which are no sequences",
            expected: "steps × features")
    }

    /// Whether it takes no reading to say what is there.
    var knowsPresence: Bool { if case .fromPadding = lengths { false } else { true } }

    /// Which of some rows have the modality, and how many of their steps are real.
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

    /// Reads all values where they are few; returns what is wrong where some are not finite.
    mutating func holdIfSmall() throws(DatasetFault) -> DatasetFault? {
        guard let total = places.count.multipliedWithin(Self.mostHeldBytes / 4, by: sampleSize) else { return nil }
        var values = [Float](repeating: 0, count: total)
        var notFinite = NotFinite()
        for row in places.indices {
            let slice = row * sampleSize..<(row + 1) * sampleSize
            let outcome = values.withUnsafeMutableBufferPointer { buffer in
                Result { () throws(DatasetFault) in try read(row, into: UnsafeMutableBufferPointer(rebasing: buffer[slice])) }
            }
            try outcome.get()
            notFinite.look(at: values[slice], row: row)
        }
        held = values
        return notFinite.fault(in: self)
    }

    /// Some rows, N×(sample shape).
    /// - Throws: where a row cannot be read, or holds a value that is not finite.
    func inputs(_ rows: [Int]) throws(DatasetFault) -> Tensor {
        if let held { return gather(rows, from: held, sampleShape: sampleShape) }
        var fault: DatasetFault?
        let size = sampleSize
        let inputs = Tensor(shape: Shape([rows.count] + sampleShape)) { output in
            var notFinite = NotFinite()
            for (place, row) in rows.enumerated() where fault == nil {
                let slot = UnsafeMutableBufferPointer(rebasing: output[place * size..<(place + 1) * size])
                do throws(DatasetFault) {
                    try read(row, into: slot)
                } catch {
                    fault = error
                }
                notFinite.look(at: slot, row: row)
            }
            fault = fault ?? notFinite.fault(in: self)
        }
        if let fault { throw fault }
        return inputs
    }

    /// One row, channels last, whatever its values.
    func values(of row: Int) throws(DatasetFault) -> [Float] {
        var values = [Float](repeating: 0, count: sampleSize)
        let outcome = values.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(DatasetFault) in try read(row, into: buffer) }
        }
        try outcome.get()
        return values
    }

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
                let count = place.row == nil ? min(array.rowCount * array.rowSize, target.count) : target.count
                try array.read(rows: rows, into: UnsafeMutableBufferPointer(rebasing: target[..<count]))
                for index in count..<target.count { target[index] = 0 }
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

    // MARK: - Remarks

    /// A question where the last axis, which counts as the channels, looks as if it were another one.
    func remarks(layout: Arrays.Layout) -> [String] {
        guard layout == .channelsLast, sampleShape.count >= 2, let first = sampleShape.first, let last = sampleShape.last, first <= 4, last >= 16
        else { return [] }
        let turned = Array(sampleShape.dropFirst()) + [first]
        return [
            "samples of '\(name)' have shape \(ArrayContainer.text(sampleShape)), so \(last) channels; if these are \(first) channels of "
                + "\(ArrayContainer.text(Array(sampleShape.dropFirst()))), say layout: channels-first, which makes them \(ArrayContainer.text(turned))"
        ]
    }

    /// Rows that hold NaN or an infinity: how many, and the first few.
    struct NotFinite {
        private(set) var rows = 0
        private(set) var values = 0
        private(set) var first: [Int] = []

        mutating func look(at sample: some Collection<Float>, row: Int) {
            let found = sample.count { !$0.isFinite }
            guard found > 0 else { return }
            rows += 1
            values += found
            if first.count < 5 { first.append(row) }
        }

        var summary: String {
            "\(values) values in \(rows) rows are not finite (rows \(first.map(String.init).joined(separator: ", "))\(rows > first.count ? ", …" : ""))"
        }

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
    /// The product where it is not larger than `limit`.
    fileprivate func multipliedWithin(_ limit: Int, by other: Int) -> Int? {
        let (product, isTooLarge) = multipliedReportingOverflow(by: other)
        return isTooLarge || product > limit ? nil : product
    }
}
