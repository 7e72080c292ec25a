#if REGULUS_FFMPEG
    import CFFmpeg
    import Foundation
    import Persistence

    /// Decodes still pictures, one after another: JPEG directly, everything else that FFmpeg knows through its container code.
    final class PictureDecoder {
        private let converter: PixelConverter
        /// Kept for the next picture: starting one takes about as long as a small picture.
        private var jpegDecoder: MediaDecoder?

        init(_ channels: Picture.Channels) { converter = PixelConverter(channels) }

        /// - Throws: `MediaFault` where the file is missing, empty, damaged or cut short.
        func picture(_ path: String) throws(MediaFault) -> Picture {
            if let fault = MediaFault.beforeOpening(path) { throw fault }
            let data: Data
            do throws(FileFault) {
                data = try FileContents.mapped(path)
            } catch {
                throw MediaFault(path: path, reason: error.reason)
            }
            return data.starts(with: [0xff, 0xd8]) ? try jpeg(data, path) : try first(path)
        }

        private func jpeg(_ data: Data, _ path: String) throws(MediaFault) -> Picture {
            // The decoder fills what is missing with gray; the end marker tells whether something is. Zeros may follow it.
            guard let last = data.lastIndex(where: { $0 != 0 }), data[last] == 0xd9, data[last - 1] == 0xff else {
                throw MediaFault(path: path, reason: "cut short: a JPEG without its end marker, after \(data.count) bytes")
            }
            guard let packet = FFmpegPacket(), av_new_packet(packet.pointer, Int32(data.count)) >= 0,
                let target = packet.pointer.pointee.data
            else { throw MediaFault(path: path, reason: "no memory for its \(data.count) bytes") }
            data.copyBytes(to: target, count: data.count)
            let decoder: MediaDecoder
            if let jpegDecoder { decoder = jpegDecoder } else {
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
