import Tensors

/// Applies one crop to frame after frame; what depends on positions alone is worked out once.
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

    /// Whether pixels stay as they are, as in evaluation: interpolation would give the same bytes.
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
