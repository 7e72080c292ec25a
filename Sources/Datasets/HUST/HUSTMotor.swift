import Configuration
import Persistence
import Tensors

/// HUST motor: six states of a motor at four speeds, by the vibration of its housing and by its sound;
/// `hust-motor` in a recipe. The recordings are not bundled; `root` is the folder that holds them as they
/// are published.
///
/// Read from the 24 text files of recordings, of which windows are cut here; or from the two MAT files
/// of windows that MMDG-Bench's program writes. Of a source domain, held-back windows are for
/// validation; of the held-out one, its test windows are the reported ones.
///
/// The released windows start anywhere in a recording and overlap: those of training, validation and
/// test share samples. Here each recording is cut in three stretches one after another, and a window
/// lies within one of them; ``Windows/released`` takes windows from everywhere.
///
/// ```yaml
/// data: {use: hust-motor, root: /data/hust, standardize: none}
/// ```
///
/// The folder holds either 24 text files,
///
/// ```
/// H_5HZ.txt, H_10HZ.txt, H_20HZ.txt, H_30HZ.txt
/// BF_5HZ.txt, …, BOW_…, BROKEN_…, MISAL_…, UNBAL_30HZ.txt
/// ```
///
/// each with header lines, the last of which names its columns, and a row for each of 25,600 samples a
/// second:
///
/// ```
/// Time (seconds) and Data Channels
/// 0.000000  0.0132  -0.0071  0.0246  0.1318
/// ```
///
/// or `Motor_Vib.mat` and `Motor_Aud.mat`, MATLAB 5 files of windows with a variable for each speed and
/// part (`load1_train` of `1024×4800` to `load4_test` of `1024×1200`), one window a column, states one
/// after another.
///
/// Domains are the speeds, 5, 10, 20 and 30 Hz; classes are healthy, BF, BOW, BROKEN, MISAL and UNBAL,
/// in this order. Modalities are `vibration`, `1024×1`, and `sound`, `1024×1`, with the default
/// options.
public struct HUSTMotor: DatasetPlugin {
    /// Where windows of training, validation and test lie in a recording.
    public enum Windows: String, CaseIterable, Sendable {
        /// In stretches of their own: no sample is in windows of two of them.
        case separate
        /// Anywhere, as released: windows of training, validation and test share samples.
        case released
    }

    /// What the three axes of vibration become.
    public enum Vibration: String, CaseIterable, Sendable {
        /// One channel, √(x² + y² + z²).
        case magnitude
        /// Three channels.
        case axes
    }

    /// How windows are brought to a common scale.
    public enum Scale: String, CaseIterable, Sendable {
        /// Each to 0…1 by its own least and largest value.
        case window
        /// As they are.
        case none
    }

    /// What a recipe can set.
    public struct Options: Configuration.Options {
        /// The folder of the files.
        public var root = ""
        /// Whether training, validation and test share stretches of a recording.
        public var windows = Windows.separate
        /// Windows for training, validation and test of each recording.
        public var counts = [600, 200, 200]
        /// Steps of a window.
        public var window = 1024
        /// What the places of windows are drawn from.
        public var windowSeed = 42
        /// One channel of vibration, or three.
        public var vibration = Vibration.magnitude
        /// How windows are brought to a common scale.
        public var scale = Scale.window

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .path("root", \.root, required: true, "the folder with the 24 text files, or with Motor_Vib.mat and Motor_Aud.mat"),
                .choice(
                    "windows", \.windows,
                    "separate: training, validation and test each have their own stretch of every recording; released: windows lie anywhere and share "
                        + "samples across the three"),
                .integers("counts", \.counts, in: 1...1_000_000, "windows for training, validation and test of each state and speed"),
                .integer("window", \.window, in: 2...1_048_576, unit: "steps", "length of a window"),
                .integer("window-seed", \.windowSeed, in: 0..., "seed from which the places of windows are drawn"),
                .choice("vibration", \.vibration, "one channel √(x² + y² + z²), or three"),
                .choice("scale", \.scale, "window: each window is scaled to 0…1 by its own smallest and largest value"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "hust-motor",
            summary: "HUST motor: 6 states at 4 speeds, vibration and sound at 25.6 kHz, in windows (not bundled)",
            source: "Zhao et al., Engineering Applications of Artificial Intelligence 2025; windows as in MMDG-Bench (Dong et al. 2026)",
            options: Options.descriptions,
            notes: [
                "modalities: vibration 1024×1 (or ×3), sound 1024×1; domains: 5-hz, 10-hz, 20-hz, 30-hz",
                "text files: {H,BF,BOW,BROKEN,MISAL,UNBAL}_{5,10,20,30}HZ.txt, five columns: time, x, y, z, sound",
                "places of windows: for each recording and stretch, the first of the starts in random order (a stream named by both)",
                "with windows: released, windows of training and validation overlap, so validation accuracy is near 100 % and selection is left to chance",
                "the released program's own windows: read the MAT files that it writes, with windows: released",
            ])
    }

