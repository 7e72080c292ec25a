import Configuration
import Testing

@testable import Recipes

@Suite("A study over several sets")
struct StudySetTests {
    private static let sets = """
        sets:
          - name: watch
          - name: short
            of: watch
            training: {epochs: 5}
            evaluation: {protocol: single-source}
            seeds: [7]
          - name: files
            data: {use: tensors, file: /data/one}
            repeat: {training.batch: [8, 16]}

        """

    private func study(_ sets: String = Self.sets, set overrides: [String] = [], recipe: String = Sample.recipe) throws -> Study {
        try Sample.study(recipe + sets, set: overrides)
    }

    @Test("has the variants of each, which differ in anything but rows")
    func sets() throws {
        let study = try study()
        #expect(study.variants.map(\.set) == ["watch", "short", "files", "files"])
        #expect(study.variants.map(\.dataset) == [nil, "watch", nil, nil])
        #expect(study.variants.map(\.recipe.training.epochs) == [20, 5, 20, 20])
        #expect(study.variants.map(\.recipe.training.batch) == [64, 64, 8, 16])
        #expect(study.variants.map(\.recipe.seeds) == [[1, 2], [7], [1, 2], [1, 2]])
        #expect(study.variants.map(\.recipe.data.source.component) == ["watch", "watch", "tensors", "tensors"])
        #expect(study.variants[1].recipe.evaluation.trainingDomains == .singleSource)
        #expect(study.variants.map { $0.settings.map(\.path) } == [["set"], ["set"], ["set"], ["set"]])
        #expect(study.variants.map { $0.repetition.map(\.path) } == [[], [], ["training.batch"], ["training.batch"]])
    }

    @Test("crosses its sets with what it sweeps")
    func swept() throws {
        let study = try study(recipe: Sample.recipe + "sweep: {model.fusion.use: [late, cross-attention]}\n")
        #expect(study.variants.count == 8)
        #expect(study.variants[1].settings.map { "\($0.path) \($0.value)" } == ["set watch", "model.fusion.use cross-attention"])
    }

    @Test("yields to a setting in every set, also when the resolved recipe is read again")
    func setting() throws {
        let shorter = try study(set: ["training.epochs=2", "seeds=[3]"])
        #expect(shorter.variants.allSatisfy { $0.recipe.training.epochs == 2 && $0.recipe.seeds == [3] })
        let again = try Sample.study(shorter.resolvedYAML)
        #expect(again.variants.map(\.recipe.training.epochs) == [2, 2, 2, 2])
        #expect(again.variants.map(\.recipe.training.batch) == [64, 64, 8, 16])
        #expect(try study(set: ["sets.short.training.epochs=3"]).variants.map(\.recipe.training.epochs) == [20, 3, 20, 20])
    }

    @Test("may have variables in its sets")
    func variable() throws {
        let text = "variables: {length: 3}\nsets:\n  - {name: a, training: {epochs: \"${length}\"}}\n  - {name: b}\n"
        #expect(try study(text).variants.map(\.recipe.training.epochs) == [3, 20])
        #expect(try study(text, set: ["variables.length=4"]).variants.map(\.recipe.training.epochs) == [4, 20])
    }

    @Test("is refused where a set has no name, the name of another, or rows of its own")
    func faults() {
        func messages(_ sets: String) -> String { Sample.messages(Sample.recipe + sets) }
        #expect(messages("sets:\n  - training: {epochs: 5}\n").contains("a set lacks the required key 'name'"))
        #expect(messages("sets:\n  - name: a\n  - name: a\n").contains("the set 'a' appears here twice"))
        #expect(messages("sets:\n  - name: a\n    rows: [Fusion]\n").contains("unknown key 'rows' in a set"))
        #expect(messages("sets: []\n").contains("sets cannot be an empty list"))
        #expect(messages("sets: 3\n").contains("sets cannot be '3'"))
        #expect(messages("sets:\n  - name: \(String(repeating: "x", count: 201))\n").contains("a set's name has 201 bytes"))
        #expect(messages("sets:\n  - name: a\n    training: {epochs: 0}\n").contains("epochs"))
    }
}
