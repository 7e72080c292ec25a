import Configuration
import Testing

@testable import Recipes

@Suite("A term of a row")
struct TermTests {
    @Test("acts from one moment to another, and on a part of the embedding")
    func momentsAndPart() throws {
        let terms = try terms("mer: {after: 0.2, until: 5 epochs, part: shared}\n      - noise: {sigma: 1, until: 30 steps}")
        #expect(terms[0].after == .share(0.2))
        #expect(terms[0].until == .epochs(5))
        #expect(terms[0].part == .shared)
        #expect(terms[1].after == nil)
        #expect(terms[1].until == .steps(30))
        #expect(terms[1].part == .whole)
    }

    @Test("moments can be tuned")
    func tuned() throws {
        let text = Sample.recipe("mer.weight: [0.1, 1]", "mer.after: [0, 2 epochs]")
        let row = try Sample.study(text).variants[0].recipe.rows[1]
        #expect(row.candidates.map { $0.regularizers[0].after } == [.share(0), .epochs(2)])
    }

    private static let sum = """
        sum:
                  name: cmc-part
                  weight: 0.5
                  schedule: cosine
                  after: 0.2
                  on: [gyroscope]
                  terms:
                    - mer: {part: specific}
                    - noise: {sigma: 2, at: projection}
                    - sum: {terms: [dropout]}
        """

    @Test("can be a sum of terms")
    func sum() throws {
        let term = try terms(Self.sum)[0]
        #expect(term.name == "cmc-part")
        #expect(term.weight == 0.5)
        #expect(term.schedule.shape == .cosine)
        #expect(term.after == .share(0.2))
        #expect(term.modalities == ["gyroscope"])
        #expect(term.terms.map(\.name) == ["mer", "noise", "sum"])
        #expect(term.terms[0].part == .specific)
        #expect(term.terms[1].place == .projection)
        #expect(term.terms[2].terms.map(\.name) == ["dropout"])
        #expect(term.regularizers.map(\.name) == ["mer", "noise", "dropout"])
    }

    @Test("a sum can be written with `use` as well")
    func sumWithUse() throws {
        let term = try terms("{use: sum, name: pair, terms: [mer]}")[0]
        #expect(term.name == "pair")
        #expect(term.terms.map(\.name) == ["mer"])
    }

    @Test("paths reach into sums: of settings, of sweeps and of grids")
    func paths() throws {
        let text = Sample.recipe("mer: {weight: 3, on: [gyroscope]}", Self.sum)
            .replacingFirst("mer.weight: [0.1, 1]", "cmc-part.mer.weight: [0.1, 1]\n      cmc-part.weight: [7]")
        let study = try Sample.study(
            text + "sweep: {\"rows[+ MER].regularizers.cmc-part.sum.dropout.rate\": [0.3]}\n",
            set: ["rows[+ MER].regularizers.cmc-part.noise.sigma=4"])
        let row = study.variants[0].recipe.rows[1]
        #expect(row.candidates.map { $0.regularizers[0].terms[0].weight } == [0.1, 1])
        let sum = row.regularizers[0]
        #expect(sum.weight == 7)
        #expect(sum.terms[1].choice.options == ["sigma": .integer(4)])
        #expect(sum.terms[2].terms[0].choice.options == ["rate": .number(0.3)])
    }

    private func terms(_ item: String) throws -> [RegularizerChoice] {
        let text = Sample.recipe("mer: {weight: 3, on: [gyroscope]}", item).replacingFirst("    tune:\n      mer.weight: [0.1, 1]\n", "")
        return try Sample.study(text).variants[0].recipe.rows[1].regularizers
    }

    @Test("faults", arguments: faultCases)
    func faults(_ sample: (item: String, message: String)) {
        let text = Sample.recipe("mer: {weight: 3, on: [gyroscope]}", sample.item)
            .replacingFirst("    tune:\n      mer.weight: [0.1, 1]\n", "")
        #expect(Sample.messages(text) == sample.message)
    }

