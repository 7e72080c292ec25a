import Configuration
import Networks
import Tensors

/// Labeled samples of several modalities from several domains.
///
/// A sample is a row, counted from 0 in a fixed order. Everything about rows except the inputs
/// themselves is in memory; inputs are read for the rows that are asked for. A data set is read by
/// several threads at once.
///
/// Only ``facts``, ``labels``, ``domains`` and ``inputs(_:modality:)`` have to be written; everything
/// else has a default that suits data in which nothing is missing, grouped, ordered or split
/// beforehand.
///
/// A minimal data set of two modalities:
///
/// ```swift
/// struct Pairs: Dataset {
///     let facts: DatasetFacts
///     let labels: [Int]
///     let domains: [Int]
///     private let arrays: [String: Tensor]            // N×C for each modality
///
///     func inputs(_ rows: [Int], modality: String) throws -> Tensor {
///         guard let array = arrays[modality] else { throw DatasetFault(message: "there is no modality '\(modality)'") }
///         return array.gathering(rows: rows)
///     }
/// }
/// ```
public protocol Dataset: Sendable {
    /// Modalities with the shapes of their samples, names of domains and classes, and the number of
    /// samples.
    var facts: DatasetFacts { get }

    /// The class of every row, an index into `facts.classes`.
    ///
    /// Where something other than a class is learned, it is the number of the stratum that validation
    /// rows are drawn from in equal parts, such as 0 for every row.
    var labels: [Int] { get }

    /// What is learned of every row where that is not its class: rows × `facts.targets.names`,
    /// row-major, finite; 0 and 1 for labels. Nil for classes, which is the default.
    var targetValues: [Float]? { get }

    /// The domain of every row, an index into `facts.domains`.
    var domains: [Int] { get }

    /// Rows of the same number belong together, as those of a recording, a person or a video do; nil
    /// where every row stands alone, which is the default.
    ///
    /// A split for validation never divides a group, unless the rows are ordered; see ``positions``.
    var groups: [Int]? { get }

    /// The position of every row in time within its group; nil where rows have no order, which is the
    /// default.
    ///
    /// Where there is an order, validation takes the last part of every group of the source domains.
    var positions: [Int]? { get }

    /// The split that the data set prescribes, row by row; nil where it prescribes none, which is the
    /// default.
    var split: [SplitName]? { get }

    /// Rows of classes that training does not know, ascending: nothing is learned of them, chosen by them or scored on them, and their
    /// labels mean nothing. None by default.
    var rowsOfUnknownClasses: [Int] { get }

    /// What the samples were made from, where a generator made them; analysis compares embeddings with
    /// it. Nil by default.
    var factors: GeneratingFactors? { get }

    /// One modality of some rows as an N×(sample shape) tensor, channels last.
    ///
    /// - Parameters:
    ///   - rows: in the order of the result; a row may be repeated.
    ///   - modality: one of the facts' names.
    /// - Throws: `DatasetFault` for a modality that the data set lacks, or for data that cannot be
    ///   read.
    /// - Precondition: all rows exist.
    func inputs(_ rows: [Int], modality: String) throws -> Tensor

    /// One modality of some rows as training or evaluation is shown it: augmented in training, where
    /// the data set does that. By default both are shown the same.
    ///
    /// - Throws: as ``inputs(_:modality:)``.
    /// - Precondition: all rows exist.
    func inputs(_ rows: [Int], modality: String, view: SampleView) throws -> Tensor

    /// Which of some rows have a modality, and how many of their places are real; by default all of it.
    /// Where something is missing, ``inputs(_:modality:)`` holds any finite numbers in its place.
    ///
    /// - Throws: as ``inputs(_:modality:)``.
    /// - Precondition: all rows exist.
    func presence(_ rows: [Int], modality: String) throws -> Presence

    /// What a user of the data should know, one sentence each: rows that were left out, shapes whose
    /// axes look exchanged. None by default.
    var remarks: [String] { get }

    /// Whether inputs already are on a common scale, so that none is measured. False by default.
    var isStandardized: Bool { get }

    /// The data set as an experiment sees it that holds `domains` out.
    ///
    /// For real data this is the data set itself, which is the default. A generated world may show its
    /// held-out domains differently. Rows, labels and domains stay the same, and each domain is shown by
    /// itself: its samples depend on whether it is held out, and not on whether others are. Therefore one
    /// training serves every target that its model is measured on.
    func holdingOut(_ domains: [Int]) -> any Dataset
}

