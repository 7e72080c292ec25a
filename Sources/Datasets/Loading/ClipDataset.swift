import Configuration
import Foundation
import Media
import Persistence
import Tensors

/// A data set of video clips that split files list, as EPIC-Kitchens and HAC are.
///
/// What is known of its rows comes from the list, and shapes from the reader; the data set itself says
/// which files a row has and how they are read.
package protocol ClipDataset: DecodingDataset {
    /// The rows of the split files.
    var films: FilmList { get }
    /// How frames and sound become samples.
    var reader: ClipReader { get }
}

extension ClipDataset {
    /// The class of every row.
    public var labels: [Int] { films.labels }
    /// The domain of every row.
    public var domains: [Int] { films.domains }
    /// The film of every row.
    public var groups: [Int]? { films.groups }
    /// The part of the published split that every row belongs to.
    public var split: [SplitName]? { films.split }

    /// The shape of a sample: flow may be cropped differently in evaluation. Nil for an unknown
    /// modality.
    package func sampleShape(_ modality: String, view: SampleView) -> [Int]? { reader.shape(modality, view: view) }

    /// Pictures of video and flow wait as bytes, spectrograms as numbers.
    package func bytesOfValue(_ modality: String) -> Int { modality == "audio" ? MemoryLayout<Float>.stride : 1 }
}

/// Rows as split files list them: a list for each domain and part, one after another.
package struct FilmList: Sendable {
    /// The rows of one split file.
    struct Part {
        /// The number of the domain.
        let domain: Int
        /// What the rows of the file are for.
        let part: SplitName
        /// The class of each row.
        let labels: [Int]
        /// The video of each row: its path below the data set's root, without what differs between
        /// modalities.
        let names: [String]
    }

    /// The names of the domains.
    let domainNames: [String]
    /// The class of each row.
    let labels: [Int]
    /// The domain of each row.
    let domains: [Int]
    /// What each row is for.
    let split: [SplitName]
    /// The video of each row.
    let names: [String]
    /// A number for each row, equal for rows of one film.
    let groups: [Int]

    /// Joins the rows of the split files, in order.
    init(domains domainNames: [String], _ parts: [Part]) {
        self.domainNames = domainNames
        labels = parts.flatMap(\.labels)
        domains = parts.flatMap { part in part.labels.map { _ in part.domain } }
        split = parts.flatMap { part in part.labels.map { _ in part.part } }
        names = parts.flatMap(\.names)
        let places = Dictionary(uniqueKeysWithValues: Set(names).sorted().enumerated().map { ($1, $0) })
        groups = names.compactMap { places[$0] }
    }

    /// The facts of the data set: its modalities, domains, classes and number of rows in each domain.
    func facts(modalities: [DatasetFacts.ModalityFacts], classes: [String]) -> DatasetFacts {
        DatasetFacts(
            modalities: modalities, domains: domainNames, classes: classes, samplesPerDomain: tally(domains, kinds: domainNames.count))
    }
}

/// How both benchmarks turn frames and sound into samples.
package struct ClipReader: Sendable {
    /// Which frames of a segment a clip of video takes.
    let video: FrameSampling
    /// Which frames of a segment a clip of flow takes.
    let flow: FrameSampling
    private let options: ClipOptions

    /// A reader for these options of a recipe.
    init(_ options: ClipOptions) {
        video = FrameSampling(frames: options.frames, interval: options.interval)
        flow = FrameSampling(frames: options.flowFrames, interval: options.flowInterval)
        self.options = options
    }

    /// Names and training shapes, in the order in which the released programs join them.
    var facts: [DatasetFacts.ModalityFacts] {
        ["video", "audio", "flow"].map { name in
            DatasetFacts.ModalityFacts(
                name: name, sampleShape: shape(name, view: .training(epoch: 0, random: RandomSource(seed: 0))) ?? [])
        }
    }

    /// The shape of a sample: frames × height × width × channels, or frequencies × times × 1; nil for
    /// an unknown modality.
    func shape(_ modality: String, view: SampleView) -> [Int]? {
        switch modality {
        case "video": [video.frames, options.crop, options.crop, 3]
        case "flow": [flow.frames, flowSide(view), flowSide(view), 2]
        case "audio": [Spectrogram.frequencies, Spectrogram.times, 1]
        default: nil
        }
    }

    /// The side of the crop of flow, which is larger in evaluation in the released programs.
    private func flowSide(_ view: SampleView) -> Int { view == .evaluation ? options.flowEvaluationCrop : options.crop }

    /// An empty clip.
    ///
    /// - Parameter rest: the row's random numbers after those that chose the frames; nil in evaluation.
    func assembly(_ modality: String, view: SampleView, rest: RandomStream?) -> ClipAssembly {
        let rule = rest.map { ClipCropRule.random($0) } ?? .center
        return modality == "flow"
            ? ClipAssembly(
                .flow, frames: flow.frames, size: ClipSize(shortSide: options.shortSide, side: flowSide(view)), rule: rule)
            : ClipAssembly(
                .color, frames: video.frames, size: ClipSize(shortSide: options.shortSide, side: options.crop), rule: rule)
    }
}

