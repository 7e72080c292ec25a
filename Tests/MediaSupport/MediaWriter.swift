import Foundation
import Media

#if REGULUS_FFMPEG
    import CFFmpeg
#endif

/// Writes small pictures, videos and sounds for tests, with FFmpeg's own encoders.
package enum MediaWriter {
    package struct Fault: Error {
        let message: String
    }

    /// Whether this build can write pictures and videos.
    package static var isAvailable: Bool { FFmpegSupport.isAvailable }

    /// A picture whose pixels are a smooth function of place, time and hue, so that frames can be told apart.
    package static func picture(width: Int, height: Int, time: Int, isGray: Bool = false) -> Picture {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let base = (x * 120 / width + y * 60 / height + 7 * time) % 256
                pixels += isGray ? [UInt8(base)] : [UInt8(base), UInt8((base + 40) % 256), UInt8(255 - base)]
            }
        }
        return Picture(width: width, height: height, channels: isGray ? 1 : 3, pixels: pixels)
    }

    /// One color everywhere.
    package static func flat(_ color: [UInt8], width: Int, height: Int) -> Picture {
        Picture(
            width: width, height: height, channels: color.count,
            pixels: (0..<width * height).flatMap { _ in color })
    }

    /// A WAV file of 16-bit samples, channels interleaved.
    package static func wav(_ samples: [Int16], rate: Int = 16_000, channels: Int = 1) -> Data {
        var data = Data("RIFF".utf8)
        func number(_ value: Int, bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        data += number(36 + 2 * samples.count, bytes: 4) + Array("WAVEfmt ".utf8) + number(16, bytes: 4) + number(1, bytes: 2)
        data += number(channels, bytes: 2) + number(rate, bytes: 4) + number(rate * channels * 2, bytes: 4)
        data += number(channels * 2, bytes: 2) + number(16, bytes: 2) + Array("data".utf8) + number(2 * samples.count, bytes: 4)
        for sample in samples { data += number(Int(sample), bytes: 2) }
        return data
    }

    /// A tone of 16-bit samples.
    package static func tone(_ count: Int, frequency: Double, rate: Int = 16_000) -> [Int16] {
        (0..<count).map { Int16(20_000 * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
    }

    #if REGULUS_FFMPEG
        /// Writes a picture as JPEG of the best quality.
        package static func jpeg(_ picture: Picture, to path: String) throws {
            let encoder = try Encoder(
                AV_CODEC_ID_MJPEG, width: picture.width, height: picture.height,
                format: picture.channels == 1 ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUVJ444P, rate: 25, container: nil)
            var data = Data()
            try encoder.encode([picture]) { packet in
                data.append(packet.pointee.data, count: Int(packet.pointee.size))
            }
            try data.write(to: URL(fileURLWithPath: path))
        }

        /// Writes pictures as a video (MPEG-4 part 2 in mp4); none gives a container without frames.
        ///
        /// - Parameter between: frames between two others that are made from both and that nothing is made from.
        package static func video(
            _ pictures: [Picture], to path: String, rate: Int32 = 24, width: Int = 64, height: Int = 48, between: Int32 = 0
        ) throws {
            var container: UnsafeMutablePointer<AVFormatContext>?
            try check(ffmpeg.avformat_alloc_output_context2(&container, nil, "mp4", path), "container")
            guard let container else { throw Fault(message: "container") }
            defer { ffmpeg.avformat_free_context(container) }
            let encoder = try Encoder(
                AV_CODEC_ID_MPEG4, width: pictures.first?.width ?? width, height: pictures.first?.height ?? height,
                format: AV_PIX_FMT_YUV420P, rate: rate, container: container, between: between)
            guard let stream = ffmpeg.avformat_new_stream(container, nil) else { throw Fault(message: "stream") }
            try check(ffmpeg.avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context), "parameters")
            stream.pointee.time_base = encoder.context.pointee.time_base
            stream.pointee.avg_frame_rate = encoder.context.pointee.framerate
            try check(ffmpeg.avio_open(&container.pointee.pb, "file:" + path, AVIO_FLAG_WRITE), "open \(path)")
            defer { _ = ffmpeg.avio_closep(&container.pointee.pb) }
            try check(ffmpeg.avformat_write_header(container, nil), "header")
            try encoder.encode(pictures) { packet in
                packet.pointee.duration = 1
                ffmpeg.av_packet_rescale_ts(packet, encoder.context.pointee.time_base, stream.pointee.time_base)
                try check(ffmpeg.av_write_frame(container, packet), "packet")
            }
            try check(ffmpeg.av_write_trailer(container), "trailer")
        }

        private static func check(_ code: Int32, _ what: String) throws {
            guard code >= 0 else { throw Fault(message: "\(what): error \(code)") }
        }

        private final class Encoder {
            let context: UnsafeMutablePointer<AVCodecContext>
            private let format: AVPixelFormat

            init(
                _ identifier: AVCodecID, width: Int, height: Int, format: AVPixelFormat, rate: Int32,
                container: UnsafeMutablePointer<AVFormatContext>?, between: Int32 = 0
            ) throws {
                guard isAvailable, let codec = ffmpeg_encoder(identifier), let context = ffmpeg.avcodec_alloc_context3(codec) else {
                    throw Fault(message: "there is no encoder \(identifier)")
                }
                self.context = context
                self.format = format
                context.pointee.width = Int32(width)
                context.pointee.height = Int32(height)
                context.pointee.pix_fmt = format
                context.pointee.color_range = container == nil ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
                context.pointee.time_base = AVRational(num: 1, den: rate)
                context.pointee.framerate = AVRational(num: rate, den: 1)
                context.pointee.max_b_frames = between
                context.pointee.flags |= AV_CODEC_FLAG_QSCALE
                context.pointee.global_quality = FF_QP2LAMBDA * 2
                context.pointee.strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL
                if let container, container.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 {
                    context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
                }
                try check(ffmpeg.avcodec_open2(context, codec, nil), "encoder")
            }

            deinit {
                var freeing: UnsafeMutablePointer<AVCodecContext>? = context
                ffmpeg.avcodec_free_context(&freeing)
            }

            func encode(_ pictures: [Picture], _ body: (UnsafeMutablePointer<AVPacket>) throws -> Void) throws {
                var packet = ffmpeg.av_packet_alloc()
                defer { ffmpeg.av_packet_free(&packet) }
                guard let packet else { throw Fault(message: "packet") }
                for place in 0...pictures.count {
                    var frame = place < pictures.count ? try self.frame(pictures[place], time: place) : nil
                    defer { ffmpeg.av_frame_free(&frame) }
                    try check(ffmpeg.avcodec_send_frame(context, frame), "frame \(place)")
                    while ffmpeg.avcodec_receive_packet(context, packet) >= 0 {
                        try body(packet)
                        ffmpeg.av_packet_unref(packet)
                    }
                }
            }

            private func frame(_ picture: Picture, time: Int) throws -> UnsafeMutablePointer<AVFrame>? {
                guard let frame = ffmpeg.av_frame_alloc() else { throw Fault(message: "frame") }
                frame.pointee.format = format.rawValue
                frame.pointee.width = Int32(picture.width)
                frame.pointee.height = Int32(picture.height)
                frame.pointee.pts = Int64(time)
                frame.pointee.quality = FF_QP2LAMBDA * 2
                try check(ffmpeg.av_frame_get_buffer(frame, 0), "buffer")
                let source = picture.channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24
                let scaler = ffmpeg.sws_getContext(
                    frame.pointee.width, frame.pointee.height, source, frame.pointee.width, frame.pointee.height, format,
                    Int32(SWS_BILINEAR), nil, nil, nil)
                defer { ffmpeg.sws_freeContext(scaler) }
                let data = frame.pointee.data
                let lines = frame.pointee.linesize
                let targets = [data.0, data.1, data.2, data.3]
                picture.pixels.withUnsafeBufferPointer { pixels in
                    let sources: [UnsafePointer<UInt8>?] = [pixels.baseAddress, nil, nil, nil]
                    _ = ffmpeg.sws_scale(
                        scaler, sources, [Int32(picture.width * picture.channels), 0, 0, 0], 0, frame.pointee.height, targets,
                        [lines.0, lines.1, lines.2, lines.3])
                }
                return frame
            }
        }
    #endif
}
