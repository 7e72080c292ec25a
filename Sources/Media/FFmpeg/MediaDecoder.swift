#if REGULUS_FFMPEG
    import CFFmpeg

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
            _ = ffmpegIsQuiet
            guard let codec = ffmpeg_decoder(identifier), let context = avcodec_alloc_context3(codec), let frame = FFmpegFrame()
            else { throw MediaFault(path: path, reason: "FFmpeg was built without a decoder for its format") }
            func refuse(_ reason: String) -> MediaFault {
                var freeing: UnsafeMutablePointer<AVCodecContext>? = context
                avcodec_free_context(&freeing)
                return MediaFault(path: path, reason: reason)
            }
            if let parameters {
                let code = avcodec_parameters_to_context(context, parameters)
                guard code >= 0 else { throw refuse("its format cannot be set up: \(ffmpegMessage(code))") }
            }
            // Workers decode different samples side by side; one decoder stays on its thread.
            context.pointee.thread_count = 1
            // Damage in a still picture is reported, not painted over. Videos off the web have small faults that the benchmarks'
            // released programs read past, so there only what cannot be decoded at all is one.
            if parameters == nil { context.pointee.err_recognition = AV_EF_EXPLODE | AV_EF_CAREFUL }
            let code = avcodec_open2(context, codec, nil)
            guard code >= 0 else { throw refuse("its decoder does not start: \(ffmpegMessage(code))") }
            self.path = path
            self.context = context
            self.frame = frame
        }

        deinit {
            var freeing: UnsafeMutablePointer<AVCodecContext>? = context
            avcodec_free_context(&freeing)
        }

        /// Whether frames that no other frame is made from are left out from now on, without being decoded.
        var skipsUnreferenced = false {
            didSet { context.pointee.skip_frame = skipsUnreferenced ? AVDISCARD_NONREF : AVDISCARD_DEFAULT }
        }

        /// Takes a packet; nil says that no more will come.
        func send(_ packet: UnsafeMutablePointer<AVPacket>?) throws(MediaFault) {
            let code = avcodec_send_packet(context, packet)
            guard code >= 0 || code == ffmpeg_end() else { throw damaged(code) }
        }

        /// The next frame, valid until the next call; nil where another packet is needed or the end is reached.
        func receive() throws(MediaFault) -> UnsafeMutablePointer<AVFrame>? {
            let code = avcodec_receive_frame(context, frame.pointer)
            if code == ffmpeg_again() || code == ffmpeg_end() { return nil }
            guard code >= 0 else { throw damaged(code) }
            return frame.pointer
        }

        private func damaged(_ code: Int32) -> MediaFault {
            MediaFault(path: path, reason: "damaged: \(ffmpegMessage(code))")
        }
    }
#endif
