import Analysis
import Configuration
import Datasets
import Foundation
import Regularization
import Results
import Synchronization
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("Measuring the models of a run folder")
struct MeasurementRunTests {
    private static func components() throws -> Components {
        var components = try Sample.components()
        try components.regularizers.register(Following.self)
        try components.measurements.register(Faithless.self)
        return components
    }

    private static func cell(
        _ row: String, _ plans: [TrialPlan], measuring names: [String], seeds: [Int] = [1], options: [String: OptionValue] = [:]
    ) -> Cell {
        let plain = Sample.cell(row, plans, seeds: seeds)
        return Cell(
            row: row, target: plain.target, variant: [:], repetition: [:], candidates: plain.candidates, seeds: seeds, tuning: plain.tuning,
            measurements: names.map { MeasurementPlan(ComponentPlan($0, options: options), instance: $0) })
    }

    private static func train(_ cells: [Cell], in folder: RunFolder) throws -> [TrialResult] {
        try StudyRun(
            cells: StudyCells(cells), folder: folder, components: components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
            datasets: [Sample.data: Sample.dataset()]
        ).run()
    }

    private static func measure(_ cells: [Cell], in folder: RunFolder) throws -> MeasurementRun.Outcome {
        try MeasurementRun(
            cells: cells, folder: folder, components: components(), pool: WorkerPool(workers: 2, threadsPerWorker: 1),
            datasets: [Sample.data: Sample.dataset()]
        ).run()
    }

    private static func records(of result: TrialResult, in folder: RunFolder) throws -> [MeasurementRecord] {
        try RunStore(folder).measurements(of: [result]) { throw $0 }[result.key] ?? []
    }

    private static func value(_ name: String, in records: [MeasurementRecord], condition: String? = nil) -> Double? {
        records.flatMap(\.findings.numbers).first {
            $0.name == name && $0.samples == "target" && $0.condition == condition && $0.modality == nil
        }?.value
    }

    @Test("confidence of samples of known classes is set against that of classes that training did not know")
    func unknownClasses() throws {
        let folder = try TemporaryFolder()
        var data = Sample.data
        data.options[UnknownClasses.option] = .list([.string(try Sample.dataset().facts.classes[3])])
        let plan = Sample.plan { $0.data = data }
        let cell = Self.cell("Fusion", [plan], measuring: ["unknown-class-detection", "scores-by-class"])
        let datasets = [data: try Sample.components().datasets.make(data.name, options: data.options)]
        let pool = WorkerPool(workers: 1, threadsPerWorker: 1)
        let results = try StudyRun(cells: [cell], folder: folder.run, components: Self.components(), pool: pool, datasets: datasets).run()
        _ = try MeasurementRun(cells: [cell], folder: folder.run, components: Self.components(), pool: pool, datasets: datasets).run()
        let records = try Self.records(of: results[0], in: folder.run)
        let numbers = records.filter { $0.instance == "unknown-class-detection" }.flatMap(\.findings.numbers)
        #expect(numbers.map(\.name) == ["msp-auroc", "msp-fpr", "msp-fpr-out", "energy-auroc", "energy-fpr", "energy-fpr-out"])
        #expect(numbers.allSatisfy { (0...1).contains($0.value ?? .nan) })
        #expect(Self.value("accuracy", in: records) == results[0].targetScore)
    }

