import Foundation
import Tensors

/// The sizes of a clip: how many pixels the frames are scaled to and how many remain.
package struct ClipSize: Hashable, Sendable {
    /// Pixels of the short side after scaling.
    package let shortSide: Int
    /// Pixels of each side of the square that is cut out.
    package let side: Int

    package init(shortSide: Int, side: Int) {
        self.shortSide = shortSide
        self.side = side
    }
}

/// A clip that is put together from decoded frames: frames × side × side × channels.
///
/// One crop, chosen when the first frame shows its size, serves for all.
package struct ClipAssembly {
    /// What a clip's channels mean.
    package enum Content: Sendable {
        /// Red, green and blue, ImageNet's scale.
        case color
        /// Horizontal and vertical optical flow, `(byte − 128) ÷ 128`. Mirrored, horizontal flow points the other way: u becomes 255 − u,
        /// as in mmaction's `Flip` and so in the benchmarks' released programs.
        case flow
    }

    private let content: Content
    private let frames: Int
    private let size: ClipSize
    private let rule: ClipCropRule
    private let channels: Int
    private var cutter: FrameCutter?
    private var bytes: [UInt8]

    package init(_ content: Content, frames: Int, size: ClipSize, rule: ClipCropRule) {
        self.content = content
        self.frames = frames
        self.size = size
        self.rule = rule
        channels = content == .color ? 3 : 2
        bytes = [UInt8](repeating: 0, count: frames * size.side * size.side * channels)
    }

    /// Puts a decoded frame at some places of the clip, its channels from `channel` on.
    ///
    /// - Throws: `MediaFault` where its size differs from that of the frames before.
    package mutating func put(_ picture: Picture, at places: [Int], channel: Int = 0, path: String) throws(MediaFault) {
        guard let first = places.first else { return }
        let found = PictureSize(width: picture.width, height: picture.height)
        if cutter == nil { cutter = FrameCutter(rule.crop(of: found, shortSide: size.shortSide, side: size.side)) }
        guard let cutter else { return }
        guard cutter.crop.source == found else {
            let expected = cutter.crop.source
            throw MediaFault(
                path: path,
                reason: "\(found.width)×\(found.height) pixels, but the clip's first frame has \(expected.width)×\(expected.height)")
        }
        require(channel + picture.channels <= channels, "\(picture.channels) channels do not fit at \(channel) of \(channels)")
        let area = size.side * size.side
        bytes.withUnsafeMutableBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            cutter.write(picture, into: start + first * area * channels + channel, pixelStride: channels)
            for place in places.dropFirst() {
                let (from, to) = (start + first * area * channels, start + place * area * channels)
                for index in stride(from: channel, to: area * channels, by: channels) {
                    for offset in 0..<picture.channels { to[index + offset] = from[index + offset] }
                }
            }
        }
    }

    /// The clip. Every place has to have been filled.
    package consuming func sample() -> DecodedSample {
        let isMirrored = cutter?.crop.isMirrored ?? false
        var result = bytes
        if content == .flow, isMirrored {
            for index in Swift.stride(from: 0, to: result.count, by: channels) { result[index] = 255 - result[index] }
        }
        return DecodedSample(
            shape: [frames, size.side, size.side, channels], bytes: result, scale: content == .color ? .imageNet : .flow)
    }
}

/// What happens to every frame of a clip: it is scaled, a region is cut out, brought to a square and perhaps mirrored.
package struct ClipCrop: Hashable, Sendable {
    /// The size of the frames as decoded.
    package let source: PictureSize
    /// Their size after scaling the short side.
    package let scaled: PictureSize
    /// What is cut out of the scaled frame.
    package let region: PictureRegion
    /// The side of the square that the region becomes.
    package let side: Int
    package let isMirrored: Bool
}

/// How clips are cut: chosen once for all frames of a clip.
package enum ClipCropRule: Sendable {
    /// The square in the middle, as evaluation sees it.
    case center
    /// A random region of 8 to 100 % of the area and a ratio of 3:4 to 4:3, mirrored half the time, as training sees it.
    case random(RandomStream)

    /// The crop for frames of a size.
    func crop(of source: PictureSize, shortSide: Int, side: Int) -> ClipCrop {
        switch self {
        case .center: .center(of: source, shortSide: shortSide, side: side)
        case .random(var stream): .random(of: source, shortSide: shortSide, side: side, from: &stream)
        }
    }
}

extension ClipCrop {
    /// The square of `side` in the middle of a frame whose short side is scaled to `shortSide`.
    ///
    /// A square larger than the scaled frame is filled from what there is: the whole short side.
    package static func center(of source: PictureSize, shortSide: Int, side: Int) -> ClipCrop {
        let scaled = source.scaled(shortSide: shortSide)
        let extent = min(side, scaled.width, scaled.height)
        let region = PictureRegion(
            left: (scaled.width - extent) / 2, top: (scaled.height - extent) / 2, width: extent, height: extent)
        return ClipCrop(source: source, scaled: scaled, region: region, side: side, isMirrored: false)
    }

    /// A random region, resized to a square of `side`.
    ///
    /// Ten candidates of area uniform in 8–100 % and ratio log-uniform in 3:4–4:3; the first that fits is placed uniformly,
    /// and where none fits the square in the middle is taken. Mirrored with probability ½.
    /// Source: Szegedy et al., "Going deeper with convolutions", 2015; the ranges of the benchmarks' released loaders.
    package static func random(
        of source: PictureSize, shortSide: Int, side: Int, from stream: inout RandomStream
    ) -> ClipCrop {
        let scaled = source.scaled(shortSide: shortSide)
        let (width, height) = (Double(scaled.width), Double(scaled.height))
        var region: PictureRegion?
        // All ten are drawn even where the first fits, so that the mirror's draw does not depend on the frame's size.
        for _ in 0..<10 {
            let ratio = exp(log(0.75) + (log(4.0 / 3) - log(0.75)) * Double(stream.uniform()))
            let area = (0.08 + 0.92 * Double(stream.uniform())) * width * height
            let (x, y) = (Double(stream.uniform()), Double(stream.uniform()))
            let (columns, rows) = (
                Int((area * ratio).squareRoot().rounded(.toNearestOrEven)), Int((area / ratio).squareRoot().rounded(.toNearestOrEven))
            )
            guard region == nil, columns >= 1, rows >= 1, columns <= scaled.width, rows <= scaled.height else { continue }
            region = PictureRegion(
                left: Int(x * Double(scaled.width - columns + 1)), top: Int(y * Double(scaled.height - rows + 1)), width: columns,
                height: rows)
        }
        let isMirrored = stream.uniform() < 0.5
        let square = min(scaled.width, scaled.height)
        let middle = PictureRegion(
            left: (scaled.width - square) / 2, top: (scaled.height - square) / 2, width: square, height: square)
        return ClipCrop(source: source, scaled: scaled, region: region ?? middle, side: side, isMirrored: isMirrored)
    }
}
