import Configuration

/// A rule that a recipe names, made.
package struct SelectionRule: Sendable {
    package let name: String
    /// The options that the recipe gives.
    package let options: [String: OptionValue]
    package let rule: any SelectionPlugin

    package init(_ name: String, options: [String: OptionValue] = [:], rule: any SelectionPlugin) {
        self.name = name
        self.options = options
        self.rule = rule
    }

    package static let sourceValidation = SelectionRule(SourceValidation.description.name, rule: SourceValidation())
    package static let lastEpoch = SelectionRule(LastEpoch.description.name, rule: LastEpoch())

    /// The rule that chooses in a situation: this one, or what it falls back to.
    ///
    /// - Returns: also why, in a sentence without its end; nil where this one chooses.
    package func effective(in situation: SelectionSituation) -> (rule: SelectionRule, reason: String?) {
        guard let fallback = rule.fallback(in: situation) else { return (self, nil) }
        let other = SelectionRule(fallback.name, rule: fallback.rule)
        // Where that one would fall back again, source validation takes its place.
        let last = other.rule.fallback(in: situation) == nil ? other : .sourceValidation
        return (last, "\(name) falls back to \(last.name), because \(fallback.reason)")
    }

    /// The rule with another way to choose among equal scores; of source validation alone, as others have their own.
    ///
    /// - Parameter ties: which of equal scores is taken.
    package func breaking(_ ties: TieRule) -> SelectionRule {
        rule is SourceValidation && ties != .lowerLoss ? SelectionRule(name, options: options, rule: SourceValidation(ties: ties)) : self
    }

    /// The candidate that the rule chooses, by its place in the list; nil where it can choose none.
    ///
    /// - Returns: of equal merits the first; nil where no candidate has merits that are numbers.
    package func choose(from candidates: [SourceEvidence], in situation: SelectionSituation) -> Int? {
        let merits = rule.merits(of: candidates, in: situation)
        var best: (place: Int, merit: [Double])?
        // A rule may return anything; a candidate whose merit is missing or NaN is not chosen.
        for (place, merit) in zip(candidates.indices, merits) {
            guard let merit, !merit.isEmpty, !merit.contains(where: \.isNaN) else { continue }
            if best.map({ $0.merit.lexicographicallyPrecedes(merit) && $0.merit != merit }) ?? true { best = (place, merit) }
        }
        return best?.place
    }

    /// Each candidate's criterion; nil where there is none that is a number.
    package func criteria(of candidates: [SourceEvidence], in situation: SelectionSituation) -> [Double?] {
        candidates.map { rule.criterion(of: $0, in: situation).flatMap { $0.isNaN ? nil : $0 } }
    }
}

extension SelectionRule: Hashable {
    package static func == (one: SelectionRule, other: SelectionRule) -> Bool { one.name == other.name && one.options == other.options }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(options)
    }
}

extension SelectionRegistry {
    /// Makes a rule with its name.
    ///
    /// - Throws: `OptionFault` where it is unknown or an option does not fit.
    package func rule(_ name: String, options: [String: OptionValue] = [:]) throws(OptionFault) -> SelectionRule {
        SelectionRule(name, options: options, rule: try make(name, options: options))
    }
}