extension FrameSampling {
    /// The frame numbers of a random clip, or of the middle one without a stream.
    func numbers(count: Int, start: Int, from stream: inout RandomStream?) -> [Int] {
        guard var drawn = stream else { return numbers(offset: middle(of: count), count: count, start: start) }
        let offset = random(of: count, from: &drawn)
        stream = drawn
        return numbers(offset: offset, count: count, start: start)
    }
}

/// Reads sound as the audio encoder expects it.
struct SpectrogramReader: Sendable {
    private let spectrogram = Spectrogram()
    private let augmentation = SpectrogramAugmentation()

    /// The spectrogram of a stretch of sound, with the noise and mask of training where there is a
    /// stream.
    func sample(of sound: SoundFile, window: Range<Int>, from stream: RandomStream?) throws(MediaFault) -> DecodedSample {
        // More than a clip is not used.
        let used = window.lowerBound..<min(window.upperBound, window.lowerBound + Spectrogram.clipSamples)
        let samples = try sound.samples(used)
        if let bad = samples.first(where: { !$0.isFinite }) {
            throw MediaFault(path: sound.path, reason: "damaged: one of its samples is \(bad)")
        }
        var (values, times, _, _) = spectrogram.standardized(Spectrogram.clip(samples))
        if var stream { augmentation.apply(to: &values, times: times, from: &stream) }
        return DecodedSample(shape: [Spectrogram.frequencies, times, 1], numbers: values)
    }
}

/// The folder of a data set on disk and the files that are expected in it.
enum MediaRoot {
    /// Checks that a data set's split folder exists and that media can be decoded.
    ///
    /// - Parameters:
    ///   - root: the folder that the recipe names.
    ///   - dataset: the data set's name.
    ///   - splits: the folder below it that has to exist.
    ///   - layout: the expected files, one pattern per line.
    /// - Throws: `DatasetFault` with the layout and what was found instead.
    static func check(_ root: String, of dataset: String, splits: String, layout: [String]) throws(DatasetFault) {
        guard FFmpegSupport.isAvailable else { throw DatasetFault(message: FFmpegSupport.remedy) }
        guard !Folder.exists("\(root)/\(splits)") else { return }
        let expected = "below the root:\n" + layout.map { "    " + $0 }.joined(separator: "\n")
        guard Folder.exists(root) else {
            throw DatasetFault(option: "root", message: "option root: there is no folder \(root)", expected: expected)
        }
        let names = ((try? Folder.names(in: root)) ?? []).prefix(12)
        let found = names.isEmpty ? "it is empty" : "found " + names.joined(separator: ", ")
        // A user often names the folder above or the one inside.
        let nested = names.first { Folder.exists("\(root)/\($0)/\(splits)") }
        throw DatasetFault(
            option: "root",
            message: "option root: there is no folder \(splits) in \(root); \(found)\(KnownLayout.remark(on: root, asFor: dataset))", expected: expected,
            suggestion: nested.map { "\(root)/\($0)" })
    }
}
