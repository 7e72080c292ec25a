import Configuration
import Foundation
import Models
import Networks

@testable import Launching
@testable import Monitoring
@testable import Persistence
@testable import PluginLibraries
@testable import Processes
@testable import Results
@testable import Studies
@testable import Tensors
@testable import Training
@testable import Weights

/// What lies in run folders, where others may write as well, and what other programs say.
extension FuzzTarget {
    static let ofRunFolders: [String: @Sendable (Data) -> Void] = [
        "json": json, "folder": folder, "log": log, "seal": seal, "save": save, "stems": stems, "model": model, "claim": claim, "events": events,
    ]
    static let ofSystems: [String: @Sendable (Data) -> Void] = ["elf": elf, "workers": workers, "worker": worker, "queue": queue, "groups": groups]

    // MARK: - Results

    private static func json(_ data: Data) {
        _ = try? JSONValue(parsing: data)
        _ = try? ResultCoding.value(TrialResult.self, from: data)
        _ = try? ResultCoding.value(EpochRecord.self, from: data)
        _ = try? ResultCoding.value(TrialOutline.self, from: data)
        _ = try? ResultCoding.value(MeasurementRecord.self, from: data)
        if let training = try? ResultCoding.value(RunningTraining.self, from: data) { _ = training.fraction }
        _ = try? ResultCoding.value(StudyRegistration.self, from: data)
        _ = try? ResultCoding.value(BegunTrial.self, from: data)
        if let settings = try? ResultCoding.value(RunSettings.self, from: data) { _ = settings.keys.count }
        // As a file of a run folder has it, under its digest.
        if let content = SealedDocument.content(of: data) { _ = try? JSONValue(parsing: content) }
        let document = Data("{\n".utf8) + data
        precondition(SealedDocument.content(of: SealedDocument.sealing(document)) == document)
    }

    /// A run folder in which the document is everything that carries a digest: behind a digest that is right, anything may stand.
    private static func folder(_ data: Data) {
        let opening = Data("{\n".utf8)
        let sealed = SealedDocument.sealing(data.starts(with: opening) ? data : opening + data)
        for name in ["settings.json", "registration.json", "result.json"] { MemoryFile.write(sealed, "run/\(name)") }
        let folder = RunFolder(URL(fileURLWithPath: MemoryFile.folder + "/run"))
        let store = RunStore(folder)
        _ = try? store.result(at: folder.root.appendingPathComponent("result.json"))
        _ = try? store.registration()
        // A folder of so many trials takes a while, damaged or not.
        guard let settings = try? store.settings(), settings.trialCount <= 1_000 else { return }
        _ = folder.obstacles(to: settings.keys)
        guard let state = try? StudyFolder(reading: folder) else { return }
        _ = (state.progress, state.isOver)
    }

    /// The log of those who looked at a study's figures: read, and a line appended.
    private static func log(_ data: Data) {
        MemoryFile.write(data, "looks.jsonl")
        let log = SealedLog(MemoryFile.folder + "/looks.jsonl")
        unlink(log.sealPath)
        let look = LookRecord(time: 1, command: "report", results: 1, figures: "a")
        guard let before = try? log.read(as: LookRecord.self) else { return }
        guard (try? log.append(look)) != nil, let after = try? log.read(as: LookRecord.self) else { return }
        precondition(after.values.count == before.values.count + 1 && after.values.last == look)
    }

    /// The seal of such a log, with a digest of its own that is right: whatever it says, no line is lost, and the next is appended.
    private static func seal(_ data: Data) {
        let log = SealedLog(MemoryFile.folder + "/sealed.jsonl")
        for path in [log.path, log.sealPath] { unlink(path) }
        let looks = (1...3).map { LookRecord(time: Double($0), command: "report", results: $0, figures: "a") }
        guard (try? looks.prefix(2).forEach { try log.append($0) }) != nil else { return }
        let opening = Data("{\n".utf8)
        for seal in [data, SealedDocument.sealing(data.starts(with: opening) ? data : opening + data)] {
            MemoryFile.write(seal, "sealed.jsonl.seal")
            let before = try? log.read(as: LookRecord.self)
            precondition(before?.values == Array(looks.prefix(2)))
        }
        guard (try? log.append(looks[2])) != nil else { return }
        let after = try? log.read(as: LookRecord.self)
        precondition(after?.values == looks)
    }

