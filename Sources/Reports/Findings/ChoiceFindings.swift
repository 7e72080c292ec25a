import Results
import Selection
import Statistics

/// How well selection rules choose among what a study has trained already.
///
/// For every choice there is a best candidate on the target, which nobody can know beforehand. It is the bound that rules are measured against,
/// here and nowhere else.
package struct ChoiceFindings: Hashable, Sendable {
    /// What a rule chooses from.
    package enum Subject: String, Hashable, Sendable, Codable, CaseIterable {
        /// The settings of one row's tuned values.
        case values
        /// The rows of the table: one pick among all of them.
        case rows
        /// The epochs of one training.
        case epochs
    }

    /// One thing that can be chosen.
    struct Candidate: Hashable, Sendable {
        var evidence: SourceEvidence
        /// The score on the target, the mean over seeds.
        var target: Double
        /// What a rule would be given about each of its models alone, with that model's score on the
        /// target.
        var models: [Model]
        /// Whether it is the lowest, or the highest, of the values.
        var isLowest = false
        var isHighest = false
    }

    struct Model: Hashable, Sendable {
        var evidence: SourceEvidence
        var target: Double
    }

    /// One choice that a rule makes.
    struct Decision: Hashable, Sendable {
        var row: String?
        /// What makes decisions depend on each other: the draw of the data, or the training domains.
        var unit: String
        var candidates: [Candidate]
    }

    /// How one rule did on the choices of one kind.
    package struct Verdict: Hashable, Sendable {
        package let rule: String
        /// How many of the choices it could make; `decisions` is how many there were.
        package let decided: Int
        package let decisions: Int
        /// The score on the target of what it chose.
        package let target: Estimate?
        /// How much better the best candidate is, over independent units.
        package let regret: Estimate?
        /// How much better it chose than the first rule, over independent units; nil for the first rule
        /// itself.
        package let gain: Estimate?
        /// How often it chose the lowest and the highest of the values.
        package let lowest: Int
        package let highest: Int
        /// How often its criterion could not tell its choice from the other candidates.
        package let undecidable: Int
        /// Spearman's rank correlation of its criterion with the score on the target, over all models; a better criterion with a better score is positive.
        package let correlation: Double?
        /// The same among the candidates of each choice, averaged over choices.
        package let correlationWithin: Double?
    }

    package let subject: Subject
    /// The row whose values are chosen; nil for all rows together, and where a row is chosen.
    package let row: String?
    /// In the order in which the rules were given.
    package let verdicts: [Verdict]
    /// The score on the target of the best candidates, and the mean over candidates: what choosing at random would give.
    package let oracle: Estimate?
    package let random: Estimate?
    package let randomRegret: Estimate?
    /// The share of choices on which two rules chose the same, by rule and rule; nil where there were none that both made.
    package let agreement: [[Double?]]
    /// Independent units that estimates are taken over.
    package let units: Int

    init(_ subject: Subject, row: String?, decisions: [Decision], rules: [SelectionRule], in situation: SelectionSituation) {
        self.subject = subject
        self.row = row
        func gain(from one: Double, to other: Double) -> Double { situation.merit(other) - situation.merit(one) }
        func estimate(_ value: (Int) -> Double?) -> Estimate? {
            let values = decisions.indices.compactMap { index in value(index).map { (value: $0, labels: [decisions[index].unit]) } }
            return Estimate(IndependentUnits.grouped(values).compactMap(\.mean))
        }
        let best = decisions.map { decision -> Double in
            let merits = decision.candidates.map { situation.merit($0.target) }
            return merits.max().map { situation.merit($0) } ?? .nan
        }
        let picks = rules.map { rule in decisions.map { rule.choose(from: $0.candidates.map(\.evidence), in: situation) } }
        func target(_ rule: Int, _ index: Int) -> Double? { picks[rule][index].map { decisions[index].candidates[$0].target } }
        verdicts = rules.indices.map { rule in
            let chosen = decisions.indices.compactMap { index in picks[rule][index].map { decisions[index].candidates[$0] } }
            let models = decisions.flatMap { $0.candidates.flatMap(\.models) }
            let within = decisions.compactMap {
                Self.correlation(of: rules[rule], $0.candidates.map { Model(evidence: $0.evidence, target: $0.target) }, situation)
            }
            return Verdict(
                rule: rules[rule].name, decided: chosen.count, decisions: decisions.count, target: estimate { target(rule, $0) },
                regret: estimate { index in target(rule, index).map { gain(from: $0, to: best[index]) } },
                gain: rule == 0
                    ? nil
                    : estimate { index in
                        guard let own = target(rule, index), let first = target(0, index) else { return nil }
                        return gain(from: first, to: own)
                    },
                lowest: chosen.count(where: \.isLowest), highest: chosen.count(where: \.isHighest),
                undecidable: decisions.indices.count { index in
                    picks[rule][index] != nil && ChoiceGuards(of: rules[rule], decisions[index].candidates.map(\.evidence), in: situation).cannotChoose
                },
                correlation: Self.correlation(of: rules[rule], models, situation), correlationWithin: within.mean)
        }
        oracle = estimate { best[$0] }
        random = estimate { decisions[$0].candidates.map(\.target).mean }
        randomRegret = estimate { index in decisions[index].candidates.map { gain(from: $0.target, to: best[index]) }.mean }
        agreement = rules.indices.map { one in
            rules.indices.map { other in
                let both = decisions.indices.filter { picks[one][$0] != nil && picks[other][$0] != nil }
                return both.isEmpty ? nil : Double(both.count { picks[one][$0] == picks[other][$0] }) / Double(both.count)
            }
        }
        units = Set(decisions.map(\.unit)).count
    }

    private static func correlation(of rule: SelectionRule, _ models: [Model], _ situation: SelectionSituation) -> Double? {
        let criteria = rule.criteria(of: models.map(\.evidence), in: situation)
        let pairs = zip(criteria, models).compactMap { criterion, model in
            criterion.map { (rule.rule.merit($0, in: situation), situation.merit(model.target)) }
        }
        return RankCorrelation.spearman(pairs.map(\.0), pairs.map(\.1))
    }
}

