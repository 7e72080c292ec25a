#if REGULUS_FFMPEG
    import CFFmpeg

    /// A frame of FFmpeg's, freed with its owner.
    final class FFmpegFrame {
        let pointer: UnsafeMutablePointer<AVFrame>

        init?() {
            guard let frame = av_frame_alloc() else { return nil }
            pointer = frame
        }

        deinit {
            var frame: UnsafeMutablePointer<AVFrame>? = pointer
            av_frame_free(&frame)
        }
    }

    /// A packet of FFmpeg's, freed with its owner.
    final class FFmpegPacket {
        let pointer: UnsafeMutablePointer<AVPacket>

        init?() {
            guard let packet = av_packet_alloc() else { return nil }
            pointer = packet
        }

        /// Lets go of the data, keeping the packet for the next.
        func clear() { av_packet_unref(pointer) }

        deinit {
            var packet: UnsafeMutablePointer<AVPacket>? = pointer
            av_packet_free(&packet)
        }
    }
#endif
