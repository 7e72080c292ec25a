/// What is known about a data set before it is trained on: enough to check a recipe against it.
public struct DatasetFacts: Sendable, Hashable {
    /// One modality's arrays.
    public struct ModalityFacts: Sendable, Hashable {
        /// The name in recipes.
        public let name: String
        /// Shape of one sample, without the batch axis: `[steps, channels]` for a series.
        public let sampleShape: [Int]
        /// Whether samples are sequences of different lengths along the first axis, padded at their ends.
        public let isPadded: Bool

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

    public init(modalities: [ModalityFacts], domains: [String], targets: TargetFacts, samplesPerDomain: [Int]) {
        self.modalities = modalities
        self.domains = domains
        self.targets = targets
        self.samplesPerDomain = samplesPerDomain
    }

    /// The facts of a data set of classes.
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

/// Why a data set cannot be read as a recipe asks.
public struct DatasetFault: Error, Sendable, Hashable {
    /// The option that is to blame; nil for the data set as a whole.
    public var option: String?
    /// What is wrong, in a sentence without a full stop.
    public var message: String
    /// What would have been right.
    public var expected: String?
    /// The nearest thing that would have been right, where one is near.
    public var suggestion: String?

    public init(option: String? = nil, message: String, expected: String? = nil, suggestion: String? = nil) {
        self.option = option
        self.message = message
        self.expected = expected
        self.suggestion = suggestion
    }
}

extension DatasetFault: CustomStringConvertible {
    public var description: String {
        message + (expected.map { "; expected \($0)" } ?? "") + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
    }
}

/// What kind of thing is learned of each sample: the task, as far as data, regularizers and measurements need to know it.
public enum TargetKind: String, CaseIterable, Hashable, Codable, Sendable {
    /// One class out of `K`.
    case classes
    /// Any of `K` labels.
    case labels
    /// `V` numbers.
    case values

    /// Several kinds in a sentence: `classes or labels`.
    package static func list(_ kinds: [TargetKind]) -> String { kinds.map(\.rawValue).joined(separator: " or ") }
}

/// What there is to learn in a data set.
public struct TargetFacts: Hashable, Codable, Sendable {
    /// Classes, labels or values.
    public let kind: TargetKind
    /// Their names, in order: of the classes `K`, of the labels `K`, or of the values `V`.
    public let names: [String]

    public init(_ kind: TargetKind, names: [String]) {
        self.kind = kind
        self.names = names
    }

    /// How many there are: `K` or `V`.
    public var width: Int { names.count }

    /// `8 classes`, `1 value`.
    package var text: String { "\(width) \(width == 1 ? String(kind.rawValue.dropLast(kind == .classes ? 2 : 1)) : kind.rawValue)" }
}