    // MARK: - Running trials

    /// What a trial goes on from: as a file among its saves, and, whatever its digest and its origin, what it holds, saved and read again.
    private static func save(_ data: Data) {
        let folder = ResumeFolder(URL(fileURLWithPath: MemoryFile.folder + "/resume"), origin: SavedOrigin(plan: "plan", threads: 1, core: "core"))
        folder.remove()
        MemoryFile.write(data, "resume/3.safetensors")
        _ = folder.isOfOrigin
        _ = folder.newest { $0.progress.isPossible(epochs: 3, batchesPerEpoch: 2) }
        guard let file = try? SafetensorsFile(data, named: "f"), let text = file.metadata["progress"],
            let trial = try? SavedTrial(contentOf: file, progress: text)
        else { return }
        _ = trial.progress.isPossible(epochs: 1_000_000, batchesPerEpoch: 1_000_000)
        folder.remove()
        guard (try? folder.write(trial)) != nil else { return }
        // As text: a sum may be NaN, which equals nothing.
        let read = folder.newest { try ResultCoding.line($0.progress) }
        precondition(read != nil && read == (try? ResultCoding.line(trial.progress)))
    }

    /// A file of stored stems of four rows: read, and a row written that is there then.
    private static func stems(_ data: Data) {
        MemoryFile.write(data, "stems/small.stems")
        let key = StemKey(text: "key", path: "small.stems")
        guard let file = try? StemFile(in: MemoryFile.folder + "/stems", key: key, rows: 4, shapes: [[3]]) else { return }
        for row in 0..<4 { _ = (try? file.mayHold(row), try? file.read(row)) }
        let values: [Float16] = [1, -2, 0.5]
        guard (try? file.write(values, row: 3)) != nil else { return }
        let read = try? file.read(3)
        precondition(read == values)
    }

    private static let components = try? Components()

    /// What a checkpoint says of its model: the model is made, and the checkpoint's tensors, of which there are none, are put into it.
    private static func model(_ data: Data) {
        let path = MemoryFile.folder + "/checkpoint.safetensors"
        let file = SafetensorsWriter(metadata: [ModelDescription.key: String(decoding: data, as: UTF8.self)])
        guard let components, (try? file.write(to: path, durability: .none)) != nil else { return }
        _ = try? SavedModel(path, components: components)
        _ = try? components.encoders.make("vector-mlp", options: ["weights": .string(path)], sampleShape: [4], from: .zeros)
    }

    /// A claim on a trial, which is respected, taken over or in nobody's way.
    private static func claim(_ data: Data) {
        MemoryFile.write(data, "claims/claim.1")
        let place = ClaimPlace(folder: MemoryFile.folder + "/claims", name: "claim")
        let watch = ClaimWatch(patience: .zero)
        for _ in 0..<2 {
            guard let claim = try? place.take(watch) else { continue }
            precondition(claim.isHeld)
            claim.release()
        }
        place.removeLeftovers()
    }

    /// A curve for TensorBoard that lies in the folder of a trial which begins: what of it is right keeps its place, the rest is put right.
    private static func events(_ data: Data) {
        let folder = RunFolder(URL(fileURLWithPath: MemoryFile.folder + "/curve"))
        var training = RunningTraining(TrialKey(row: "a", target: "d", seed: 1), epochCount: 3)
        defer { try? FileManager.default.removeItem(at: folder.trials) }
        MemoryFile.write(data, "curve/" + folder.events(training.key).path.dropFirst(folder.root.path.count + 1))
        guard var curve = try? LiveCurve(of: training, in: folder) else { return }
        for epoch in 1...3 {
            training.epochs.append(EpochRecord(epoch: epoch, trainingLoss: 1 / Double(epoch), terms: ["task": 0.5], targetScore: 0.25))
            precondition(curve.precedes(training))
            guard (try? curve.follow(training)) != nil else { return }
        }
        let content = EventFile.data(of: training.epochs)
        guard let file = try? FileContents.copied(folder.events(training.key).path) else { return }
        // Records from before may carry other times, and further epochs may follow.
        precondition(file.count >= content.count && (data.prefix(content.count) == file.prefix(content.count) || file.count == content.count))
    }

