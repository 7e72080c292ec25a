import Tensors

/// A decoded picture: rows of pixels of one byte a channel, without gaps.
package struct Picture: Hashable, Sendable {
    /// How a picture's pixels are stored.
    package enum Channels: Int, Sendable {
        /// Brightness, 0 black to 255 white.
        case gray = 1
        /// Red, green, blue.
        case color = 3
    }

    package let width: Int
    package let height: Int
    /// Bytes of a pixel: 1 gray, 3 red, green and blue.
    package let channels: Int
    /// `height × width × channels` values.
    package let pixels: [UInt8]

    /// - Precondition: as many pixels as the extents say.
    package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        require(
            width > 0 && height > 0 && (channels == 1 || channels == 3) && pixels.count == width * height * channels,
            "\(pixels.count) bytes are no picture of \(width)×\(height)×\(channels)")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }
}

/// A size in pixels.
package struct PictureSize: Hashable, Sendable {
    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// The size after scaling to a short side, keeping the ratio: `⌊side · short/min + ½⌋`.
    ///
    /// Source: mmcv's `rescale_size`, which the benchmarks' released loaders use.
    package func scaled(shortSide: Int) -> PictureSize {
        let factor = Double(shortSide) / Double(min(width, height))
        return PictureSize(
            width: max(1, Int(Double(width) * factor + 0.5)), height: max(1, Int(Double(height) * factor + 0.5)))
    }
}

/// A rectangle of whole pixels.
package struct PictureRegion: Hashable, Sendable {
    package let left: Int
    package let top: Int
    package let width: Int
    package let height: Int

    package init(left: Int, top: Int, width: Int, height: Int) {
        self.left = left
        self.top = top
        self.width = width
        self.height = height
    }
}
