import Configuration
import Testing

@testable import Recipes

@Suite("A recipe")
struct RecipeTests {
    @Test("has every value that is written, and defaults for the rest")
    func values() throws {
        let study = try Sample.study()
        #expect(study.name == "r")
        #expect(study.file == "r.yaml")
        #expect(study.about == "A small recipe.\n\nIt is here to be read.")
        #expect(study.variants.count == 1)
        let recipe = study.variants[0].recipe
        #expect(recipe.data.source.component == "watch")
        #expect(recipe.data.standardize == .channel)
        #expect(recipe.evaluation.trainingDomains == .multiSource)
        #expect(recipe.evaluation.validation == 0.2)
        #expect(recipe.evaluation.selection.component == "source-validation")
        #expect(recipe.evaluation.targets(among: Sample.facts(of: recipe.data.source).domains) == ["group-1", "group-2", "group-3"])
        #expect(recipe.model.modalities(of: Sample.facts(of: recipe.data.source)) == ["accelerometer", "gyroscope"])
        #expect(recipe.model.encoder(for: "gyroscope")?.options == ["embedding": .integer(32)])
        #expect(recipe.training.epochs == 20)
        #expect(recipe.training.batch == 64)
        #expect(recipe.training.batching == .balanced)
        #expect(recipe.training.optimizer.component == "adam")
        #expect(recipe.training.optimizer.options == [:])
        #expect(recipe.training.learningRate == 0.01)
        #expect(recipe.training.schedule.component == "constant")
        #expect(recipe.training.gradientClip == nil)
        #expect(recipe.seeds == [1, 2])
        #expect(recipe.baseline == "Fusion")
        #expect(recipe.tuning.seeds == [1])
        #expect(recipe.tuning.selection.component == "source-validation")
        #expect(recipe.rows.map(\.name) == ["Fusion", "+ MER"])
    }

    @Test("knows where its values stand")
    func locations() throws {
        let recipe = try Sample.study().variants[0].recipe
        #expect(recipe.training.locations["batch"]?.description == "r.yaml:10:10")
        #expect(recipe.model.fusion.location.description == "r.yaml:7:11")
        #expect(recipe.model.encoder(for: "gyroscope")?.location(of: "embedding").description == "r.yaml:6:44")
        #expect(recipe.rows[1].location.description == "r.yaml:16:5")
        #expect(recipe.rows[1].regularizers[0].locations["on"]?.description == "r.yaml:18:30")
        #expect(recipe.rows[1].grid[0].location.description == "r.yaml:20:7")
    }

    @Test("a regularizer has its own options apart from the common ones")
    func regularizer() throws {
        let text = Sample.recipe(
            "mer: {weight: 3, on: [gyroscope]}",
            """
            use: mer
                    name: spread
                    estimator: reference
                    weight: 2
                    schedule: cosine
                    on: gyroscope
                    at: projection
                    projection: {hidden: [64], width: 16, normalization: batch, unit: true}
                  - mer: {schedule: {shape: warm-up, end: 0.5}}
            """)
        let terms = try Sample.study(text).variants[0].recipe.rows[1].regularizers
        #expect(terms.map(\.name) == ["spread", "mer"])
        #expect(terms[0].choice.component == "mer")
        #expect(terms[0].choice.options == ["estimator": .string("reference")])
        #expect(terms[0].weight == 2)
        #expect(terms[0].schedule.shape == .cosine)
        #expect(terms[0].modalities == ["gyroscope"])
        #expect(terms[0].place == .projection)
        #expect(terms[0].projection.hidden == [64])
        #expect(terms[0].projection.normalization == .batch)
        #expect(terms[1].weight == 0.1)
        #expect(terms[1].schedule.shape == .warmUp)
        #expect(terms[1].schedule.end == 0.5)
    }

    @Test("a weight that is left out stays open, as each regularizer has a default of its own")
    func weight() throws {
        let text = Sample.recipe("- Fusion", "- name: Fusion\n    regularizers: [mer]")
        #expect(try Sample.study(text).variants[0].recipe.rows[0].regularizers[0].weight == nil)
    }

    @Test("rows have the common regularizers in front of their own, and their training laid over the common one")
    func rows() throws {
        let text =
            Sample.recipe(
                "- Fusion",
                """
                - name: Fusion
                    training:
                      epochs: 5
                      optimizer: {weight-decay: 0.1}
                  - name: sgd
                    training: {optimizer: sgd, gradient-clip: 1}
                """) + "regularizers: [dropout: {rate: 0.2}]\n"
        let recipe = try Sample.study(text).variants[0].recipe
        #expect(recipe.regularizers.map(\.name) == ["dropout"])
        #expect(recipe.rows.map { $0.regularizers.map(\.name) } == [["dropout"], ["dropout"], ["dropout", "mer"]])
        #expect(recipe.rows.map(\.training.epochs) == [5, 20, 20])
        #expect(recipe.rows.map(\.training.optimizer.component) == ["adam", "sgd", "adam"])
        #expect(recipe.rows[0].training.optimizer.options == ["weight-decay": .number(0.1)])
        #expect(recipe.rows.map(\.training.learningRate) == [0.01, 0.001, 0.01])
        #expect(recipe.rows.map(\.training.gradientClip) == [nil, 1, nil])
        #expect(recipe.training.epochs == 20)
    }