    @Test("confidence is set against that for another data set, whose options are part of what was measured")
    func otherData() throws {
        let folder = try TemporaryFolder()
        var cell = Self.cell("Fusion", [Sample.plan()], measuring: [])
        let results = try Self.train([cell], in: folder.run)
        var others: [ComponentPlan: any Dataset] = [:]
        var measured: [MeasurementPlan] = []
        for draw in [7, 8] {
            let plan = ComponentPlan("co-occurrence", options: Sample.data.options.merging(["draw": .integer(draw)]) { $1 })
            others[plan] = try Sample.components().datasets.make(plan.name, options: plan.options)
            var measurement = MeasurementPlan(ComponentPlan("other-data-detection"), instance: "draw-\(draw)")
            measurement.other = .init(plan, fingerprint: "world \(draw)")
            measured.append(measurement)
        }
        cell = Cell(
            row: cell.row, target: cell.target, variant: [:], repetition: [:], candidates: cell.candidates, seeds: cell.seeds, tuning: cell.tuning,
            measurements: measured)
        func run() throws -> MeasurementRun.Outcome {
            try MeasurementRun(
                cells: [cell], folder: folder.run, components: Self.components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
                datasets: [Sample.data: Sample.dataset()], otherDatasets: others
            ).run()
        }
        #expect(try run().measured == 2)
        let records = try Self.records(of: results[0], in: folder.run)
        #expect(records.map(\.instance).sorted() == ["draw-7", "draw-8"])
        for record in records {
            #expect(record.title.contains("data co-occurrence {"), "\(record.title)")
            #expect(record.findings.numbers.count == 6)
            #expect(record.findings.numbers.allSatisfy { (0...1).contains($0.value ?? .nan) }, "\(record.findings.numbers)")
            // Every sample of the other set, and not only those of one domain.
            let count = try Sample.dataset().count
            #expect(record.findings.notes.contains { $0.hasSuffix("and \(count) other samples") }, "\(record.findings.notes)")
        }
        #expect(records[0].findings != records[1].findings)
        #expect(try run().present == 2)
    }

    private static func run(_ cell: Cell, in folder: RunFolder) throws -> MeasurementRun {
        try MeasurementRun(
            cells: [cell], folder: folder, components: components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
            datasets: [Sample.data: Sample.dataset()])
    }

    @Test("a measurement that ended its process is recorded with the reason, is not made again by this run, and is by the next")
    func endedProcess() throws {
        let folder = try TemporaryFolder()
        let cell = Self.cell("Fusion", [Sample.plan()], measuring: ["scores-by-class", "calibration"], seeds: [1, 10])
        let results = try Self.train([cell], in: folder.run)
        let run = try Self.run(cell, in: folder.run)
        var beginning = MeasurementRun.Beginning()
        let work = MeasurementRun.Work(key: results[0].key, measurement: cell.measurements[1])
        // Seed 1 is no seed 10.
        let others = [MeasurementRun.Work(key: results[1].key, measurement: cell.measurements[1]), MeasurementRun.Work(key: results[0].key)]
        #expect(Set(others.map(\.mark) + [work.mark]).count == 3)
        #expect(run.works(marked: [work.mark, "unknown"]).map(\.description) == ["calibration of \(results[0].key)"])
        #expect(try run.fail(work, reason: "it crashed", in: &beginning).map(\.mark) == [work.mark])
        #expect(try run.fail(work, reason: "it crashed", in: &beginning).isEmpty)
        let outcome = try run.run(after: beginning)
        #expect(outcome.measured == 3 && outcome.present == 0 && outcome.failed == 1)
        let record = try #require(try Self.records(of: results[0], in: folder.run).first { $0.instance == "calibration" })
        #expect(record.endedProcess == true && record.findings.numbers.map(\.reason) == ["it crashed"])
        var keeping = run
        keeping.keepsFailures = true
        #expect(try keeping.run().failed == 1)
        let again = try run.run()
        #expect(again.measured == 1 && again.present == 3 && again.failed == 0)
        #expect(try Self.records(of: results[0], in: folder.run).allSatisfy { $0.endedProcess == nil && $0.findings.numbers.count > 1 })
    }

    @Test("where a trial's model cannot be read, every measurement that it lacks is recorded with the reason, and no other")
    func unreadableModel() throws {
        let folder = try TemporaryFolder()
        var cell = Self.cell("Fusion", [Sample.plan()], measuring: ["calibration"])
        let results = try Self.train([cell], in: folder.run)
        #expect(try Self.run(cell, in: folder.run).run().measured == 1)
        cell = Self.cell("Fusion", [Sample.plan()], measuring: ["scores-by-class", "calibration"])
        let run = try Self.run(cell, in: folder.run)
        var beginning = MeasurementRun.Beginning()
        let failed = try run.fail(MeasurementRun.Work(key: results[0].key), reason: "the model crashed", in: &beginning)
        #expect(failed.map { $0.measurement?.instance } == ["scores-by-class"])
        let outcome = try run.run(after: beginning)
        #expect(outcome.present == 1 && outcome.failed == 1 && outcome.measured == 0)
        try run.removeFailures()
        #expect(try Self.records(of: results[0], in: folder.run).map(\.instance) == ["calibration"])
    }

