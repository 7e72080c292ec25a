import Configuration
import Media
import Persistence
import Tensors

/// EPIC-Kitchens as three domains: the same eight verbs in three kitchens, seen, as optical flow, and heard.
///
/// Rows are those of MM-SADA's splits. In a source domain the rows of `…_test` are for validation; of the held-out domain they are
/// the reported ones, and its training rows are left out.
public struct EpicKitchens: DatasetPlugin, ClipDataset {
    public struct Options: ClipDatasetOptions {
        public var root = ""
        /// How frames are sampled and cropped.
        public var clip = ClipOptions()
        /// How samples are decoded ahead.
        public var loading = LoadingOptions()

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
                "modalities: video 32×224×224×3, audio 257×1004×1, flow 8×224×224×2, the defaults' shapes",
                "validation: the test rows of the source domains; reported: the test rows of the held-out domain only",
                "splits are read from the published pickles, or from CSV files of the same names and columns",
                "a segment shorter than a clip wraps around; flow numbers are half the video's",
            ])
    }

    static let layout = [
        "\(EpicSplits.folder)/{D1,D2,D3}_{train,test}.pkl (or .csv)",
        "rgb/{train,test}/{D1,D2,D3}/P08_01/frame_0000000001.jpg …",
        "rgb/{train,test}/{D1,D2,D3}/P08_01.wav",
        "flow/{train,test}/{D1,D2,D3}/P08_01/{u,v}/frame_0000000001.jpg …",
    ]

    public let facts: DatasetFacts

    package let loading: LoadingOptions
    package let films: FilmList
    package let reader: ClipReader
    let segments: [EpicSegment]
    private let root: String
    private let spectrogram = SpectrogramReader()

    /// - Throws: `DatasetFault` where the root lacks the splits, or a split file is wrong; media files are not looked at.
    public init(options: Options) throws(DatasetFault) {
        let domainNames = ["D1", "D2", "D3"]
        try MediaRoot.check(options.root, splits: EpicSplits.folder, layout: Self.layout)
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
        if let first = parts.first?.names.first { try Self.checkLayout(options.root, film: first) }
        self.segments = segments
        films = FilmList(domains: domainNames, parts)
        root = options.root
        loading = options.loading
        reader = ClipReader(options.clip)
        facts = films.facts(modalities: reader.facts, classes: EpicSplits.classes)
    }

    /// Names a layout that others use, in place of a million missing frames.
    ///
    /// - Parameter film: the path of one video's frames below `rgb`.
    /// - Throws: `DatasetFault` where there are films in its place.
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

    /// The numbers of the frames of a clip, in the video's own count.
    func frameNumbers(_ row: Int, modality: String, from stream: inout RandomStream?) -> [Int] {
        let segment = segments[row]
        if modality == "flow" {
            // Flow was computed from every other frame: half as many, half the number.
            return reader.flow.numbers(count: max(1, segment.frameCount / 2), start: (segment.startFrame + 1) / 2, from: &stream)
        }
        return reader.video.numbers(count: segment.frameCount, start: segment.startFrame, from: &stream)
    }

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

    // MARK: - Files

    private static func path(_ number: Int, in folder: String) -> String {
        let digits = String(number)
        return "\(folder)/frame_\(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits).jpg"
    }

    private func soundPath(_ row: Int) -> String { "\(root)/rgb/\(films.names[row]).wav" }

    /// One folder for video, two for flow: horizontal and vertical.
    private func pictureFolders(_ row: Int, modality: String) -> [String] {
        modality == "flow"
            ? ["u", "v"].map { "\(root)/flow/\(films.names[row])/\($0)" } : ["\(root)/rgb/\(films.names[row])"]
    }

    /// Every frame that some clip of the segment may take.
    package func files(_ row: Int, modality: String) -> [String] {
        if modality == "audio" { return [soundPath(row)] }
        let segment = segments[row]
        let numbers =
            modality == "flow"
            ? ((segment.startFrame + 1) / 2)..<((segment.startFrame + 1) / 2 + max(1, segment.frameCount / 2))
            : segment.startFrame..<segment.stopFrame
        return pictureFolders(row, modality: modality).flatMap { folder in numbers.map { Self.path($0, in: folder) } }
    }

    package func seconds(_ row: Int) -> Double? { segments[row].stop - segments[row].start }
}
