import Configuration

/// What happens to a sample whose file is missing or damaged.
public enum BadSamplePolicy: String, CaseIterable, Sendable {
    /// The run stops, with the file's name.
    case stop
    /// The row is left out of its batch and counted.
    case skip
}

/// How a data set that decodes files reads ahead.
///
/// Workers decode rows before the training asks for them, and stop while `memory` is full. No option
/// changes a sample: a run with other workers has the same bits.
public struct LoadingOptions: Hashable, Sendable {
    /// The number of decoding threads; nil to let the loader decide.
    public var workers: Int?
    /// The memory for decoded samples that wait, in MiB.
    public var memory = 1024
    /// What happens to a sample that cannot be decoded.
    public var onBadSample = BadSamplePolicy.stop

    /// One worker per processor, 1 GiB, and a stop at the first sample that cannot be decoded.
    public init() {}

    /// The options that change how fast inputs are available but no bit of them, so that results of
    /// runs that differ in them are comparable.
    package static let indifferent: Set<String> = ["workers", "memory"]
}

/// How clips are taken from videos; the defaults are those of both benchmarks.
///
/// A clip of 32 frames at an interval of 2 spans 64 frames of the video. Frames are resized so that
/// their shorter side has `shortSide` pixels, and a square of `crop` pixels is cut out: at a random
/// place in training, in the middle in evaluation.
public struct ClipOptions: Hashable, Sendable {
    /// The number of frames of a video clip.
    public var frames = 32
    /// The distance between neighboring frames of a clip, in frames of the video.
    public var interval = 2
    /// The number of frames of a flow clip.
    public var flowFrames = 8
    /// The distance between neighboring frames of a flow clip, in frames of the flow.
    public var flowInterval = 4
    /// The length in pixels to which the shorter side of a frame is resized.
    public var shortSide = 256
    /// The side of the square crop in pixels.
    public var crop = 224
    /// The side of the crop of flow in evaluation: the released loaders cut the middle 256 for flow and
    /// 224 for video.
    public var flowEvaluationCrop = 256

    /// The clips of the benchmarks.
    public init() {}
}

/// Options of a data set that decodes clips.
public protocol ClipDatasetOptions: Options {
    /// How frames are sampled and cropped.
    var clip: ClipOptions { get set }
    /// How samples are decoded ahead.
    var loading: LoadingOptions { get set }
}

extension ClipDatasetOptions {
    /// The fields of `clip` and `loading`.
    static var clipFields: [OptionField<Self>] {
        [
            .integer("frames", \.clip.frames, in: 1...512, unit: "frames", "frames of a video clip"),
            .integer("interval", \.clip.interval, in: 1...64, unit: "frames", "from one frame of a video clip to the next"),
            .integer("flow-frames", \.clip.flowFrames, in: 1...512, unit: "frames", "frames of a flow clip"),
            .integer("flow-interval", \.clip.flowInterval, in: 1...64, unit: "frames", "from one frame of a flow clip to the next"),
            .integer("short-side", \.clip.shortSide, in: 8...2048, unit: "pixels", "frames are scaled so that their shorter side has this length"),
            .integer("crop", \.clip.crop, in: 8...2048, unit: "pixels", "side of the square that is cut out of each frame"),
            .integer(
                "flow-evaluation-crop", \.clip.flowEvaluationCrop, in: 8...2048, unit: "pixels",
                "side of the square that evaluation cuts out of flow; the released programs use 256"),
            .integer("workers", \.loading.workers, in: 1...256, "threads that decode; null for as many as a trial computes on"),
            .integer("memory", \.loading.memory, in: 16...1_048_576, unit: "MiB", "decoded samples that may wait to be used"),
            .choice("on-bad-sample", \.loading.onBadSample, "samples with a missing or damaged file: end the run, or leave them out and count them"),
        ]
    }
}

/// What was loaded and skipped, and how long it took: for progress, and for the report of a run.
public struct LoadingReport: Hashable, Sendable {
    /// A row that was skipped.
    public struct SkippedRow: Hashable, Sendable {
        /// The row of the data set.
        public let row: Int
        /// The file at fault.
        public let path: String
        /// Why, with the path of the file.
        public let reason: String
        /// How often the row was asked for and skipped.
        public internal(set) var times: Int
    }

    /// The number of rows loaded.
    public internal(set) var samples = 0
    /// The skipped rows, in the order in which they were first met.
    public internal(set) var skipped: [SkippedRow] = []
    /// The seconds that the caller waited for decoders.
    public internal(set) var secondsWaited = 0.0
    /// The seconds from the first request to the last batch, including what the caller did with the
    /// batches.
    public internal(set) var seconds = 0.0

    /// A record of nothing so far.
    public init() {}

    /// Rows per second, including what the caller did with the batches.
    public var samplesPerSecond: Double { seconds > 0 ? Double(samples) / seconds : 0 }

    /// One line for people.
    public var summary: String {
        func text(_ value: Double) -> String { String(Double((value * 10).rounded()) / 10) }
        var parts = ["\(samples) samples", "\(text(samplesPerSecond)) a second", "\(text(secondsWaited)) of \(text(seconds)) s waited for files"]
        if let first = skipped.first {
            let times = skipped.reduce(0) { $0 + $1.times }
            parts.append("\(skipped.count) rows left out (\(times) times), first \(first.path): \(first.reason)")
        }
        return parts.joined(separator: ", ")
    }

    mutating func skip(_ row: Int, path: String, reason: String) {
        if let place = skipped.firstIndex(where: { $0.row == row }) {
            skipped[place].times += 1
        } else {
            skipped.append(SkippedRow(row: row, path: path, reason: reason, times: 1))
        }
    }
}