    /// The speeds in hertz, in the order of the domains.
    static let speeds = [5, 10, 20, 30]
    /// The states as files are named after them, in the order of the classes.
    static let states = ["H", "BF", "BOW", "BROKEN", "MISAL", "UNBAL"]

    /// The modalities with the shape of a window, the four speeds and the six states.
    public let facts: DatasetFacts
    /// The state of each window.
    public let labels: [Int]
    /// The speed of each window.
    public let domains: [Int]
    /// Training, validation and test, in the counts of the options.
    public let split: [SplitName]?
    /// Whether windows are scaled by their own range, so that none is measured over the data set.
    public var isStandardized: Bool { options.scale == .window }
    /// That windows overlap, where they do.
    public let remarks: [String]

    private let options: Options
    private let signals: [String: any WindowSource]

    /// Reads all recordings, and draws the places of the windows.
    ///
    /// A recording takes 8 bytes a sample in memory (16 with three axes): 31 MB for the 24 released
    /// ones. Windows are cut when a batch needs them.
    ///
    /// - Throws: `DatasetFault` where a file is missing or damaged, or too short for the windows.
    public init(options: Options) throws(DatasetFault) {
        guard options.counts.count == 3 else {
            throw DatasetFault(
                option: "counts", message: "option counts: found \(options.counts.count) numbers", expected: "three: training, validation and test")
        }
        self.options = options
        let names = Self.speeds.map { "\($0)-hz" }
        let rows: WindowRows
        switch try HUSTFiles(options.root) {
        case .recordings(let paths):
            let recordings = try MotorRecordings(paths, vibration: options.vibration)
            rows = try recordings.windows(options)
            signals = ["vibration": recordings.source(.vibration, rows, options), "sound": recordings.source(.sound, rows, options)]
        case .windows(let vibration, let sound):
            let windows = try MotorWindows(vibration: vibration, sound: sound, options: options)
            rows = windows.rows
            signals = ["vibration": windows.vibration, "sound": windows.sound]
        }
        (labels, domains, split) = (rows.states, rows.speeds, rows.split)
        let channels = options.vibration == .axes ? 3 : 1
        facts = DatasetFacts(
            modalities: [("vibration", channels), ("sound", 1)].map { name, channels in
                DatasetFacts.ModalityFacts(name: name, sampleShape: [options.window, channels])
            },
            domains: names, classes: ["healthy", "bf", "bow", "broken", "misal", "unbal"],
            samplesPerDomain: tally(rows.speeds, kinds: names.count))
        remarks =
            options.windows == .released
            ? ["windows of training, validation and test share samples (windows: released): validation says little about new recordings"] : []
    }

