import Tensors

/// Which frames of a segment a clip takes: `frames` of them, `interval` apart.
///
/// A segment shorter than the clip's span begins at its first frame and wraps around.
/// Source: `SampleFrames` of mmaction 0.13 with `out_of_bound_opt='loop'` and one clip, as the benchmarks' released loaders use it.
package struct FrameSampling: Hashable, Sendable {
    package let frames: Int
    package let interval: Int

    /// - Precondition: both at least 1.
    package init(frames: Int, interval: Int) {
        require(frames >= 1 && interval >= 1, "a clip cannot have \(frames) frames at an interval of \(interval)")
        self.frames = frames
        self.interval = interval
    }

    /// Frames from the first of a clip to the first of the next.
    package var span: Int { frames * interval }

    /// Where the clip in the middle of `count` frames begins, counted from the segment's first frame.
    package func middle(of count: Int) -> Int { count >= span ? (count - span + 1) / 2 : 0 }

    /// Where a random clip of `count` frames begins: uniform in `0 … count − span`.
    package func random(of count: Int, from stream: inout RandomStream) -> Int {
        let places = max(1, count - span + 1)
        return min(Int(Double(stream.uniform()) * Double(places)), places - 1)
    }

    /// The frames' numbers: `(offset + i · interval) mod count + start`.
    /// - Precondition: `count` is at least 1.
    package func numbers(offset: Int, count: Int, start: Int) -> [Int] {
        require(count >= 1, "a segment of \(count) frames has none to take")
        return (0..<frames).map { (offset + $0 * interval) % count + start }
    }
}
