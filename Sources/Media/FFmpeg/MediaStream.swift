#if REGULUS_FFMPEG
    import CFFmpeg
    import Foundation

    /// A container that has been opened, and the one stream in it that is read.
    ///
    /// Not for several threads at once; every worker opens its own.
    final class MediaStream {
        let path: String
        private var container: UnsafeMutablePointer<AVFormatContext>
        private let stream: UnsafeMutablePointer<AVStream>
        private let packet: FFmpegPacket

        /// Opens the file and finds its best stream of a kind.
        ///
        /// - Throws: `MediaFault` where the file is missing or empty, is of no known format, or has no such stream.
        init(_ path: String, kind: AVMediaType) throws(MediaFault) {
            if let fault = MediaFault.beforeOpening(path) { throw fault }
            _ = ffmpegIsQuiet
            let isWave = Self.beginsAsWave(path)
            var opened = avformat_alloc_context()
            // What a WAV file's header says is believed. To find other formats disguised as one, FFmpeg would read seconds of sound,
            // which takes longer than all else.
            if isWave { opened?.pointee.max_probe_packets = 1 }
            // The protocol is named: a file called `concat:…` or `http:…` stays a file.
            let code = ffmpeg_open(&opened, "file:" + path, isWave ? "wav" : nil)
            guard code >= 0, let container = opened else {
                throw MediaFault(path: path, reason: "cannot be opened: \(ffmpegMessage(code))")
            }
            func refuse(_ reason: String) -> MediaFault {
                var closing: UnsafeMutablePointer<AVFormatContext>? = container
                avformat_close_input(&closing)
                return MediaFault(path: path, reason: reason)
            }
            let kindName = kind == AVMEDIA_TYPE_VIDEO ? "video" : "sound"
            let found = avformat_find_stream_info(container, nil)
            guard found >= 0 else { throw refuse("its streams cannot be read: \(ffmpegMessage(found))") }
            let number = av_find_best_stream(container, kind, -1, -1, nil, 0)
            guard number >= 0, let streams = container.pointee.streams, let stream = streams[Int(number)] else {
                throw refuse("there is no \(kindName) in it")
            }
            for other in 0..<Int(container.pointee.nb_streams) where other != Int(number) {
                streams[other]?.pointee.discard = AVDISCARD_ALL
            }
            guard let packet = FFmpegPacket() else { throw refuse("no memory for a packet") }
            self.path = path
            self.container = container
            self.stream = stream
            self.packet = packet
        }

        deinit {
            var closing: UnsafeMutablePointer<AVFormatContext>? = container
            avformat_close_input(&closing)
        }

        /// Whether the file begins as a WAV file does: FFmpeg would try all it knows on the samples before it says so.
        private static func beginsAsWave(_ path: String) -> Bool {
            guard let file = fopen(path, "rb") else { return false }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 12)
            return fread(&bytes, 1, 12, file) == 12 && bytes.starts(with: "RIFF".utf8) && bytes.suffix(4).elementsEqual("WAVE".utf8)
        }

        var parameters: UnsafeMutablePointer<AVCodecParameters> { stream.pointee.codecpar }
        var timeBase: AVRational { stream.pointee.time_base }
        /// In units of `timeBase`; nil where the container does not say.
        var duration: Int64? { stream.pointee.duration > 0 ? stream.pointee.duration : nil }
        /// Frames a second as the container says, or nil.
        var frameRate: Double? {
            let rate = stream.pointee.avg_frame_rate
            return rate.num > 0 && rate.den > 0 ? Double(rate.num) / Double(rate.den) : nil
        }

        /// The stream's next packet, valid until the next call; nil at the end.
        func next() throws(MediaFault) -> UnsafeMutablePointer<AVPacket>? {
            while true {
                packet.clear()
                let code = av_read_frame(container, packet.pointer)
                if code == ffmpeg_end() { return nil }
                guard code >= 0 else { throw MediaFault(path: path, reason: "cannot be read on: \(ffmpegMessage(code))") }
                if packet.pointer.pointee.stream_index == stream.pointee.index { return packet.pointer }
            }
        }

        /// Goes to the last packet that begins at or before `time`, in units of `timeBase`.
        func seek(to time: Int64) throws(MediaFault) {
            let code = av_seek_frame(container, stream.pointee.index, time, AVSEEK_FLAG_BACKWARD)
            guard code >= 0 else { throw MediaFault(path: path, reason: "cannot go to a later place: \(ffmpegMessage(code))") }
        }
    }
#endif
