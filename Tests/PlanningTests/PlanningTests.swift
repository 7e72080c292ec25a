import Datasets
import Recipes
import Selection
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("From a recipe to cells")
struct PlanningTests {
    private let text = """
        \(Sample.recipeHead)
        evaluation:
          validation: 0.2
        training:
          epochs: 1
          batch: 8
        seeds: [1, 2]
        rows:
          - Fusion
          - name: + MER
            regularizers: [mer]
            tune: {mer.weight: [1, 3]}

        """

    @Test("multi-source: each domain is held out once and all others are trained on")
    func multiSource() throws {
        let cells = try Sample.planned(text).cells.filter { $0.row == "Fusion" }
        #expect(cells.map(\.target) == ["d1", "d2", "d3"])
        #expect(cells.map(\.candidates[0].plan.sources) == [[1, 2], [0, 2], [0, 1]])
        #expect(cells.map(\.candidates[0].plan.targets) == [[0], [1], [2]])
    }

    @Test("single-source: a column for each ordered pair of domains")
    func singleSource() throws {
        let planned = try Sample.planned(text, overrides: ["evaluation.protocol=single-source"])
        let cells = planned.cells.filter { $0.row == "Fusion" }
        #expect(cells.map(\.target) == ["d1 → d2", "d1 → d3", "d2 → d1", "d2 → d3", "d3 → d1", "d3 → d2"])
        #expect(cells.map(\.candidates[0].plan.sources) == [[0], [0], [1], [1], [2], [2]])
        #expect(cells.map(\.candidates[0].plan.targets) == [[1], [2], [0], [2], [0], [1]])
        #expect(planned.settings.targets == cells.map(\.target))
    }

    @Test("the settings say how many samples each column trains on, holds back and measures")
    func parts() throws {
        let multi = try Sample.planned(text).settings.variants[0].parts
        #expect(multi.map(\.target) == ["d1", "d2", "d3"])
        #expect(multi.allSatisfy { $0.heldOut == 48 && $0.training + $0.validation == 96 && $0.validation > 0 && $0.training > $0.validation })
        let single = try Sample.planned(text, overrides: ["evaluation.protocol=single-source"]).settings.variants[0].parts
        #expect(single.count == 6 && single.allSatisfy { $0.heldOut == 48 && $0.training + $0.validation == 48 })
    }

