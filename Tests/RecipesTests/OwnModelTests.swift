import Configuration
import Testing

@testable import Recipes

@Suite("Rows with a model or a task of their own")
struct OwnModelTests {
    private func row(_ text: String) throws -> Row {
        let study = try Sample.study(Sample.recipe("  - Fusion\n", "  - Fusion\n  - name: Own\n    \(text)\n"))
        return study.variants[0].recipe.rows[1]
    }

    @Test("what a row says of its model is laid over the common one")
    func overlay() throws {
        let sensor = try row("model: {modalities: [gyroscope]}")
        #expect(sensor.model.modalities == ["gyroscope"] && sensor.model.encoder(for: "gyroscope")?.component == "series-resnet")
        #expect(sensor.model.encoder(for: "gyroscope")?.options == ["embedding": .integer(32)])
        let fusion = try row("model: {fusion: cross-attention}")
        #expect(fusion.model.fusion.component == "cross-attention" && fusion.model.modalities == nil)
        let encoder = try row("model: {encoder: {embedding: 8}}")
        #expect(encoder.model.encoder(for: "gyroscope")?.options == ["embedding": .integer(8)])
        let one = try row("model: {encoders: {gyroscope: features}}")
        #expect(one.model.encoder(for: "gyroscope")?.component == "features" && one.model.encoder(for: "accelerometer")?.component == "series-resnet")
    }

    @Test("a whole model takes the place of encoders and a fusion, and keeps none of their options")
    func whole() throws {
        let own = try row("model: {use: joint, dropout: 0.1}")
        #expect(own.model.whole?.options == ["dropout": .number(0.1)])
        let back = try Sample.study(
            """
            data: watch
            model: {use: joint, dropout: 0.1}
            training: {epochs: 1, batch: 4}
            rows:
              - Whole
              - name: Parts
                model: {encoder: features, fusion: late}
            """)
        #expect(back.variants[0].recipe.rows[1].model.fusion.component == "late")
    }

    @Test("rows that say nothing have the common model and task")
    func common() throws {
        let recipe = try Sample.study().variants[0].recipe
        #expect(recipe.rows.allSatisfy { $0.model == recipe.model && $0.task == recipe.task })
        #expect(recipe.models == [recipe.model])
    }

    @Test("options of the model can be tuned row by row")
    func tuned() throws {
        let own = try row("tune: {model.encoder.embedding: [8, 16], model.fusion.dropout: [0, 0.5]}")
        let widths = own.candidates.map { $0.model.encoder(for: "gyroscope")?.options["embedding"] }
        #expect(widths == [.integer(8), .integer(8), .integer(16), .integer(16)])
        #expect(own.candidates.count == 4 && own.candidates.allSatisfy { $0.model.fusion.options["dropout"] != nil })
    }

    @Test("a row's task is laid over the common one")
    func task() throws {
        let own = try row("task: {use: regression, rate: 0.25}")
        #expect(own.task.component == "regression" && own.task.options == ["rate": .number(0.25)])
    }

    @Test("what is wrong with a row's model is shown in the row")
    func faults() {
        let text = Sample.recipe("  - Fusion\n", "  - name: Fusion\n    model: {modalities: [gyrscope], fusion: lte}\n")
        let messages = Sample.messages(text)
        #expect(messages.contains("r.yaml:16:45: error: unknown fusion 'lte'") && messages.contains("did you mean 'late'?"), "\(messages)")
        let unknown = Sample.messages(Sample.recipe("  - Fusion\n", "  - name: Fusion\n    model: {modalities: [gyrscope]}\n"))
        #expect(unknown.hasPrefix("r.yaml:16:26: error: unknown modality 'gyrscope'"), "\(unknown)")
    }
}

@Suite("Rows made of all combinations of some parts")
struct RowCombinationTests {
    private func rows(_ text: String) throws -> [Row] {
        try Sample.study(Self.recipe(text)).variants[0].recipe.rows
    }

    private static func recipe(_ rows: String) -> String {
        """
        data: watch
        model: {encoder: series-resnet, fusion: late}
        training: {epochs: 1, batch: 4}
        rows:
        \(rows)
        """
    }

