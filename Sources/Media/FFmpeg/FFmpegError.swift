#if REGULUS_FFMPEG
    import CFFmpeg

    /// What FFmpeg says about one of its error numbers.
    func ffmpegMessage(_ code: Int32) -> String {
        var text = [CChar](repeating: 0, count: 128)
        ffmpeg_text(code, &text, text.count)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let message = String(decoding: bytes, as: UTF8.self)
        return message.prefix(1).lowercased() + message.dropFirst()
    }

    /// Keeps FFmpeg from writing to standard error: what matters is thrown, with the file's name.
    let ffmpegIsQuiet: Void = av_log_set_level(AV_LOG_QUIET)
#endif
