#if REGULUS_FFMPEG
    import CFFmpeg
#endif

/// A sound file, and stretches of it as mono samples at 16 kHz.
///
/// Sound of another rate is resampled and several channels are averaged, so that a sample number means the same time in
/// every file.
package struct SoundFile: Sendable {
    /// Samples a second of everything that is read.
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

    /// The sample at which a time lies: `time / duration · samples`, rounded half to even, inside the file.
    package func sample(at seconds: Double) -> Int {
        let duration = Double(sampleCount) / Double(Self.rate)
        let place = (seconds / duration * Double(sampleCount)).rounded(.toNearestOrEven)
        // A time that is no number lies nowhere; the beginning is as good as any.
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
