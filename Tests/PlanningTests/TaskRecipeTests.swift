import Analysis
import Configuration
import Datasets
import Recipes
import Reports
import Results
import Studies
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("Recipes of other tasks than classification")
struct TaskRecipeTests {
    private let folder: TemporaryFolder
    private let files: TargetFiles

    init() throws {
        folder = try TemporaryFolder()
        files = try TargetFiles(in: folder.path)
    }

    private func text(_ targets: TargetKind = .values, labels: String = "mood", task: String? = "task: regression") -> String {
        """
        data: {use: arrays, path: \(files.path), modalities: [video, sound], targets: \(targets.rawValue), labels: \(labels)}
        \(task ?? "name: small")
        model:
          encoder: {use: vector-mlp, hidden: [8], embedding: 4}
          fusion: {use: late, hidden: 8}
        training: {epochs: 3, batch: 16, optimizer: {use: adam, learning-rate: 0.01}}
        seeds: [1, 2]
        rows:
          - Fusion
          - {name: A, regularizers: [noise]}

        """
    }

    /// The messages about a recipe with a passage replaced; empty where there are none.
    private func messages(_ text: String, _ passage: String = "", _ replacement: String = "") throws -> String {
        if !passage.isEmpty { try #require(text.contains(passage)) }
        return try Sample.messages(passage.isEmpty ? text : text.replacing(passage, with: replacement))
    }

    @Test("data and task that do not fit are refused, with the tasks that would")
    func mismatch() throws {
        let text = text(task: "task: multi-label")
        #expect(
            try messages(text) == """
                r.yaml:2:7: error: the task multi-label does not fit the data: found 1 value
                    2 | task: multi-label
                      |       ^~~~~~~~~~~
                      = expected data with targets of the kind 'labels', or task: regression
                """)
        let standard = try messages(self.text(task: nil))
        #expect(standard.contains("r.yaml:1:7: error: the task classification does not fit the data: found 1 value"))
        let classes = try messages(self.text(.classes, labels: "labels"))
        #expect(classes.contains("r.yaml:2:7: error: the task regression does not fit the data: found 4 classes"))
        #expect(classes.contains("= expected data with targets of the kind 'values', or task: classification"))
    }