    @Test("a process goes on after those before it: with what they have not done, or with some trials of that alone")
    func goingOn() throws {
        let folder = try TemporaryFolder()
        let cell = Self.cell("Fusion", [Sample.plan()], measuring: ["calibration"], seeds: [1, 2, 3])
        let results = try Self.train([cell], in: folder.run)
        let run = try Self.run(cell, in: folder.run)
        let steps = Mutex<[String]>([])
        func measure(_ beginning: MeasurementRun.Beginning) throws -> MeasurementRun.Outcome {
            try run.run(after: beginning) { step in steps.withLock { $0.append("\(step.key.seed): \(step.done) of \(step.all)") } }
        }
        var beginning = MeasurementRun.Beginning()
        beginning.done = [results[0].key]
        beginning.only = [results[0].key, results[2].key]
        #expect(try measure(beginning).measured == 1)
        beginning.done.insert(results[2].key)
        beginning.only = nil
        #expect(try measure(beginning).measured == 1)
        #expect(steps.withLock(\.self) == ["3: 2 of 3", "2: 3 of 3"])
        let sum = run.sum(of: [results[0].key: try run.run()])
        #expect(sum.measured == 1 && sum.present == 2)
    }

    @Test("the measured accuracy is the reported one, also of averaged weights, tuned rows and another number of threads")
    func accuracy() throws {
        let folder = try TemporaryFolder()
        let cells = [
            Self.cell("Fusion", [Sample.plan()], measuring: ["scores-by-class", "corruption"], seeds: [1, 2]),
            Self.cell("Average", [Sample.plan([TermPlan("following")])], measuring: ["scores-by-class", "corruption"]),
            Self.cell(
                "Tuned", [Sample.plan { $0.learningRate = 1e-6 }, Sample.plan { $0.epochs = 3 }], measuring: ["scores-by-class", "corruption"]),
            Self.cell("Threads", [Sample.plan { $0.threads = 2 }], measuring: ["scores-by-class", "corruption"]),
        ]
        let results = try Self.train(cells, in: folder.run)
        // The recipe read again may ask for another number of threads than the run did.
        let again = cells.dropLast() + [Self.cell("Threads", [Sample.plan()], measuring: ["scores-by-class", "corruption"])]
        let outcome = try Self.measure(Array(again), in: folder.run)
        #expect(outcome.measured == 2 * results.count)
        #expect(outcome.leftOut == [])
        for result in results {
            let records = try Self.records(of: result, in: folder.run)
            #expect(records.map(\.instance).sorted() == ["corruption", "scores-by-class"])
            #expect(Self.value("accuracy", in: records) == result.targetScore, "\(result.key)")
            #expect(Self.value("accuracy", in: records, condition: "clean") == result.targetScore, "\(result.key)")
        }
    }

