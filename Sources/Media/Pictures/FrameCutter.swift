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
            Media.interpolate(
                source, width: picture.width, channels: picture.channels, left: left, top: top, columns: columns, rows: rows,
                into: target, pixelStride: pixelStride)
        }
    }
}
