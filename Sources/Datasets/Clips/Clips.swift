import Configuration
import Media
import Networks
import Persistence
import Tensors

/// A user's own films, flow, sound and pictures: a CSV table with a row for each clip; `clips` in a recipe.
///
/// ```yaml
/// data: {use: clips, manifest: kitchen/clips.csv}
/// ```
///
/// ```
/// label,domain,split,video,flow_x,flow_y,audio,start,stop
/// pour,home,train,films/a.mp4,flow/a_x.mp4,flow/a_y.mp4,sound/a.wav,0.5,2.5
/// cut,home,held-back,films/a.mp4,flow/a_x.mp4,flow/a_y.mp4,sound/a.wav,4,7.25
/// cut,lab,held-back,frames/b,,,sound/b.wav,,
/// ```
///
/// EPIC-Kitchens and HAC are such tables with names of their own; `regulus data manifest` writes one of a folder, or of a folder and a table of
/// labels. Columns: `label` (a class, or what the option `targets` says), `domain`, and for
/// each modality the file, by its path from the table's folder: `video` (a film, or a folder of
/// pictures in the order of their names), `flow_x` and `flow_y` (the same), `audio` (anything with
/// sound), `picture`. Where a clip is a part of its files, `start` and `stop` say which, in seconds, or
/// `start_frame` and `stop_frame`, counted from 0. Further columns: `id`, `split`, `group`.
///
/// Frames are drawn from the part, at a random place in training and from the middle in evaluation; a
/// part that is shorter than a clip wraps around. Rows of one file belong together when data are
/// divided, unless `group` says otherwise. A path that leaves the table's folder is refused, also one
/// that does so by a link unless `links: follow` is said.
public struct Clips: DatasetPlugin, DecodingDataset {
    /// What a recipe can set.
    public struct Options: ClipDatasetOptions {
        /// The path of the table.
        public var manifest = ""
        /// What the labels are: classes, several labels, or a value.
        public var targets = TargetKind.classes
        /// Names of the classes, in order; else the labels themselves.
        public var classNames: [String] = []
        /// Names of the domains, in order; else the domains themselves.
        public var domainNames: [String] = []
        /// Frames a second of a folder of pictures, and of what `start_frame` counts for sound.
        public var frameRate = 25.0
        /// What happens to clips without a label.
        public var unlabeled = Arrays.Incomplete.refuse
        /// What happens to clips that lack a modality.
        public var onMissing = Arrays.OnMissing.keep
        /// What becomes of symbolic links that lead out of the table's folder.
        public var links = LinkRule.inside
        /// How frames are sampled and cropped.
        public var clip = ClipOptions()
        /// How samples are decoded ahead.
        public var loading = LoadingOptions()

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .path("manifest", \.manifest, required: true, "a CSV table of clips: label, domain, and the files of each modality"),
                .choice(
                    "targets", \.targets, "what the column 'label' contains: classes; labels, names separated by semicolons; values, numbers such as 0.4"),
                .texts("class-names", \.classNames, "names of classes 0, 1, …, of labels or of the value; by default the labels themselves"),
                .texts("domain-names", \.domainNames, "names of domains 0, 1, …; by default the domains themselves"),
                .number(
                    "frame-rate", \.frameRate, in: 0.001...100_000, unit: "frames a second",
                    "frame rate of folders of pictures, and of films that do not state theirs, for converting seconds to frames and frames to seconds"),
                .choice("unlabeled", \.unlabeled, "clips without a label, or with -1 as label: refuse them, or leave them out and count them"),
                .choice(
                    "on-missing", \.onMissing,
                    "clips that lack a modality (an empty path): keep them as samples without it, leave them out and count them, or refuse them"),
                .choice("links", \.links, LinkRule.summary),
            ] + clipFields
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "clips",
            summary: "your own films, flow, sound and pictures: a CSV table with a row for each clip",
            options: Options.descriptions,
            notes: [
                "columns: label, domain, split, group, id; video, flow_x and flow_y, audio, picture, which are paths relative to the table's folder",
                "start and stop in seconds, or start_frame and stop_frame counted from 0; empty for the whole file",
                "modalities, with the shapes that the default options give: video 32×224×224×3, flow 8×224×224×2, audio 257×1004×1, picture 224×224×3",
                "a row with an empty path is a sample without that modality",
                "split: train, validation, test, or held-back (used for validation in a source domain, and reported in the held-out domain)",
            ])
    }

    /// The modalities that some row has, with the shapes of training.
    public let facts: DatasetFacts
    /// The class of each clip; 0 for all where labels or values are learned.
    public let labels: [Int]
    /// Row-major `N×K`: 0 or 1 for each label, or the value; nil where classes are learned.
    public let targetValues: [Float]?
    /// The domain of each clip.
    public let domains: [Int]
    /// Which clips stay together when data are divided: those of one file, or of one `group`.
    public let groups: [Int]?
    /// The part that the table puts each clip in; nil without a column `split`.
    public let split: [SplitName]?
    /// What was noticed while the table was read.
    public let remarks: [String]
    /// How samples are decoded ahead.
    package let loading: LoadingOptions

    private let rows: ClipRows
    private let reader: ClipReader
    private let crop: Int
    private let shortSide: Int
    private let opened = OpenedVideos()
    private let spectrogram = SpectrogramReader()

    /// Reads the table. Media files are not opened.
    ///
    /// - Throws: `DatasetFault` with the table's line and column.
    public init(options: Options) throws(DatasetFault) {
        guard FFmpegSupport.isAvailable else { throw DatasetFault(message: FFmpegSupport.remedy) }
        var manifest = try Manifest(options.manifest, links: options.links).labeled(options.unlabeled, options.targets, names: options.classNames)
        let rows = try ClipRows(&manifest, frameRate: options.frameRate, onMissing: options.onMissing)
        self.rows = rows
        let (found, names) = try manifest.targets(options.targets, names: options.classNames, option: "manifest")
        let targets: TargetFacts
        (targets, labels, targetValues) = try found.learned(
            options.targets, names: options.classNames.isEmpty ? names : options.classNames, option: "manifest")
        guard let texts = manifest.texts("domain") else {
            throw DatasetFault(
                option: "manifest", message: "\(manifest.path): there is no column 'domain'", expected: "one, such as the place or the person of each clip",
                suggestion: nearestName(to: "domain", among: manifest.names))
        }
        if let row = texts.firstIndex(of: "") {
            throw DatasetFault(option: "manifest", message: "\(manifest.path):\(manifest.lines[row]): the domain is empty", expected: "a name or a number")
        }
        let domains = try Categories(manifest.values("domain", option: "manifest"), names: options.domainNames, what: "domain", option: "manifest")
        self.domains = domains.indices
        groups = try manifest.has("group") ? manifest.values("group", option: "manifest").numbered() : rows.files
        split =
            try manifest.has("split")
            ? SplitNames.names(of: manifest.values("split", option: "manifest"), in: manifest.path, option: "manifest") : nil
        loading = options.loading
        let reader = ClipReader(options.clip)
        self.reader = reader
        let crop = options.clip.crop
        (self.crop, shortSide) = (crop, options.clip.shortSide)
        let known = reader.facts + [DatasetFacts.ModalityFacts(name: "picture", sampleShape: [crop, crop, 3])]
        facts = DatasetFacts(
            modalities: known.filter { rows.modalities.contains($0.name) }, domains: domains.names, targets: targets,
            samplesPerDomain: tally(domains.indices, kinds: domains.names.count))
        remarks = manifest.remarks
    }

    // MARK: - Decoding

    /// The shape of a sample in a view; flow may be larger in evaluation.
    package func sampleShape(_ modality: String, view: SampleView) -> [Int]? {
        guard facts.modalityNames.contains(modality) else { return nil }
        return modality == "picture" ? [crop, crop, 3] : reader.shape(modality, view: view)
    }

    /// Pictures wait as bytes, spectrograms as numbers.
    package func bytesOfValue(_ modality: String) -> Int { modality == "audio" ? MemoryLayout<Float>.stride : 1 }

    /// Which clips have a path for the modality.
    public func presence(_ rows: [Int], modality: String) throws -> Presence {
        Presence(samples: rows.map { !self.rows.paths(modality, $0).isEmpty })
    }

    /// Reads the frames or the sound of a clip.
    ///
    /// - Throws: `MediaFault` with the path where a file is missing or damaged, or ends before the clip
    ///   begins.
    package func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample {
        let paths = rows.paths(modality, row)
        guard let path = paths.first else {
            // Nothing looks at a sample that is not there.
            let shape = sampleShape(modality, view: view) ?? []
            return DecodedSample(shape: shape, numbers: [Float](repeating: 0, count: shape.reduce(1, *)))
        }
        var stream = view.stream(row: row, modality: modality)
        switch modality {
        case "audio":
            let sound = try SoundFile(path)
            let window: Range<Int>
            if let seconds = rows.seconds(row) {
                window = sound.sample(at: seconds.lowerBound)..<sound.sample(at: seconds.upperBound)
            } else {
                window = 0..<sound.sampleCount
            }
            guard !window.isEmpty else {
                throw MediaFault(path: path, reason: "the clip lies behind its end at \(Double(sound.sampleCount) / Double(SoundFile.rate)) s")
            }
            return try spectrogram.sample(of: sound, window: window, from: stream)
        case "picture":
            var clip = ClipAssembly(
                .color, frames: 1, size: ClipSize(shortSide: shortSide, side: crop), rule: stream.map { ClipCropRule.random($0) } ?? .center)
            try clip.put(try PictureSource(.color).picture(path), at: [0], path: path)
            return clip.sample().reshaped([crop, crop, 3])
        default:
            let sampling = modality == "flow" ? reader.flow : reader.video
            let channels: Picture.Channels = modality == "flow" ? .gray : .color
            let frames = try ClipFrames(path, opened)
            let range = try rows.frames(row, of: frames)
            let numbers = sampling.numbers(count: range.count, start: range.lowerBound, from: &stream)
            var clip = reader.assembly(modality, view: view, rest: stream)
            for (channel, path) in paths.enumerated() {
                let own = channel == 0 ? frames : try ClipFrames(path, opened)
                // Vertical flow may be a frame shorter than horizontal.
                try own.put(numbers.map { min($0, own.count - 1) }, channels: channels, channel: channel, into: &clip)
            }
            return clip.sample()
        }
    }

    /// The files of a modality of a clip.
    package func files(_ row: Int, modality: String) -> [String] { rows.paths(modality, row) }

    /// Which seconds or frames of its files a clip is.
    package func part(_ row: Int) -> String { rows.extents[row].map { "\($0)" } ?? "" }

    /// The length of a clip that is a part of its files.
    package func seconds(_ row: Int) -> Double? { rows.seconds(row).map { $0.upperBound - $0.lowerBound } }
}

