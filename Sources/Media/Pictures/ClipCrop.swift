import Foundation
import Tensors

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
