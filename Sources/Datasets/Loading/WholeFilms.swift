import Media
import Synchronization
import Tensors

/// Clips of films that hold one segment each, as the released programs of SimMMDG and MMDG-Bench take
/// them: of n decoded frames the numbers 1 … n − 1 are drawn from, and number k is decoded frame k − 1,
/// so that a film's last frame is never shown.
struct WholeFilms: Sendable {
    private let opened = OpenedVideos()

    /// The film, its frames counted.
    func file(_ path: String) throws(MediaFault) -> VideoFile { try opened.file(path) }

    /// Draws the frames of a clip; without a stream of random numbers, those of the clip in the middle.
    ///
    /// - Returns: the numbers before they are shifted to decoded frames, and the film that they count in.
    /// - Throws: `MediaFault` where the film cannot be read, or has one frame only.
    func frameNumbers(
        _ path: String, _ sampling: FrameSampling, from stream: inout RandomStream?
    ) throws(MediaFault) -> (numbers: [Int], file: VideoFile) {
        let file = try opened.file(path)
        guard file.frameCount >= 2 else { throw MediaFault(path: file.path, reason: "one frame is too few for a clip") }
        return (sampling.numbers(count: file.frameCount - 1, start: 0, from: &stream), file)
    }

    /// Puts the frames of a film in color into a clip.
    func put(_ numbers: [Int], of file: VideoFile, into clip: inout ClipAssembly) throws(MediaFault) {
        try clip.put(Self.decoded(numbers, of: file), of: file, channels: .color)
    }

    /// Puts the frames of horizontal and vertical flow into a clip.
    ///
    /// A vertical film that is too short is read a little earlier, and otherwise from its beginning.
    func put(_ numbers: [Int], ofFlow horizontal: VideoFile, _ verticalPath: String, into clip: inout ClipAssembly) throws(MediaFault) {
        let decoded = Self.decoded(numbers, of: horizontal)
        try clip.put(decoded, of: horizontal, channels: .gray)
        let vertical = try opened.file(verticalPath)
        let last = vertical.frameCount - 1
        let fallen = zip(numbers, decoded).map { number, place in
            place <= last ? place : (2...4).map { number - $0 }.first { $0 >= 0 && $0 <= last } ?? 0
        }
        try clip.put(fallen, of: vertical, channels: .gray, channel: 1)
    }

    /// Which decoded frames a clip's numbers mean.
    private static func decoded(_ numbers: [Int], of file: VideoFile) -> [Int] { numbers.map { min(max($0 - 1, 0), file.frameCount - 1) } }
}

extension ClipAssembly {
    /// Puts frames of a film into the clip's places, in order.
    ///
    /// - Parameter numbers: of decoded frames, one for each place.
    mutating func put(_ numbers: [Int], of file: VideoFile, channels: Picture.Channels, channel: Int = 0) throws(MediaFault) {
        let places = Dictionary(grouping: numbers.indices) { numbers[$0] }
        try file.frames(Set(numbers), channels: channels) { number, picture throws(MediaFault) in
            try put(picture, at: places[number] ?? [], channel: channel, path: file.path)
        }
    }
}

/// Films whose frames have been counted: once a file, not once an epoch.
final class OpenedVideos: Sendable {
    /// The films by path.
    private let files = Mutex<[String: VideoFile]>([:])

    /// The film at a path, opened and counted at the first call.
    ///
    /// - Throws: `MediaFault` where it cannot be read.
    func file(_ path: String) throws(MediaFault) -> VideoFile {
        if let known = files.withLock({ $0[path] }) { return known }
        let file = try VideoFile(path)
        files.withLock { $0[path] = file }
        return file
    }
}
