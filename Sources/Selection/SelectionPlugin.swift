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
///
/// Equal evidence has to give equal answers, so that a resumed study chooses what it chose before;
/// `SelectionContract` checks this, and that numbers are finite, merits as many as candidates, and
/// fallbacks end.
///
/// The default of ``merits(of:in:)`` orders candidates by the criterion and then by the loss on
/// the samples that the rule needs. A rule that breaks ties otherwise writes its own.
public protocol SelectionPlugin: Sendable {
    /// The options in recipes.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, formula, source and options; notes say where the rule is known to fail.
    ///
    /// The name is lowercase letters, digits and hyphens.
    static var description: ComponentDescription { get }

    /// What has to be trained and measured for it: held-back samples by default.
    ///
    /// What a rule does not name here may be missing from its evidence. Left-out domains cost one more
    /// training for each source domain, candidate and seed.
    var needs: Set<SelectionNeed> { get }

    /// What its criterion is: the task's score by default.
    ///
    /// It decides how criteria are printed, whether higher or lower is better, and whether a resolution
    /// can be told.
    var unit: SelectionUnit { get }

    /// - Throws: `OptionFault` where options do not fit each other.
    ///
    /// - Parameters:
    ///   - options: those of the recipe, in their ranges.
    ///   - context: gives other rules by name.
    init(options: Options, context: SelectionContext) throws(OptionFault)

    /// What takes its place where it cannot choose, as with a single source domain; nil, the default,
    /// where it can.
    ///
    /// Asked before any training, so that `check` can say which rule will choose. A fallback that falls
    /// back itself is replaced by source validation.
    ///
    /// - Parameter situation: what is chosen, and what there is to choose by.
    func fallback(in situation: SelectionSituation) -> SelectionFallback?

    /// The one number that it goes by, in its unit; nil where it is not known. A candidate without it is not chosen.
    ///
    /// - Parameters:
    ///   - evidence: of one candidate, over one seed or several.
    ///   - situation: what is chosen.
    /// - Returns: a finite number, or nil where evidence is missing or NaN.
    func criterion(of evidence: SourceEvidence, in situation: SelectionSituation) -> Double?

    /// How good each candidate is: numbers of which higher is better. The first that differ decide; of
    /// equal candidates the earlier one is chosen. Nil for a candidate that must not be chosen.
    ///
    /// Unless said otherwise the criterion decides, then the lower loss.
    ///
    /// - Parameters:
    ///   - candidates: in the order of epochs or of the grid; there may be none.
    ///   - situation: what is chosen.
    /// - Returns: one entry for each candidate, with equally many numbers in those that have any; none
    ///   of them NaN.
    func merits(of candidates: [SourceEvidence], in situation: SelectionSituation) -> [[Double]?]
}

/// What a rule needs to be trained and measured.
public enum SelectionNeed: String, Sendable, Hashable, CaseIterable {
    /// Samples of all source domains that are held back from training.
    case heldBack = "held-back samples"
    /// One more training for every source domain, which leaves that domain out.
    case leftOut = "a training without each source domain"
    /// Scores on the held-back samples of each modality alone, and of modalities that come from
    /// different samples.
    case modalities = "each modality alone"
}

/// The unit of a rule's criterion.
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
    ///
    /// - Parameters:
    ///   - rule: chooses instead.
    ///   - reason: without a full stop, such as `with one source domain there is none to leave out`.
    public init<Rule: SelectionPlugin>(to rule: Rule, because reason: String) {
        self.rule = rule
        name = Rule.description.name
        self.reason = reason
    }

    /// A fallback to source validation.
    ///
    /// It never falls back itself.
    ///
    /// - Parameter reason: as of the initializer.
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

    /// A criterion as a number of which higher is better.
    ///
    /// - Parameters:
    ///   - criterion: in the rule's ``unit``.
    ///   - situation: says whether a higher score is better.
    public func merit(_ criterion: Double, in situation: SelectionSituation) -> Double {
        switch unit {
        case .score: situation.merit(criterion)
        case .loss: -criterion
        case .place: criterion
        }
    }
}

/// What a rule is told when it is made: the other rules, for one that combines them.
///
/// A rule that is made of others gets them with their default options only: a recipe has no place for
/// the options of a rule inside a rule.
public struct SelectionContext: Sendable {
    private let make: @Sendable (String) throws(OptionFault) -> any SelectionPlugin

    /// - Parameter make: makes the rule of a name with its default options.
    public init(_ make: @escaping @Sendable (String) throws(OptionFault) -> any SelectionPlugin) { self.make = make }

    /// The rule of a name, with its default options.
    ///
    /// - Throws: `OptionFault` where there is none, or where it has options that must be given.
    ///
    /// - Parameter name: as `regulus list selections` prints it.
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
    ///
    /// - Parameter plugin: the rule's type.
    public mutating func register<Plugin: SelectionPlugin>(_ plugin: Plugin.Type) throws(DuplicateComponent) {
        try register(Plugin.description) { (options, context) throws(OptionFault) in
            try Plugin(options: .decoding(options), context: context)
        }
    }

    /// Makes a rule, which may ask for others of this registry.
    ///
    /// - Throws: `OptionFault` where it is unknown or an option does not fit.
    ///
    /// - Parameters:
    ///   - name: as recipes write it.
    ///   - options: by name; what is left out has its default.
    public func make(_ name: String, options: [String: OptionValue] = [:]) throws(OptionFault) -> any SelectionPlugin {
        let context = SelectionContext { (other) throws(OptionFault) in try self.make(other, options: [:]) }
        return try make(name, options: options, context: context)
    }

    /// The rules that come with Regulus.
    ///
    /// `source-validation`, `source-loss`, `last-epoch`, `leave-one-source-out`, `silenced-modality`,
    /// `guarded-silenced`, `recombined`, `mean` and `lexicographic`.
    ///
    /// - Throws: `DuplicateComponent` where two of them had one name.
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
