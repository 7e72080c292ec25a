import Recipes
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("What terms need of the data and of each other") struct TermNeedsTests {
    private func text(_ regularizers: String, evaluation: String = "{validation: 0.2}", tune: String = "") -> String {
        """
        \(Sample.recipeHead)
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

    @Test("a term that works between modalities says so, and is refused where there is one") func singleModality() throws {
        let registry = try Sample.components().regularizers
        for name in registry.names where !["breaking", "probe"].contains(name) {
            var faults: [Diagnostic] = []
            do {
                _ = try Sample.planned(text("[\(name)]"), overrides: ["model.modalities=[m1]"])
            } catch let error as RecipeError {
                faults = error.diagnostics
            }
            let isRefused = faults.contains { $0.expected?.hasPrefix("at least two modalities") == true }
            #expect(isRefused == registry[name]?.needs.contains(.severalModalities), "\(name)")
        }
    }

    @Test("a term that reads another one needs it in the row") func readTerms() throws {
        #expect(try Sample.planned(text("[unimodal-loss, pareto]")).cells.count == 3)
        #expect(try Sample.planned(text("[{unimodal-loss: {name: alone}}, {pareto: {unimodal: alone}}]")).cells.count == 3)
        let error = #expect(throws: RecipeError.self) { try Sample.planned(text("[pareto, mer]")) }
        #expect(error?.diagnostics.first?.expected == "a term 'unimodal-loss' in the row, which it reads")
    }

    @Test(
        "terms that exclude each other are refused at the later one",
        arguments: [
            ["weight-averaging", "swad"], ["irm", "mixup"], ["fish", "and-mask"],
            ["{gradient-modulation: {layers: all, name: first}}", "{gradient-modulation: {layers: all}}"],
        ])
    func exclusions(pair: [String]) throws {
        let error = #expect(throws: RecipeError.self) { try Sample.planned(text("[mer, \(pair[0]), \(pair[1])]")) }
        let diagnostic = try #require(error?.diagnostics.first)
        #expect(error?.diagnostics.count == 1 && diagnostic.location.line == 10)
        // The term's name, which a brace stands before where it has options.
        #expect(diagnostic.location.column == "    regularizers: [mer, \(pair[0]), ".count + (pair[1].hasPrefix("{") ? 2 : 1))
        #expect(diagnostic.expected?.hasPrefix("no two terms of which one excludes the other: any other term that ") == true)
    }

    @Test("terms that exclude each other may act one after the other, or not at all") func apart() throws {
        #expect(try Sample.planned(text("[{irm: {after: 0.5}}, {mixup: {until: 0.5}}]")).cells.count == 3)
        #expect(try Sample.planned(text("[{weight-averaging: {weight: 0}}, swad]")).cells.count == 3)
    }

    @Test("what a regularizer excludes is what another one is") func vocabulary() throws {
        let registry = try Sample.components().regularizers
        let entries = registry.names.compactMap { registry[$0] }
        #expect(Set(entries.flatMap(\.traits)) == Set(entries.flatMap { $0.excludes.map(\.trait) }))
    }
}

@Suite("Published searches") struct PublishedSearchTests {
    private func text(_ regularizers: String, tune: String = "default") -> String {
        """
        \(Sample.recipeHead)
        evaluation: {validation: 0.2, domains: [d1]}
        training: {epochs: 1, batch: 8}
        seeds: [1]
        rows:
          - name: Row
            regularizers: \(regularizers)
            tune: \(tune)

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

    @Test("MMDG-Bench: the row as it stands, then ten draws in steps, each with a seed of its own") func mmdgBench() throws {
        let cell = try #require(try Sample.planned(text("[{relative-norm-alignment: {weight: 1.5}}, jigsaw]", tune: "mmdg-bench")).cells.first)
        #expect(cell.candidates.count == 11)
        #expect(cell.candidates[0].values.map(\.path) == ["relative-norm-alignment.weight", "jigsaw.weight"])
        #expect(cell.candidates[0].plan.regularizers.map(\.weight) == [1.5, 1])
        for candidate in cell.candidates.dropFirst() {
            let weight = try #require(candidate.plan.regularizers[0].weight)
            #expect((0...3).contains(weight) && abs(weight * 10 - (weight * 10).rounded()) < 1e-6)
        }
        let seeds = cell.candidates.map { $0.seeds ?? [] }
        #expect(seeds.allSatisfy { $0.count == 1 && (0..<1 << 31).contains($0[0]) } && Set(seeds).count == 11)
        #expect(Rehearsal.all(for: cell).map(\.plan.seed) == seeds.flatMap(\.self))
    }

    @Test("DomainBed: the row as it stands, then nineteen draws, with three seeds each") func domainBed() throws {
        let cell = try #require(try Sample.planned(text("[coral]", tune: "domainbed")).cells.first)
        #expect(cell.candidates.count == 20 && cell.candidates[0].plan.regularizers[0].weight == 1)
        #expect(Rehearsal.all(for: cell).count == 60)
        #expect(Set(Rehearsal.all(for: cell).map(\.plan.seed)) == [0, 1, 2])
    }

    @Test("a benchmark's own range goes before that of a method's source, and a recipe's before both") func precedence() throws {
        func strengths(_ tune: String) throws -> [Double] {
            let cell = try #require(try Sample.planned(text("[domain-adversarial]", tune: tune)).cells.first)
            return cell.candidates.dropFirst().compactMap { candidate in
                candidate.plan.regularizers[0].options["strength"].flatMap { Double($0.description) }
            }
        }
        #expect(try strengths("mmdg-bench").allSatisfy { (0...1).contains($0) })
        #expect(try strengths("domainbed").contains { $0 > 1 })
        #expect(try strengths("{protocol: mmdg-bench, domain-adversarial.strength: {between: [5, 9]}}").allSatisfy { (5...9).contains($0) })
    }

    @Test("a recipe's own ranges make up for what is not published") func ownRanges() throws {
        let tune = "{protocol: mmdg-bench, mer.weight: {between: [0, 5], step: 0.1}}"
        let cell = try #require(try Sample.planned(text("[mer]", tune: tune)).cells.first)
        #expect(cell.candidates.count == 11 && cell.candidates[0].plan.regularizers[0].weight == 3)
    }

    @Test("a protocol that says how many are drawn takes no budget, and a misspelt one is told the nearest") func refusals() {
        func message(_ tune: String) -> String? {
            let error = #expect(throws: RecipeError.self) { try Sample.planned(text("[coral]", tune: tune)) }
            return error?.diagnostics.first.map { "\($0.message); \($0.suggestion ?? "")" }
        }
        #expect(message("{protocol: domainbed, budget: 3}") == "'budget' cannot stand beside a protocol, which sets it; ")
        #expect(message("mmdg-bnech") == "unknown search 'mmdg-bnech'; mmdg-bench")
    }

    @Test("every regularizer and fusion has a published search, or says why not; ranges fit their options") func everyOne() throws {
        let components = try Sample.components()
        for description in components.regularizers.descriptions + components.fusions.descriptions where !["breaking", "probe"].contains(description.name) {
            #expect(description.search.isEmpty != (description.unsearched == nil), "\(description.name)")
            for range in description.search where range.option != "weight" {
                let option = try #require(description[option: range.option], "\(description.name).\(range.option)")
                for end in [range.lower, range.upper] {
                    let isWhole = range.step.map { $0 == $0.rounded() } ?? false
                    #expect(option.fault(in: isWhole ? .integer(Int(end)) : .number(end)) == nil, "\(description.name): \(range)")
                }
            }
        }
    }
}