/// The frames of a film, or of a folder of pictures.
private struct ClipFrames {
    /// Where the frames are.
    private enum Content {
        /// In one file.
        case film(VideoFile)
        /// Paths of pictures, in the order of their names.
        case pictures([String])
    }

    /// The film or the folder.
    let path: String
    /// How many frames there are.
    let count: Int
    /// Frames a second; nil where nothing says it.
    let rate: Double?
    private let content: Content

    /// Counts the frames of a film, or lists the pictures of a folder.
    ///
    /// - Throws: `MediaFault` where it cannot be read, or has no frames.
    init(_ path: String, _ opened: OpenedVideos) throws(MediaFault) {
        self.path = path
        guard Folder.exists(path) else {
            let film = try opened.file(path)
            (content, count, rate) = (.film(film), film.frameCount, film.frameRate)
            return
        }
        let names: [String]
        do throws(FileFault) { names = try Folder.names(in: path) } catch { throw MediaFault(path: path, reason: error.reason) }
        let endings = [".jpg", ".jpeg", ".png", ".bmp", ".webp"]
        let pictures = names.filter { name in endings.contains { name.lowercased().hasSuffix($0) } }.sorted()
        guard !pictures.isEmpty else { throw MediaFault(path: path, reason: "the folder has no pictures (\(endings.joined(separator: ", ")))") }
        (content, count, rate) = (.pictures(pictures.map { "\(path)/\($0)" }), pictures.count, nil)
    }

