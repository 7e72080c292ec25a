#if REGULUS_FFMPEG
    import CFFmpeg
#endif

/// A sound file, read as mono samples at 16 kHz.
///
/// Sound of another rate is resampled and several channels are averaged, so that a sample number means
/// the same time in every file.
package struct SoundFile: Sendable {
    /// The number of samples per second of everything that is read.
    package static let rate = 16_000

    /// A month of sound; a longer file has a damaged header.
    private static let mostSamples = Double(rate) * 3600 * 24 * 30

    package let path: String
    /// Samples at `rate` in the whole file.
    package let sampleCount: Int

    /// Opens the file.
    ///
    /// - Throws: `MediaFault` where the file is missing or empty, holds no sound, or has no samples.
    package init(_ path: String) throws(MediaFault) {
        #if REGULUS_FFMPEG
            let stream = try MediaStream(path, kind: AVMEDIA_TYPE_AUDIO)
            let base = stream.timeBase
            guard let duration = stream.duration, base.num > 0, base.den > 0 else {
                throw MediaFault(path: path, reason: "there are no samples in it")
            }
            let count = (Double(duration) * Double(base.num) / Double(base.den) * Double(Self.rate)).rounded()
            guard count > 0 else { throw MediaFault(path: path, reason: "there are no samples in it") }
            guard count < Self.mostSamples else { throw MediaFault(path: path, reason: "damaged: it would be \(count) samples long") }
            sampleCount = Int(count)
            self.path = path
        #else
            throw MediaFault(path: path, reason: FFmpegSupport.remedy)
        #endif
    }

    /// The sample at a time: `time / duration · samples`, rounded half to even and limited to the file.
    package func sample(at seconds: Double) -> Int {
        let duration = Double(sampleCount) / Double(Self.rate)
        let place = (seconds / duration * Double(sampleCount)).rounded(.toNearestOrEven)
        // NaN is treated as the beginning.
        return place > 0 ? Int(min(place, Double(sampleCount))) : 0
    }

    /// The samples of a stretch, in −1…1.
    ///
    /// - Throws: `MediaFault` where the file is damaged or ends before the stretch does.
    package func samples(_ range: Range<Int>) throws(MediaFault) -> [Float] {
        #if REGULUS_FFMPEG
            guard !range.isEmpty else { return [] }
            return try SoundReader(path).samples(range)
        #else
            throw MediaFault(path: path, reason: FFmpegSupport.remedy)
        #endif
    }
}

