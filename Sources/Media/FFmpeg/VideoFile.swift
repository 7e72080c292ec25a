#if REGULUS_FFMPEG
    import CFFmpeg
#endif

/// A video file: how many frames it has, and chosen ones of them.
package struct VideoFile: Sendable {
    package let path: String
    /// Frames in the file, counted without decoding them.
    package let frameCount: Int
    /// Frames a second as the container says; nil where it does not.
    package let frameRate: Double?

    /// Opens the file and counts its frames.
    ///
    /// - Throws: `MediaFault` where the file is missing or empty, holds no video, or has no frames.
    package init(_ path: String) throws(MediaFault) {
        #if REGULUS_FFMPEG
            let stream = try MediaStream(path, kind: AVMEDIA_TYPE_VIDEO)
            var count = 0
            // Packets before an edit's beginning are decoded and not shown.
            while let packet = try stream.next() {
                if packet.pointee.flags & AV_PKT_FLAG_DISCARD == 0 { count += 1 }
            }
            guard count > 0 else { throw MediaFault(path: path, reason: "the video has no frames") }
            self.path = path
            frameCount = count
            frameRate = stream.frameRate
        #else
            throw MediaFault(path: path, reason: FFmpegSupport.remedy)
        #endif
    }

    /// Calls `body` once for each of the frames asked for, in ascending order.
    ///
    /// Only these are brought to pixels, and decoding ends with the last of them.
    ///
    /// - Throws: `MediaFault` where the file is damaged or has fewer frames than `frameCount`.
    package func frames(
        _ numbers: Set<Int>, channels: Picture.Channels, _ body: (Int, Picture) throws(MediaFault) -> Void
    ) throws(MediaFault) {
        #if REGULUS_FFMPEG
            guard let last = numbers.max() else { return }
            let converter = PixelConverter(channels)
            var seen = 0
            try VideoReader(path).frames { number, frame throws(MediaFault) in
                seen = number + 1
                if numbers.contains(number) { try body(number, try converter.picture(frame, path: path)) }
                return number < last
            }
            guard seen > last else {
                throw MediaFault(
                    path: path, reason: "damaged: \(frameCount) frames are listed, but only \(seen) can be decoded")
            }
        #else
            throw MediaFault(path: path, reason: FFmpegSupport.remedy)
        #endif
    }
}
