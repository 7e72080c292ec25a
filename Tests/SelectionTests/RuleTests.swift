import Configuration
import Testing

@testable import Selection

@Suite("What each selection rule chooses")
struct RuleTests {
    private let registry: SelectionRegistry
    private let values = SelectionSituation(.values)

    init() throws { registry = try .standard() }

    /// Candidates with one seed and 100 held-back samples each.
    private func candidates(_ scores: [SourceScores], leftOut: [[Double]] = []) -> [SourceEvidence] {
        scores.indices.map { index in
            let domains = leftOut.isEmpty ? [] : leftOut[index].map { SourceScores($0, loss: 1, samples: 100) }
            return SourceEvidence(position: index, seeds: [.init(heldBack: scores[index], leftOut: domains)])
        }
    }

    private func scores(_ score: Double, loss: Double = 1, alone: [Double] = [], recombined: Double? = nil) -> SourceScores {
        let named = Dictionary(uniqueKeysWithValues: alone.enumerated().map { ("m\($0 + 1)", $1) })
        return SourceScores(score, loss: loss, samples: 100, alone: named, recombined: recombined)
    }

    private func choice(
        _ name: String, _ options: [String: OptionValue] = [:], from candidates: [SourceEvidence], in situation: SelectionSituation? = nil
    ) throws -> Int? {
        try registry.rule(name, options: options).choose(from: candidates, in: situation ?? values)
    }

    /// Saturated validation with noise in the loss; what each modality can do alone, and on left-out domains, rises along the list.
    private var saturated: [SourceEvidence] {
        candidates(
            [
                scores(1, loss: 0.010, alone: [0.3, 0.4], recombined: 0.99), scores(1, loss: 0.020, alone: [0.5, 0.4], recombined: 1),
                scores(0.995, loss: 0.030, alone: [0.6, 0.7], recombined: 0.98), scores(0.90, loss: 0.400, alone: [0.8, 0.9], recombined: 0.95),
            ], leftOut: [[0.3, 0.4], [0.5, 0.5], [0.8, 0.6], [0.7, 0.65]])
    }

    @Test(
        "on hand-made figures every rule takes the candidate that its definition names",
        arguments: [
            ("source-validation", 0), ("source-loss", 0), ("leave-one-source-out", 2), ("silenced-modality", 3), ("guarded-silenced", 2), ("recombined", 1),
        ])
    func definitions(_ rule: (name: String, choice: Int)) throws {
        #expect(try choice(rule.name, from: saturated) == rule.choice)
    }

    @Test("the guard widens with its standard errors")
    func guardWidth() throws {
        // p = 101/102: one standard error is 0.99 points, so that 99 % lies outside of one and inside of two.
        let width = standardError(ofShare: 1, samples: 100)
        #expect(width > 0.0098 && width < 0.0099)
        let near = candidates([scores(1, alone: [0.1, 0.1]), scores(1 - 0.97 * width, alone: [0.2, 0.2]), scores(1 - 1.5 * width, alone: [0.9, 0.9])])
        #expect(try choice("guarded-silenced", from: near) == 1)
        #expect(try choice("guarded-silenced", ["standard-errors": .number(2)], from: near) == 2)
        #expect(try choice("guarded-silenced", ["standard-errors": .number(0)], from: near) == 0)
    }

    @Test("of equal criteria the declared ties decide, and at last the earlier candidate wins")
    func ties() throws {
        let equal = candidates([scores(0.7, loss: 2, alone: [0.5, 0.5]), scores(0.7, loss: 1, alone: [0.5, 0.5]), scores(0.7, loss: 1, alone: [0.5, 0.5])])
        #expect(try choice("source-validation", from: equal) == 1)
        #expect(try choice("silenced-modality", from: equal) == 1)
        let byValidation = candidates([scores(0.6, alone: [0.5, 0.5]), scores(0.7, alone: [0.4, 0.6])])
        #expect(try choice("silenced-modality", from: byValidation) == 1)
        #expect(try choice("source-loss", from: byValidation) == 1)
    }

    @Test("the last epoch is the last, whatever its scores, and needs none")
    func last() throws {
        let bare = (0..<3).map { SourceEvidence(position: $0, seeds: [.init()]) }
        #expect(try choice("last-epoch", from: bare, in: SelectionSituation(.epochs)) == 2)
        #expect(try choice("source-validation", from: bare) == nil)
    }

    @Test("of a score that is better the lower it is, the lowest is chosen")
    func lower() throws {
        let situation = SelectionSituation(.values, isHigherBetter: false, isShare: false, hasClasses: false)
        let errors = candidates([scores(0.5, alone: [2, 3]), scores(0.3, alone: [4, 4]), scores(0.6, alone: [1, 2])], leftOut: [[3], [1], [2]])
        #expect(try choice("source-validation", from: errors, in: situation) == 1)
        #expect(try choice("silenced-modality", from: errors, in: situation) == 2)
        #expect(try choice("leave-one-source-out", from: errors, in: situation) == 1)
    }

    @Test(
        "a candidate with a figure that is no number is not chosen",
        arguments: ["source-validation", "silenced-modality", "leave-one-source-out", "recombined"])
    func notANumber(_ name: String) throws {
        let broken = candidates(
            [scores(.nan, loss: .nan, alone: [.nan, 1], recombined: .nan), scores(0.1, loss: 5, alone: [0.1, 0.1], recombined: 0.1)],
            leftOut: [[.nan], [0.1]])
        #expect(try choice(name, from: broken) == 1)
        #expect(try choice(name, from: [broken[0]]) == nil)
        #expect(try choice(name, from: []) == nil)
    }

