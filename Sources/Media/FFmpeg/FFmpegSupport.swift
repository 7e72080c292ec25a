/// Whether this build can decode pictures, video and sound.
package enum FFmpegSupport {
    /// Whether the package was built with FFmpeg's libraries.
    package static var isAvailable: Bool {
        #if REGULUS_FFMPEG
            true
        #else
            false
        #endif
    }

    /// What to do where `isAvailable` is false, as a sentence.
    package static let remedy =
        "This build cannot decode media: install FFmpeg's libraries (Debian, Ubuntu: apt-get install libavcodec-dev libavformat-dev "
        + "libswscale-dev libswresample-dev libavutil-dev) and build again"
}
