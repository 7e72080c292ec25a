/// Pictures to tiles and back.
extension WinogradPlane {
    /// Where a tile's outputs begin.
    @inline(__always)
    private func place(of tile: Int) -> (image: Int, top: Int, left: Int) {
        let (image, place) = tile.quotientAndRemainder(dividingBy: tileRows * tileColumns)
        return (image, place / tileColumns * 4, place % tileColumns * 4)
    }

    func transform(
        _ x: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        typealias T = WinogradTransform
        let (channels, step) = (inputs, rows * inputs)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: channels) { zeros in
            zeros.initialize(repeating: 0)
            guard let nothing = UnsafePointer(zeros.baseAddress) else { return }
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 36) { sources in
                withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 36) { half in
                    for row in range {
                        let (image, top, left) = place(of: first + row)
                        for index in 0..<36 {
                            let (y, x0) = (top - padding + index / 6, left - padding + index % 6)
                            let isInside = y >= 0 && y < height && x0 >= 0 && x0 < width
                            sources[index] = isInside ? x + ((image * height + y) * width + x0) * channels : nothing
                        }
                        for channel in stride(from: 0, to: channels, by: T.lanes) {
                            @inline(__always) func at(_ index: Int) -> T.Values { T.load(sources[index] + channel) }
                            for j in 0..<6 {
                                let t = T.input(at(j), at(6 + j), at(12 + j), at(18 + j), at(24 + j), at(30 + j))
                                (half[j], half[6 + j], half[12 + j]) = (t.0, t.1, t.2)
                                (half[18 + j], half[24 + j], half[30 + j]) = (t.3, t.4, t.5)
                            }
                            for i in 0..<6 {
                                let s = 6 * i
                                let t = T.input(half[s], half[s + 1], half[s + 2], half[s + 3], half[s + 4], half[s + 5])
                                T.store(t, matrices + s * step + row * channels + channel, step)
                            }
                        }
                    }
                }
            }
        }
    }

    func transformGradient(
        _ gradient: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        typealias T = WinogradTransform
        let (channels, step) = (outputs, rows * outputs)
        withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 24) { half in
            for row in range {
                let (image, top, left) = place(of: first + row)
                let start = gradient + ((image * outputHeight + top) * outputWidth + left) * channels
                let (tall, wide) = (min(4, outputHeight - top), min(4, outputWidth - left))
                for channel in stride(from: 0, to: channels, by: T.lanes) {
                    @inline(__always) func at(_ i: Int, _ j: Int) -> T.Values {
                        i < tall && j < wide ? T.load(start + (i * outputWidth + j) * channels + channel) : T.Values()
                    }
                    for j in 0..<4 {
                        let t = T.outputGradient(at(0, j), at(1, j), at(2, j), at(3, j))
                        (half[j], half[4 + j], half[8 + j]) = (t.0, t.1, t.2)
                        (half[12 + j], half[16 + j], half[20 + j]) = (t.3, t.4, t.5)
                    }
                    for i in 0..<6 {
                        let t = T.outputGradient(half[4 * i], half[4 * i + 1], half[4 * i + 2], half[4 * i + 3])
                        T.store(t, matrices + 6 * i * step + row * channels + channel, step)
                    }
                }
            }
        }
    }

    func transformBack(
        _ matrices: UnsafePointer<Float>, rows: Int, from first: Int, _ range: Range<Int>, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>?, addsToOutput: Bool, appliesReLU: Bool
    ) {
        typealias T = WinogradTransform
        let (channels, step) = (outputs, rows * outputs)
        withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 24) { half in
            for row in range {
                let (image, top, left) = place(of: first + row)
                let start = y + ((image * outputHeight + top) * outputWidth + left) * channels
                let (tall, wide) = (min(4, outputHeight - top), min(4, outputWidth - left))
                for channel in stride(from: 0, to: channels, by: T.lanes) {
                    let source = matrices + row * channels + channel
                    @inline(__always) func at(_ index: Int) -> T.Values { T.load(source + index * step) }
                    for j in 0..<6 {
                        let t = T.output(at(j), at(6 + j), at(12 + j), at(18 + j), at(24 + j), at(30 + j))
                        (half[j], half[6 + j], half[12 + j], half[18 + j]) = (t.0, t.1, t.2, t.3)
                    }
                    let shift = bias.map { T.load($0 + channel) } ?? T.Values()
                    for i in 0..<tall {
                        let s = 6 * i
                        let t = T.output(half[s], half[s + 1], half[s + 2], half[s + 3], half[s + 4], half[s + 5])
                        @inline(__always) func put(_ value: T.Values, _ j: Int) {
                            T.finish(value + shift, start + (i * outputWidth + j) * channels + channel, addsToOutput, appliesReLU)
                        }
                        put(t.0, 0)
                        if wide > 1 { put(t.1, 1) }
                        if wide > 2 { put(t.2, 2) }
                        if wide > 3 { put(t.3, 3) }
                    }
                }
            }
        }
    }
}