    @Test("criteria are means over seeds, and over the domains that were left out")
    func means() throws {
        let two = SourceEvidence(
            position: 0,
            seeds: [
                .init(heldBack: scores(0.9), leftOut: [scores(0.2), scores(0.4)]), .init(heldBack: scores(0.7), leftOut: [scores(0.6), scores(0.8)]),
            ])
        #expect(try registry.rule("source-validation").criteria(of: [two], in: values)[0].map { abs($0 - 0.8) < 1e-12 } == true)
        #expect(try registry.rule("leave-one-source-out").criteria(of: [two], in: values)[0].map { abs($0 - 0.5) < 1e-12 } == true)
    }

    // MARK: Combinations

    @Test("a mean is the mean of its rules' criteria, and asks for what they need")
    func mean() throws {
        let options: [String: OptionValue] = ["of": .list([.string("source-validation"), .string("leave-one-source-out")])]
        let rule = try registry.rule("mean", options: options)
        #expect(rule.rule.needs == [.heldBack, .leftOut])
        #expect(rule.choose(from: saturated, in: values) == 2)
        #expect(rule.criteria(of: saturated, in: values)[0].map { abs($0 - (1 + 0.35) / 2) < 1e-12 } == true)
    }

    @Test("a lexicographic rule asks its second rule where the first is exactly equal")
    func lexicographic() throws {
        let options: [String: OptionValue] = ["by": .list([.string("source-validation"), .string("silenced-modality")])]
        #expect(try choice("lexicographic", options, from: saturated) == 1)
    }

    @Test("a mean of a score and a loss, of one rule, or of rules that there are not is refused")
    func refused() {
        for (name, option, rules) in [
            ("mean", "of", ["source-validation", "source-loss"]), ("mean", "of", ["source-validation"]),
            ("lexicographic", "by", ["source-validation", "best"]),
            ("mean", "of", ["mean", "source-validation"]),
        ] {
            #expect(throws: OptionFault.self) { try registry.rule(name, options: [option: .list(rules.map(OptionValue.string))]) }
        }
    }

    // MARK: Missing information

    @Test(
        "a rule that lacks what it goes by says what it falls back to, and why",
        arguments: [
            ("leave-one-source-out", SelectionSituation(.values, sourceDomains: 1), "with one source domain there is none to leave out"),
            ("silenced-modality", SelectionSituation(.values, modalities: 1), "with one modality there is no other to silence"),
            ("guarded-silenced", SelectionSituation(.values, modalities: 1), "with one modality there is no other to silence"),
            (
                "guarded-silenced", SelectionSituation(.values, isShare: false),
                "the score is not a share of samples, so there is no binomial standard error"
            ),
            ("recombined", SelectionSituation(.epochs, sourceDomains: 1), "with one source domain there is none to recombine with"),
            ("recombined", SelectionSituation(.epochs, hasClasses: false), "without classes there are no pairs of one class"),
            ("recombined", SelectionSituation(.epochs, modalities: 1), "with one modality there is nothing to recombine"),
        ])
    func fallbacks(_ name: String, _ situation: SelectionSituation, _ reason: String) throws {
        let (rule, found) = try registry.rule(name).effective(in: situation)
        #expect(rule == .sourceValidation)
        #expect(found == "\(name) falls back to source-validation, because \(reason)")
        #expect(try registry.rule(name).effective(in: values).reason == nil)
    }

    @Test("every rule that comes with the program says where it is known to fail")
    func descriptions() {
        #expect(registry.descriptions.count == 9)
        for description in registry.descriptions {
            #expect(description.notes.contains { $0.contains("Known to fail") || $0.contains("fail") }, "\(description.name)")
        }
    }

    /// A rule from elsewhere that does not keep its word.
    private struct Careless: SelectionPlugin {
        static var description: ComponentDescription { ComponentDescription(name: "careless", summary: "returns what it likes") }
        init() {}
        init(options: NoOptions, context: SelectionContext) {}
        func criterion(of evidence: SourceEvidence, in situation: SelectionSituation) -> Double? { .nan }
        func merits(of candidates: [SourceEvidence], in situation: SelectionSituation) -> [[Double]?] { [[], [.nan], [1]] + (0..<9).map { [Double($0 + 2)] } }
    }

    @Test("what a rule returns that is empty, no number or too much is not chosen")
    func careless() {
        let rule = SelectionRule("careless", rule: Careless())
        #expect(rule.choose(from: candidates([scores(1), scores(1), scores(1)]), in: values) == 2)
        #expect(rule.choose(from: candidates([scores(1), scores(1)]), in: values) == nil)
        #expect(rule.criteria(of: candidates([scores(1)]), in: values) == [nil])
    }

    @Test("there is no way from what a rule is given to the target")
    func seesNoTarget() {
        // What a rule is given are plain values, with these fields and no others.
        let evidence = SourceEvidence(position: 0, seeds: [.init(heldBack: scores(1))])
        func fields(_ value: Any) -> [String?] { Mirror(reflecting: value).children.map(\.label) }
        #expect(fields(evidence) == ["position", "seeds"])
        #expect(fields(evidence.seeds[0]) == ["heldBack", "leftOut"])
        #expect(fields(scores(1)) == ["score", "loss", "samples", "alone", "recombined"])
        #expect(fields(values) == ["subject", "isHigherBetter", "isShare", "hasClasses", "sourceDomains", "modalities"])
    }
}