    @Test("what was measured before is left as it is, and what was not is added")
    func resumable() throws {
        let folder = try TemporaryFolder()
        let first = [Self.cell("Fusion", [Sample.plan()], measuring: ["calibration"], seeds: [1, 2])]
        let results = try Self.train(first, in: folder.run)
        #expect(try Self.measure(first, in: folder.run).measured == 2)
        let files = { try FileManager.default.contentsOfDirectory(atPath: folder.run.measurements(results[0].key).path) }
        let file = folder.run.measurements(results[0].key).appendingPathComponent(try #require(try files().first))
        let bytes = try Data(contentsOf: file)
        let both = [Self.cell("Fusion", [Sample.plan()], measuring: ["calibration", "scores-by-class"], seeds: [1, 2])]
        let outcome = try Self.measure(both, in: folder.run)
        #expect(outcome.measured == 2)
        #expect(outcome.present == 2)
        #expect(try Data(contentsOf: file) == bytes)
        #expect(try files().count == 2)
    }

    @Test("a record of which a bit has changed is noticed and measured again; what a killed run left is removed", arguments: [0, 1, 2])
    func damaged(place: Int) throws {
        let folder = try TemporaryFolder()
        let cells = [Self.cell("Fusion", [Sample.plan()], measuring: ["calibration"])]
        let result = try #require(try Self.train(cells, in: folder.run).first)
        _ = try Self.measure(cells, in: folder.run)
        let measurements = folder.run.measurements(result.key)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: measurements.path).first)
        let file = measurements.appendingPathComponent(name)
        let before = try Self.records(of: result, in: folder.run)
        var bytes = try Data(contentsOf: file)
        bytes[[5, bytes.count / 2, bytes.count - 4][place]] ^= 1
        try bytes.write(to: file)
        #expect(throws: DamagedFile.self) { try Self.records(of: result, in: folder.run) }
        let left = measurements.appendingPathComponent(".\(name).elsewhere-0-0.x.tmp")
        try Data().write(to: left)
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: left.path)
        #expect(try Self.measure(cells, in: folder.run).measured == 1)
        #expect(try Self.records(of: result, in: folder.run).map(\.findings) == before.map(\.findings))
        #expect(!FileManager.default.fileExists(atPath: left.path))
    }

    @Test("other options are another measurement")
    func options() throws {
        let folder = try TemporaryFolder()
        let cells = [Self.cell("Fusion", [Sample.plan()], measuring: ["calibration"])]
        let results = try Self.train(cells, in: folder.run)
        _ = try Self.measure(cells, in: folder.run)
        let other = [Self.cell("Fusion", [Sample.plan()], measuring: ["calibration"], options: ["bins": .integer(5)])]
        #expect(try Self.measure(other, in: folder.run).measured == 1)
        #expect(try Self.records(of: results[0], in: folder.run).map(\.title).sorted() == ["calibration", "calibration (bins 5)"])
    }

    @Test("trials that were not trained, failed, are of another plan or lost their checkpoint are left out with the reason")
    func leftOut() throws {
        let folder = try TemporaryFolder()
        let names = ["scores-by-class"]
        let cells = [
            Self.cell("Changed", [Sample.plan()], measuring: names), Self.cell("Lost", [Sample.plan { $0.learningRate = 0.02 }], measuring: names),
            Self.cell("Failed", [Sample.plan([TermPlan("breaking")])], measuring: names),
        ]
        let results = try Self.train(cells, in: folder.run)
        try FileManager.default.removeItem(at: folder.run.checkpoint(results[1].key))
        let asked = [
            Self.cell("Changed", [Sample.plan { $0.learningRate = 0.5 }], measuring: names), cells[1], cells[2],
            Self.cell("New", [Sample.plan()], measuring: names),
        ]
        let outcome = try Self.measure(asked, in: folder.run)
        #expect(outcome.measured == 0)
        #expect(outcome.leftOut.map(\.key.row) == ["Changed", "Lost", "Failed", "New"])
        #expect(outcome.leftOut[0].reason.contains("another recipe"))
        #expect(outcome.leftOut[1].reason.contains("checkpoint.safetensors"))
        #expect(outcome.leftOut[2].reason == "its training failed")
        #expect(outcome.leftOut[3].reason == "it has not been trained")
    }

    @Test("a measurement that breaks its word costs its own cell and nothing else")
    func faithless() throws {
        let folder = try TemporaryFolder()
        let cells = [Self.cell("Fusion", [Sample.plan()], measuring: ["faithless", "scores-by-class"])]
        let results = try Self.train(cells, in: folder.run)
        let outcome = try Self.measure(cells, in: folder.run)
        #expect(outcome.measured == 2)
        let records = try Self.records(of: results[0], in: folder.run)
        let broken = try #require(records.first { $0.instance == "faithless" })
        #expect(broken.findings.numbers.map(\.value) == [nil])
        #expect(broken.findings.numbers[0].reason?.contains("training samples") == true)
        #expect(Self.value("accuracy", in: records) == results[0].targetScore)
    }

    @Test("records of another result of the same trial are not shown")
    func stale() throws {
        let folder = try TemporaryFolder()
        let cells = [Self.cell("Fusion", [Sample.plan()], measuring: ["scores-by-class"])]
        var result = try Self.train(cells, in: folder.run)[0]
        _ = try Self.measure(cells, in: folder.run)
        #expect(try Self.records(of: result, in: folder.run).count == 1)
        result.plan = "another"
        #expect(try Self.records(of: result, in: folder.run).isEmpty)
    }
}

/// Reads samples that it does not name.
private struct Faithless: MeasurementPlugin {
    struct Options: Configuration.Options {
        static var fields: [OptionField<Options>] { [] }
    }

    static var description: ComponentDescription { ComponentDescription(name: "faithless", summary: "reads the training samples") }
    var reads: Set<SampleSet> { [.target] }
    init(options: Options) {}

    func measure(_ model: TrainedModel) throws -> Findings {
        _ = try model.outputs(on: .training)
        return Findings()
    }
}