    @Test("a grid gives every combination, the last path changing fastest")
    func grid() throws {
        let text = Sample.recipe(
            "mer.weight: [0.1, 1]", "mer.weight: [0.1, 1]\n      training.optimizer.weight-decay: [0, 0.5]")
        let row = try Sample.study(text).variants[0].recipe.rows[1]
        #expect(row.grid.map(\.path) == ["mer.weight", "training.optimizer.weight-decay"])
        #expect(row.candidates.map { $0.regularizers[0].weight } == [0.1, 0.1, 1, 1])
        #expect(
            row.candidates.map { $0.training.optimizer.options["weight-decay"] } == [
                .integer(0), .number(0.5), .integer(0), .number(0.5),
            ])
        #expect(row.candidates[2].values.map(\.path) == ["mer.weight", "training.optimizer.weight-decay"])
        #expect(row.candidates[2].values.map(\.value) == [.integer(1), .integer(0)])
    }

    @Test("a row without a grid has one candidate without values")
    func noGrid() throws {
        let row = try Sample.study().variants[0].recipe.rows[0]
        #expect(row.candidates.count == 1)
        #expect(row.candidates[0].values.isEmpty)
    }

    @Test("a grid may give an option that has no default")
    func requiredByGrid() throws {
        let text = Sample.recipe(
            "mer: {weight: 3, on: [gyroscope]}\n    tune:\n      mer.weight: [0.1, 1]",
            "noise\n    tune:\n      noise.sigma: [1]")
        let row = try Sample.study(text).variants[0].recipe.rows[1]
        #expect(row.regularizers[0].choice.options == ["sigma": .integer(1)])
    }
}

@Suite("Sweeps and repetitions")
struct SweepTests {
    @Test("make a variant of every combination, each with a recipe of its own")
    func variants() throws {
        let text = """
            sweep:
              training.batch: [32, 64]
              rows[+ MER].regularizers.mer.epsilon: [0.1]
            repeat:
              data.draw: [1, 2, 3]

            """
        let study = try Sample.study(Sample.recipe + text)
        #expect(study.variants.count == 6)
        #expect(study.variants.map(\.recipe.training.batch) == [32, 32, 32, 64, 64, 64])
        #expect(study.variants.map { $0.recipe.data.source.options["draw"] } == [1, 2, 3, 1, 2, 3].map { .integer($0) })
        #expect(study.variants[4].settings.map(\.path) == ["training.batch", "rows[+ MER].regularizers.mer.epsilon"])
        #expect(study.variants[4].settings.map(\.value) == [.integer(64), .number(0.1)])
        #expect(study.variants[4].repetition.map(\.path) == ["data.draw"])
        #expect(study.variants[4].repetition.map(\.value) == [.integer(2)])
    }

    @Test("may be over whole sections, which variants are named by")
    func sections() throws {
        let text = "sweep: {training: [{epochs: 3, batch: 16, optimizer: {use: adam, learning-rate: 0.1}}, {epochs: 5, batch: 32, optimizer: adam}]}\n"
        let study = try Sample.study(Sample.recipe + text)
        #expect(study.variants.map(\.recipe.training.batch) == [16, 32])
        #expect(
            study.variants[0].settings.map(\.value) == [.string("{epochs: 3, batch: 16, optimizer: {use: adam, learning-rate: 0.1}}")])
        let tuned = Sample.recipe.replacing("mer.weight: [0.1, 1]", with: "mer.weight: [{a: 1}]")
        #expect(Sample.messages(tuned).contains("a value to try cannot be a section"))
    }

    @Test("can be given by settings, and shortened by them")
    func settings() throws {
        let text = Sample.recipe + "sweep: {training.batch: [32, 64]}\n"
        let study = try Sample.study(text, set: ["sweep[training.batch]=[16]", "repeat={data.draw: [4, 5]}"])
        #expect(study.variants.map(\.recipe.training.batch) == [16, 16])
    }

    @Test("refuse a setting that they would overwrite")
    func overwritten() {
        let messages = Sample.messages(Sample.recipe + "repeat: {data.draw: [1, 2]}\n", set: ["data.draw=3"])
        #expect(
            messages == """
                --set data.draw=3: error: this value would never be used, as the recipe gives a list for it
                --set | data.draw=3
                      |           ^
                      = expected repeat[data.draw]=[…] instead
                """)
    }
}
