#if REGULUS_FFMPEG
    import CFFmpeg
#endif

/// Whether a file can be decoded from its beginning to its end, and not only where one clip of it lies: training draws others.
package enum WholeFile {
    /// Samples of sound that are decoded at a time: a minute.
    private static let stretch = SoundFile.rate * 60

    /// Decodes everything that can be drawn from a file of pictures, video or sound.
    ///
    /// - Parameter isSound: whether its sound is what is used of it; else its pictures are.
    /// - Throws: `MediaFault` with what is damaged, such as the number of frames that are listed and of those that can be decoded.
    package static func check(_ path: String, isSound: Bool) throws(MediaFault) {
        #if REGULUS_FFMPEG
            if isSound { return try checkSound(path) }
            if path.lowercased().hasSuffix(".jpg") || path.lowercased().hasSuffix(".jpeg") || path.lowercased().hasSuffix(".png") {
                _ = try PictureSource(.color).picture(path)
                return
            }
            let file = try VideoFile(path)
            var decoded = 0
            try VideoReader(path).frames { number, _ throws(MediaFault) in
                decoded = number + 1
                return true
            }
            guard decoded >= file.frameCount else {
                throw MediaFault(path: path, reason: "damaged: \(file.frameCount) frames are listed, but only \(decoded) can be decoded")
            }
        #else
            throw MediaFault(path: path, reason: FFmpegSupport.remedy)
        #endif
    }

    #if REGULUS_FFMPEG
        private static func checkSound(_ path: String) throws(MediaFault) {
            let file = try SoundFile(path)
            for start in stride(from: 0, to: file.sampleCount, by: stretch) {
                _ = try file.samples(start..<min(file.sampleCount, start + stretch))
            }
        }
    #endif
}
