import Recipes
import Testing

@testable import Planning
@testable import TrainingSupport

@Suite("What terms need of the data and of each other") struct TermNeedsTests {
    private func text(_ regularizers: String, evaluation: String = "{validation: 0.2}", tune: String = "") -> String {
        """
        data: {use: co-occurrence, classes: 4, samples: 48}
        model:
          encoder: {use: vector-mlp, hidden: [16], embedding: 8}
          fusion: {use: late, hidden: 16}
        evaluation: \(evaluation)
        training: {epochs: 1, batch: 8}
        seeds: [1]
        rows:
          - name: Row
            regularizers: \(regularizers)
        \(tune)
        """
    }

    @Test("a term that compares source domains is refused where there is one", arguments: ["coral", "v-rex", "group-dro", "fishr", "domain-adversarial"])
    func singleSource(term: String) throws {
        #expect(try Sample.planned(text("[\(term)]")).cells.count == 3)
        let error = #expect(throws: RecipeError.self) {
            try Sample.planned(text("[\(term)]", evaluation: "{protocol: single-source, validation: 0.2}"))
        }
        #expect(error?.diagnostics.count == 1)
        #expect(error?.diagnostics.first?.location.line == 10)
        #expect(error?.diagnostics.first?.expected == "at least two source domains for \(term)")
    }

    @Test("so it is where only rehearsals have a single one") func rehearsals() {
        let tune = "    tune: {coral.weight: [1, 3]}\ntuning: {selection: leave-one-source-out}"
        let error = #expect(throws: RecipeError.self) { try Sample.planned(text("[coral]", tune: tune)) }
        #expect(error?.diagnostics.first?.expected == "at least two source domains for coral")
    }

    @Test("a term that reads another one needs it in the row") func readTerms() throws {
        #expect(try Sample.planned(text("[unimodal-loss, pareto]")).cells.count == 3)
        #expect(try Sample.planned(text("[{unimodal-loss: {name: alone}}, {pareto: {unimodal: alone}}]")).cells.count == 3)
        let error = #expect(throws: RecipeError.self) { try Sample.planned(text("[pareto, mer]")) }
        #expect(error?.diagnostics.first?.expected == "a term 'unimodal-loss' in the row, which it reads")
    }
}

@Suite("Published searches") struct PublishedSearchTests {
    private func text(_ regularizers: String) -> String {
        """
        data: {use: co-occurrence, classes: 4, samples: 48}
        model: {encoder: {use: vector-mlp, hidden: [16], embedding: 8}, fusion: {use: late, hidden: 16}}
        evaluation: {validation: 0.2, domains: [d1]}
        training: {epochs: 1, batch: 8}
        seeds: [1]
        rows:
          - name: Row
            regularizers: \(regularizers)
            tune: default

        """
    }

    @Test("tune: default draws from the ranges of the row's regularizers, under their instances' names") func draws() throws {
        let cell = try #require(try Sample.planned(text("[coral, {irm: {name: invariance}}, mer]")).cells.first)
        #expect(cell.candidates.count == 20)
        for candidate in cell.candidates {
            let weights = candidate.plan.regularizers.map { $0.weight }
            let (first, second) = (try #require(weights[0]), try #require(weights[1]))
            #expect((0.1...10).contains(first) && (0.1...1e5).contains(second))
            #expect(weights[2] == nil)
        }
    }

    @Test("it is refused where nothing is published") func unpublished() {
        let error = #expect(throws: RecipeError.self) { try Sample.planned(text("[mer]")) }
        #expect(error?.diagnostics.first?.message == "no regularizer of this row has a published search")
    }
}
