/// All channels of a tensor that has fewer than sixteen.
struct FewLanes {
    /// The number of channels, 1 to 15.
    let count: Int

    /// The values of the channels in a row that begins at `row`; 0 in lanes without a channel.
    @inline(__always)
    func load(_ row: UnsafePointer<Float>) -> SIMD16<Float> {
        var (low, high, lane) = (SIMD8<Float>.zero, SIMD8<Float>.zero, 0)
        if count >= 8 {
            low = Lanes.load(row)
            lane = 8
        }
        var quad = SIMD4<Float>.zero
        if count - lane >= 4 {
            quad = UnsafeRawPointer(row + lane).loadUnaligned(as: SIMD4<Float>.self)
            lane += 4
        }
        var rest = SIMD4<Float>.zero
        if lane < count { rest[0] = row[lane] }
        if lane + 1 < count { rest[1] = row[lane + 1] }
        if lane + 2 < count { rest[2] = row[lane + 2] }
        let last = count & 4 != 0 ? SIMD8(lowHalf: quad, highHalf: rest) : SIMD8(lowHalf: rest, highHalf: .zero)
        if count >= 8 { high = last } else { low = last }
        return SIMD16(lowHalf: low, highHalf: high)
    }

    /// Writes the values of the channels into a row that begins at `row`.
    @inline(__always)
    func store(_ values: SIMD16<Float>, _ row: UnsafeMutablePointer<Float>) {
        var (part, lane) = (values.lowHalf, 0)
        if count >= 8 {
            Lanes.store(part, row)
            (part, lane) = (values.highHalf, 8)
        }
        var rest = part.lowHalf
        if count & 4 != 0 {
            UnsafeMutableRawPointer(row + lane).storeBytes(of: rest, as: SIMD4<Float>.self)
            (rest, lane) = (part.highHalf, lane + 4)
        }
        if lane < count { row[lane] = rest[0] }
        if lane + 1 < count { row[lane + 1] = rest[1] }
        if lane + 2 < count { row[lane + 2] = rest[2] }
    }
}

/// The rows and channels of a tensor of shape `…×C`, for loops in lanes.
///
/// Rows are worked on in chunks of 64, which are what threads divide among themselves: whatever the number of threads, each chunk is computed as a
/// whole.
struct ChannelRows {
    /// The number of rows: all axes but the last.
    let count: Int
    /// The number of channels in each.
    let width: Int

    /// The rows of a tensor of this shape.
    init(_ shape: Shape) {
        width = shape[-1]
        count = shape.elementCount / max(width, 1)
    }

    /// The number of rows whose terms are added up in single precision.
    private static let chunk = 64

    /// The number of chunks of rows.
    private var chunks: Int { (count + Self.chunk - 1) / Self.chunk }

    /// Calls `body` with every chunk and its rows, on as many threads as the calling thread may use.
    private func forEachChunk(_ body: (_ chunk: Int, _ rows: Range<Int>) -> Void) {
        Threads.split(chunks) { range in
            for chunk in range { body(chunk, (chunk * Self.chunk)..<min((chunk + 1) * Self.chunk, count)) }
        }
    }

    /// A loop over some rows for tensors of any number of channels.
    protocol Loop {
        /// Runs over rows `rows` of the channels `channels`, counted from 0: a multiple of sixteen, for which there is a loop of `CLanes`.
        func run(_ rows: Range<Int>, _ channels: Range<Int>)
        /// Runs over rows `rows` of a tensor with few channels.
        func run(_ rows: Range<Int>, _ few: FewLanes)
    }

    /// A loop that adds up two terms for each of neighboring channels, a multiple of sixteen, in single precision.
    protocol WideSum {
        /// Writes the sums over rows `rows` of the channels `channels`, a number for each of them twice.
        func run(_ rows: Range<Int>, _ channels: Range<Int>, into one: UnsafeMutablePointer<Float>, _ two: UnsafeMutablePointer<Float>)
    }

    /// Such a loop for tensors of any number of channels.
    protocol Sum: WideSum {
        /// The sums over rows `rows` of a tensor with few channels.
        func run(_ rows: Range<Int>, _ few: FewLanes) -> (SIMD16<Float>, SIMD16<Float>)
    }

    /// Runs a loop over all rows and channels.
    ///
    /// - Parameter loop: what is done with some rows and channels; it may be called for the same ones twice.
    func forEach(_ loop: some Loop) {
        let spans = spans
        forEachChunk { _, rows in
            if spans.isEmpty { loop.run(rows, FewLanes(count: width)) }
            for channels in spans { loop.run(rows, channels) }
        }
    }

    /// Two sums over all rows for each channel.
    ///
    /// The terms of 64 rows are added up in single precision and those sums in double precision, in their order: the result does not depend on the
    /// number of threads.
    ///
    /// - Parameter sum: the two sums over some rows, in single precision.
    /// - Returns: a number for each channel, twice.
    func sums(_ sum: some Sum) -> (first: [Double], second: [Double]) {
        sums(wide: sum) { sum.run($0, FewLanes(count: width)) }
    }

    /// The same for sixteen channels at least; `few` computes the sums over some rows of a tensor that has fewer.
    func sums(
        wide sum: some WideSum, few: (Range<Int>) -> (SIMD16<Float>, SIMD16<Float>) = { _ in (.zero, .zero) }
    ) -> (first: [Double], second: [Double]) {
        // Of each chunk the first sums of all channels, then the second ones.
        let parts = Storage(count: 2 * chunks * width)
        let (base, spans) = (parts.base, spans)
        forEachChunk { chunk, rows in
            let (firsts, seconds) = (base + 2 * chunk * width, base + (2 * chunk + 1) * width)
            guard width >= 16 else {
                let (lanes, found) = (FewLanes(count: width), few(rows))
                lanes.store(found.0, firsts)
                lanes.store(found.1, seconds)
                return
            }
            for channels in spans { sum.run(rows, channels, into: firsts + channels.lowerBound, seconds + channels.lowerBound) }
        }
        var (first, second) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
        for chunk in 0..<chunks {
            let (firsts, seconds) = (base + 2 * chunk * width, base + (2 * chunk + 1) * width)
            for channel in 0..<width {
                first[channel] += Double(firsts[channel])
                second[channel] += Double(seconds[channel])
            }
        }
        withExtendedLifetime(parts) {}
        return (first, second)
    }

    /// Spans of channels, each a multiple of sixteen, that together are all. Where the number of channels is no multiple of sixteen, the last sixteen
    /// overlap those before them: what is computed twice there is the same.
    var spans: [Range<Int>] {
        guard width >= 16 else { return [] }
        let whole = width / 16 * 16
        return whole == width ? [0..<width] : [0..<whole, width - 16..<width]
    }
}