// MARK: What a study holds

extension ChoiceFindings {
    /// Everything that rules can be compared on in one variant: its tuned values where every candidate was measured on the target, its rows, and the epochs of
    /// its trainings.
    ///
    /// - Parameters:
    ///   - rules: the others are compared with the first.
    ///   - subjects: what is looked at.
    package static func all(
        of variant: VariantSettings, in trials: TrialSet, rules: [SelectionRule], subjects: [Subject] = Subject.allCases
    ) -> [ChoiceFindings] {
        var findings: [ChoiceFindings] = []
        let byRow =
            !subjects.contains(.values)
            ? [] : variant.rows.map { row in (row: row, decisions: valueDecisions(of: row, variant, trials)) }.filter { !$0.decisions.isEmpty }
        func add(_ subject: Subject, _ row: String?, _ decisions: [Decision]) {
            guard !decisions.isEmpty else { return }
            let situation = SelectionSituation(
                subject == .epochs ? .epochs : .values, isHigherBetter: variant.score.isHigherBetter, isShare: variant.score.form == .percent)
            // A rule that falls back to another one here is that one.
            let able = rules.filter { $0.effective(in: situation).reason == nil }
            findings.append(ChoiceFindings(subject, row: row, decisions: decisions, rules: able, in: situation))
        }
        for (row, decisions) in byRow { add(.values, row, decisions) }
        if byRow.count > 1 { add(.values, nil, byRow.flatMap(\.decisions)) }
        if subjects.contains(.rows) { add(.rows, nil, rowDecisions(variant, trials)) }
        if subjects.contains(.epochs) { add(.epochs, nil, epochDecisions(variant, trials)) }
        return findings
    }

    /// The rules that come with Regulus and need no options, source validation first.
    package static let standardRules: [SelectionRule] = {
        guard let registry = try? SelectionRegistry.standard() else { return [.sourceValidation] }
        return registry.names.compactMap { try? registry.rule($0) }
    }()

    /// What makes choices depend on each other: the draw of the data or, without repetitions, the training domains.
    fileprivate static func unit(_ key: TrialKey, _ variant: VariantSettings) -> String {
        variant.repetitions.count > 1 ? CSVText.assignment(key.repetition) : variant.trainedOn[key.target] ?? key.target
    }

    private static func valueDecisions(of row: String, _ variant: VariantSettings, _ trials: TrialSet) -> [Decision] {
        cells(of: row, variant, trials).compactMap { results -> Decision? in
            guard let first = results.first, let candidates = first.candidates, candidates.count > 1 else { return nil }
            let ends = TunedEnds(candidates.map(\.values))
            let known = candidates.indices.compactMap { index -> Candidate? in
                let measured = results.compactMap { result in
                    result.candidates.flatMap { $0.indices.contains(index) ? $0[index].measured : nil }
                }.filter { $0.target.isFinite }
                guard let evidence = candidates[index].evidence, measured.count == results.count, let target = measured.map(\.target).mean else { return nil }
                let models = measured.map { own in
                    // What was left out belongs to the candidate, not to one seed.
                    Model(
                        evidence: SourceEvidence(position: index, seeds: [.init(heldBack: own.sources, leftOut: evidence.leftOut)]), target: own.target)
                }
                return Candidate(
                    evidence: evidence, target: target, models: models, isLowest: ends.lowest.contains(index), isHighest: ends.highest.contains(index))
            }
            return known.count > 1 ? Decision(row: row, unit: unit(first.key, variant), candidates: known) : nil
        }
    }

