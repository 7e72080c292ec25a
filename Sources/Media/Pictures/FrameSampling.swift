import Tensors

/// Which frames of a segment a clip takes: `frames` of them, `interval` apart.
///
/// A segment shorter than the clip's span begins at its first frame and wraps around.
/// Source: `SampleFrames` of mmaction 0.13 with `out_of_bound_opt='loop'` and one clip, as the benchmarks' released loaders use it.
package struct FrameSampling: Hashable, Sendable {
    package let frames: Int
    package let interval: Int

    /// - Precondition: both at least 1.
    package init(frames: Int, interval: Int) {
        require(frames >= 1 && interval >= 1, "a clip cannot have \(frames) frames at an interval of \(interval)")
        self.frames = frames
        self.interval = interval
    }

    /// Frames from the first of a clip to the first of the next.
    package var span: Int { frames * interval }

    /// Where the clip in the middle of `count` frames begins, counted from the segment's first frame.
    package func middle(of count: Int) -> Int { count >= span ? (count - span + 1) / 2 : 0 }

    /// Where a random clip of `count` frames begins: uniform in `0 … count − span`.
    package func random(of count: Int, from stream: inout RandomStream) -> Int {
        let places = max(1, count - span + 1)
        return min(Int(Double(stream.uniform()) * Double(places)), places - 1)
    }

    /// The frames' numbers: `(offset + i · interval) mod count + start`.
    /// - Precondition: `count` is at least 1.
    package func numbers(offset: Int, count: Int, start: Int) -> [Int] {
        require(count >= 1, "a segment of \(count) frames has none to take")
        return (0..<frames).map { (offset + $0 * interval) % count + start }
    }
}

/// Applies one crop to frame after frame; what depends only on positions is computed once.
struct FrameCutter {
    let crop: ClipCrop
    private let columns: BilinearAxis
    private let rows: BilinearAxis

    init(_ crop: ClipCrop) {
        self.crop = crop
        columns = BilinearAxis(
            source: crop.region.width, target: crop.side, part: 0..<crop.side, reversed: crop.isMirrored)
        rows = BilinearAxis(source: crop.region.height, target: crop.side, part: 0..<crop.side)
    }

    /// Writes the cut-out of a frame: `side × side` pixels that lie `pixelStride` bytes apart.
    /// - Precondition: the frame has the size that the crop was made for.
    func write(_ frame: Picture, into target: UnsafeMutablePointer<UInt8>, pixelStride: Int) {
        require(
            frame.width == crop.source.width && frame.height == crop.source.height,
            "a crop of \(crop.source.width)×\(crop.source.height) frames meets one of \(frame.width)×\(frame.height)")
        let region = crop.region
        if crop.scaled == crop.source {
            interpolate(frame, left: region.left, top: region.top, into: target, pixelStride: pixelStride)
        } else {
            interpolate(frame.resized(to: crop.scaled, part: region), left: 0, top: 0, into: target, pixelStride: pixelStride)
        }
    }

    private func interpolate(
        _ picture: Picture, left: Int, top: Int, into target: UnsafeMutablePointer<UInt8>, pixelStride: Int
    ) {
        picture.pixels.withUnsafeBufferPointer { pixels in
            guard let source = pixels.baseAddress else { return }
            if isCopy {
                copy(source + (top * picture.width + left) * picture.channels, of: picture, into: target, pixelStride: pixelStride)
                return
            }
            Media.interpolate(
                source, width: picture.width, channels: picture.channels, left: left, top: top, columns: columns, rows: rows,
                into: target, pixelStride: pixelStride)
        }
    }

    /// Whether pixels are copied, as in evaluation: interpolation would give the same bytes.
    private var isCopy: Bool { crop.region.width == crop.side && crop.region.height == crop.side && !crop.isMirrored }

    private func copy(
        _ source: UnsafePointer<UInt8>, of picture: Picture, into target: UnsafeMutablePointer<UInt8>, pixelStride: Int
    ) {
        let channels = picture.channels
        for row in 0..<crop.side {
            let (from, to) = (source + row * picture.width * channels, target + row * crop.side * pixelStride)
            if pixelStride == channels {
                to.update(from: from, count: crop.side * channels)
            } else {
                for column in 0..<crop.side {
                    for channel in 0..<channels { to[column * pixelStride + channel] = from[column * channels + channel] }
                }
            }
        }
    }
}
