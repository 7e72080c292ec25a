#if REGULUS_FFMPEG
    import CFFmpeg

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
