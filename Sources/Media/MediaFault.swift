import Foundation

#if REGULUS_FFMPEG
    import CFFmpeg
#endif

/// Why a picture, a video or a sound cannot be used: which file, and why.
package struct MediaFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the caller named it.
    package let path: String
    /// What is wrong, in a phrase without a full stop.
    package let reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "\(path): \(reason)" }

    /// The fault of a file that is missing, empty or not a regular file; nil for any other file.
    ///
    /// FFmpeg reports an empty file as "end of file" and a folder as "invalid data"; this message says
    /// what is there.
    static func beforeOpening(_ path: String) -> MediaFault? {
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            return MediaFault(path: path, reason: errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)))
        }
        guard facts.st_mode & S_IFMT == S_IFREG else { return MediaFault(path: path, reason: "not a regular file") }
        return facts.st_size == 0 ? MediaFault(path: path, reason: "the file is empty") : nil
    }
}

/// Checks whether a file can be decoded from beginning to end. A single clip would not show that,
/// because training draws others.
package enum WholeFile {
    /// The number of samples of sound that are decoded at a time: a minute.
    private static let stretch = SoundFile.rate * 60

    /// Decodes everything that can be drawn from a file of pictures, video or sound.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - isSound: whether its sound is used, and not its pictures.
    /// - Throws: `MediaFault` with what is damaged, such as the number of frames listed and the number
    ///   that can be decoded.
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
