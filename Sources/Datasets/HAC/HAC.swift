import Configuration
import Media
import Persistence
import Tensors

/// Human, animal and cartoon actions: seven classes in three domains, as video, optical flow and sound;
/// `hac` in a recipe. The recordings are not bundled; `root` is the folder that holds them as they are
/// published.
///
/// In a source domain the `test` lists are for validation; of the held-out domain all rows count. A
/// sample is a clip of frames, at a random place in training and from the middle in evaluation; the
/// modalities of a row are `video` `32×224×224×3`, `audio` `257×1004×1` and `flow` `8×224×224×2` with
/// the default options.
///
/// ```yaml
/// data: {use: hac, root: /data/HAC, repeated-files: once}
/// ```
///
/// The folder holds
///
/// ```
/// HAC_Splits/HAC_train_only_human.csv, HAC_test_only_human.csv, … animal …, … cartoon …
/// human/videos/NAME.mp4
/// human/flow/NAME_flow_x.mp4, NAME_flow_y.mp4
/// human/audio/NAME.wav
/// animal/…, cartoon/…
/// ```
public struct HAC: DatasetPlugin, ClipDataset {
    /// Which clip's frames determine the stretch of sound.
    public enum AudioClock: String, CaseIterable, Sendable {
        /// The clip of the video, or the clip of the flow; each is drawn on its own.
        case video, flow
    }

    /// What happens to the 24 human files that are in both lists.
    public enum RepeatedFiles: String, CaseIterable, Sendable {
        /// Both rows stay, as in the released lists: validation then sees files that were trained on,
        /// and as target they count twice.
        case keep
        /// Only the training row stays.
        case once
    }

    /// What a recipe may set.
    public struct Options: ClipDatasetOptions {
        /// The folder of the data set.
        public var root = ""
        /// Which clip's frames determine the stretch of sound.
        public var audioClock = AudioClock.video
        /// What happens to the files that are in both lists.
        public var repeatedFiles = RepeatedFiles.keep
        /// How frames are sampled and cropped.
        public var clip = ClipOptions()
        /// How samples are decoded ahead.
        public var loading = LoadingOptions()

        /// The clips of the benchmark and the released lists; `root` is to be set.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .path("root", \.root, required: true, "the folder with \(HACSplits.folder), human, animal and cartoon"),
                .choice(
                    "audio-clock", \.audioClock,
                    "the modality whose clip says where the sound begins and ends; in the released program it is flow if video is not used"),
                .choice("repeated-files", \.repeatedFiles, "24 human files are in both lists; both rows of each are kept, or the training row only"),
            ] + clipFields
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "hac",
            summary: "HAC: 7 actions of humans, animals and cartoon figures, 3381 rows; videos, flow videos, sound (not bundled)",
            source: "Dong et al., SimMMDG, NeurIPS 2023",
            options: Options.descriptions,
            notes: [
                "modalities, with the shapes that the default options give: video 32×224×224×3, audio 257×1004×1, flow 8×224×224×2",
                "validation uses the test rows of the source domains; all rows of the held-out domain are reported",
                "as in the released program, frame k of a clip is decoded frame k − 1, and the last frames of a file are never used",
            ])
    }

    /// The files below the root, as messages show them.
    static let layout = [
        "\(HACSplits.folder)/HAC_{train,test}_only_{human,animal,cartoon}.csv",
        "{human,animal,cartoon}/videos/NAME.mp4 (these folders may also lie in \(HACSplits.folder), as in MMDG-Bench's release)",
        "{human,animal,cartoon}/flow/NAME_flow_x.mp4, NAME_flow_y.mp4",
        "{human,animal,cartoon}/audio/NAME.wav",
    ]

    /// The frames per second that sound is matched to, whatever the file says, as in the released
    /// program.
    private static let clockRate = 24.0

    /// The modalities with the shapes of training, the three domains, and the seven actions.
    public let facts: DatasetFacts

    /// How samples are decoded ahead.
    package let loading: LoadingOptions
    /// The rows, in the order of the split files.
    package let films: FilmList
    /// How frames become samples.
    package let reader: ClipReader
    /// The file of each row without `.mp4`.
    private let stems: [String]
    private let root: String
    private let audioClock: AudioClock
    private let spectrogram = SpectrogramReader()
    private let wholeFilms = WholeFilms()

    /// Reads the split files. Media files are not opened.
    ///
    /// - Throws: `DatasetFault` where the root lacks the splits, or a split file is wrong.
    public init(options: Options) throws(DatasetFault) {
        let domainNames = ["human", "animal", "cartoon"]
        try MediaRoot.check(options.root, of: "hac", splits: HACSplits.folder, layout: Self.layout)
        var stems: [String] = []
        var parts: [FilmList.Part] = []
        for (domain, name) in domainNames.enumerated() {
            let training = try HACSplits.videos("train", domain: name, in: options.root)
            var tests = try HACSplits.videos("test", domain: name, in: options.root)
            if options.repeatedFiles == .once {
                let seen = Set(training.map(\.name))
                tests.removeAll { seen.contains($0.name) }
            }
            for (part, videos) in [(SplitName.train, training), (.validation, tests)] {
                stems += videos.map(\.name)
                parts.append(
                    FilmList.Part(domain: domain, part: part, labels: videos.map(\.label), names: videos.map { "\(name)/\($0.name)" }))
            }
        }
        self.stems = stems
        films = FilmList(domains: domainNames, parts)
        // MMDG-Bench's release has the media beside its lists, SimMMDG's beside the folder of the lists.
        let inside = "\(options.root)/\(HACSplits.folder)"
        root = !Folder.exists("\(options.root)/human") && Folder.exists("\(inside)/human") ? inside : options.root
        audioClock = options.audioClock
        loading = options.loading
        reader = ClipReader(options.clip)
        facts = films.facts(modalities: reader.facts, classes: HACSplits.classes)
    }

    // MARK: - Frames

    /// The frame numbers of a clip before they are mapped to decoded frames, and the file in which they
    /// count.
    ///
    /// - Throws: `MediaFault` where the file cannot be opened or has a single frame.
    func frameNumbers(
        _ row: Int, modality: String, from stream: inout RandomStream?
    ) throws(MediaFault) -> (numbers: [Int], file: VideoFile) {
        let isFlow = modality == "flow"
        return try wholeFilms.frameNumbers(isFlow ? flowPath(row, "x") : videoPath(row), isFlow ? reader.flow : reader.video, from: &stream)
    }

    /// Reads the frames or the sound of a row.
    ///
    /// - Throws: `MediaFault` with the path where a file is missing or damaged.
    package func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample {
        if modality == "audio" {
            let sound = try SoundFile(soundPath(row))
            return try spectrogram.sample(
                of: sound, window: try soundWindow(row, of: sound, view: view), from: view.stream(row: row, modality: modality))
        }
        var stream = view.stream(row: row, modality: modality)
        let (numbers, file) = try frameNumbers(row, modality: modality, from: &stream)
        var clip = reader.assembly(modality, view: view, rest: stream)
        if modality == "flow" {
            try wholeFilms.put(numbers, ofFlow: file, flowPath(row, "y"), into: &clip)
        } else {
            try wholeFilms.put(numbers, of: file, into: &clip)
        }
        return clip.sample()
    }

    /// The stretch of sound from the first to the last frame of the clip, in the order of the clip; for
    /// a clip that wraps around it is shorter or empty.
    func soundWindow(_ row: Int, of sound: SoundFile, view: SampleView) throws(MediaFault) -> Range<Int> {
        let clock = audioClock.rawValue
        // The same draw as the clip's own, so that the sound belongs to the pictures.
        var stream = view.stream(row: row, modality: clock)
        let numbers = try frameNumbers(row, modality: clock, from: &stream).numbers
        let first = sound.sample(at: Double(numbers.first ?? 0) / Self.clockRate)
        let last = sound.sample(at: Double(numbers.last ?? 0) / Self.clockRate)
        return first..<max(first, last)
    }

    // MARK: - Files

    /// The folder of a row's domain.
    private func folder(_ row: Int) -> String { "\(root)/\(facts.domains[domains[row]])" }
    /// The path of a row's video.
    private func videoPath(_ row: Int) -> String { "\(folder(row))/videos/\(stems[row]).mp4" }
    /// The path of a row's sound.
    private func soundPath(_ row: Int) -> String { "\(folder(row))/audio/\(stems[row]).wav" }
    /// The path of one axis, `x` or `y`, of a row's flow.
    private func flowPath(_ row: Int, _ axis: String) -> String { "\(folder(row))/flow/\(stems[row])_flow_\(axis).mp4" }

    /// The files that a modality of a row is read from: one, or two for flow.
    package func files(_ row: Int, modality: String) -> [String] {
        switch modality {
        case "audio": [soundPath(row)]
        case "flow": [flowPath(row, "x"), flowPath(row, "y")]
        default: [videoPath(row)]
        }
    }

    /// The length of a row's video; nil where it cannot be opened or does not say how fast it plays.
    package func seconds(_ row: Int) -> Double? {
        (try? wholeFilms.file(videoPath(row))).flatMap { file in file.frameRate.map { Double(file.frameCount) / $0 } }
    }
}

