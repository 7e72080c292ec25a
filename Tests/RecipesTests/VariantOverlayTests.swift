import Configuration
import Testing

@testable import Recipes

@Suite("What differs in some variants of a sweep")
struct VariantOverlayTests {
    private static let swept = Sample.recipe + "sweep: {model.fusion.use: [late, cross-attention]}\n"

    private func study(_ variants: String, set overrides: [String] = [], recipe: String = swept) throws -> Study {
        try Sample.study(recipe + "variants:\n" + variants, set: overrides)
    }

    private func messages(_ variants: String) -> String { Sample.messages(Self.swept + "variants:\n" + variants) }

    @Test("is laid over the recipe where all values fit, later items over earlier ones")
    func overlay() throws {
        let study = try study(
            """
              - where: {model.fusion.use: late}
                training: {epochs: 5}
              - where: {model.fusion.use: late, training.batch: 64}
                training: {epochs: 6}
              - where: {model.fusion.use: cross-attention}
                model: {fusion: {use: cross-attention}}

            """)
        #expect(study.variants.map(\.recipe.training.epochs) == [6, 20])
        #expect(study.variants.map(\.recipe.training.batch) == [64, 64])
    }

    @Test("has figures of its own to expect")
    func expectation() throws {
        let study = try study(
            """
              - where: {model.fusion.use: late}
                expect: {rows: {Fusion: {average: 59.09}}}
              - where: {model.fusion.use: cross-attention}
                expect: {rows: {Fusion: {average: 59.48}, + MER: {average: 61.13}}}
            expect: {source: Table 12}

            """)
        #expect(study.variants.map { $0.recipe.rows[0].expected["average"] } == [59.09, 59.48])
        #expect(study.variants.map { $0.recipe.rows[1].expected["average"] } == [nil, 61.13])
        #expect(study.variants.allSatisfy { $0.recipe.expectationSource == "Table 12" })
    }

    @Test("may be the value of a variable")
    func variable() throws {
        let recipe = Sample.recipe("epochs: 20", "epochs: ${length}") + "variables: {length: 3}\nsweep: {model.fusion.use: [late, cross-attention]}\n"
        let study = try study("  - where: {model.fusion.use: late}\n    variables: {length: 7}\n", recipe: recipe)
        #expect(study.variants.map(\.recipe.training.epochs) == [7, 3])
        let again = try Sample.study(study.resolvedYAML)
        #expect(again.variants.map(\.recipe.training.epochs) == [7, 3])
    }

    @Test("yields to a setting, and is no fault of a sweep that a setting narrows")
    func setting() throws {
        let overlay = "  - where: {model.fusion.use: cross-attention}\n    training: {epochs: 5}\n"
        let longer = try study(overlay, set: ["training.epochs=9"])
        #expect(longer.variants.map(\.recipe.training.epochs) == [9, 9])
        let narrowed = try study(overlay, set: ["sweep[model.fusion.use]=[late]"])
        #expect(narrowed.variants.map(\.recipe.training.epochs) == [20])
        let recipe = Self.swept.replacingFirst("epochs: 20", "epochs: ${length}") + "variables: {length: 3, batch: 32}\n"
        let variables = "  - where: {model.fusion.use: late}\n    variables: {batch: 16}\n    training: {batch: \"${batch}\"}\n"
        let set = try study(variables, set: ["variables.length=4", "variables.batch=8"], recipe: recipe)
        #expect(set.variants.map(\.recipe.training.epochs) == [4, 4] && set.variants.map(\.recipe.training.batch) == [8, 64])
    }

    @Test("fits a list of modalities, whose other encoders may stand there")
    func modalities() throws {
        let text =
            Sample.recipe("on: [gyroscope]", "weight: 3").replacingFirst("weight: 3, weight: 3", "weight: 3")
            .replacingFirst("  fusion: late", "  encoders: {gyroscope: series-resnet}\n  fusion: late")
            + "sweep: {model.modalities: [[accelerometer], [accelerometer, gyroscope]]}\n"
        let study = try study("  - where: {model.modalities: [accelerometer]}\n    training: {epochs: 2}\n", recipe: text)
        #expect(study.variants.map(\.recipe.training.epochs) == [2, 20])
        #expect(
            study.variants.map { $0.recipe.model.modalities(of: Sample.facts(of: $0.recipe.data.source)) } == [
                ["accelerometer"], ["accelerometer", "gyroscope"],
            ])
    }

    @Test("with values that no variant has is refused")
    func unused() {
        #expect(
            messages("  - where: {model.fusion.use: lat}\n    training: {epochs: 5}\n").contains(
                "error: no variant has these values"))
    }

    @Test("at a path that there is not is refused, with the sweep's")
    func unknownPath() {
        let message = messages("  - where: {model.fusion.us: late}\n    training: {epochs: 5}\n")
        #expect(message.contains("error: nothing is set at 'model.fusion.us'"))
        #expect(message.contains("= did you mean 'model.fusion.use'?"))
    }

    @Test("cannot be rows or seeds, and needs its where")
    func faults() {
        #expect(messages("  - where: {model.fusion.use: late}\n    seeds: [3]\n").contains("unknown key 'seeds' in a variant"))
        #expect(messages("  - training: {epochs: 5}\n").contains("a variant lacks the required key 'where'"))
        #expect(messages("  - where: {model.fusion.use: late}\n    variables: {lenth: 7}\n").contains("unknown variable 'lenth'"))
        #expect(Sample.messages(Self.swept + "variants: 3\n").contains("variants cannot be '3'"))
    }
}
