import Configuration

/// A rule by which an epoch, or the values that a row is tuned over, are chosen without the target.
///
/// ```swift
/// public struct WorstDomain: SelectionPlugin {
///     public static var description: ComponentDescription {
///         ComponentDescription(name: "worst-domain", summary: "best score on the source domain that is worst when left out")
///     }
///     public init(options: NoOptions, context: SelectionContext) {}
///     public var needs: Set<SelectionNeed> { [.leftOut] }
///     public func criterion(of evidence: SourceEvidence, in situation: SelectionSituation) -> Double? {
///         evidence.leftOut.map(\.score).min()
///     }
/// }
/// ```
///
/// A rule is given ``SourceEvidence`` and nothing else: there is no way from it to the target.
public protocol SelectionPlugin: Sendable {
    /// The options in recipes.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, formula, source and options; notes say where the rule is known to fail.
    static var description: ComponentDescription { get }

    /// What has to be trained and measured for it: held-back samples unless said otherwise.
    var needs: Set<SelectionNeed> { get }

    /// What its criterion is: the task's score unless said otherwise.
    var unit: SelectionUnit { get }

    /// - Throws: `OptionFault` where options do not fit each other.
    init(options: Options, context: SelectionContext) throws(OptionFault)

    /// What takes its place where it cannot choose, as with a single source domain; nil, as unless said otherwise, where it can.
    func fallback(in situation: SelectionSituation) -> SelectionFallback?

    /// The one number that it goes by, in its unit; nil where it is not known. A candidate without it is not chosen.
    func criterion(of evidence: SourceEvidence, in situation: SelectionSituation) -> Double?

    /// How good each candidate is: numbers of which the higher are the better, the first that differ decide; of equal candidates the earlier one is
    /// chosen. Nil for one that is not to be chosen.
    ///
    /// Unless said otherwise the criterion decides, then the lower loss.
    func merits(of candidates: [SourceEvidence], in situation: SelectionSituation) -> [[Double]?]
}

/// What a rule needs to be trained and measured.
public enum SelectionNeed: String, Sendable, Hashable, CaseIterable {
    /// Samples of all source domains that are held back from training.
    case heldBack = "held-back samples"
    /// One more training for every source domain, which leaves that domain out.
    case leftOut = "a training without each source domain"
    /// What each modality alone, and modalities of different samples, make of the held-back samples.
    case modalities = "each modality alone"
}

/// What a rule's criterion is a number of.
public enum SelectionUnit: String, Sendable, Hashable, Codable {
    /// The task's first score.
    case score
    /// The base loss: the lower the better.
    case loss
    /// A place in an order: the higher the better.
    case place
}

/// The rule that takes another one's place.
public struct SelectionFallback: Sendable {
    /// The rule and its name.
    public let rule: any SelectionPlugin
    /// Its name in recipes.
    public let name: String
    /// Why, to be read after "because".
    public let reason: String

    /// - Parameter reason: a clause without a capital letter or a full stop.
    public init<Rule: SelectionPlugin>(to rule: Rule, because reason: String) {
        self.rule = rule
        name = Rule.description.name
        self.reason = reason
    }

    /// To source validation.
    public static func sourceValidation(because reason: String) -> SelectionFallback { SelectionFallback(to: SourceValidation(), because: reason) }
}

extension SelectionPlugin {
    public var needs: Set<SelectionNeed> { [.heldBack] }
    public var unit: SelectionUnit { .score }
    public func fallback(in situation: SelectionSituation) -> SelectionFallback? { nil }

    public func merits(of candidates: [SourceEvidence], in situation: SelectionSituation) -> [[Double]?] {
        candidates.map { candidate in
            guard let criterion = criterion(of: candidate, in: situation) else { return nil }
            let scores = needs.contains(.leftOut) ? candidate.leftOut : candidate.heldBack
            return [merit(criterion, in: situation)] + (scores.mean(\.loss).map { [-$0] } ?? [])
        }
    }

    /// A criterion as a number of which the higher is the better.
    public func merit(_ criterion: Double, in situation: SelectionSituation) -> Double {
        switch unit {
        case .score: situation.merit(criterion)
        case .loss: -criterion
        case .place: criterion
        }
    }
}

/// What a rule is told when it is made: the other rules, for one that combines them.
public struct SelectionContext: Sendable {
    private let make: @Sendable (String) throws(OptionFault) -> any SelectionPlugin

    /// - Parameter make: makes the rule of a name with its default options.
    public init(_ make: @escaping @Sendable (String) throws(OptionFault) -> any SelectionPlugin) { self.make = make }

    /// The rule of a name, with its default options.
    ///
    /// - Throws: `OptionFault` where there is none, or where it has options that must be given.
    public func rule(_ name: String) throws(OptionFault) -> any SelectionPlugin { try make(name) }
}

/// The selection rules that a recipe may name.
public typealias SelectionRegistry = ComponentRegistry<SelectionContext, any SelectionPlugin, OptionFault>

extension SelectionRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .selections) }

    /// Adds a rule under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<Plugin: SelectionPlugin>(_ plugin: Plugin.Type) throws(DuplicateComponent) {
        try register(Plugin.description) { (options, context) throws(OptionFault) in
            try Plugin(options: .decoding(options), context: context)
        }
    }

    /// Makes a rule, which may ask for others of this registry.
    ///
    /// - Throws: `OptionFault` where it is unknown or an option does not fit.
    public func make(_ name: String, options: [String: OptionValue] = [:]) throws(OptionFault) -> any SelectionPlugin {
        let context = SelectionContext { (other) throws(OptionFault) in try self.make(other, options: [:]) }
        return try make(name, options: options, context: context)
    }

    /// The rules that come with Regulus.
    public static func standard() throws(DuplicateComponent) -> SelectionRegistry {
        var registry = SelectionRegistry()
        try registry.register(SourceValidation.self)
        try registry.register(SourceLoss.self)
        try registry.register(LastEpoch.self)
        try registry.register(LeaveOneSourceOut.self)
        try registry.register(SilencedModality.self)
        try registry.register(GuardedSilenced.self)
        try registry.register(Recombined.self)
        try registry.register(MeanOfRules.self)
        try registry.register(Lexicographic.self)
        return registry
    }
}
