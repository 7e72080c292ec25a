import Foundation

#if REGULUS_FFMPEG
    import CFFmpeg
#endif

/// Whether pictures, video and sound can be decoded.
package enum FFmpegSupport {
    /// Whether the package was built with FFmpeg's headers, and its libraries are there now.
    package static var isAvailable: Bool {
        #if REGULUS_FFMPEG
            FFmpegLibraries.installed.failure == nil
        #else
            false
        #endif
    }

    /// What to do where `isAvailable` is false, as a sentence.
    package static var remedy: String {
        #if REGULUS_FFMPEG
            remedy(after: FFmpegLibraries.installed.failure ?? "")
        #else
            "This build cannot decode media: install FFmpeg's libraries (Debian, Ubuntu: apt-get install libavcodec-dev libavformat-dev "
                + "libswscale-dev libswresample-dev libavutil-dev) and build again"
        #endif
    }

    /// - Parameter failure: what the loader says.
    static func remedy(after failure: String) -> String {
        "Media cannot be decoded, because FFmpeg's libraries cannot be opened (\(failure)): install those of this version (Debian, Ubuntu: "
            + "apt-get install ffmpeg), or build again with those that are there"
    }

    /// - Parameter path: the file that is to be decoded, which the fault names.
    /// - Throws: `MediaFault` where `isAvailable` is false.
    static func require(for path: String) throws(MediaFault) {
        guard isAvailable else { throw MediaFault(path: path, reason: remedy) }
    }
}

