import Testing

@testable import Tensors

@Suite("Inputs on a common scale")
struct ChannelScaleTests {
    private func numbers(_ shape: Shape, _ name: String) -> Tensor {
        var stream = RandomSource(seed: 11).stream(name)
        return stream.normal(shape)
    }

    private func means(_ channels: Int) -> [Float] { (0..<channels).map { Float($0) / 7 - 1 } }
    private func factors(_ channels: Int) -> [Float] { (0..<channels).map { 1 + Float($0) / 3 } }
    private func scale(_ channels: Int) -> ChannelScale { ChannelScale(means: means(channels), factors: factors(channels)) }

    /// What a scale of so many channels makes of numbers, one after another.
    private func scaled(_ values: [Float], _ channels: Int) -> [UInt32] {
        let (means, factors) = (means(channels), factors(channels))
        return values.enumerated().map { (($0.element - means[$0.offset % channels]) * factors[$0.offset % channels]).bitPattern }
    }

    private func bits(_ tensor: Tensor) -> [UInt32] { tensor.values.map(\.bitPattern) }

    @Test("channels are brought to a common scale wherever they begin", arguments: [1, 3, 7, 16, 100, 256, 300])
    func standardized(channels: Int) {
        let x = numbers([7, 5, channels], "x")
        #expect(bits(x.standardized(by: scale(channels))) == scaled(x.values, channels))
    }

    @Test(
        "rows out of memory have the bits of rows that are copied first and brought to their scale then, whatever their order and length",
        arguments: [1, 3, 7, 16, 100, 300], [1, 5, 90])
    func rows(channels: Int, places: Int) {
        let size = channels * places
        var memory = numbers([12, size], "memory").values
        memory[0] = -0.0
        memory[size - 1] = .leastNonzeroMagnitude
        memory[size] = 1e30
        // More rows than are asked for ahead, some of which repeat or are zeros.
        let rows: [Int?] = [11, 0, 3, 3, nil, 7, 10, 2, 1, 9, nil, 4, 0]
        let copied = rows.flatMap { row in row.map { Array(memory[$0 * size..<($0 + 1) * size]) } ?? Array(repeating: 0, count: size) }
        func gathered(_ scale: ChannelScale?) -> Tensor {
            memory.withUnsafeBytes { Tensor(rowsAt: rows.map { $0.map { $0 * size } ?? -1 }, of: $0, rowShape: [places, channels], scale: scale) }
        }
        #expect(gathered(nil).shape == [13, places, channels])
        #expect(bits(gathered(nil)) == copied.map(\.bitPattern))
        #expect(bits(gathered(scale(channels))) == scaled(copied, channels))
        #expect(bits(gathered(scale(1))) == scaled(copied, 1), "one scale for all channels")
        // A mapped file has its numbers at any address.
        var bytes: [UInt8] = [0, 0, 0]
        memory.withUnsafeBytes { bytes.append(contentsOf: $0) }
        memory = []
        func gatheredFromBytes(_ scale: ChannelScale?) -> Tensor {
            bytes.withUnsafeBytes {
                let values = UnsafeRawBufferPointer(rebasing: $0[3...])
                return Tensor(rowsAt: rows.map { $0.map { $0 * size } ?? -1 }, of: values, rowShape: [places, channels], scale: scale)
            }
        }
        #expect(bits(gatheredFromBytes(nil)) == copied.map(\.bitPattern))
        #expect(bits(gatheredFromBytes(scale(channels))) == scaled(copied, channels))
    }

    @Test("rows may begin anywhere and overlap, and channels that are not whole in a row go on in the next")
    func overlappingRows() {
        let memory = numbers([20], "memory").values
        let starts = [4, 17, 0, 3]
        let copied = starts.flatMap { memory[$0..<$0 + 3] }
        memory.withUnsafeBytes { memory in
            #expect(bits(Tensor(rowsAt: starts, of: memory, rowShape: [3], scale: scale(3))) == scaled(copied, 3))
            #expect(bits(Tensor(rowsAt: starts, of: memory, rowShape: [3], scale: scale(2))) == scaled(copied, 2))
        }
    }

    @Test("no rows, and rows of nothing, are tensors without elements")
    func nothing() {
        [Float](repeating: 1, count: 6).withUnsafeBytes { memory in
            #expect(Tensor(rowsAt: [], of: memory, rowShape: [3], scale: scale(3)).shape == [0, 3])
            #expect(Tensor(rowsAt: [0, 6], of: memory, rowShape: [0], scale: nil).shape == [2, 0])
        }
    }
}