/// A video of human, animal or cartoon actions, as a line of a split file names it.
struct HACVideo: Hashable, Sendable {
    /// The file's name without `.mp4`; it may begin with a dash or contain a blank.
    let name: String
    /// The number of its action.
    let label: Int
}

/// The split files of HAC: lines `file.mp4,label` without a header, one file for each part and domain,
/// such as `HAC_train_only_human.csv`.
enum HACSplits {
    /// The folder of the split files below the root, as it is published.
    static let folder = "HAC_Splits"
    /// The actions, in the order of their numbers.
    static let classes = ["sleeping", "watching-tv", "eating", "drinking", "swimming", "running", "opening-door"]

    /// The videos of one list.
    ///
    /// - Parameters:
    ///   - part: `train` or `test`.
    ///   - domain: `human`, `animal` or `cartoon`.
    /// - Throws: `DatasetFault` with the file and line of what is wrong, and where there are not rows.
    static func videos(_ part: String, domain: String, in root: String) throws(DatasetFault) -> [HACVideo] {
        let path = "\(root)/\(folder)/HAC_\(part)_only_\(domain).csv"
        let table = try SeparatedValues(path)
        var result: [HACVideo] = []
        for row in table.rows {
            func fault(_ message: String, expected: String) -> DatasetFault {
                DatasetFault(message: "\(path): line \(row.line): \(message)", expected: expected)
            }
            guard row.fields.count == 2 else { throw fault("found \(row.fields.count) fields", expected: "file.mp4,label") }
            let file = row.fields[0]
            // The name becomes a part of paths.
            guard file.hasSuffix(".mp4"), file.count > 4, !file.contains("/"), !file.contains("\0") else {
                throw fault("the name '\(file.prefix(80))'", expected: "the name of an mp4 file, without a folder")
            }
            guard let label = Int(row.fields[1]), classes.indices.contains(label) else {
                throw fault("the label '\(row.fields[1].prefix(40))'", expected: "a whole number from 0 to \(classes.count - 1)")
            }
            result.append(HACVideo(name: String(file.dropLast(4)), label: label))
        }
        guard !result.isEmpty else { throw DatasetFault(message: "\(path): there are no rows") }
        return result
    }
}
