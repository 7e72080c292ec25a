import Configuration
import Networks
import Persistence
import Tensors
import Weights

/// Sentiment of spoken clips as a number, by words, voice and face: MOSI, MOSEI and CH-SIMS, each a domain;
/// `sentiment` in a recipe. The files are not bundled; `root` is the folder that holds them.
///
/// Read from `mosi.pkl`, `mosei.pkl` and `sims.pkl`, whose three modalities have equal widths in all of
/// them. Rows of `train` are for training, those of `valid` for validation; of the held-out data set
/// those of `test` are reported.
///
/// ```yaml
/// data: {use: sentiment, root: /data/sentiment, standardize: none}
/// task: {use: regression, loss: l1, score: two-class-accuracy-zero-negative}
/// evaluation: {transfers: [mosi + mosei -> sims, mosi -> sims]}
/// ```
///
/// Each file is a pickled dictionary, as MMSA-FET writes it:
///
/// ```
/// train:                          valid and test the same
///   text               N×L×768    word vectors of BERT
///   audio              N×L×25     descriptors of the voice
///   vision             N×L×171    descriptors of the face
///   regression_labels  N          sentiment, −3 to 3 (CH-SIMS: −1 to 1)
///   text_bert          N×3×L      needed for `lengths: file` alone, as are the two that follow
///   audio_lengths, vision_lengths N
/// ```
///
/// Arrays of 32 or 64 bits and lists of arrays are read alike, and nothing in a file is executed.
/// Lengths L differ from file to file; sequences are padded with zeros to the longest. Large files stay
/// on disk.
public struct Sentiment: DatasetPlugin, UncheckedRows, ReadsAhead, ScalesInputs {
    /// Which steps of a sequence are real.
    public enum Lengths: String, CaseIterable, Sendable {
        /// What is 0 to the end is padding: what MMSA-FET fills up with.
        case padding
        /// What the file says: `audio_lengths`, `vision_lengths`, and the mask of `text_bert`.
        case file
        /// All steps of a data set's arrays, as the released programs take them.
        case whole
    }

    /// What becomes of values that are not numbers.
    public enum NotFinite: String, CaseIterable, Sendable {
        /// The run ends.
        case refuse
        /// 0 in their place.
        case zero
    }

    /// What is learned of a clip.
    public enum LearnedTargets: String, CaseIterable, Sendable {
        /// Its sentiment.
        case values
        /// The sign of its sentiment: negative, neutral (exactly 0) or positive, the classes that MMDG-Bench's methods
        /// see in these data.
        case classes
    }

    /// What a recipe can set.
    public struct Options: Configuration.Options {
        /// The folder of the files.
        public var root = ""
        /// The data sets that take part, each a domain.
        public var sets = ["mosei", "mosi", "sims"]
        /// Which steps of a sequence are real.
        public var lengths = Lengths.padding
        /// What is learned.
        public var targets = LearnedTargets.values
        /// What the labels of `sims` are multiplied by.
        public var simsScale = 3.0
        /// What values do that are not finite.
        public var notFinite = NotFinite.refuse

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .path("root", \.root, required: true, "the folder with mosi.pkl, mosei.pkl and sims.pkl"),
                .texts("sets", \.sets, "the data sets to use, each of them one domain: names of files without .pkl"),
                .choice(
                    "lengths", \.lengths,
                    "which steps are real: those before the zeros at the end, those that the file states, or all steps of the released arrays"),
                .choice("targets", \.targets, "what is learned: the sentiment as a number, or whether it is negative, neutral (exactly 0) or positive"),
                .number("sims-scale", \.simsScale, in: 0.001...1000, "factor for the labels of sims, which lie in ±1, while those of the others lie in ±3"),
                .choice("not-finite", \.notFinite, "values in the file that are NaN or infinite: refuse them, or take 0 for them"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "sentiment",
            summary: "MOSI, MOSEI and CH-SIMS: sentiment in ±3 by text, audio and vision, each data set a domain (not bundled)",
            source: "Zadeh et al. 2016 and 2018, Yu et al. 2020; the files of CASP (AAAI 2025) and MMDG-Bench (Dong et al. 2026)",
            options: Options.descriptions,
            notes: [
                "for task: regression; MMDG-Bench's score is two-class-accuracy-zero-negative; with targets: classes for task: classification",
                "files: a dictionary of train, valid and test, each with text N×L×768, audio N×L×25, vision N×L×171 and regression_labels",
                "the standard features of MMSA (aligned_50.pkl, unaligned_50.pkl, unaligned_39.pkl) differ in width from data set to data set and do not fit",
                "sequences are padded to the longest data set; steps on disk are read when a batch needs them",
            ])
    }

    /// The keys of the three modalities in the files, and their names in recipes.
    static let modalityNames = ["text", "audio", "vision"]

