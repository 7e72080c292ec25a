#if REGULUS_FFMPEG
    import CFFmpeg

    /// Brings decoded frames to gray or RGB bytes at their own size; keeps its tables while the format stays.
    ///
    /// FFmpeg's fast path, which is within 2 of 255 of exact conversion where color changes smoothly and takes a tenth of its time.
    final class PixelConverter {
        private var context = ffmpeg_no_scaler()
        private var format: (width: Int32, height: Int32, pixels: Int32, isFullRange: Bool) = (0, 0, -1, false)
        private let channels: Picture.Channels

        init(_ channels: Picture.Channels) { self.channels = channels }

        deinit { sws_freeContext(context) }

        func picture(_ frame: UnsafeMutablePointer<AVFrame>, path: String) throws(MediaFault) -> Picture {
            let (width, height) = (frame.pointee.width, frame.pointee.height)
            guard width > 0, height > 0, width <= 1 << 14, height <= 1 << 14 else {
                throw MediaFault(path: path, reason: "a frame of \(width)×\(height) pixels is not read")
            }
            try prepare(frame, path: path)
            let stride = Int(width) * channels.rawValue
            var converted: Int32 = 0
            let pixels = [UInt8](unsafeUninitializedCapacity: stride * Int(height)) { output, count in
                count = stride * Int(height)
                // Rows of FFmpeg's own frames are padded; ours are not, which the converter honors.
                var targets: [UnsafeMutablePointer<UInt8>?] = [output.baseAddress, nil, nil, nil]
                let strides: [Int32] = [Int32(stride), 0, 0, 0]
                let data = frame.pointee.data
                let sources: [UnsafePointer<UInt8>?] = [data.0, data.1, data.2, data.3].map { $0.map { UnsafePointer($0) } }
                let lines = frame.pointee.linesize
                let sourceStrides = [lines.0, lines.1, lines.2, lines.3]
                converted = sws_scale(context, sources, sourceStrides, 0, height, &targets, strides)
            }
            guard converted == height else { throw MediaFault(path: path, reason: "a frame cannot be converted to pixels") }
            return Picture(width: Int(width), height: Int(height), channels: channels.rawValue, pixels: pixels)
        }

        private func prepare(_ frame: UnsafeMutablePointer<AVFrame>, path: String) throws(MediaFault) {
            let isFullRange = frame.pointee.color_range == AVCOL_RANGE_JPEG
            let found = (frame.pointee.width, frame.pointee.height, frame.pointee.format, isFullRange)
            if context != nil, found == format { return }
            sws_freeContext(context)
            let target = channels == .color ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_GRAY8
            context = sws_getContext(
                found.0, found.1, AVPixelFormat(rawValue: found.2), found.0, found.1, target,
                Int32(SWS_BILINEAR), nil, nil, nil)
            guard let context else { throw MediaFault(path: path, reason: "its pixel format is not supported") }
            if isFullRange {
                let table = sws_getCoefficients(SWS_CS_DEFAULT)
                sws_setColorspaceDetails(context, table, 1, table, 1, 0, 1 << 16, 1 << 16)
            }
            format = found
        }
    }
#endif
