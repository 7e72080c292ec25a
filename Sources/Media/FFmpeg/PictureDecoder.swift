import Foundation

#if REGULUS_FFMPEG
    import CFFmpeg
    import Persistence
#endif

/// Still pictures on disk, decoded to gray or RGB bytes one after another.
///
/// It is for one thread at a time; every worker has its own.
package final class PictureSource {
    #if REGULUS_FFMPEG
        private let decoder: PictureDecoder
    #endif

    package init(_ channels: Picture.Channels) {
        #if REGULUS_FFMPEG
            decoder = PictureDecoder(channels)
        #endif
    }

    /// - Throws: `MediaFault` where the file is missing, empty, damaged or cut short.
    package func picture(_ path: String) throws(MediaFault) -> Picture {
        #if REGULUS_FFMPEG
            return try decoder.picture(path)
        #else
            throw MediaFault(path: path, reason: FFmpegSupport.remedy)
        #endif
    }
}

#if REGULUS_FFMPEG
    /// Decodes still pictures, one after another: JPEG directly, everything else that FFmpeg knows through its container code.
    final class PictureDecoder {
        private let converter: PixelConverter
        /// Kept for the next picture, because creating one takes about as long as decoding a small
        /// picture.
        private var jpegDecoder: MediaDecoder?

        init(_ channels: Picture.Channels) { converter = PixelConverter(channels) }

        /// - Throws: `MediaFault` where the file is missing, empty, damaged or cut short.
        func picture(_ path: String) throws(MediaFault) -> Picture {
            if let fault = MediaFault.beforeOpening(path) { throw fault }
            try FFmpegSupport.require(for: path)
            let data: Data
            do throws(FileFault) {
                data = try FileContents.mapped(path)
            } catch {
                throw MediaFault(path: path, reason: error.reason)
            }
            return data.starts(with: [0xff, 0xd8]) ? try jpeg(data, path) : try first(path)
        }

        private func jpeg(_ data: Data, _ path: String) throws(MediaFault) -> Picture {
            // The decoder fills what is missing with gray; the end marker tells whether something is. What stands behind it is not part of
            // the picture: cameras and transfers leave zeros, line breaks and whole other files there.
            guard let end = JPEGEnd.find(in: data) else {
                throw MediaFault(path: path, reason: "cut short: a JPEG without its end marker, after \(data.count) bytes")
            }
            guard end <= 1 << 30 else { throw MediaFault(path: path, reason: "a picture of \(end) bytes is not read") }
            let data = data.prefix(end)
            guard let packet = FFmpegPacket(), ffmpeg.av_new_packet(packet.pointer, Int32(data.count)) >= 0,
                let target = packet.pointer.pointee.data
            else { throw MediaFault(path: path, reason: "no memory for its \(data.count) bytes") }
            data.copyBytes(to: target, count: data.count)
            let decoder: MediaDecoder
            if let jpegDecoder {
                decoder = jpegDecoder
            } else {
                decoder = try MediaDecoder(AV_CODEC_ID_MJPEG, parameters: nil, path: path)
            }
            // After a fault the decoder's state is unknown, so it is kept only where all went well.
            jpegDecoder = nil
            decoder.path = path
            try decoder.send(packet.pointer)
            guard let frame = try decoder.receive() else { throw MediaFault(path: path, reason: "there is no picture in it") }
            let picture = try converter.picture(frame, path: path)
            jpegDecoder = decoder
            return picture
        }

        /// - Throws: as `picture(_:)`.
        private func first(_ path: String) throws(MediaFault) -> Picture {
            let video = try VideoReader(path)
            var result: Picture?
            try video.frames { number, frame throws(MediaFault) in
                if number == 0 { result = try converter.picture(frame, path: path) }
                return false
            }
            guard let result else { throw MediaFault(path: path, reason: "there is no picture in it") }
            return result
        }
    }
#endif

/// Where a JPEG ends.
///
/// Source: ITU-T T.81, annex B: segments with a length each, and after a start of scan coded data, in which a marker's first byte is
/// followed by a zero.
enum JPEGEnd {
    private enum Marker { static let endOfImage: UInt8 = 0xD9, startOfScan: UInt8 = 0xDA }

    /// The number of bytes up to and including the end marker; nil where there is none. The end marker
    /// of an embedded thumbnail is inside a segment and does not count.
    static func find(in data: Data) -> Int? {
        data.withUnsafeBytes { bytes in
            var place = 2
            while place + 1 < bytes.count {
                guard bytes[place] == 0xFF else { return nil }
                let marker = bytes[place + 1]
                switch marker {
                case 0xFF: place += 1
                case Marker.endOfImage: return place + 2
                // Restart markers, and the rest of those without a length.
                case 0x00, 0x01, 0xD0...0xD8: place += 2
                default:
                    guard place + 3 < bytes.count else { return nil }
                    place += 2 + (Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
                    if marker == Marker.startOfScan { place = endOfScan(from: place, in: bytes) }
                }
            }
            return nil
        }
    }

    /// The place of the first marker behind coded data.
    private static func endOfScan(from start: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        var place = start
        while place + 1 < bytes.count {
            if bytes[place] == 0xFF, bytes[place + 1] != 0, bytes[place + 1] != 0xFF, !(0xD0...0xD7).contains(bytes[place + 1]) { return place }
            place += 1
        }
        return bytes.count
    }
}

#if REGULUS_FFMPEG
    /// Converts decoded frames to gray or RGB bytes at their own size; keeps its tables while the
    /// format stays the same.
    ///
    /// It uses FFmpeg's fast path, which is within 2 of 255 of the exact conversion where color changes
    /// smoothly, in a tenth of its time.
    final class PixelConverter {
        private var context = ffmpeg_no_scaler()
        private var format: (width: Int32, height: Int32, pixels: Int32, isFullRange: Bool) = (0, 0, -1, false)
        private let channels: Picture.Channels

        init(_ channels: Picture.Channels) { self.channels = channels }

        deinit { if context != nil { ffmpeg.sws_freeContext(context) } }

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
                converted = ffmpeg.sws_scale(context, sources, sourceStrides, 0, height, &targets, strides)
            }
            guard converted == height else { throw MediaFault(path: path, reason: "a frame cannot be converted to pixels") }
            return Picture(width: Int(width), height: Int(height), channels: channels.rawValue, pixels: pixels)
        }

        private func prepare(_ frame: UnsafeMutablePointer<AVFrame>, path: String) throws(MediaFault) {
            let isFullRange = frame.pointee.color_range == AVCOL_RANGE_JPEG
            let found = (frame.pointee.width, frame.pointee.height, frame.pointee.format, isFullRange)
            if context != nil, found == format { return }
            ffmpeg.sws_freeContext(context)
            let target = channels == .color ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_GRAY8
            context = ffmpeg.sws_getContext(
                found.0, found.1, AVPixelFormat(rawValue: found.2), found.0, found.1, target,
                Int32(SWS_BILINEAR), nil, nil, nil)
            guard let context else { throw MediaFault(path: path, reason: "its pixel format is not supported") }
            if isFullRange {
                let table = ffmpeg.sws_getCoefficients(SWS_CS_DEFAULT)
                _ = ffmpeg.sws_setColorspaceDetails(context, table, 1, table, 1, 0, 1 << 16, 1 << 16)
            }
            format = found
        }
    }
#endif