    /// The three modalities as padded sequences, a domain for each file, and one value or three classes to learn.
    public let facts: DatasetFacts
    /// The class of each row by the sign of its sentiment; 0 for every row where the sentiment itself is learned.
    public let labels: [Int]
    /// The sentiment of each row; nil where classes are learned.
    public let targetValues: [Float]?
    /// The file of each row, by its number among the option `sets`.
    public let domains: [Int]
    /// The parts as the files have them.
    public let split: [SplitName]?
    /// How many labels lie beyond ±3.
    public let remarks: [String]
    private let modalities: [ArrayModality]

    /// Opens the files; modalities of up to 256 MiB are read at once, others when a batch needs them.
    ///
    /// - Throws: `DatasetFault` with file, key and shape.
    public init(options: Options) throws(DatasetFault) { try self.init(options: options, requiringFinite: options.notFinite == .refuse) }

    /// - Parameter requiringFinite: whether a value that is not finite is a fault where it is met.
    init(options: Options, requiringFinite: Bool) throws(DatasetFault) {
        let parts = try SentimentFiles(options).parts
        var modalities: [ArrayModality] = []
        for name in Self.modalityNames { modalities.append(try Self.modality(name, of: parts, options: options, requiringFinite: requiringFinite)) }
        self.modalities = modalities
        let values = parts.flatMap(\.labels)
        let hasClasses = options.targets == .classes
        targetValues = hasClasses ? nil : values
        labels = values.map { hasClasses ? ($0 < 0 ? 0 : $0 > 0 ? 2 : 1) : 0 }
        domains = parts.flatMap { part in part.labels.map { _ in part.domain } }
        split = parts.flatMap { part in part.labels.map { _ in part.split } }
        let beyond = values.count { abs($0) > 3.001 }
        remarks = beyond > 0 ? ["\(beyond) of \(values.count) labels lie beyond ±3"] : []
        facts = DatasetFacts(
            modalities: modalities.map(\.facts), domains: options.sets,
            targets: hasClasses ? TargetFacts(.classes, names: ["negative", "neutral", "positive"]) : TargetFacts(.values, names: ["sentiment"]),
            samplesPerDomain: tally(domains, kinds: options.sets.count))
    }

    /// All rows of one modality, in sequences as long as the longest data set's.
    private static func modality(
        _ name: String, of parts: [SentimentPart], options: Options, requiringFinite: Bool
    ) throws(DatasetFault) -> ArrayModality {
        let arrays = parts.compactMap { $0.arrays[name] }
        let steps = arrays.map { $0.shape[1] }.max() ?? 0
        var places: [StoredRows.Place?] = []
        for (number, array) in arrays.enumerated() {
            places += (0..<array.rowCount).map { StoredRows.Place(array: Int32(number), row: $0) }
        }
        var modality = try ArrayModality(name, arrays, layout: .channelsLast, sample: [steps, arrays.first?.shape[2] ?? 0], places: RowPlaces(places))
        if options.notFinite == .zero { modality.replaceNotFinite() }
        switch options.lengths {
        case .padding: try modality.takeLengthsFromPadding()
        case .file:
            var lengths: [Int] = []
            for part in parts { lengths += try part.lengths(name) }
            try modality.take(lengths: lengths)
        case .whole:
            guard arrays.contains(where: { $0.shape[1] != steps }) else { break }
            try modality.take(lengths: arrays.flatMap { array in Array(repeating: array.shape[1], count: array.rowCount) })
        }
        if let fault = try modality.holdIfSmall(), requiringFinite { throw fault }
        return modality
    }

    /// Some rows of a modality, N×steps×features.
    ///
    /// - Throws: `DatasetFault` for a modality that there is not, or a row that cannot be read.
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor { try array(modality).inputs(rows) }

    package func inputs(_ rows: [Int], modality: String, view: SampleView, scale: ChannelScale) throws -> Tensor {
        try array(modality).inputs(rows, scale: scale)
    }

    /// How many steps of some rows are real, as the option `lengths` says; a row of none lacks the
    /// modality.
    public func presence(_ rows: [Int], modality: String) throws -> Presence { try array(modality).presence(rows) }

    package func isOnDisk(_ modality: String) -> Bool { modalities.first { $0.name == modality }?.isOnDisk ?? false }

    package func readAhead(_ rows: [Int], modality: String) { modalities.first { $0.name == modality }?.readAhead(rows) }

    /// One row with whatever values it has.
    package func uncheckedRow(_ row: Int, modality: String) throws(DatasetFault) -> [Float] { try array(modality).values(of: row) }

    package func beyondSinglePrecision(_ row: Int, modality: String) -> String? {
        modalities.first { $0.name == modality }?.beyondSinglePrecision(row)
    }

    private func array(_ name: String) throws(DatasetFault) -> ArrayModality {
        guard let array = modalities.first(where: { $0.name == name }) else { throw unknownModality(name) }
        return array
    }
}
