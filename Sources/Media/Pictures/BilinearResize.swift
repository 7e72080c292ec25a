import Tensors

/// Bilinear interpolation between pixel centers, without smoothing where the picture shrinks: the
/// convention of OpenCV's `INTER_LINEAR`, with weights of 11 bits and results rounded to bytes.
///
/// The positions along an axis are computed once and serve all frames of a clip.
struct BilinearAxis {
    /// The two source places of every target place.
    let lower: [Int]
    let upper: [Int]
    /// The weight of `upper`, in 2048ths.
    let weights: [Int32]

    static let one: Int32 = 2048

    /// - Parameters:
    ///   - source: places of the source, counted from 0.
    ///   - target: places of the whole target.
    ///   - part: the target places that are wanted.
    ///   - reversed: whether they are wanted from the last to the first.
    init(source: Int, target: Int, part: Range<Int>, reversed: Bool = false) {
        let step = Double(source) / Double(target)
        var lower: [Int] = []
        var upper: [Int] = []
        var weights: [Int32] = []
        for place in reversed ? Array(part.reversed()) : Array(part) {
            let position = min(max((Double(place) + 0.5) * step - 0.5, 0), Double(source - 1))
            let first = Int(position)
            lower.append(first)
            upper.append(min(first + 1, source - 1))
            weights.append(Int32(((position - Double(first)) * Double(Self.one)).rounded()))
        }
        (self.lower, self.upper, self.weights) = (lower, upper, weights)
    }

    var count: Int { lower.count }
}

/// Interpolates `source`, of which `columns` and `rows` speak relative to (`left`, `top`), into bytes that lie `pixelStride` apart.
///
/// - Parameters:
///   - width: pixels of a source row.
///   - channels: bytes of a source pixel; all are written.
///   - target: room for `rows × columns` pixels of `pixelStride` bytes.
func interpolate(
    _ source: UnsafePointer<UInt8>, width: Int, channels: Int, left: Int, top: Int, columns: BilinearAxis, rows: BilinearAxis,
    into target: UnsafeMutablePointer<UInt8>, pixelStride: Int
) {
    let count = columns.count * channels
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { lines in
        guard let start = lines.baseAddress else { return }
        // Two interpolated source rows; neighboring target rows mostly need the same ones.
        var kept = (lower: -1, upper: -1)
        var (first, second) = (start, start + count)
        func fill(_ line: UnsafeMutablePointer<Int32>, _ row: Int) {
            let pixels = source + ((top + row) * width + left) * channels
            columns.lower.withUnsafeBufferPointer { lower in
                columns.upper.withUnsafeBufferPointer { upper in
                    columns.weights.withUnsafeBufferPointer { weights in
                        for column in 0..<lower.count {
                            let (a, b) = (pixels + lower[column] * channels, pixels + upper[column] * channels)
                            let (weight, rest) = (weights[column], BilinearAxis.one &- weights[column])
                            let target = line + column * channels
                            target[0] = Int32(a[0]) &* rest &+ Int32(b[0]) &* weight
                            // Pictures have one channel or three.
                            if channels == 3 {
                                target[1] = Int32(a[1]) &* rest &+ Int32(b[1]) &* weight
                                target[2] = Int32(a[2]) &* rest &+ Int32(b[2]) &* weight
                            }
                        }
                    }
                }
            }
        }
        for row in 0..<rows.count {
            let (lower, upper) = (rows.lower[row], rows.upper[row])
            if kept.lower != lower {
                if kept.upper == lower { swap(&first, &second) } else { fill(first, lower) }
                kept = (lower, -1)
            }
            if kept.upper != upper {
                fill(second, upper)
                kept.upper = upper
            }
            let weight = rows.weights[row]
            let rest = BilinearAxis.one &- weight
            let output = target + row * columns.count * pixelStride
            if pixelStride == channels {
                for index in 0..<count {
                    output[index] = UInt8(truncatingIfNeeded: (first[index] &* rest &+ second[index] &* weight &+ 1 << 21) &>> 22)
                }
            } else {
                for column in 0..<columns.count {
                    for channel in 0..<channels {
                        let index = column * channels + channel
                        let value = (first[index] &* rest &+ second[index] &* weight &+ 1 << 21) &>> 22
                        output[column * pixelStride + channel] = UInt8(truncatingIfNeeded: value)
                    }
                }
            }
        }
    }
}

extension Picture {
    /// The picture at another size.
    package func resized(to size: PictureSize) -> Picture {
        resized(to: size, part: PictureRegion(left: 0, top: 0, width: size.width, height: size.height))
    }

    /// A part of the picture at another size; only that part is computed.
    func resized(to size: PictureSize, part: PictureRegion) -> Picture {
        let columns = BilinearAxis(source: width, target: size.width, part: part.left..<part.left + part.width)
        let rows = BilinearAxis(source: height, target: size.height, part: part.top..<part.top + part.height)
        let bytes = [UInt8](unsafeUninitializedCapacity: part.width * part.height * channels) { output, count in
            count = part.width * part.height * channels
            pixels.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                interpolate(
                    source, width: width, channels: channels, left: 0, top: 0, columns: columns, rows: rows, into: target,
                    pixelStride: channels)
            }
        }
        return Picture(width: part.width, height: part.height, channels: channels, pixels: bytes)
    }
}
