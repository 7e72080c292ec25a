import Configuration
import Media
import Persistence
import Tensors

/// EPIC-Kitchens as three domains: the same eight verbs in three kitchens, as video, optical flow and
/// sound; `epic-kitchens` in a recipe. The recordings are not bundled; `root` is the folder that holds
/// them as they are published.
///
/// Rows are those of MM-SADA's splits. In a source domain the rows of `…_test` are for validation; of
/// the held-out domain they are the reported ones, and its training rows are left out.
///
/// A sample is a clip of frames from its segment, at a random place in training and from the middle in
/// evaluation; the modalities of a row are `video` `32×224×224×3`, `audio` `257×1004×1` and `flow`
/// `8×224×224×2` with the default options.
///
/// ```yaml
/// data: {use: epic-kitchens, root: /data/epic}
/// ```
///
/// The folder holds
///
/// ```
/// MM-SADA_Domain_Adaptation_Splits/D1_train.pkl, D1_test.pkl, D2_train.pkl, …
/// rgb/train/D1/P08_01/frame_0000000001.jpg, …
/// rgb/train/D1/P08_01.wav
/// flow/train/D1/P08_01/u/frame_0000000001.jpg, …, v/…
/// ```
///
/// and the same for the other domains and for `test`.
public struct EpicKitchens: DatasetPlugin, ClipDataset {
    /// What a recipe may set.
    public struct Options: ClipDatasetOptions {
        /// The folder of the data set.
        public var root = ""
        /// How frames are sampled and cropped.
        public var clip = ClipOptions()
        /// How samples are decoded ahead.
        public var loading = LoadingOptions()

