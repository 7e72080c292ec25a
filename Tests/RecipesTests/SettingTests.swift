import Configuration
import Testing

@testable import Recipes

@Suite("Settings")
struct SettingTests {
    @Test("later settings win over earlier ones, and both over the file")
    func order() throws {
        let study = try Sample.study(set: ["training.epochs=5", "training.epochs=7"])
        #expect(study.variants[0].recipe.training.epochs == 7)
    }

    @Test("a component that is only named gets options")
    func options() throws {
        let recipe = try Sample.study(set: ["model.fusion.dropout=0.25", "data.draw=3"]).variants[0].recipe
        #expect(recipe.model.fusion.component == "late")
        #expect(recipe.model.fusion.options == ["dropout": .number(0.25)])
        #expect(recipe.data.source.options == ["draw": .integer(3)])
    }

    @Test("sections that are missing are made")
    func missingSections() throws {
        let recipe = try Sample.study(set: ["evaluation.domains=[group-1]", "tuning.epochs=3"]).variants[0].recipe
        #expect(recipe.evaluation.targets(among: Sample.facts(of: recipe.data.source).domains) == ["group-1"])
        #expect(recipe.tuning.epochs == 3)
    }

    @Test(
        "rows and regularizers go by name or by number",
        arguments: [
            "rows[+ MER].regularizers.mer.epsilon", "rows.1.regularizers.0.epsilon", "rows[+ MER].regularizers[mer].epsilon",
            "rows[1].regularizers[0].epsilon",
        ])
    func lists(path: String) throws {
        let row = try Sample.study(set: ["\(path)=0.5"]).variants[0].recipe.rows[1]
        #expect(row.regularizers[0].choice.options == ["epsilon": .number(0.5)])
        #expect(row.regularizers[0].modalities == ["gyroscope"])
    }

    @Test(
        "a regularizer is found in each of its forms",
        arguments: ["mer", "mer: ", "use: mer", "{name: mer, use: noise, sigma: 1}"])
    func forms(item: String) throws {
        let text = Sample.recipe("mer: {weight: 3, on: [gyroscope]}", item)
        let row = try Sample.study(text, set: ["rows[+ MER].regularizers.mer.at=fused"]).variants[0].recipe.rows[1]
        #expect(row.regularizers[0].place == .fused)
    }

    @Test("a value is YAML: lists and sections work")
    func values() throws {
        let recipe = try Sample.study(set: ["training.optimizer={use: sgd, weight-decay: 1e-4}", "seeds=[7, 8, 9]"])
            .variants[0].recipe
        #expect(recipe.training.optimizer.component == "sgd")
        #expect(recipe.training.optimizer.options == ["weight-decay": .number(1e-4)])
        #expect(recipe.seeds == [7, 8, 9])
    }

    @Test("faults of several settings come at once, after those of the file")
    func together() {
        let messages = Sample.messages(Sample.recipe("epochs: 20", "epochs: x"), set: ["seeds=[]", "baseline=none"])
        let heads = messages.split(separator: "\n").filter { $0.contains("error:") }
        #expect(
            heads == [
                "r.yaml:9:11: error: epochs cannot be 'x'", "--set seeds=[]: error: seeds cannot be an empty list",
                "--set baseline=none: error: unknown baseline row 'none'",
            ])
    }

    @Test("another component keeps what belongs to all of its kind")
    func component() throws {
        let study = try Sample.study(set: ["training.optimizer.weight-decay=0.1", "training.optimizer=sgd"])
        let training = study.variants[0].recipe.training
        #expect(training.optimizer.component == "sgd" && training.optimizer.options.isEmpty && training.learningRate == 0.01)
        let swept = try Sample.study(Sample.recipe + "sweep: {training.optimizer: [adam, sgd]}\n")
        #expect(swept.variants.map(\.recipe.training.learningRate) == [0.01, 0.01])
        #expect(try Sample.study(set: ["training.optimizer={use: sgd}"]).variants[0].recipe.training.learningRate == 0.001)
    }

    @Test("the resolved recipe holds the settings and reads as the same study")
    func resolved() throws {
        let study = try Sample.study(set: ["training.epochs=5", "rows[+ MER].tune[mer.weight]=[2]", "model.fusion.dropout=0.25"])
        #expect(
            study.resolvedYAML == """
                # A small recipe.
                #
                # It is here to be read.
                name: r
                data: watch
                model:
                  encoder:
                    use: series-resnet
                    embedding: 32
                  fusion:
                    use: late
                    dropout: 0.25
                training:
                  epochs: 5
                  batch: 64
                  optimizer:
                    use: adam
                    learning-rate: 0.01
                seeds: [1, 2]
                baseline: Fusion
                rows:
                - Fusion
                - name: + MER
                  regularizers:
                  - mer:
                      weight: 3
                      "on": [gyroscope]
                  tune:
                    mer.weight: [2]

                """)
        #expect(try Sample.study(study.resolvedYAML).resolvedYAML == study.resolvedYAML)
    }
}
