import Configuration
import Foundation
import Media
import Persistence
import Tensors

/// A data set of clips of films that split files list: what EPIC-Kitchens and HAC both are.
///
/// What is known of its rows comes from the list, shapes from the reader; the data set itself says which files a row has and how they
/// are read.
package protocol ClipDataset: DecodingDataset {
    var films: FilmList { get }
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

    package func sampleShape(_ modality: String, view: SampleView) -> [Int]? { reader.shape(modality, view: view) }

    /// Frames of films and of flow wait as pictures, spectrograms as numbers.
    package func bytesOfValue(_ modality: String) -> Int { modality == "audio" ? MemoryLayout<Float>.stride : 1 }
}

/// Rows as split files list them: a list for each domain and part, one after another.
package struct FilmList: Sendable {
    /// The rows of one split file.
    struct Part {
        let domain: Int
        let part: SplitName
        /// The class of each row.
        let labels: [Int]
        /// Which film each row is from: where it lies below the data set's root, without what differs from modality to modality.
        let names: [String]
    }

    let domainNames: [String]
    let labels: [Int]
    let domains: [Int]
    let split: [SplitName]
    let names: [String]
    /// A number for each row, equal for rows of one film.
    let groups: [Int]

    init(domains domainNames: [String], _ parts: [Part]) {
        self.domainNames = domainNames
        labels = parts.flatMap(\.labels)
        domains = parts.flatMap { part in part.labels.map { _ in part.domain } }
        split = parts.flatMap { part in part.labels.map { _ in part.part } }
        names = parts.flatMap(\.names)
        let places = Dictionary(uniqueKeysWithValues: Set(names).sorted().enumerated().map { ($1, $0) })
        groups = names.compactMap { places[$0] }
    }

    func facts(modalities: [DatasetFacts.ModalityFacts], classes: [String]) -> DatasetFacts {
        DatasetFacts(
            modalities: modalities, domains: domainNames, classes: classes, samplesPerDomain: tally(domains, kinds: domainNames.count))
    }
}

/// What both benchmarks do alike to turn frames and sound into samples.
package struct ClipReader: Sendable {
    let video: FrameSampling
    let flow: FrameSampling
    private let options: ClipOptions

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

    func shape(_ modality: String, view: SampleView) -> [Int]? {
        switch modality {
        case "video": [video.frames, options.crop, options.crop, 3]
        case "flow": [flow.frames, flowSide(view), flowSide(view), 2]
        case "audio": [Spectrogram.frequencies, Spectrogram.times, 1]
        default: nil
        }
    }

    private func flowSide(_ view: SampleView) -> Int { view == .evaluation ? options.flowEvaluationCrop : options.crop }

    /// An empty clip; `rest` is what the choice of frames left of the row's random numbers, nil in evaluation.
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
    /// The numbers of a random clip, or of the one in the middle where there is no stream.
    func numbers(count: Int, start: Int, from stream: inout RandomStream?) -> [Int] {
        guard var drawn = stream else { return numbers(offset: middle(of: count), count: count, start: start) }
        let offset = random(of: count, from: &drawn)
        stream = drawn
        return numbers(offset: offset, count: count, start: start)
    }
}

/// Sound as the audio encoder reads it.
struct SpectrogramReader: Sendable {
    private let spectrogram = Spectrogram()
    private let augmentation = SpectrogramAugmentation()

    /// The spectrogram of a stretch of sound, with training's noise and mask where there is a stream.
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

/// The folder of a data set on disk, and what is expected below it.
enum MediaRoot {
    /// Checks that a data set's split folder is where it belongs and that media can be decoded.
    ///
    /// - Parameter layout: the files below the root, one pattern a line.
    /// - Throws: `DatasetFault` that prints the layout and what was found instead.
    static func check(_ root: String, splits: String, layout: [String]) throws(DatasetFault) {
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
            option: "root", message: "option root: there is no folder \(splits) in \(root); \(found)", expected: expected,
            suggestion: nested.map { "\(root)/\($0)" })
    }
}