#if REGULUS_FFMPEG
    /// Decodes a stretch of sound to mono floats at `SoundFile.rate`.
    final class SoundReader {
        private let path: String
        private let stream: MediaStream
        private let decoder: MediaDecoder
        private var resampler: OpaquePointer?
        /// Sample rates that recorders have. A resampler's filters grow with the ratio of the rates: a header that gives a billion would fill the memory.
        private static let rates: ClosedRange<Int32> = 1_000...768_000

        init(_ path: String) throws(MediaFault) {
            self.path = path
            stream = try MediaStream(path, kind: AVMEDIA_TYPE_AUDIO)
            decoder = try MediaDecoder(stream.parameters.pointee.codec_id, parameters: stream.parameters, path: path)
        }

        deinit { if resampler != nil { ffmpeg.swr_free(&resampler) } }

        func samples(_ range: Range<Int>) throws(MediaFault) -> [Float] {
            let base = stream.timeBase
            let perSample = Double(base.den) / Double(base.num) / Double(SoundFile.rate)
            // A resampler needs a little run-up to be exact, and a beginning at which both rates have a sample: every 40 ms.
            // Plain PCM at the right rate starts where it is asked to.
            let isAtRate = stream.parameters.pointee.sample_rate == Int32(SoundFile.rate)
            let first = isAtRate ? range.lowerBound : max(0, range.lowerBound - 1024) / 640 * 640
            if first > 0 { try stream.seek(to: Int64((Double(first) * perSample).rounded())) }
            var result: [Float] = []
            result.reserveCapacity(range.count)
            /// The number of the next decoded sample; known from the first frame's time.
            var place: Int?
            var isAtEnd = false
            while !isAtEnd, place.map({ $0 < range.upperBound }) ?? true {
                let packet = try stream.next()
                isAtEnd = packet == nil
                try decoder.send(packet)
                while let frame = try decoder.receive() {
                    let time = frame.pointee.best_effort_timestamp
                    let begin = time == ffmpeg_no_time() ? 0 : (Double(time) / perSample).rounded()
                    // Beyond 2⁵² samples no two numbers are one sample apart, and no sound is that long.
                    guard abs(begin) < 0x1p52 else { throw MediaFault(path: path, reason: "damaged: its times are out of all bounds") }
                    let start = place ?? Int(begin)
                    let decoded = try converted(frame)
                    append(decoded, from: start, to: &result, range: range)
                    place = start + decoded.count
                }
            }
            if isAtEnd, resampler != nil {
                append(try converted(nil), from: place ?? 0, to: &result, range: range)
            }
            guard result.count == range.count else {
                throw MediaFault(
                    path: path,
                    reason: "damaged: samples \(range.lowerBound) to \(range.upperBound) are listed, but it ends after "
                        + "\(range.lowerBound + result.count)")
            }
            return result
        }

        private func append(_ decoded: [Float], from start: Int, to result: inout [Float], range: Range<Int>) {
            let first = max(range.lowerBound - start, 0)
            let last = min(range.upperBound - start, decoded.count)
            if first < last { result += decoded[first..<last] }
        }

        /// A frame as mono floats; nil for what the resampler still holds.
        private func converted(_ frame: UnsafeMutablePointer<AVFrame>?) throws(MediaFault) -> [Float] {
            if resampler == nil, let frame {
                let rate = frame.pointee.sample_rate
                guard Self.rates.contains(rate) else {
                    throw MediaFault(
                        path: path,
                        reason: "damaged: \(rate) samples per second are given, and \(Self.rates.lowerBound) to \(Self.rates.upperBound) are read")
                }
                resampler = ffmpeg_mono_floats(frame, Int32(SoundFile.rate))
            }
            guard let resampler else { throw MediaFault(path: path, reason: "its sample format is not supported") }
            let room = ffmpeg.swr_get_out_samples(resampler, frame?.pointee.nb_samples ?? 0)
            guard room >= 0 else { throw MediaFault(path: path, reason: "cannot be resampled: \(ffmpegMessage(room))") }
            guard room > 0 else { return [] }
            var code: Int32 = 0
            let samples = [Float](unsafeUninitializedCapacity: Int(room)) { output, count in
                output.withMemoryRebound(to: UInt8.self) { bytes in
                    var target: UnsafeMutablePointer<UInt8>? = bytes.baseAddress
                    // The planes of `extended_data` are what the converter reads, without their constness.
                    if let frame {
                        var sources: [UnsafePointer<UInt8>?] = []
                        let planes = frame.pointee.extended_data
                        for plane in 0..<planeCount(frame) { sources.append(planes?[plane].map { UnsafePointer($0) }) }
                        code = ffmpeg.swr_convert(resampler, &target, room, &sources, frame.pointee.nb_samples)
                    } else {
                        code = ffmpeg.swr_convert(resampler, &target, room, nil, 0)
                    }
                }
                count = Int(max(code, 0))
            }
            guard code >= 0 else { throw MediaFault(path: path, reason: "cannot be resampled: \(ffmpegMessage(code))") }
            return samples
        }

        private func planeCount(_ frame: UnsafeMutablePointer<AVFrame>) -> Int {
            let format = AVSampleFormat(rawValue: frame.pointee.format)
            return ffmpeg.av_sample_fmt_is_planar(format) == 1 ? Int(ffmpeg_channels(frame)) : 1
        }
    }
#endif
