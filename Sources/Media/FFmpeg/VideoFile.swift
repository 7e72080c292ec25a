#if REGULUS_FFMPEG
    import CFFmpeg
#endif

/// A video file: the number of its frames, and access to chosen ones.
package struct VideoFile: Sendable {
    package let path: String
    /// Frames in the file, counted without decoding them.
    package let frameCount: Int
    /// Frames a second as the container says; nil where it does not.
    package let frameRate: Double?
    /// The time of each frame according to its packet, ascending; empty where not every packet has its
    /// own time.
    private let times: [Int64]

    /// Opens the file and counts its frames.
    ///
    /// - Throws: `MediaFault` where the file is missing or empty, holds no video, or has no frames.
    package init(_ path: String) throws(MediaFault) {
        #if REGULUS_FFMPEG
            let stream = try MediaStream(path, kind: AVMEDIA_TYPE_VIDEO)
            var times: [Int64] = []
            // Packets before an edit's beginning are decoded and not shown.
            while let packet = try stream.next() {
                if packet.pointee.flags & AV_PKT_FLAG_DISCARD == 0 { times.append(packet.pointee.pts) }
            }
            guard !times.isEmpty else { throw MediaFault(path: path, reason: "the video has no frames") }
            self.path = path
            frameCount = times.count
            times.sort()
            let areDistinct = zip(times, times.dropFirst()).allSatisfy { $0 < $1 }
            self.times = areDistinct && times[0] != ffmpeg_no_time() ? times : []
            frameRate = stream.frameRate
        #else
            throw MediaFault(path: path, reason: FFmpegSupport.remedy)
        #endif
    }

    /// Calls `body` with each of the requested frames, in ascending order.
    ///
    /// Only these are converted to pixels, and decoding ends with the last of them. Other frames are
    /// decoded only where one of these depends on them.
    ///
    /// - Throws: `MediaFault` where the file is damaged or has fewer frames than `frameCount`.
    package func frames(
        _ numbers: Set<Int>, channels: Picture.Channels, _ body: (Int, Picture) throws(MediaFault) -> Void
    ) throws(MediaFault) {
        #if REGULUS_FFMPEG
            guard let last = numbers.max() else { return }
            let converter = PixelConverter(channels)
            if try framesByTime(numbers, converter, body) { return }
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

    #if REGULUS_FFMPEG
        /// Finds the frames by their times, which tell what can be skipped.
        ///
        /// - Returns: false where not every frame was found. Then frames are counted as they are
        ///   decoded instead, as in the benchmarks' released programs, and `body` is given all of them
        ///   once more.
        private func framesByTime(
            _ numbers: Set<Int>, _ converter: PixelConverter, _ body: (Int, Picture) throws(MediaFault) -> Void
        ) throws(MediaFault) -> Bool {
            guard numbers.allSatisfy(times.indices.contains) else { return false }
            var wanted: [Int64: Int] = [:]
            for number in numbers { wanted[times[number]] = number }
            let all = wanted
            try VideoReader(path).frames(skipping: { all[$0] == nil }) { _, frame throws(MediaFault) in
                guard let number = wanted.removeValue(forKey: frame.pointee.pts) else { return true }
                try body(number, try converter.picture(frame, path: path))
                return !wanted.isEmpty
            }
            return wanted.isEmpty
        }
    #endif
}

#if REGULUS_FFMPEG
    /// The frames of a video, in the order of display.
    final class VideoReader {
        private let stream: MediaStream
        private let decoder: MediaDecoder

        /// - Throws: `MediaFault` where the file is missing, empty or holds no video.
        init(_ path: String) throws(MediaFault) {
            stream = try MediaStream(path, kind: AVMEDIA_TYPE_VIDEO)
            decoder = try MediaDecoder(stream.parameters.pointee.codec_id, parameters: stream.parameters, path: path)
        }

        /// Calls `body` with each frame and its number until it answers false or the video ends.
        ///
        /// - Parameter isDispensable: whether the frame of a time, as packets tell it, may be left out of the count and not be decoded
        ///   where no other frame is made from it; none without it.
        func frames(
            skipping isDispensable: ((Int64) -> Bool)? = nil,
            _ body: (Int, UnsafeMutablePointer<AVFrame>) throws(MediaFault) -> Bool
        ) throws(MediaFault) {
            var number = 0
            var isAtEnd = false
            while !isAtEnd {
                let packet = try stream.next()
                isAtEnd = packet == nil
                if let isDispensable { decoder.skipsUnreferenced = packet.map { isDispensable($0.pointee.pts) } ?? false }
                try decoder.send(packet)
                while let frame = try decoder.receive() {
                    guard try body(number, frame) else { return }
                    number += 1
                }
            }
        }
    }
#endif
