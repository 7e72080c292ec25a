import CZlib
import Foundation
import Tensors

/// A decoded picture: rows of pixels with one byte per channel, without gaps.
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

/// Writes pictures as PNG (ISO/IEC 15948), for pages that show samples.
package enum PNG {
    package static func encoded(_ picture: Picture) -> Data {
        var header = Data()
        header.append(bigEndian: UInt32(picture.width))
        header.append(bigEndian: UInt32(picture.height))
        // 8 bits; gray 0 or color 2; deflate, no filter choice, not interlaced.
        header.append(contentsOf: [8, picture.channels == 3 ? 2 : 0, 0, 0, 0])
        let stride = picture.width * picture.channels
        var rows = [UInt8]()
        rows.reserveCapacity((stride + 1) * picture.height)
        for row in 0..<picture.height {
            rows.append(0)
            rows += picture.pixels[row * stride..<(row + 1) * stride]
        }
        var result = Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        result.append(chunk("IHDR", header))
        result.append(chunk("IDAT", deflated(rows)))
        result.append(chunk("IEND", Data()))
        return result
    }

    private static func deflated(_ bytes: [UInt8]) -> Data {
        var size = compressBound(uLong(bytes.count))
        var output = [UInt8](repeating: 0, count: Int(size))
        // With room for `compressBound` bytes this cannot fail but for want of memory, where Swift stops anyway.
        _ = compress2(&output, &size, bytes, uLong(bytes.count), 6)
        return Data(output.prefix(Int(size)))
    }

    private static func chunk(_ name: String, _ content: Data) -> Data {
        var result = Data()
        result.append(bigEndian: UInt32(content.count))
        let body = Data(name.utf8) + content
        result.append(body)
        let sum = body.withUnsafeBytes { bytes in
            crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, uInt(bytes.count))
        }
        result.append(bigEndian: UInt32(truncatingIfNeeded: sum))
        return result
    }
}

extension Data {
    fileprivate mutating func append(bigEndian value: UInt32) {
        append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) })
    }
}