    // MARK: - Other programs and the system

    private static func elf(_ data: Data) {
        _ = ProgramFile.buildIdentifier(in: data)
        guard let file = try? ELFFile(library: data) else { return }
        _ = file.section(PluginRecord.sectionName).flatMap { PluginRecord($0) }
        _ = file.place(ofSection: PluginRecord.sectionName).flatMap { PluginRecord.digest(of: data, section: $0) }
        _ = try? file.defines(PluginRecord.entryPoint)
    }

    /// The record of the workers of a queue.
    private static func workers(_ data: Data) {
        MemoryFile.write(data, "array.json")
        guard let record = try? ArrayRecord.read(MemoryFile.folder + "/array.json") else { return }
        precondition(!record.workers.isEmpty && record.jobs.allSatisfy { $0 >= 0 })
        _ = record.isOver
    }

    private static let screenSettings = RunSettings(
        recipe: "r", variants: [VariantSettings(baseline: "a", rows: ["a", "b"], targets: ["d"], seeds: [1], selection: "last", protocolText: "p")],
        machine: "m", threads: 1)

    /// What a worker reports of itself, and what those who follow the run make of it: their screen, their line, their curves.
    private static func worker(_ data: Data) {
        MemoryFile.write(data, "worker/1.json")
        MemoryFile.write(data, "worker/1.json.trial")
        let folder = RunFolder(URL(fileURLWithPath: MemoryFile.folder + "/worker"))
        defer { try? FileManager.default.removeItem(at: folder.trials) }
        if let begun = try? ResultCoding.value(BegunTrial.self, from: data), begun.trials.count <= 8 {
            _ = try? begun.fail(term: "t", step: 1, message: "m", epochs: { _ in [] }, in: folder)
        }
        guard let report = WorkerProgress.read(MemoryFile.folder + "/worker/1.json") else { return }
        var progress = StudyProgress(finished: 1, total: 4, running: report.trainings, elapsed: 1)
        precondition((0...1).contains(progress.fraction))
        precondition(progress.secondsLeft.map { $0 >= 0 } ?? true)
        for width in [0, 20, 80] { precondition(!ProgressLine.live(progress, width: width).contains("\n")) }
        for rows in [10, 24, 200] {
            let size = RunScreen.Size(columns: 80, rows: rows)
            let lines = RunScreen.lines(RunView(settings: screenSettings, progress: progress), size: size, isColored: false) ?? []
            precondition(lines.count < rows && lines.allSatisfy { !$0.contains("\n") && !$0.contains("\u{1B}") })
        }
        for training in report.trainings.prefix(8) {
            if var curve = try? LiveCurve(of: training, in: folder) { try? curve.follow(training) }
            progress.running = [training]
            precondition((0...1).contains(training.fraction) && progress.trainings.count == 1)
        }
    }

    /// What the commands of a queue print, and the options that users give them.
    private static func queue(_ data: Data) {
        let text = String(decoding: data, as: UTF8.self)
        _ = (SlurmCommands.job(submitted: text), SlurmCommands.jobs(listed: text))
        for state in SlurmCommands.states(listed: text).values { _ = (state.meaning, state.phrase) }
        for state in SlurmCommands.pastStates(listed: text).values { _ = (state.meaning, state.phrase) }
        _ = try? BatchOption(parsing: text)
    }

    /// The files in which a system says what a control group may use: one line of each that has a single one, in between those that have several.
    private static func groups(_ data: Data) {
        let text = String(decoding: data, as: UTF8.self)
        let mounts = ControlGroups.mounts(in: text)
        for membership in ControlGroups.memberships(in: text) { for mount in mounts.prefix(8) { _ = mount.folders(of: membership.path) } }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for start in lines.indices.prefix(64) {
            _ = ControlGroups.quota(lines[start])
            guard start + 2 < lines.count else { continue }
            let available = ControlGroups.available(limit: lines[start], used: lines[start + 1], statistics: text)
            precondition(available.map { $0 >= 0 } ?? true)
        }
    }
}
