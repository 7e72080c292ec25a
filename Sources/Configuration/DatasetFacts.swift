/// What is known about a data set as soon as it is opened, before anything is trained: its modalities,
/// domains, targets and sizes.
///
/// A recipe is checked against these facts, and models are made from the shapes in them. No sample is
/// read for it.
public struct DatasetFacts: Sendable, Hashable {
    /// One modality's arrays.
    public struct ModalityFacts: Sendable, Hashable {
        /// The name in recipes.
        public let name: String
        /// Shape of one sample, without the batch axis: `[steps, channels]` for a series.
        public let sampleShape: [Int]
        /// Whether samples are sequences of different lengths along the first axis, padded at their
        /// ends.
        public let isPadded: Bool

        /// - Parameters:
        ///   - name: the modality's name, unique within the data set.
        ///   - sampleShape: the shape of one sample, without the batch axis.
        ///   - isPadded: whether samples are sequences of different lengths, so that an encoder is also
        ///     given their lengths.
        public init(name: String, sampleShape: [Int], isPadded: Bool = false) {
            self.name = name
            self.sampleShape = sampleShape
            self.isPadded = isPadded
        }
    }

    /// The modalities, in the data set's order.
    public let modalities: [ModalityFacts]
    /// Names of the domains, in the order of report columns.
    public let domains: [String]
    /// What is to be learned of each sample.
    public let targets: TargetFacts
    /// Number of samples of each domain, in the order of `domains`.
    public let samplesPerDomain: [Int]

    /// - Parameters:
    ///   - modalities: in the order in which embeddings and reports list them.
    ///   - domains: names, unique, in the order of report columns.
    ///   - targets: what is learned, with the names of its classes, labels or values.
    ///   - samplesPerDomain: one number for each of `domains`; 0 is possible.
    public init(modalities: [ModalityFacts], domains: [String], targets: TargetFacts, samplesPerDomain: [Int]) {
        self.modalities = modalities
        self.domains = domains
        self.targets = targets
        self.samplesPerDomain = samplesPerDomain
    }

    /// The facts of a data set whose samples each belong to one class.
    public init(modalities: [ModalityFacts], domains: [String], classes: [String], samplesPerDomain: [Int]) {
        self.init(
            modalities: modalities, domains: domains, targets: TargetFacts(.classes, names: classes), samplesPerDomain: samplesPerDomain)
    }

    /// Names of the classes, in the order of their labels; none where something else is learned.
    public var classes: [String] { targets.kind == .classes ? targets.names : [] }

    /// Number of samples in all.
    public var sampleCount: Int { samplesPerDomain.reduce(0, +) }

    /// Names of the modalities.
    public var modalityNames: [String] { modalities.map(\.name) }
}

/// Why a data set cannot be opened, or cannot serve what a recipe asks of it.
///
/// `check` and `run` print it beside the line of the recipe whose option is at fault, and end with exit
/// code 2.
public struct DatasetFault: Error, Sendable, Hashable {
    /// The name of the option whose value is wrong; nil where the data set as a whole is.
    public var option: String?
    /// What is wrong, in a sentence without a full stop.
    public var message: String
    /// What would have been right.
    public var expected: String?
    /// The nearest thing that would have been right, where one is near.
    public var suggestion: String?
    /// The way to the faulty data set where others consist of it: an option and the name of one of its
    /// data sets, the outermost first; empty for a data set that stands alone.
    package var within: [String] = []

    /// - Parameters:
    ///   - option: the option that is wrong, in kebab-case.
    ///   - message: one sentence without a full stop; it names the file, row or column where there is
    ///     one.
    ///   - expected: what would be accepted, in words.
    ///   - suggestion: one valid value that is close to what was found.
    public init(option: String? = nil, message: String, expected: String? = nil, suggestion: String? = nil) {
        self.option = option
        self.message = message
        self.expected = expected
        self.suggestion = suggestion
    }
}

extension DatasetFault {
    /// The same fault as the data set reports it that consists of the faulty one and others.
    ///
    /// - Parameters:
    ///   - option: the option that names the data sets.
    ///   - name: what the faulty one is called there.
    package func inside(_ option: String, _ name: String) -> DatasetFault {
        var fault = self
        fault.message = "'\(name)': \(message)"
        fault.within = [option, name] + within
        return fault
    }
}

/// The message with what was expected and the suggestion: `…; expected …; did you mean '…'?`
extension DatasetFault: CustomStringConvertible {
    public var description: String {
        message + (expected.map { "; expected \($0)" } ?? "") + suggestionText(suggestion)
    }
}

/// What is learned of each sample. It decides which base loss, which scores and which regularizers are
/// possible.
///
/// A regularizer declares the kinds that it can serve, and a recipe that combines it with another kind
/// is refused at its line.
public enum TargetKind: String, CaseIterable, Hashable, Codable, Sendable {
    /// Exactly one class out of `K`: classification.
    case classes
    /// Any number of `K` labels, none included: multi-label classification.
    case labels
    /// `V` real numbers: regression.
    case values

    /// Several kinds in a sentence: `classes or labels`.
    package static func list(_ kinds: [TargetKind]) -> String { kinds.map(\.rawValue).joined(separator: " or ") }
}

/// What there is to learn in a data set: the kind of target and the names of its classes, labels or
/// values.
public struct TargetFacts: Hashable, Codable, Sendable {
    /// Classes, labels or values.
    public let kind: TargetKind
    /// Their names, in order: of the classes `K`, of the labels `K`, or of the values `V`.
    public let names: [String]

    /// - Parameters:
    ///   - kind: classes, labels or values.
    ///   - names: in the order of the numbers that stand for them in the data.
    public init(_ kind: TargetKind, names: [String]) {
        self.kind = kind
        self.names = names
    }

    /// How many there are: `K` classes or labels, `V` values. A model for this data has as many
    /// outputs.
    public var width: Int { names.count }

    /// `8 classes`, `1 value`.
    package var text: String { "\(width) \(width == 1 ? String(kind.rawValue.dropLast(kind == .classes ? 2 : 1)) : kind.rawValue)" }
}
