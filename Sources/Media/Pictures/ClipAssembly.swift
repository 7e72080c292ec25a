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
