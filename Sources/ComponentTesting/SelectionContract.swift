import Configuration
import Selection

/// What every selection rule has to keep, checked in one call: `#expect(SelectionContract.violations(of: MyRule.self) == [])`.
public enum SelectionContract {
    /// What a rule does not keep, a sentence each; empty where it keeps everything.
    ///
    /// It is asked in every situation: of epochs and of tuned values, with scores of which the higher or the lower is better, with one to three
    /// source domains and with one or two modalities, for no candidate, for one and for several, some of them equal, some with a NaN, some without
    /// any evidence. Evidence holds what the rule says that it needs, and nothing else.
    ///
    /// - Its description names it as recipes can, and it can be made beside the rules that come with Regulus.
    /// - What it falls back to does not fall back to it again.
    /// - Its criterion is a finite number or nil.
    /// - It gives as many merits as there are candidates, none of them empty or NaN.
    /// - Equal evidence gives equal answers.
    /// - Where it does not fall back, it chooses one of several ordinary candidates.
    ///
    /// - Parameters:
    ///   - rule: the rule.
    ///   - options: the options to make it with.
    public static func violations<R: SelectionPlugin>(of rule: R.Type, options: R.Options = R.Options()) -> [String] {
        var violations = R.description.faults(declaring: R.Options.descriptions)
        let made: R
        do {
            let registry = try SelectionRegistry.standard()
            made = try R(options: options, context: SelectionContext { (name) throws(OptionFault) in try registry.make(name) })
        } catch {
            return violations + ["it cannot be made with the options: \(error)"]
        }
        for situation in situations {
            if let fallback = made.fallback(in: situation) {
                if !ends(fallback, in: situation) { violations.append("what it falls back to falls back again, without an end (\(text(situation)))") }
                continue
            }
            violations += self.violations(of: made, in: situation).map { "\($0) (\(text(situation)))" }
        }
        // The first situation says enough: others of the same fault would only repeat it.
        var seen: Set<Substring> = []
        return violations.filter { seen.insert($0.prefix { $0 != "(" }).inserted }
    }

    private static let situations: [SelectionSituation] = {
        var situations: [SelectionSituation] = []
        for subject in [SelectionSituation.Subject.epochs, .values] {
            for isHigherBetter in [true, false] {
                for (domains, modalities) in [(3, 2), (2, 2), (1, 2), (2, 1), (1, 1)] {
                    situations.append(
                        SelectionSituation(
                            subject, isHigherBetter: isHigherBetter, isShare: isHigherBetter, hasClasses: isHigherBetter, sourceDomains: domains,
                            modalities: modalities))
                }
            }
        }
        return situations
    }()

    private static func text(_ situation: SelectionSituation) -> String {
        "of \(situation.subject.rawValue), \(situation.isHigherBetter ? "higher" : "lower") scores better, "
            + "source domains: \(situation.sourceDomains), modalities: \(situation.modalities)"
    }

    /// Whether one rule of the chain of fallbacks can choose.
    private static func ends(_ first: SelectionFallback, in situation: SelectionSituation) -> Bool {
        var fallback = first
        for _ in 0..<8 {
            guard let next = fallback.rule.fallback(in: situation) else { return true }
            fallback = next
        }
        return false
    }

    private static func violations(of rule: some SelectionPlugin, in situation: SelectionSituation) -> [String] {
        let needs = rule.needs
        var violations: [String] = []
        let ordinary = [0.5, 0.8, 0.8, 0.6].enumerated().map { evidence($0, score: $1, loss: 1 - $1, needs, situation) }
        let broken = [evidence(4, score: .nan, loss: .nan, needs, situation), SourceEvidence(position: 5, seeds: [])]
        for candidates in [[], [ordinary[0]], ordinary, ordinary + broken] {
            let merits = rule.merits(of: candidates, in: situation)
            if merits.count != candidates.count { violations.append("it gives \(merits.count) merits for \(candidates.count) candidates") }
            if merits.contains(where: { $0?.isEmpty == true }) { violations.append("a merit has no numbers; nil is for a candidate not to be chosen") }
            if merits.contains(where: { $0?.contains(where: \.isNaN) == true }) { violations.append("a merit is NaN") }
            if rule.merits(of: candidates, in: situation) != merits { violations.append("the same candidates have other merits when asked again") }
            for candidate in candidates {
                let criterion = rule.criterion(of: candidate, in: situation)
                if let criterion, !criterion.isFinite { violations.append("its criterion is \(criterion), and has to be finite or nil") }
                let again = rule.criterion(of: candidate, in: situation)
                if criterion?.bitPattern != again?.bitPattern { violations.append("the same candidate has another criterion when asked again") }
            }
        }
        let chosen = SelectionRule(type(of: rule).description.name, rule: rule).choose(from: ordinary, in: situation)
        if chosen == nil { violations.append("it chooses none of \(ordinary.count) ordinary candidates") }
        return violations
    }

    /// A candidate that was trained with two seeds.
    private static func evidence(
        _ position: Int, score: Double, loss: Double, _ needs: Set<SelectionNeed>, _ situation: SelectionSituation
    ) -> SourceEvidence {
        var held = SourceScores(score, loss: loss, samples: 50)
        if needs.contains(.modalities) {
            held.alone = Dictionary(uniqueKeysWithValues: (1...situation.modalities).map { ("m\($0)", score / Double($0)) })
            held.recombined = situation.hasClasses && situation.sourceDomains > 1 ? score / 2 : nil
        }
        let isHeldBack = needs.contains(.heldBack) || needs.contains(.modalities)
        let left = needs.contains(.leftOut) && situation.sourceDomains > 1 ? situation.sourceDomains : 0
        return SourceEvidence(
            position: position,
            seeds: (0..<2).map { seed in
                .init(
                    heldBack: isHeldBack ? held : nil,
                    leftOut: (0..<left).map { SourceScores(score - 0.01 * Double($0 + seed), loss: loss, samples: 25) })
            })
    }
}
