import Configuration
import Regularization
@_exported import Results

/// Something that looks at a trained model: that is all a measurement is. It cannot change the
/// training, and selection never sees what it finds.
///
/// ```swift
/// public struct Confidence: MeasurementPlugin {
///     public struct Options: Configuration.Options {
///         public init() {}
///         public static var fields: [OptionField<Options>] { [] }
///     }
///     public static var description: ComponentDescription {
///         ComponentDescription(name: "confidence", summary: "mean probability of the predicted class")
///     }
///     public var reads: Set<SampleSet> { [.target] }
///     public init(options: Options) {}
///     public func measure(_ model: TrainedModel) throws -> Findings {
///         var findings = Findings()
///         let confidences = try ClassProbabilities(logits: model.outputs(on: .target).logits).confidences
///         findings.add("mean-confidence", on: .target) { confidences.reduce(0, +) / Double(confidences.count) }
///         return findings
///     }
/// }
/// ```
public protocol MeasurementPlugin: SendableMetatype {
    /// The options in recipes.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, formula, source and options.
    static var description: ComponentDescription { get }

    /// The sets of samples that it asks the model for; others are refused.
    var reads: Set<SampleSet> { get }

    /// The kinds of targets that it can be asked of; a recipe of another task is refused. All unless
    /// said otherwise.
    static var tasks: [TargetKind] { get }

    /// - Throws: `OptionFault` where options do not fit each other.
    init(options: Options) throws(OptionFault)

    /// Looks for what makes it pointless on some data, so that a recipe is refused before anything is trained. Everything is accepted
    /// unless said otherwise.
    ///
    /// What depends on a row's model is none of it: a common list of measurements may hold some that a row with one modality has no value of.
    ///
    /// - Throws: `OptionFault` with what it would need, and with the option at fault where it is the fault of one.
    func check(against data: DatasetFacts) throws(OptionFault)

    /// What there is to say about a trained model. Equal models and data give equal findings.
    ///
    /// - Throws: `Undefined` where nothing can be said; what reading the data throws. A single number
    ///   that cannot be computed is no reason to throw: ``Results/Findings/add(_:of:on:under:_:)``
    ///   keeps its reason.
    func measure(_ model: TrainedModel) throws -> Findings
}

extension MeasurementPlugin {
    public static var tasks: [TargetKind] { TargetKind.allCases }

    public func check(against data: DatasetFacts) throws(OptionFault) {}
}

/// A measurement that breaks its contract, such as by reading samples that it did not name.
public struct MeasurementFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it did.
    public let description: String

    init(_ description: String) { self.description = description }
}

extension Findings {
    /// Adds a number, or the reason why there is none.
    ///
    /// - Parameters:
    ///   - name: what it is, in kebab-case.
    ///   - modality: whose embeddings it is about.
    ///   - samples: what it was measured on.
    ///   - condition: under what condition.
    ///   - value: gives the number; throws ``Undefined`` where there is none.
    public mutating func add(
        _ name: String, of modality: Modality? = nil, on samples: SampleSet? = nil, under condition: String? = nil,
        _ value: () throws -> Double
    ) {
        add(name, of: modality?.name, on: samples, under: condition, Quantity.attempt(value))
    }

    /// The same of a quantity, about a modality or several by name.
    public mutating func add(
        _ name: String, of modality: String?, on samples: SampleSet?, under condition: String? = nil, _ quantity: Quantity
    ) {
        switch quantity {
        case .success(let value):
            numbers.append(Number(name, modality: modality, samples: samples?.rawValue, condition: condition, value: value))
        case .failure(let undefined):
            numbers.append(
                Number(name, modality: modality, samples: samples?.rawValue, condition: condition, value: nil, reason: undefined.reason))
        }
    }

    /// - Throws: `MeasurementFault` where two numbers cannot be told apart, nothing was found at all, or
    ///   something cannot be shown.
    func check() throws(MeasurementFault) {
        guard !numbers.isEmpty || !curves.isEmpty || !grids.isEmpty || !maps.isEmpty else { throw MeasurementFault("it returns no findings") }
        var seen: Set<[String?]> = []
        for number in numbers where !seen.insert([number.name, number.modality, number.samples, number.condition]).inserted {
            let facts = [number.modality, number.samples, number.condition].compactMap(\.self)
            throw MeasurementFault("it returns '\(number.name)' twice" + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"))
        }
        if let fault { throw MeasurementFault("it returns \(fault)") }
    }
}

/// The measurements that a recipe may name, made for a kind of targets.
public typealias MeasurementRegistry = ComponentRegistry<TargetKind, any MeasurementPlugin, OptionFault>

extension MeasurementRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .measurements) }

    /// Adds a measurement under the name in its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<M: MeasurementPlugin>(_ measurement: M.Type) throws(DuplicateComponent) {
        try register(M.description) { (options, kind) throws(OptionFault) in
            guard M.tasks.contains(kind) else {
                throw OptionFault(option: nil, expected: "a task of \(TargetKind.list(M.tasks))", found: "one of \(kind.rawValue)")
            }
            return try M(options: .decoding(options))
        }
    }

    /// Makes a measurement.
    ///
    /// - Throws: `OptionFault` where it is unknown, an option does not fit, or it cannot be asked of
    ///   such targets.
    package func make(
        _ name: String, options: [String: OptionValue] = [:], for kind: TargetKind = .classes
    ) throws(OptionFault) -> any MeasurementPlugin {
        try make(name, options: options, context: kind)
    }

    /// The measurements that can be asked of some data with their default options, and without another data set.
    ///
    /// - Parameter hasUnknownClasses: whether there are samples of classes that training does not know.
    package func names(for data: DatasetFacts, hasUnknownClasses: Bool) -> [String] {
        names.filter { name in
            guard let made = try? make(name, for: data.targets.kind), (try? made.check(against: data)) != nil else { return false }
            return !made.reads.contains(.other) && (hasUnknownClasses || !made.reads.contains(.unknown))
        }
    }

    /// The measurements that come with Regulus.
    public static func standard() throws(DuplicateComponent) -> MeasurementRegistry {
        var registry = MeasurementRegistry()
        try registry.register(Representation.self)
        try registry.register(SourceTargetSimilarity.self)
        try registry.register(DomainSeparability.self)
        try registry.register(ClassSeparability.self)
        try registry.register(ModalityDependence.self)
        try registry.register(EmbeddingMap.self)
        try registry.register(EmbeddingCorruption.self)
        try registry.register(InputCorruption.self)
        try registry.register(ModalityReliance.self)
        try registry.register(Misclassification.self)
        try registry.register(ShiftDetection.self)
        try registry.register(UnknownClassDetection.self)
        try registry.register(OtherDataDetection.self)
        try registry.register(ConfidenceCalibration.self)
        try registry.register(TaskScores.self)
        try registry.register(ScoresByClass.self)
        return registry
    }
}