    /// Puts frames into a clip.
    ///
    /// - Parameter numbers: of frames counted from 0, one for each place of the clip.
    /// - Throws: `MediaFault` with the path where one cannot be decoded, or has another size than those
    ///   before.
    func put(_ numbers: [Int], channels: Picture.Channels, channel: Int, into clip: inout ClipAssembly) throws(MediaFault) {
        switch content {
        case .film(let film): try clip.put(numbers, of: film, channels: channels, channel: channel)
        case .pictures(let paths):
            let source = PictureSource(channels)
            for (number, places) in Dictionary(grouping: numbers.indices, by: { numbers[$0] }).sorted(by: { $0.key < $1.key }) {
                try clip.put(try source.picture(paths[number]), at: places, channel: channel, path: paths[number])
            }
        }
    }
}

extension ClipRows {
    /// The frames of a film that a row means.
    ///
    /// - Throws: where they lie behind its end, or there is no telling which they are.
    fileprivate func frames(_ row: Int, of film: ClipFrames) throws(MediaFault) -> Range<Int> {
        let range: Range<Int>
        switch extents[row] {
        case nil: return 0..<film.count
        case .frames(let frames)?: range = frames
        case .seconds(let seconds)?:
            let rate = film.rate ?? frameRate
            let (first, last) = ((seconds.lowerBound * rate).rounded(.down), (seconds.upperBound * rate).rounded(.up))
            guard first < Double(film.count) else {
                throw MediaFault(
                    path: film.path, reason: "the clip begins at \(seconds.lowerBound) s, and the film has \(film.count) frames at \(rate) a second")
            }
            range = Int(first)..<max(Int(first) + 1, Int(min(last, Double(film.count))))
        }
        guard range.lowerBound < film.count else {
            throw MediaFault(path: film.path, reason: "the clip begins at frame \(range.lowerBound), and the film has \(film.count)")
        }
        return range.clamped(to: 0..<film.count)
    }
}