#if REGULUS_FFMPEG
    /// FFmpeg's functions under their own names; only for use after `FFmpegSupport.isAvailable` was true.
    package let ffmpeg = FFmpegLibraries.installed.functions

    /// FFmpeg's libraries, which are opened when they are first wanted: a program that decodes nothing starts in half the time without them.
    struct FFmpegLibraries: Sendable {
        let functions: ffmpeg_functions
        /// Why they cannot be opened, as the loader puts it; nil where they are open.
        let failure: String?

        static let installed = FFmpegLibraries()

        /// - Parameter folder: where the libraries lie; where the loader looks without it.
        init(in folder: String? = nil) {
            var functions = ffmpeg_functions()
            var reason = [CChar](repeating: 0, count: 512)
            let isOpen = ffmpeg_load(folder, &functions, &reason, reason.count) == 1
            self.functions = functions
            failure = isOpen ? nil : text(reason)
        }
    }

    /// What C wrote into a buffer, up to its end.
    private func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What FFmpeg says about one of its error numbers.
    func ffmpegMessage(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        ffmpeg_text(code, &buffer, buffer.count)
        let message = text(buffer)
        return message.prefix(1).lowercased() + message.dropFirst()
    }

    /// A frame of FFmpeg's, freed with its owner.
    final class FFmpegFrame {
        let pointer: UnsafeMutablePointer<AVFrame>

        init?() {
            guard let frame = ffmpeg.av_frame_alloc() else { return nil }
            pointer = frame
        }

        deinit {
            var frame: UnsafeMutablePointer<AVFrame>? = pointer
            ffmpeg.av_frame_free(&frame)
        }
    }

    /// A packet of FFmpeg's, freed with its owner.
    final class FFmpegPacket {
        let pointer: UnsafeMutablePointer<AVPacket>

        init?() {
            guard let packet = ffmpeg.av_packet_alloc() else { return nil }
            pointer = packet
        }

        /// Releases the data and keeps the packet for reuse.
        func clear() { ffmpeg.av_packet_unref(pointer) }

        deinit {
            var packet: UnsafeMutablePointer<AVPacket>? = pointer
            ffmpeg.av_packet_free(&packet)
        }
    }

    /// An opened container with the one stream in it that is read.
    ///
    /// It is for one thread at a time; every worker opens its own.
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
            try FFmpegSupport.require(for: path)
            let isWave = Self.beginsAsWave(path)
            var opened = ffmpeg.avformat_alloc_context()
            // The header of a WAV file is trusted. To find other formats disguised as one, FFmpeg would read seconds of sound,
            // which takes longer than all else.
            if isWave { opened?.pointee.max_probe_packets = 1 }
            // The protocol is named: a file called `concat:…` or `http:…` stays a file.
            let code = ffmpeg_open(&opened, "file:" + path, isWave ? "wav" : nil)
            guard code >= 0, let container = opened else {
                throw MediaFault(path: path, reason: "cannot be opened: \(ffmpegMessage(code))")
            }
            func refuse(_ reason: String) -> MediaFault {
                var closing: UnsafeMutablePointer<AVFormatContext>? = container
                ffmpeg.avformat_close_input(&closing)
                return MediaFault(path: path, reason: reason)
            }
            let kindName = kind == AVMEDIA_TYPE_VIDEO ? "video" : "sound"
            let found = ffmpeg.avformat_find_stream_info(container, nil)
            guard found >= 0 else { throw refuse("its streams cannot be read: \(ffmpegMessage(found))") }
            let number = ffmpeg.av_find_best_stream(container, kind, -1, -1, nil, 0)
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
            ffmpeg.avformat_close_input(&closing)
        }

        /// Whether the file begins like a WAV file. Otherwise FFmpeg would probe the samples for every
        /// other format first.
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
                let code = ffmpeg.av_read_frame(container, packet.pointer)
                if code == ffmpeg_end() { return nil }
                guard code >= 0 else { throw MediaFault(path: path, reason: "cannot be read on: \(ffmpegMessage(code))") }
                if packet.pointer.pointee.stream_index == stream.pointee.index { return packet.pointer }
            }
        }

        /// Moves to the last packet that begins at or before `time`, in units of `timeBase`.
        func seek(to time: Int64) throws(MediaFault) {
            let code = ffmpeg.av_seek_frame(container, stream.pointee.index, time, AVSEEK_FLAG_BACKWARD)
            guard code >= 0 else { throw MediaFault(path: path, reason: "cannot go to a later place: \(ffmpegMessage(code))") }
        }
    }

    /// A decoder: packets in, frames out.
    final class MediaDecoder {
        /// The file that faults name; still pictures pass many files through one decoder.
        var path: String
        private let context: UnsafeMutablePointer<AVCodecContext>
        private let frame: FFmpegFrame

        /// A decoder for a stream, or for a format that needs no container (`parameters` nil).
        init(
            _ identifier: AVCodecID, parameters: UnsafeMutablePointer<AVCodecParameters>?, path: String
        ) throws(MediaFault) {
            try FFmpegSupport.require(for: path)
            guard let codec = ffmpeg_decoder(identifier), let context = ffmpeg.avcodec_alloc_context3(codec), let frame = FFmpegFrame()
            else { throw MediaFault(path: path, reason: "FFmpeg was built without a decoder for its format") }
            func refuse(_ reason: String) -> MediaFault {
                var freeing: UnsafeMutablePointer<AVCodecContext>? = context
                ffmpeg.avcodec_free_context(&freeing)
                return MediaFault(path: path, reason: reason)
            }
            if let parameters {
                let code = ffmpeg.avcodec_parameters_to_context(context, parameters)
                guard code >= 0 else { throw refuse("its format cannot be set up: \(ffmpegMessage(code))") }
            }
            // Workers decode different samples side by side; one decoder stays on its thread.
            context.pointee.thread_count = 1
            // Damage in a still picture is reported, not painted over. Videos off the web have small faults that the benchmarks'
            // released programs read past, so there only what cannot be decoded at all is one.
            if parameters == nil { context.pointee.err_recognition = AV_EF_EXPLODE | AV_EF_CAREFUL }
            let code = ffmpeg.avcodec_open2(context, codec, nil)
            guard code >= 0 else { throw refuse("its decoder does not start: \(ffmpegMessage(code))") }
            self.path = path
            self.context = context
            self.frame = frame
        }

        deinit {
            var freeing: UnsafeMutablePointer<AVCodecContext>? = context
            ffmpeg.avcodec_free_context(&freeing)
        }

        /// Whether frames on which no other frame depends are skipped from now on, without being
        /// decoded.
        var skipsUnreferenced = false {
            didSet { context.pointee.skip_frame = skipsUnreferenced ? AVDISCARD_NONREF : AVDISCARD_DEFAULT }
        }

        /// Takes a packet; nil marks the end of the stream.
        func send(_ packet: UnsafeMutablePointer<AVPacket>?) throws(MediaFault) {
            let code = ffmpeg.avcodec_send_packet(context, packet)
            guard code >= 0 || code == ffmpeg_end() else { throw damaged(code) }
        }

        /// The next frame, valid until the next call; nil where another packet is needed or the stream
        /// has ended.
        func receive() throws(MediaFault) -> UnsafeMutablePointer<AVFrame>? {
            let code = ffmpeg.avcodec_receive_frame(context, frame.pointer)
            if code == ffmpeg_again() || code == ffmpeg_end() { return nil }
            guard code >= 0 else { throw damaged(code) }
            return frame.pointer
        }

        private func damaged(_ code: Int32) -> MediaFault {
            MediaFault(path: path, reason: "damaged: \(ffmpegMessage(code))")
        }
    }
#endif