    @Test("an unknown task, and an option of another one, at their places")
    func unknown() throws {
        #expect(
            try messages(text(task: "task: regresion")) == """
                r.yaml:2:7: error: unknown task 'regresion'
                    2 | task: regresion
                      |       ^~~~~~~~~
                      = expected one of: classification, regression, multi-label
                      = did you mean 'regression'?
                """)
        let option = try messages(text(task: "task: {use: regression, loss: huber, delta: 0}"))
        #expect(option.contains("r.yaml:2:45: error: delta cannot be '0'"))
        let rule = try messages(text(task: "task: {use: regression, zero: [negativ]}"))
        #expect(rule.contains("r.yaml:2:31: error: zero of task regression does not fit: found negativ"))
        #expect(rule.contains("= did you mean 'negative'?"))
        let score = try messages(text(task: "task: {use: regression, score: accuracy}"))
        #expect(score.contains("r.yaml:2:32: error: score of task regression does not fit: found accuracy"))
    }

    @Test("a regularizer that cannot serve the task is refused at its line, also inside a sum")
    func regularizer() throws {
        #expect(
            try messages(text(), "[noise]", "[noise, label-smoothing]") == """
                r.yaml:10:37: error: regularizer 'label-smoothing' in row 'A' cannot be made: found one of values
                   10 |   - {name: A, regularizers: [noise, label-smoothing]}
                      |                                     ^~~~~~~~~~~~~~~
                      = expected a task of classes for label-smoothing
                """)
        let sum = try messages(text(), "[noise]", "[sum: {terms: [noise, label-smoothing]}]")
        #expect(sum.contains("r.yaml:10:51: error: regularizer 'label-smoothing' in row 'A' cannot be made: found one of values"))
    }

    @Test("a measurement that needs classes is refused at its line")
    func measurement() throws {
        #expect(
            try messages(text(), "[noise]}", "[noise], measure: [representation, calibration]}") == """
                r.yaml:10:64: error: measurement calibration cannot be made: found one of values
                   10 |   - {name: A, regularizers: [noise], measure: [representation, calibration]}
                      |                                                                ^~~~~~~~~~~
                      = expected a task of classes
                """)
        #expect(try messages(text(), "[noise]}", "[noise], measure: [scores, corruption, modality-reliance, dependence]}") == "")
    }

    @Test("expected figures are percentages of a fraction, and any numbers of another score")
    func expectations() throws {
        let expecting = "regularizers: [noise], expect: {average: 130}"
        #expect(try messages(text(), "regularizers: [noise]", expecting) == "")
        let classes = text(.classes, labels: "labels", task: nil)
        let message = try messages(classes, "regularizers: [noise]", expecting)
        #expect(message.contains("r.yaml:10:47: error: average cannot be 130"))
        #expect(message.contains("= expected a number from 0 to 100 (accuracy in percent)"))
    }

    @Test("the settings of the run carry the task's scores, and say by which one is selected")
    func settings() throws {
        let planned = try Sample.planned(text(task: "task: {use: regression, loss: huber, score: correlation, zero: []}"))
        let variant = planned.settings.variants[0]
        #expect(variant.scores.map(\.name) == ["correlation", "mae", "mse"])
        #expect(variant.selection == "the epoch of the best correlation on source validation samples (ties: lower loss)")
        #expect(variant.lines.contains("task: regression (loss huber, score correlation, zero [])"))
        #expect(variant.lines.contains { $0.contains("120 samples, 1 value;") })
        #expect(planned.cells.allSatisfy { $0.score.name == "correlation" })
    }

    @Test("the width of the prediction follows from the data")
    func width() throws {
        let planned = try Sample.planned(text(.labels, labels: "tags", task: "task: multi-label"))
        let fusion = try #require(planned.outline.modules.first { $0.name == "fusion" })
        // A hidden layer of 8 from two embeddings of 4, then three logits.
        #expect(fusion.trained == 8 * 8 + 8 + 8 * 3 + 3)
    }

    @Test(
        "a study trains, tunes, goes on from what is there, and reports its own score",
        arguments: [(TargetKind.values, "mood", "task: {use: regression, loss: l1}"), (.labels, "tags", "task: multi-label")])
    func study(_ targets: TargetKind, _ labels: String, _ task: String) throws {
        let tuned =
            text(targets, labels: labels, task: task)
            .replacing("regularizers: [noise]", with: "regularizers: [noise], tune: {noise.sigma: [0.1, 5]}") + "evaluation: {domains: ['2']}\n"
        let planned = try Sample.planned(tuned)
        let run = RunFolder(folder.url.appendingPathComponent("out"))
        func train() throws -> [TrialResult] {
            try StudyRun(
                cells: planned.cells, folder: run, components: Sample.components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
                datasets: planned.datasets
            ).run()
        }
        let results = try train()
        #expect(results.count == 4 && results.allSatisfy { $0.isFinished })
        #expect(try train() == results, "the second run takes everything from the folder")
        let lowerIsBetter = targets == .values
        for result in results {
            let validation = try result.epochs.map { try #require($0.sourceValidationScore) }
            #expect(result.sourceValidationScore == (lowerIsBetter ? validation.min() : validation.max()))
            guard let candidates = result.candidates else { continue }
            let scores = try candidates.map { try #require($0.score) }
            let best = lowerIsBetter ? scores.min() : scores.max()
            #expect(result.chosen == candidates.first { $0.score == best }?.values, "\(scores)")
        }
        let report = try Report(results: results, settings: planned.settings)
        let page = report.document().markdown()
        let subject = lowerIsBetter ? "Mean absolute error (lower is better)" : "Mean average precision in percent"
        #expect(page.contains("\(subject) on the held-out domain, at the epoch that the selection rule chose"))
        #expect(page.contains(lowerIsBetter ? "Two-class accuracy (0 left out) in percent" : "Micro-F1 in percent"))
        #expect(!page.contains("accuracy on source validation"))
        let csv = report.csv()
        #expect(csv.contains(lowerIsBetter ? ",mae,cell,Fusion,2,," : ",mean-average-precision,cell,Fusion,2,percent,"))
        #expect(csv.contains(lowerIsBetter ? ",correlation,average,Fusion,,," : ",macro-f1,average,Fusion,,percent,"))
    }
}
