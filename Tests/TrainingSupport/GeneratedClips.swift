import Configuration
import Foundation
import Media
import Synchronization
import Tensors

@testable import Datasets

/// A generated data set of clips that are "decoded" row by row: moving pictures, flow and a spectrogram of two classes in three domains.
///
/// Training sees every clip with noise of its own. Rows may be bad, and every decoding is counted.
struct GeneratedClips: DatasetPlugin, DecodingDataset {
    struct Options: Configuration.Options {
        var samples = 8
        var bad: [Int] = []
        var loading = LoadingOptions()
        /// Names a counter of decodings.
        var counter = ""

        static var fields: [OptionField<Options>] {
            [
                .integer("samples", \.samples, in: 2...1000, "samples of each domain"),
                .integers("bad", \.bad, in: 0...1000, "rows whose flow cannot be decoded"),
                .text("counter", \.counter, "the counter of decodings"),
                .integer("workers", \.loading.workers, in: 1...256, "threads that decode"),
                .integer("memory", \.loading.memory, in: 16...1024, "decoded samples that may wait"),
                .choice("on-bad-sample", \.loading.onBadSample, "what a damaged file does"),
            ]
        }
    }

    static let description = ComponentDescription(name: "generated-clips", summary: "generated clips", options: Options.descriptions)
    static let shapes = ["video": [8, 32, 32, 3], "flow": [2, 32, 32, 2], "audio": [32, 32, 1]]

    let facts: DatasetFacts
    let labels: [Int]
    let domains: [Int]
    let options: Options
    var loading: LoadingOptions { options.loading }

    init(options: Options) throws(DatasetFault) {
        self.options = options
        let count = 3 * options.samples
        labels = (0..<count).map { $0 % 2 }
        domains = (0..<count).map { $0 / options.samples }
        facts = DatasetFacts(
            modalities: ["video", "audio", "flow"].map { .init(name: $0, sampleShape: Self.shapes[$0] ?? []) }, domains: ["d1", "d2", "d3"],
            classes: ["left", "right"], samplesPerDomain: [options.samples, options.samples, options.samples])
    }

    func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample {
        Self.count(options.counter)
        if modality == "flow", options.bad.contains(row) { throw MediaFault(path: "clips/\(row).jpg", reason: "damaged") }
        let shape = sampleShape(modality, view: view) ?? []
        var content = RandomSource(seed: 3).child(modality).stream("row-\(row)")
        var values = content.normal(Shape(shape)).values
        let channels = shape.last ?? 1
        for index in values.indices {
            let side = index / channels % shape[shape.count - 2] < shape[shape.count - 2] / 2 ? 0 : 1
            values[index] += side == labels[row] ? 1 : 0
        }
        if var stream = view.stream(row: row, modality: modality) {
            for index in values.indices { values[index] += 0.5 * stream.normal() }
        }
        return DecodedSample(shape: shape, numbers: values)
    }

    /// Evaluation sees flow larger, as the benchmarks do.
    func sampleShape(_ modality: String, view: SampleView) -> [Int]? {
        modality == "flow" && view == .evaluation ? [2, 40, 40, 2] : Self.shapes[modality]
    }

    func bytesOfValue(_ modality: String) -> Int { MemoryLayout<Float>.stride }
    func files(_ row: Int, modality: String) -> [String] { ["clips/\(row).jpg"] }
    func seconds(_ row: Int) -> Double? { nil }

    private static let counts = Mutex<[String: Int]>([:])
    private static func count(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }

    /// How many samples of one modality have been decoded under a name.
    static func decodings(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }
}