    private static func rowDecisions(_ variant: VariantSettings, _ trials: TrialSet) -> [Decision] {
        let rows = variant.rows.map { cells(of: $0, variant, trials, keepingEmpty: true) }
        guard rows.count > 1, let count = rows.first?.count else { return [] }
        return (0..<count).compactMap { place -> Decision? in
            let candidates = rows.indices.compactMap { row -> Candidate? in
                let results = rows[row][place]
                let models = results.compactMap { result -> Model? in
                    guard let target = result.targetScore, target.isFinite, let scores = result.selected?.sourceScores else { return nil }
                    return Model(evidence: SourceEvidence(position: row, seeds: [.init(heldBack: scores)]), target: target)
                }
                guard models.count == variant.seeds.count, let target = models.map(\.target).mean else { return nil }
                return Candidate(evidence: SourceEvidence(position: row, seeds: models.flatMap(\.evidence.seeds)), target: target, models: models)
            }
            guard candidates.count == rows.count, let key = rows[0][place].first?.key else { return nil }
            return Decision(row: nil, unit: unit(key, variant), candidates: candidates)
        }
    }

    private static func epochDecisions(_ variant: VariantSettings, _ trials: TrialSet) -> [Decision] {
        variant.rows.flatMap { trials.results(row: $0, of: variant) }.filter(\.isFinished).compactMap { result -> Decision? in
            let candidates = result.epochs.enumerated().compactMap { index, record -> Candidate? in
                guard let scores = record.sourceScores, let target = record.targetScore, target.isFinite else { return nil }
                let evidence = SourceEvidence(position: index, seeds: [.init(heldBack: scores)])
                return Candidate(evidence: evidence, target: target, models: [Model(evidence: evidence, target: target)])
            }
            return candidates.count > 1 ? Decision(row: result.key.row, unit: unit(result.key, variant), candidates: candidates) : nil
        }
    }

    /// The finished results of each cell, seeds together.
    private static func cells(
        of row: String, _ variant: VariantSettings, _ trials: TrialSet, keepingEmpty: Bool = false
    ) -> [[TrialResult]] {
        variant.repetitions.flatMap { repetition in
            variant.targets.map { target in
                variant.seeds.compactMap { trials[variant.key(row: row, target: target, seed: $0, repetition: repetition)] }.filter(\.isFinished)
            }
        }.filter { keepingEmpty || !$0.isEmpty }
    }
}

/// The candidates at the ends of a row's tuned numbers.
private struct TunedEnds {
    var lowest: Set<Int> = []
    var highest: Set<Int> = []

    init(_ candidates: [[ChosenValue]]) {
        for path in candidates.first?.map(\.path) ?? [] {
            let numbers = candidates.map { $0.first { $0.path == path }.flatMap { Double($0.value) } }
            let known = numbers.compactMap(\.self)
            guard known.count == numbers.count, let low = known.min(), let high = known.max(), low < high else { continue }
            for (index, number) in known.enumerated() {
                if number == low { lowest.insert(index) }
                if number == high { highest.insert(index) }
            }
        }
    }
}

/// A row at one setting of its tuned values.
package struct CandidateFigures: Hashable, Sendable {
    package let values: [ChosenValue]
    /// Each criterion by the rule that goes by it, the mean over cells; nil where it was not measured.
    package let criteria: [String: Double]
    /// The score on the target over cells and seeds, by independent unit.
    package let target: Estimate?
    /// How many cells chose it.
    package let chosen: Int

    /// Every setting of a row, in the grid's order; empty where the target was not measured for each.
    package static func all(row: String, of variant: VariantSettings, in trials: TrialSet, rules: [SelectionRule]) -> [CandidateFigures] {
        let results = trials.results(row: row, of: variant).filter { $0.isFinished && ($0.candidates?.contains { $0.measured != nil } ?? false) }
        let order = results.flatMap { $0.candidates ?? [] }.map(\.values).distinct
        let situation = SelectionSituation(.values, isHigherBetter: variant.score.isHigherBetter, isShare: variant.score.form == .percent)
        return order.map { values in
            let own = results.compactMap { result in
                result.candidates?.first { $0.values == values }.map { (key: result.key, candidate: $0) }
            }
            let targets = own.compactMap { entry -> (value: Double, labels: [String])? in
                guard let target = entry.candidate.measured?.target, target.isFinite else { return nil }
                let unit = ChoiceFindings.unit(entry.key, variant)
                // Trainings of one draw are not independent, whatever their seeds.
                return (target, [variant.repetitions.count > 1 ? unit : "\(unit) \(entry.key.seed)"])
            }
            var criteria: [String: Double] = [:]
            for rule in rules where rule.rule.unit != .place {
                let found = own.compactMap { entry in entry.candidate.evidence.flatMap { rule.criteria(of: [$0], in: situation)[0] } }
                if found.count == own.count, let mean = found.mean { criteria[rule.name] = mean }
            }
            return CandidateFigures(
                values: values, criteria: criteria, target: Estimate(IndependentUnits.grouped(targets).compactMap(\.mean)),
                chosen: results.count { $0.chosen == values })
        }
    }
}