    static let faultCases: [(item: String, message: String)] = [
        (
            "mer: {after: 5}",
            """
            r.yaml:18:22: error: after cannot be '5'
               18 |       - mer: {after: 5}
                  |                      ^
                  = expected a share of the training from 0 to 1, or a count such as 5 epochs or 400 steps
                  = did you mean '5 epochs'?
            """
        ),
        (
            "mer: {after: {share: 1}}",
            """
            r.yaml:18:22: error: after cannot be a section
               18 |       - mer: {after: {share: 1}}
                  |                      ^~~~~~~~~~
                  = expected a share of the training from 0 to 1, or a count such as 5 epochs or 400 steps
            """
        ),
        (
            "mer: {part: shraed}",
            """
            r.yaml:18:21: error: part cannot be 'shraed'
               18 |       - mer: {part: shraed}
                  |                     ^~~~~~
                  = expected one of: whole, shared, specific
                  = did you mean 'shared'?
            """
        ),
        (
            "sum: {at: fused, wieght: 1, terms: [mer]}",
            """
            r.yaml:18:15: error: 'at' belongs to the terms of a sum
               18 |       - sum: {at: fused, wieght: 1, terms: [mer]}
                  |               ^~
                  = expected 'at' in each of its terms

            r.yaml:18:26: error: unknown key 'wieght' in the sum
               18 |       - sum: {at: fused, wieght: 1, terms: [mer]}
                  |                          ^~~~~~
                  = expected one of: use, name, weight, schedule, after, until, on, terms
                  = did you mean 'weight'?
            """
        ),
        (
            "sum: {name: a}",
            """
            r.yaml:18:9: error: the sum lacks the required key 'terms'
               18 |       - sum: {name: a}
                  |         ^~~
                  = expected a list of regularizers, such as [mer]
            """
        ),
        (
            "sum: {terms: []}",
            """
            r.yaml:18:22: error: terms cannot be an empty list
               18 |       - sum: {terms: []}
                  |                      ^~
                  = expected a list of regularizers, such as [mer]
            """
        ),
        (
            "sum: {name: a, terms: [mer, mre, mer]}",
            """
            r.yaml:18:37: error: unknown regularizer 'mre'
               18 |       - sum: {name: a, terms: [mer, mre, mer]}
                  |                                     ^~~
                  = expected one of: mer, dropout, noise
                  = did you mean 'mer'?

            r.yaml:18:42: error: two regularizers of sum 'a' are named 'mer'; the first is at r.yaml:18:32
               18 |       - sum: {name: a, terms: [mer, mre, mer]}
                  |                                          ^~~
                  = expected another name, such as name: mer-2
            """
        ),
    ]

    @Test("a misspelt path into a sum is refused with the nearest term")
    func misspeltPath() {
        let text = Sample.recipe("mer: {weight: 3, on: [gyroscope]}", "sum: {name: cmc-part, terms: [dropout]}")
            .replacingFirst("    tune:\n      mer.weight: [0.1, 1]\n", "")
        #expect(
            Sample.messages(text, set: ["rows[+ MER].regularizers.cmc-part.drpout.rate=0"]) == """
                --set rows[+ MER].regularizers.cmc-part.drpout.rate=0: error: unknown key 'drpout' in the sum
                --set | rows[+ MER].regularizers.cmc-part.drpout.rate=0
                      |                                   ^~~~~~
                      = expected one of: use, name, weight, schedule, after, until, on, terms
                      = did you mean 'dropout'?
                """)
    }
}

extension String {
    /// With the first occurrence of a passage replaced.
    func replacingFirst(_ passage: String, _ replacement: String) -> String {
        let parts = split(separator: passage, maxSplits: 1, omittingEmptySubsequences: false)
        precondition(parts.count == 2, "there is no '\(passage)'")
        return parts.joined(separator: replacement)
    }
}
