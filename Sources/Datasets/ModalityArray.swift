import Configuration
import Tensors

/// One modality of a data set that is held in memory as one block.
struct ModalityArray: Sendable {
    /// The name of the modality.
    let name: String
    /// One sample's shape, channels last.
    let sampleShape: [Int]
    /// Row-major, rows × sample.
    var values: [Float]

    /// - Precondition: the values are whole samples.
    init(name: String, sampleShape: [Int], values: [Float]) {
        let size = sampleShape.reduce(1, *)
        require(size > 0 && values.count % size == 0, "\(values.count) values are no samples of shape \(sampleShape)")
        self.name = name
        self.sampleShape = sampleShape
        self.values = values
    }

    /// The number of samples.
    var count: Int { values.count / sampleShape.reduce(1, *) }

    /// The name and the shape of a sample.
    var facts: DatasetFacts.ModalityFacts { DatasetFacts.ModalityFacts(name: name, sampleShape: sampleShape) }

    /// Some rows, N×(sample shape), on a scale where there is one.
    ///
    /// - Precondition: all rows exist. They may repeat, and come in any order.
    func inputs(_ rows: [Int], scale: ChannelScale? = nil) -> Tensor { gather(rows, from: values, sampleShape: sampleShape, scale: scale) }

    /// A part of every sample as a modality of its own.
    ///
    /// - Parameters:
    ///   - name: of the part.
    ///   - axis: of a sample, from 0.
    ///   - range: the places of that axis that the part has.
    /// - Precondition: the axis exists and has these places.
    func part(_ name: String, axis: Int, _ range: Range<Int>) -> ModalityArray {
        require(sampleShape.indices.contains(axis), "samples of shape \(sampleShape) have no axis \(axis)")
        let (size, inner) = (sampleShape[axis], sampleShape[(axis + 1)...].reduce(1, *))
        require(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(range) are no places of \(size)")
        let block = size * inner
        let kept = stride(from: 0, to: values.count, by: block).flatMap { values[$0 + range.lowerBound * inner..<$0 + range.upperBound * inner] }
        var shape = sampleShape
        shape[axis] = range.count
        return ModalityArray(name: name, sampleShape: shape, values: kept)
    }

    /// Values of rows × C × (further axes), reordered to rows × (further axes) × C, as a copy.
    ///
    /// - Precondition: there are `rows · channels · positions` values.
    ///
    /// - Parameters:
    ///   - values: row-major.
    ///   - rows: how many samples.
    ///   - channels: `C`.
    ///   - positions: the product of the further axes.
    /// - Complexity: one copy of all values.
    static func channelsLast(_ values: [Float], rows: Int, channels: Int, positions: Int) -> [Float] {
        require(values.count == rows * channels * positions, "\(values.count) values are not \(rows)×\(channels)×\(positions)")
        return [Float](unsafeUninitializedCapacity: values.count) { output, count in
            values.withUnsafeBufferPointer { input in
                for row in 0..<rows {
                    let start = row * channels * positions
                    for position in 0..<positions {
                        for channel in 0..<channels {
                            output.initializeElement(
                                at: start + position * channels + channel,
                                to: input[start + channel * positions + position])
                        }
                    }
                }
            }
            count = values.count
        }
    }
}

extension [ModalityArray] {
    /// Some rows of the modality called `name`, on a scale where there is one; nil where there is no such modality.
    func inputs(_ rows: [Int], modality name: String, scale: ChannelScale? = nil) -> Tensor? {
        first { $0.name == name }?.inputs(rows, scale: scale)
    }
}

/// Copies the samples of some rows into a tensor of N×(sample shape).
/// - Precondition: all rows exist.
///
/// - Parameters:
///   - rows: positions of samples, in any order.
///   - values: all samples, row-major.
///   - sampleShape: of one sample, channels last.
///   - scale: what samples are brought to on the way; nil to leave them as they are.
func gather(_ rows: [Int], from values: [Float], sampleShape: [Int], scale: ChannelScale? = nil) -> Tensor {
    let size = sampleShape.reduce(1, *)
    let count = size == 0 ? 0 : values.count / size
    let starts = rows.map { row in
        require(row >= 0 && row < count, "row \(row) does not exist in \(count) rows")
        return row * size
    }
    return values.withUnsafeBytes { Tensor(rowsAt: starts, of: $0, rowShape: sampleShape, scale: scale) }
}

extension DatasetFacts {
    /// The facts of data held in memory.
    /// - Precondition: every row's domain is an index into `domains`.
    init(_ arrays: [ModalityArray], domains: [String], classes: [String], domainOfRow: [Int]) {
        self.init(
            modalities: arrays.map(\.facts), domains: domains, classes: classes,
            samplesPerDomain: tally(domainOfRow, kinds: domains.count))
    }
}

/// How often each of `0..<kinds` occurs.
///
/// - Precondition: every value is in the range.
func tally(_ values: [Int], kinds: Int) -> [Int] {
    values.reduce(into: Array(repeating: 0, count: kinds)) { $0[$1] += 1 }
}
