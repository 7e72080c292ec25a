import Configuration

/// The mean of other rules' criteria.
///
/// All rules have to go by the task's score, as a mean with a loss would have no unit; others are
/// refused when the rule is made. It needs what any of its rules needs, and falls back where one of
/// them does.
public struct MeanOfRules: SelectionPlugin {
    public struct Options: Configuration.Options {
        /// Names of two rules or more, all of which go by the task's score.
        ///
        /// Names of two rules or more, each once.
        public var of: [String] = []

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.texts("of", \.of, required: true, "two rules or more that use the task's score, with their default options")]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "mean", summary: "best mean of several rules' criteria; ties: lower loss, then the earlier",
            formula: "mean over the rules of their criteria", options: Options.descriptions,
            notes: ["Known to fail where one of its rules fails, in proportion to that rule's share. A candidate that lacks one of the criteria is not chosen."]
        )
    }

    private let rules: [any SelectionPlugin]

    public init(options: Options, context: SelectionContext) throws(OptionFault) {
        rules = try Combination.rules(options.of, option: "of", context)
        for (rule, name) in zip(rules, options.of) where rule.unit != .score {
            throw OptionFault(option: "of", expected: "rules that go by the task's score, as a mean with others has no unit", found: name)
        }
    }

    public var needs: Set<SelectionNeed> { Combination.needs(of: rules) }

    public func fallback(in situation: SelectionSituation) -> SelectionFallback? { Combination.fallback(of: rules, in: situation) }

    public func criterion(of evidence: SourceEvidence, in situation: SelectionSituation) -> Double? {
        let criteria = rules.compactMap { $0.criterion(of: evidence, in: situation) }
        return criteria.count == rules.count ? criteria.reduce(0, +) / Double(rules.count) : nil
    }
}

/// One rule after the other.
///
/// Its criterion and unit are those of its first rule. It needs what any of its rules needs, and falls
/// back where one of them does.
public struct Lexicographic: SelectionPlugin {
    public struct Options: Configuration.Options {
        /// Names of two rules or more, in the order in which they are asked.
        ///
        /// Names of two rules or more, each once, the deciding one first.
        public var by: [String] = []

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.texts("by", \.by, required: true, "two rules or more, with their default options; the first by which the candidates differ decides")]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "lexicographic", summary: "the first of several rules by which candidates differ; ties: the earlier",
            formula: "by the first rule; where it is exactly equal, by the second; and so on", options: Options.descriptions,
            notes: ["Known to fail where its first rule does: later ones are asked on exact ties only, which are rare unless samples are few."])
    }

    private let rules: [any SelectionPlugin]

    public init(options: Options, context: SelectionContext) throws(OptionFault) {
        rules = try Combination.rules(options.by, option: "by", context)
    }

    public var needs: Set<SelectionNeed> { Combination.needs(of: rules) }
    public var unit: SelectionUnit { rules[0].unit }

    public func fallback(in situation: SelectionSituation) -> SelectionFallback? { Combination.fallback(of: rules, in: situation) }

    public func criterion(of evidence: SourceEvidence, in situation: SelectionSituation) -> Double? {
        rules[0].criterion(of: evidence, in: situation)
    }

    public func merits(of candidates: [SourceEvidence], in situation: SelectionSituation) -> [[Double]?] {
        let each = rules.map { $0.merits(of: candidates, in: situation) }
        return candidates.indices.map { index in
            let firsts = each.compactMap { merits in merits.indices.contains(index) ? merits[index]?.first : nil }
            return firsts.count == rules.count ? firsts : nil
        }
    }
}

/// What rules that are made of others have in common.
private enum Combination {
    static func rules(_ names: [String], option: String, _ context: SelectionContext) throws(OptionFault) -> [any SelectionPlugin] {
        guard names.count > 1, Set(names).count == names.count else {
            throw OptionFault(option: option, expected: "two different rules or more", found: "[\(names.joined(separator: ", "))]")
        }
        var rules: [any SelectionPlugin] = []
        for name in names {
            do throws(OptionFault) { rules.append(try context.rule(name)) } catch {
                throw OptionFault(
                    option: option, expected: error.option == nil ? error.expected : "rules that can do without options", found: name,
                    suggestion: error.suggestion)
            }
        }
        return rules
    }

    static func needs(of rules: [any SelectionPlugin]) -> Set<SelectionNeed> { rules.reduce(into: []) { $0.formUnion($1.needs) } }

    /// Where one of its rules cannot choose, what is left is not the combination that was asked for.
    static func fallback(of rules: [any SelectionPlugin], in situation: SelectionSituation) -> SelectionFallback? {
        rules.lazy.compactMap { $0.fallback(in: situation) }.first
    }
}