    /// Some windows of a modality, N×steps×channels.
    ///
    /// - Throws: `DatasetFault` for a modality that there is not.
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        guard let source = signals[modality] else { throw unknownModality(modality) }
        let size = options.window * source.channels
        var fault: DatasetFault?
        let inputs = Tensor(shape: [rows.count, options.window, source.channels]) { output in
            for (place, row) in rows.enumerated() where fault == nil {
                let slot = UnsafeMutableBufferPointer(rebasing: output[place * size..<(place + 1) * size])
                do throws(DatasetFault) { try source.copy(row, into: slot) } catch { fault = error }
                if options.scale == .window { Self.scale(slot, channels: source.channels) }
            }
        }
        if let fault { throw fault }
        return inputs
    }

    /// Each channel of a window to 0…1 by its own least and largest value; a constant one to 0.
    private static func scale(_ window: UnsafeMutableBufferPointer<Float>, channels: Int) {
        for channel in 0..<channels {
            let places = stride(from: channel, to: window.count, by: channels)
            var (least, largest) = (Float.infinity, -Float.infinity)
            for place in places { (least, largest) = (min(least, window[place]), max(largest, window[place])) }
            for place in places { window[place] = (window[place] - least) / (largest - least + 1e-8) }
        }
    }
}

/// What the rows are: windows, of each the state, the speed and the part.
struct WindowRows: Sendable {
    /// The number of each window's state.
    var states: [Int] = []
    /// The number of each window's speed.
    var speeds: [Int] = []
    /// The part that each window belongs to.
    var split: [SplitName] = []
    /// The first step of each in its recording; none where windows are stored as such.
    var starts: [Int] = []

    /// The parts in the order of the option `counts`.
    static let parts: [SplitName] = [.train, .validation, .test]
}

/// One modality's windows.
protocol WindowSource: Sendable {
    /// Values at each step.
    var channels: Int { get }
    /// Copies the steps of a window, channels last.
    ///
    /// - Precondition: `target` has room for exactly one window.
    func copy(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault)
}

/// Which of the two forms a folder has.
private enum HUSTFiles {
    /// Paths by speed and state.
    case recordings([[String]])
    /// Paths of the two MAT files.
    case windows(vibration: String, sound: String)

    /// Looks which of the two a folder has; names of files may be in capitals or not.
    ///
    /// A folder with some of the text files is not a folder of MAT files: a missing recording is a fault
    /// that names it.
    ///
    /// - Throws: `DatasetFault` with the files that are missing, and the folder inside that has them.
    init(_ root: String) throws(DatasetFault) {
        let names: [String]
        do throws(FileFault) { names = try Folder.names(in: root) } catch { throw DatasetFault(option: "root", message: "option root: \(error)") }
        let known = Dictionary(names.map { ($0.uppercased(), "\(root)/\($0)") }) { first, _ in first }
        let wanted = HUSTMotor.speeds.map { speed in HUSTMotor.states.map { "\($0)_\(speed)HZ.txt" } }
        let missing = wanted.joined().filter { known[$0.uppercased()] == nil }
        if missing.isEmpty {
            self = .recordings(wanted.map { $0.compactMap { known[$0.uppercased()] } })
            return
        }
        if missing.count == HUSTMotor.speeds.count * HUSTMotor.states.count, let vibration = known["MOTOR_VIB.MAT"], let sound = known["MOTOR_AUD.MAT"] {
            self = .windows(vibration: vibration, sound: sound)
            return
        }
        let nested = names.first { name in
            let inner = (try? Folder.names(in: "\(root)/\(name)")) ?? []
            return inner.contains { $0.uppercased() == "H_5HZ.TXT" || $0.uppercased() == "MOTOR_VIB.MAT" }
        }
        let found =
            missing.count == 24
            ? "none of the 24 text files is there" : "\(missing.count) of the 24 text files are not there: \(missing.prefix(6).joined(separator: ", "))"
        throw DatasetFault(
            option: "root", message: "option root: in \(root) \(found)\(KnownLayout.remark(on: root, asFor: "hust-motor"))",
            expected: "{H,BF,BOW,BROKEN,MISAL,UNBAL}_{5,10,20,30}HZ.txt, or Motor_Vib.mat and Motor_Aud.mat",
            suggestion: nested.map { "\(root)/\($0)" })
    }
}