    @Test("two regularizers make four rows, each with the names of what it has")
    func regularizers() throws {
        let rows = try rows("  all-combinations-of:\n    - mer: {weight: 0.3}\n    - noise: {sigma: 0.1}\n  base: Fusion")
        #expect(rows.map(\.name) == ["Fusion", "+ mer", "+ noise", "+ mer + noise"])
        #expect(rows.map(\.factors) == [[], ["mer"], ["noise"], ["mer", "noise"]])
        #expect(rows.map { $0.regularizers.map(\.name) } == [[], ["mer"], ["noise"], ["mer", "noise"]])
        #expect(rows[3].regularizers[0].weight == 0.3)
    }

    @Test("a part may be anything that a row can say, and stand beside other rows")
    func parts() throws {
        let rows = try rows(
            """
              - name: First
              - all-combinations-of:
                  - mer
                  - {name: one sensor, model: {modalities: [gyroscope]}, training: {epochs: 2}}
            """)
        #expect(rows.map(\.name) == ["First", "Baseline", "+ mer", "+ one sensor", "+ mer + one sensor"])
        #expect(rows.map(\.model.modalities) == [nil, nil, nil, ["gyroscope"], ["gyroscope"]])
        #expect(rows.map(\.training.epochs) == [1, 1, 1, 2, 2])
        #expect(rows[0].factors == nil && rows[4].factors == ["mer", "one sensor"])
    }

    @Test("parts may say different things of one section, equal things of one value, and each its own regularizers")
    func together() throws {
        let rows = try rows(
            """
              all-combinations-of:
                - {name: long, training: {epochs: 2, batch: 8}, regularizers: [dropout]}
                - {name: small, training: {batch: 8}, regularizers: [mer]}
            """)
        #expect(rows.map(\.training.epochs) == [1, 2, 1, 2] && rows[3].regularizers.map(\.name) == ["dropout", "mer"])
    }

    @Test("they take the place of the rows of a recipe that is extended")
    func extending() throws {
        let text = "extends: base.yaml\nrows:\n  all-combinations-of: [mer, dropout]\n  base: Fusion\n"
        let study = try Sample.study(text, files: ["base.yaml": Self.recipe("  - Old")])
        #expect(study.variants[0].recipe.rows.map(\.name) == ["Fusion", "+ mer", "+ dropout", "+ mer + dropout"])
    }

    @Test("rows that were written out can be set by their names, and the resolved recipe says them all")
    func settings() throws {
        let text = Self.recipe("  all-combinations-of: [mer, dropout]")
        let study = try Sample.study(text, set: ["rows[+ mer].regularizers.mer.weight=7"])
        #expect(study.variants[0].recipe.rows[1].regularizers[0].weight == 7)
        let again = try Sample.study(study.resolvedYAML)
        #expect(again.variants[0].recipe.rows.map(\.factors) == [[], ["mer"], ["dropout"], ["mer", "dropout"]])
    }

    @Test(
        "what is wrong is shown at its place",
        arguments: [
            ("  all-combinations-of: []", "5:24", "all-combinations-of cannot be an empty list"),
            ("  all-combinations-of: [mer, mer]", "5:30", "two parts are named 'mer'; the first is at r.yaml:5:25"),
            ("  all-combinations-of: [mer]\n  bass: Fusion", "6:3", "unknown key 'bass' beside all-combinations-of"),
            ("  all-combinations-of: [a, b, c, d, e, f, g, h, i, j, k]", "5:24", "all combinations of 11 parts are too many rows"),
            ("  all-combinations-of: [{name: x, model: {}, wight: 3}]", "5:46", "unknown key 'wight' in the part 'x'"),
            (
                "  all-combinations-of: [{name: x, training: {epochs: 3}}, {name: y, training: {epochs: 4}}]", "5:66",
                "the parts 'x' and 'y' give training.epochs different values, so that a row of both could have only one"
            ),
            (
                "  all-combinations-of: [{name: x, model: {modalities: [video]}}, {name: y, model: {modalities: [audio]}}]", "5:73",
                "the parts 'x' and 'y' give model.modalities different values, so that a row of both could have only one"
            ),
        ])
    func faults(rows: String, place: String, message: String) {
        let found = Sample.messages(Self.recipe(rows))
        #expect(found.contains("r.yaml:\(place): error: \(message)"), "\(found)")
    }
}