        /// The clips of the benchmark, with workers and memory chosen by the machine; `root` is to be
        /// set.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [.path("root", \.root, required: true, "the folder with \(EpicSplits.folder), rgb and flow")] + clipFields
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "epic-kitchens",
            summary: "EPIC-Kitchens D1–D3: 8 verbs in 3 kitchens, 10094 segments; video and flow frames, sound (not bundled)",
            source: "Damen et al., ECCV 2018; splits of Munro and Damen, CVPR 2020 (MM-SADA)",
            options: Options.descriptions,
            notes: [
                "modalities, with the shapes that the default options give: video 32×224×224×3, audio 257×1004×1, flow 8×224×224×2",
                "validation uses the test rows of the source domains; only the test rows of the held-out domain are reported",
                "splits are read from the published pickles, or from CSV files of the same names and columns",
                "a segment shorter than a clip is repeated from its beginning; frame numbers of flow are half those of video",
                "frames are pictures in folders, as in MM-SADA, or a film for each segment, as in MMDG-Bench's release; the folder rgb or video decides",
            ])
    }

    /// How video and flow lie below the root.
    enum Layout: Sendable {
        /// Each video as a folder of pictures, as published with MM-SADA.
        case frames
        /// Each segment as a film, as MMDG-Bench's release has it.
        case films
    }

    /// The files below the root, as messages show them.
    static let layout = [
        "\(EpicSplits.folder)/{D1,D2,D3}_{train,test}.pkl (or .csv)",
        "rgb/{train,test}/{D1,D2,D3}/P08_01/frame_0000000001.jpg …",
        "rgb/{train,test}/{D1,D2,D3}/P08_01.wav",
        "flow/{train,test}/{D1,D2,D3}/P08_01/{u,v}/frame_0000000001.jpg …",
        "or, each segment as a film:",
        "video/{train,test}/{D1,D2,D3}/D1_P08_01_START_STOP_LABEL.mp4",
        "flow/{train,test}/{D1,D2,D3}/D1_P08_01_START_STOP_LABEL_{u,v}.mp4",
        "audio/{train,test}/{D1,D2,D3}/P08_01.wav",
    ]

    /// The modalities with the shapes of training, domains D1 to D3, and the eight verbs.
    public let facts: DatasetFacts

    /// How samples are decoded ahead.
    package let loading: LoadingOptions
    /// The rows, in the order of the split files.
    package let films: FilmList
    /// How frames become samples.
    package let reader: ClipReader
    /// The segment of each row.
    let segments: [EpicSegment]
    private let root: String
    private let layout: Layout
    /// The film of every row, without folder and ending: `D1_P08_01_12_90_3`, and the same for flow.
    private let segmentFilms: [(video: String, flow: String)]
    private let wholeFilms = WholeFilms()
    private let spectrogram = SpectrogramReader()

    /// Reads the split files. Media files are not opened.
    ///
    /// - Throws: `DatasetFault` where the root lacks the splits, or a split file is wrong.
    public init(options: Options) throws(DatasetFault) {
        let domainNames = ["D1", "D2", "D3"]
        try MediaRoot.check(options.root, of: "epic-kitchens", splits: EpicSplits.folder, layout: Self.layout)
        var segments: [EpicSegment] = []
        var parts: [FilmList.Part] = []
        for (domain, name) in domainNames.enumerated() {
            for (part, role) in [("train", SplitName.train), ("test", .heldBack)] {
                let rows = try EpicSplits.segments("\(name)_\(part)", in: options.root)
                segments += rows
                parts.append(
                    FilmList.Part(
                        domain: domain, part: role, labels: rows.map(\.label), names: rows.map { "\(part)/\(name)/\($0.video)" }))
            }
        }
        layout = !Folder.exists("\(options.root)/rgb") && Folder.exists("\(options.root)/video") ? .films : .frames
        if layout == .frames, let first = parts.first?.names.first { try Self.checkLayout(options.root, film: first) }
        segmentFilms = zip(segments, parts.flatMap { part in part.labels.map { _ in domainNames[part.domain] } }).map { segment, domain in
            let first = (segment.startFrame + 1) / 2
            return (
                "\(domain)_\(segment.video)_\(segment.startFrame)_\(segment.stopFrame)_\(segment.label)",
                "\(domain)_\(segment.video)_\(first)_\(first + segment.frameCount / 2)_\(segment.label)"
            )
        }
        self.segments = segments
        films = FilmList(domains: domainNames, parts)
        root = options.root
        loading = options.loading
        reader = ClipReader(options.clip)
        facts = films.facts(modalities: reader.facts, classes: EpicSplits.classes)
    }

    /// Reports a layout that other programs use, instead of a million missing frames.
    ///
    /// - Parameter film: the path of one video's frames below `rgb`.
    /// - Throws: `DatasetFault` where video files are in place of frames.
    private static func checkLayout(_ root: String, film: String) throws(DatasetFault) {
        let folder = "\(root)/rgb/\(film[..<(film.lastIndex(of: "/") ?? film.startIndex)])"
        guard !Folder.exists("\(root)/rgb/\(film)"), let names = try? Folder.names(in: folder) else { return }
        let endings = [".mp4", ".mkv", ".avi", ".webm"]
        guard let found = names.sorted().first(where: { name in endings.contains { name.lowercased().hasSuffix($0) } }) else { return }
        throw DatasetFault(
            option: "root", message: "option root: \(folder) holds films, such as \(found), and frames are read here, as they are published",
            expected: "the frames of each video as pictures in a folder of its name:\n" + layout.map { "    " + $0 }.joined(separator: "\n"))
    }

    // MARK: - Frames

    /// The numbers of the frames of a clip, as the video counts them.
    func frameNumbers(_ row: Int, modality: String, from stream: inout RandomStream?) -> [Int] {
        // Where pictures lie in folders.
        let segment = segments[row]
        if modality == "flow" {
            // Flow was computed from every other frame, so there are half as many and their numbers are halved.
            return reader.flow.numbers(count: max(1, segment.frameCount / 2), start: (segment.startFrame + 1) / 2, from: &stream)
        }
        return reader.video.numbers(count: segment.frameCount, start: segment.startFrame, from: &stream)
    }

    /// Reads the frames or the sound of a row.
    ///
    /// - Throws: `MediaFault` with the path where a file is missing or damaged, or where the sound ends
    ///   before the segment begins.
    package func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample {
        var stream = view.stream(row: row, modality: modality)
        if modality == "audio" {
            let segment = segments[row]
            let sound = try SoundFile(soundPath(row))
            let window = sound.sample(at: segment.start)..<sound.sample(at: segment.stop)
            guard !window.isEmpty else {
                throw MediaFault(
                    path: sound.path,
                    reason: "the segment from \(segment.start) to \(segment.stop) s lies behind its end at "
                        + "\(Double(sound.sampleCount) / Double(SoundFile.rate)) s")
            }
            return try spectrogram.sample(of: sound, window: window, from: stream)
        }
        if layout == .films { return try decodeFilm(row, modality: modality, view: view, &stream) }
        let numbers = frameNumbers(row, modality: modality, from: &stream)
        var clip = reader.assembly(modality, view: view, rest: stream)
        let places = Dictionary(grouping: numbers.indices) { numbers[$0] }.sorted { $0.key < $1.key }
        for (channel, folder) in pictureFolders(row, modality: modality).enumerated() {
            let source = PictureSource(modality == "flow" ? .gray : .color)
            for (number, places) in places {
                let path = Self.path(number, in: folder)
                try clip.put(try source.picture(path), at: places, channel: channel, path: path)
            }
        }
        return clip.sample()
    }

    private func decodeFilm(
        _ row: Int, modality: String, view: SampleView, _ stream: inout RandomStream?
    ) throws(MediaFault) -> DecodedSample {
        let paths = filmPaths(row, modality: modality)
        let sampling = modality == "flow" ? reader.flow : reader.video
        let (numbers, file) = try wholeFilms.frameNumbers(paths[0], sampling, from: &stream)
        var clip = reader.assembly(modality, view: view, rest: stream)
        if modality == "flow" {
            try wholeFilms.put(numbers, ofFlow: file, paths[1], into: &clip)
        } else {
            try wholeFilms.put(numbers, of: file, into: &clip)
        }
        return clip.sample()
    }

    // MARK: - Files

    /// The film of a segment, or the two of its flow.
    private func filmPaths(_ row: Int, modality: String) -> [String] {
        let name = films.names[row]
        let folder = name[..<(name.lastIndex(of: "/") ?? name.startIndex)]
        return modality == "flow"
            ? ["u", "v"].map { "\(root)/flow/\(folder)/\(segmentFilms[row].flow)_\($0).mp4" }
            : ["\(root)/video/\(folder)/\(segmentFilms[row].video).mp4"]
    }

    /// The path of a frame: its number has ten digits.
    private static func path(_ number: Int, in folder: String) -> String {
        let digits = String(number)
        return "\(folder)/frame_\(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits).jpg"
    }

    /// The path of the sound of a row's video.
    private func soundPath(_ row: Int) -> String { "\(root)/\(layout == .films ? "audio" : "rgb")/\(films.names[row]).wav" }

    /// The folders of a row's frames: one for video, two for flow, horizontal and vertical.
    private func pictureFolders(_ row: Int, modality: String) -> [String] {
        modality == "flow"
            ? ["u", "v"].map { "\(root)/flow/\(films.names[row])/\($0)" } : ["\(root)/rgb/\(films.names[row])"]
    }

    /// Every frame that a clip of the segment may take.
    package func files(_ row: Int, modality: String) -> [String] {
        if modality == "audio" { return [soundPath(row)] }
        if layout == .films { return filmPaths(row, modality: modality) }
        let segment = segments[row]
        let numbers =
            modality == "flow"
            ? ((segment.startFrame + 1) / 2)..<((segment.startFrame + 1) / 2 + max(1, segment.frameCount / 2))
            : segment.startFrame..<segment.stopFrame
        return pictureFolders(row, modality: modality).flatMap { folder in numbers.map { Self.path($0, in: folder) } }
    }

    package func part(_ row: Int) -> String {
        let segment = segments[row]
        return "frames \(segment.startFrame) to \(segment.stopFrame), seconds \(segment.start) to \(segment.stop)"
    }

    /// The length of a row's segment.
    package func seconds(_ row: Int) -> Double? { segments[row].stop - segments[row].start }
}