extension Dataset {
    public var targetValues: [Float]? { nil }
    public var groups: [Int]? { nil }
    public var positions: [Int]? { nil }
    public var split: [SplitName]? { nil }
    public var factors: GeneratingFactors? { nil }
    public var rowsOfUnknownClasses: [Int] { [] }
    public var remarks: [String] { [] }
    public func presence(_ rows: [Int], modality: String) throws -> Presence { .whole }
    public var isStandardized: Bool { false }
    public func inputs(_ rows: [Int], modality: String, view: SampleView) throws -> Tensor {
        try inputs(rows, modality: modality)
    }
    public func holdingOut(_ domains: [Int]) -> any Dataset { self }

    /// The number of rows.
    public var count: Int { labels.count }

    /// Checks that targets and domains are what the facts say, for data sets written by others.
    ///
    /// - Throws: `DatasetFault` that names the row.
    package func checkRows() throws(DatasetFault) {
        let targets = facts.targets
        guard domains.count == count else {
            throw DatasetFault(message: "the data set has the domains of \(domains.count) rows and the labels of \(count)")
        }
        if let row = domains.firstIndex(where: { !facts.domains.indices.contains($0) }) {
            throw DatasetFault(message: "row \(row) is of domain number \(domains[row])", expected: "0 to \(facts.domains.count - 1)")
        }
        guard targets.kind != .classes else {
            if let row = labels.firstIndex(where: { !targets.names.indices.contains($0) }) {
                throw DatasetFault(message: "row \(row) is of class number \(labels[row])", expected: "0 to \(targets.width - 1)")
            }
            return
        }
        let (expected, isTooLarge) = count.multipliedReportingOverflow(by: targets.width)
        guard let values = targetValues, !isTooLarge, values.count == expected, targets.width > 0 else {
            throw DatasetFault(
                message: "the data set has \(targetValues?.count ?? 0) target values", expected: "those of \(count) rows of \(targets.text) each")
        }
        if let place = values.firstIndex(where: { targets.kind == .labels ? $0 != 0 && $0 != 1 : !$0.isFinite }) {
            throw DatasetFault(
                message: "row \(place / targets.width) has \(values[place]) for '\(targets.names[place % targets.width])'",
                expected: targets.kind == .labels ? "0 or 1" : "a finite number")
        }
    }

    /// The fault of asking for a modality that does not exist, with the ones that do.
    func unknownModality(_ name: String) -> DatasetFault {
        let names = facts.modalities.map(\.name)
        return DatasetFault(
            message: "the data set has no modality '\(name)'", expected: "one of: " + names.joined(separator: ", "),
            suggestion: nearestName(to: name, among: names))
    }
}

/// The part of a prescribed split that a row belongs to.
///
/// In files it is written as a word (`train`, `val`, `valid`, `validation`, `dev`, `test`, `held-back`)
/// or as 0, 1 or 2.
public enum SplitName: String, CaseIterable, Hashable, Sendable {
    /// For training.
    case train
    /// For selection, beside the training.
    case validation
    /// For the report.
    case test
    /// For validation where its domain is a source domain, and among the reported rows where its domain
    /// is held out.
    case heldBack = "held-back"
}

/// What generated samples were made from.
///
/// With it, analysis can say how much of an embedding is cue and how much is invariant signal.
public struct GeneratingFactors: Sendable {
    /// Latent values of every row, before they are mixed into inputs.
    public struct Latents: Sendable {
        /// Row-major, `rows` × `width`.
        public let values: [Float]
        /// The number of latent dimensions of a row.
        public let width: Int

        /// The latent values of some rows, N×`width`.
        public func tensor(_ rows: [Int]) -> Tensor { gather(rows, from: values, sampleShape: [width]) }
    }

    /// What one modality was made from.
    public struct Parts: Sendable {
        /// The value of this modality's partial cue in every row; nil where the row carries none.
        public let cueValues: [Int?]
        /// The latent dimensions with the class code that is the same in every domain, noise included.
        public let invariant: Latents
        /// The latent dimensions with the cue's pattern, noise included.
        public let cue: Latents
        /// The latent dimensions that are independent of the class.
        public let nuisance: Latents
        /// The latent dimensions that name the class together with those of the other modalities alone,
        /// noise included; of width 0 where there are none.
        public let pair: Latents
    }

    /// The class that the joint cue of a row names; nil where the row carries none.
    public let cueClasses: [Int?]
    /// The parts of each modality, by its name.
    public let modalities: [String: Parts]
}