    @Test("single-source: one training for each source, which tuning rehearses once; multi-source: one for each target")
    func trainings() throws {
        let single = try Sample.planned(text, overrides: ["evaluation.protocol=single-source"])
        #expect(
            single.cells.groups.filter { $0.cells[0].row == "Fusion" }.map { $0.cells.map(\.target) } == [
                ["d1 → d2", "d1 → d3"], ["d2 → d1", "d2 → d3"], ["d3 → d1", "d3 → d2"],
            ])
        // Two rows of three sources and two seeds; two candidates of one row.
        #expect((single.cells.trainingCount, single.cells.rehearsals.count, single.settings.trialCount) == (12, 6, 24))
        let multi = try Sample.planned(text)
        #expect((multi.cells.trainingCount, multi.cells.rehearsals.count, multi.settings.trialCount) == (12, 6, 12))
    }

    @Test("a sweep over both protocols trains each source, and all but each target, once")
    func bothProtocols() throws {
        let planned = try Sample.planned(text + "sweep: {evaluation.protocol: [multi-source, single-source]}\n")
        #expect((planned.cells.trainingCount, planned.cells.rehearsals.count, planned.settings.trialCount) == (24, 12, 36))
        #expect(planned.settings.variants.map(\.trialCount) == [12, 24])
    }

    @Test("transfers are the columns: sources and target of each as the recipe says")
    func transfers() throws {
        let planned = try Sample.planned(text, overrides: ["evaluation.transfers=[d1 + d3 -> d2, d2 → d1, d2 -> d3]"])
        let cells = planned.cells.filter { $0.row == "Fusion" }
        #expect(cells.map(\.target) == ["d1 + d3 → d2", "d2 → d1", "d2 → d3"])
        #expect(cells.map(\.candidates[0].plan.sources) == [[0, 2], [1], [1]])
        #expect(cells.map(\.candidates[0].plan.targets) == [[1], [0], [2]])
        #expect(planned.settings.variants[0].trainedOn == ["d2 → d1": "d2", "d2 → d3": "d2"])
    }

    @Test("a domain trained on itself is a column of its own protocol, apart from all others")
    func trainedOnTarget() throws {
        let planned = try Sample.planned(text, overrides: ["evaluation.protocol=trained-on-target"])
        let cells = planned.cells.filter { $0.row == "Fusion" }
        #expect(cells.map(\.target) == ["d1 → d1", "d2 → d2", "d3 → d3"])
        #expect(cells.allSatisfy { $0.candidates[0].plan.sources == $0.candidates[0].plan.targets })
        #expect(planned.settings.variants[0].protocolText.hasPrefix("trained-on-target: a reference, not a measure of generalization"))
    }

    @Test("a length in steps, a rule for ties, rows of each class and rates of parts reach the plan, and make other trials")
    func steps() throws {
        let overrides = [
            "training.epochs=null", "training.steps=30", "training.check-every=10", "training.optimizer.rates.encoders=0.1", "evaluation.ties=first",
            "evaluation.validation-per-class=2",
        ]
        let planned = try Sample.planned(text, overrides: overrides)
        let plan = planned.cells[0].candidates[0].plan
        #expect(plan.epochs == 3 && plan.stepsPerEpoch == 10 && plan.ties == .first && plan.validation == .perClass(2))
        #expect(plan.rates.map(\.part) == ["encoders"] && plan.rates.map(\.factor) == [0.1])
        #expect(planned.settings.variants[0].selection.hasPrefix("the check of the best accuracy on source validation samples (ties: the first)"))
        #expect(planned.settings.variants[0].lines.contains { $0.contains("30 steps, checked every 10") && $0.contains("(encoders ×0.1)") })
        var other = plan
        other.ties = .latest
        #expect(other.hash != plan.hash)
    }

    @Test("a rate of a part that the model has not is refused, with the parts that it has")
    func unknownPart() throws {
        let error = #expect(throws: RecipeError.self) { try Sample.planned(text, overrides: ["training.optimizer.rates.encoder=0.1"]) }
        let message = "\(try #require(error))"
        #expect(message.contains("the model has no part 'encoder' that is trained"))
        #expect(message.contains("did you mean 'encoders'?"))
    }

    @Test("only the domains that the recipe names are held out")
    func someDomains() throws {
        #expect(try Sample.planned(text, overrides: ["evaluation.domains=[d2]"]).cells.map(\.target) == ["d2", "d2"])
    }

    @Test("other code of a plug-in makes other trials of the rows that name it, and of no others")
    func foreignCode() throws {
        let hashes = try ["first", "second"].map { code in
            try Sample.planned(text, foreignCode: ["mer": code]).cells.map { (row: $0.row, hash: $0.candidates[0].plan.hash) }
        }
        #expect(hashes.map(\.count) == [6, 6])
        for (first, second) in zip(hashes[0], hashes[1]) { #expect((first.hash == second.hash) == (first.row == "Fusion")) }
    }

    @Test("a grid becomes candidates, tuned with the first seed")
    func grid() throws {
        let planned = try Sample.planned(text)
        let cell = try #require(planned.cells.first { $0.row == "+ MER" })
        #expect(cell.candidates.map { $0.values.map(\.value) } == [["1"], ["3"]])
        #expect(cell.candidates.map(\.plan.regularizers[0].weight) == [1, 3])
        #expect(cell.seeds == [1, 2] && cell.tuning.seeds == [1])
        #expect(planned.cells.rehearsals.count == 6)
    }

    @Test("leave-one-source-out chooses values and epoch on left-out source domains")
    func leaveOneSourceOut() throws {
        let planned = try Sample.planned(text, overrides: ["evaluation.selection=leave-one-source-out"])
        #expect(planned.cells.allSatisfy { $0.tuning.epochs?.name == "leave-one-source-out" && $0.tuning.selection.name == "leave-one-source-out" })
        #expect(planned.cells.rehearsals.count == 18)
    }

    @Test("rules are compared on trainings of every candidate in every seed, and each source domain is left out where one asks for it")
    func comparedRules() throws {
        // Two values, three targets, two seeds, of which one tunes; two source domains to leave out.
        #expect(try Sample.planned(text + "choice: [silenced-modality]\n").cells.rehearsals.count == 12)
        let planned = try Sample.planned(text + "choice: [silenced-modality, leave-one-source-out]\n")
        #expect(planned.cells.rehearsals.count == 24)
        #expect(planned.cells.allSatisfy { $0.measuresCandidates && $0.candidates.allSatisfy(\.plan.probesEveryEpoch) })
    }

    @Test("a rule that cannot choose with one source domain says so, and what chooses instead")
    func fallback() throws {
        let planned = try Sample.planned(text, overrides: ["evaluation.protocol=single-source", "tuning.selection=leave-one-source-out"])
        let sentence = "leave-one-source-out falls back to source-validation, because with one source domain there is none to leave out"
        #expect(planned.settings.notices == ["tuned values: " + sentence])
        #expect(planned.cells.allSatisfy { $0.tuning.selection == .sourceValidation && $0.tuning.fallback == sentence })
    }

    @Test("what a rule is known to be bad at is said before anything is trained")
    func advice() throws {
        let advice = try Sample.planned(text).advice
        #expect(advice.contains { $0.hasPrefix("mer.weight of + MER is tuned over two values, which are both ends of the grid") })
        let compared = try #require(advice.first { $0.hasPrefix("tuned values are compared on 16 held-back samples") })
        #expect(compared.contains("leave-one-source-out"))
        // With one source domain there is none to leave out.
        let single = try Sample.planned(text, overrides: ["evaluation.protocol=single-source"]).advice.filter { $0.hasPrefix("tuned values are compared") }
        #expect(single.count == 1 && !single[0].contains("leave-one-source-out"))
        let smoothed = text.replacing("regularizers: [mer]", with: "regularizers: [label-smoothing]")
            .replacing("mer.weight: [1, 3]", with: "label-smoothing.epsilon: [0.1, 0.2, 0.3]")
        let guarded = try Sample.planned(smoothed, overrides: ["tuning.selection=guarded-silenced"]).advice
        #expect(guarded.count == 1 && guarded[0].hasPrefix("guarded-silenced is known to choose badly for label smoothing"))
    }

    @Test("a sweep and repetitions become cells of their own")
    func sweep() throws {
        let planned = try Sample.planned(
            text + "sweep:\n  data.reliability: [1.0, 0.9]\nrepeat:\n  data.draw: [0, 1]\n", overrides: ["evaluation.domains=[d1]"])
        let cells = planned.cells.filter { $0.row == "Fusion" }
        #expect(cells.map { $0.variant["data.reliability"] } == ["1", "1", "0.9", "0.9"])
        #expect(cells.map { $0.repetition["data.draw"] } == ["0", "1", "0", "1"])
        #expect(Set(cells.map(\.candidates[0].plan.dataFingerprint)).count == 4)
    }

    @Test("source domains that leave nothing to validate on are a fault of the recipe")
    func noValidation() {
        let error = #expect(throws: RecipeError.self) {
            try Sample.planned(text.replacing("validation: 0.2", with: "validation: 0"), overrides: ["evaluation.domains=[d1]"])
        }
        #expect(
            error?.description == """
                r.yaml:6:15: error: no rows are left for validation in the source domains (d2, d3)
                    6 |   validation: 0
                      |               ^
                      = expected more rows or groups a domain and class, or a larger validation fraction
                """)
    }

    @Test("without validation samples a recipe that selects the last epoch is one, until it tunes by them")
    func lastEpochWithoutValidation() throws {
        let untuned = text.replacing("validation: 0.2", with: "{validation: 0, selection: last-epoch}").replacing("evaluation:\n  ", with: "evaluation: ")
            .replacing("    tune: {mer.weight: [1, 3]}\n", with: "")
        #expect(try Sample.planned(untuned).cells.count == 6)
        let tuned = text.replacing("validation: 0.2", with: "{validation: 0, selection: last-epoch}").replacing("evaluation:\n  ", with: "evaluation: ")
        #expect(try Sample.planned(tuned, overrides: ["tuning.selection=leave-one-source-out"]).cells.rehearsals.count == 12)
        #expect(try Sample.planned(tuned, overrides: ["evaluation.selection=leave-one-source-out"]).cells.rehearsals.count == 18)
        let error = #expect(throws: RecipeError.self) { try Sample.planned(tuned, overrides: ["evaluation.domains=[d1]"]) }
        #expect(
            error?.description == """
                r.yaml:14:12: error: there are no validation samples to tune mer.weight by
                   14 |     tune: {mer.weight: [1, 3]}
                      |            ^~~~~~~~~~
                      = expected a validation share above 0, or tuning: {selection: leave-one-source-out}
                """)
    }

    @Test("every component is made once and equal divisions are divided once, however many rows and variants there are")
    func encodersMadeOnce() throws {
        let rows = (1...5).map { "  - name: MER \($0)\n    regularizers: [mer: {weight: \($0)}]\n" }.joined()
        let components = try Sample.components()
        let made = PlannedComponents(components)
        let study = try RecipeLoader.load(
            file: "r.yaml", text: text + rows + "sweep:\n  training.batch: [8, 12]\n", catalogue: components.catalogue)
        let planned = try PlannedStudy(study, components: made, threads: 1)
        // MER with five weights, among which are those of the grid, for two sizes of batches.
        #expect(made.made == PlannedComponents.Count(datasets: 1, encoders: 2, models: 1, terms: 10))
        // Two batch sizes, three domains held out, two seeds; rehearsals divide as the trials do.
        #expect(planned.divisions.count == 12)
    }

    @Test("a batch that only a rehearsal cannot fill is a fault of the recipe")
    func largeBatch() {
        // Leaving a source domain out leaves 48 rows of one domain; the trials have 40 of each of two.
        let error = #expect(throws: RecipeError.self) {
            try Sample.planned(
                text.replacing("batch: 8", with: "batch: 64").replacing("validation: 0.2", with: "selection: leave-one-source-out"),
                overrides: ["evaluation.domains=[d1]"])
        }
        #expect(
            error?.description == """
                r.yaml:9:10: error: a batch of 64 needs 64 training rows, but the smallest source domain has 48
                    9 |   batch: 64
                      |          ^~
                      = expected a batch of at most 48
                """)
    }

    @Test("options that do not fit the model are faults of the recipe, at their place")
    func unfittingOption() {
        let fusion = "{use: cross-attention, width: 10, heads: 3}"
        let error = #expect(throws: RecipeError.self) {
            try Sample.planned(text.replacing("{use: late, hidden: 16}", with: fusion))
        }
        #expect(error?.diagnostics.count == 1)
        #expect(error?.diagnostics.first?.location.line == 4)
    }

    @Test("a recipe's number of decoding threads is not part of a plan's hash; what happens to bad samples is")
    func planned() throws {
        func hash(_ data: String) throws -> String {
            let text = """
                data: {use: generated-clips, \(data)}
                model: {encoders: {audio: image-cnn, flow: {use: slowonly, width: 2}, video: {use: slowonly, width: 2}}, fusion: late}
                training: {epochs: 1, batch: 4, optimizer: {use: adam, learning-rate: 0.01}}
                rows: [{name: Fusion}]
                """
            return try #require(Sample.planned(text, components: ClipTrials.components()).cells.first).candidates[0].plan.hash
        }
        let plain = try hash("samples: 8")
        #expect(try hash("samples: 8, workers: 2, memory: 64") == plain)
        #expect(try hash("samples: 8, on-bad-sample: skip") != plain)
    }
}
