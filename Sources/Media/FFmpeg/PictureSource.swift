/// Still pictures on disk, brought to gray or RGB bytes one after another.
///
/// Not for several threads at once; every worker has its own.
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
