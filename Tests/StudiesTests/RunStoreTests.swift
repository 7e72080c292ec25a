import Foundation
import Persistence
import Results
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("What a run folder keeps, and how it notices damage")
struct RunStoreTests {
    private let plan = Sample.plan { ($0.epochs, $0.learningRate) = (1, 0.02) }

    private func restored(_ cells: [Cell], in folder: RunFolder) throws -> Int {
        let count = Counter()
        try Sample.run(cells, in: folder) { event in
            if case .trial(_, let progress) = event { count.set(progress.restored) }
        }
        return count.value
    }

    /// What a trial leaves, by name, but for what tells of time.
    private func content(_ folder: RunFolder, _ key: TrialKey) throws -> [String: Data] {
        [
            "metrics": try Data(contentsOf: folder.metrics(key)), "checkpoint": try Data(contentsOf: folder.checkpoint(key)),
            "result": Data(try ResultCoding.line(try #require(try RunStore(folder).result(at: folder.result(key))).timeless).utf8),
        ]
    }

    @Test("one changed bit anywhere in a finished trial's files is noticed, with the file named")
    func everyByte() throws {
        let folder = try TemporaryFolder()
        let key = try Sample.run([Sample.cell("row", [plan])], in: folder.run)[0].key
        let store = RunStore(folder.run)
        #expect(try store.result(at: folder.run.result(key))?.isFinished == true)
        for file in [folder.run.result(key), folder.run.metrics(key), folder.run.checkpoint(key)] {
            let bytes = try Data(contentsOf: file)
            // Every byte of the small ones, and of a checkpoint its header and places all over its data.
            for place in stride(from: 0, to: bytes.count, by: bytes.count > 8192 ? 61 : 1) {
                var flipped = bytes
                flipped[flipped.startIndex + place] ^= UInt8(1 << (place % 8))
                try flipped.write(to: file)
                let damage = #expect(throws: DamagedFile.self) { try store.result(at: folder.run.result(key)) }
                #expect(damage?.path == file.path, "byte \(place) of \(file.lastPathComponent)")
            }
            try bytes.write(to: file)
            #expect(try store.result(at: folder.run.result(key)) != nil)
        }
    }

    @Test("a file that is whole and not what this version writes is named with the entry that it lacks")
    func otherVersion() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write(SealedDocument.sealing(Data("{\n  \"recipe\" : \"small\"\n}\n".utf8)), to: folder.run.settings.path)
        let damage = #expect(throws: DamagedFile.self) { try RunStore(folder.run).settings() }
        #expect(damage?.reason == "it is not what this version of the program writes: 'dials' is missing")
    }

    @Test("a result that cannot be read now is not taken for absent or damaged: nothing takes its place", arguments: ["result.json", "checkpoint.safetensors"])
    func unreadable(_ name: String) throws {
        let folder = try TemporaryFolder()
        let cells = [Sample.cell("row", [plan])]
        let key = try Sample.run(cells, in: folder.run)[0].key
        let file = folder.run.trial(key).appendingPathComponent(name)
        let bytes = try Data(contentsOf: file)
        // A link that leads to itself can be read by nobody, whatever their permissions; a disk or a server that does not answer are no different.
        try FileManager.default.removeItem(at: file)
        try #require(symlink(file.lastPathComponent, file.path) == 0)
        let store = RunStore(folder.run)
        let damage = #expect(throws: DamagedFile.self) { try store.result(at: folder.run.result(key)) }
        #expect(damage?.unreadable?.path == file.path && damage?.description.hasPrefix("cannot read \(file.path): ") == true)
        #expect(throws: FileFault.self) { try store.usableResult(at: folder.run.result(key)) }
        #expect(throws: FileFault.self) { try Sample.run(cells, in: folder.run) }
        if name == "result.json" { #expect(throws: FileFault.self) { try store.makeRoom(for: "another", at: key) } }
        try FileManager.default.removeItem(at: file)
        try bytes.write(to: file)
        #expect(try restored(cells, in: folder.run) == 1)
    }

    @Test("a trial with a damaged file is named, and run again to the same bytes", arguments: ["result.json", "metrics.jsonl", "checkpoint.safetensors"])
    func redone(_ name: String) throws {
        let folder = try TemporaryFolder()
        let cells = [Sample.cell("row", [plan], seeds: [1, 2])]
        let key = try Sample.run(cells, in: folder.run)[0].key
        let before = try content(folder.run, key)
        let file = folder.run.trial(key).appendingPathComponent(name)
        for damage in ["flipped", "cut off", "missing"] {
            var bytes = try Data(contentsOf: file)
            switch damage {
            case "flipped": bytes[bytes.count / 2] ^= 4
            case "cut off": bytes.removeLast(5)
            default: break
            }
            if damage == "missing" { try FileManager.default.removeItem(at: file) } else { try bytes.write(to: file) }
            let state = FolderState(of: StudyCells(cells), in: folder.run)
            let isGone = damage == "missing" && name == "result.json"
            #expect(state.trials.map(\.status) == [isGone ? .new : .damaged, .finished])
            #expect(state.damages.map(\.path) == (isGone ? [] : [file.path]))
            #expect(try restored(cells, in: folder.run) == 1)
            #expect(try content(folder.run, key) == before, "\(damage) \(name)")
        }
    }

    @Test("a rehearsal of which one digit has changed is run again, and the choice stays")
    func rehearsals() throws {
        let folder = try TemporaryFolder()
        let cells = [Sample.cell("row", [Sample.plan { $0.learningRate = 0 }, plan])]
        let first = try Sample.run(cells, in: folder.run)[0]
        let file = try #require(
            try FileManager.default.contentsOfDirectory(at: folder.run.tuning, includingPropertiesForKeys: nil).first { $0.pathExtension == "json" })
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing("\"epoch\" : 1", with: "\"epoch\" : 2").write(to: file, atomically: true, encoding: .utf8)
        #expect(FolderState(of: StudyCells(cells), in: folder.run).damages.map(\.path) == [file.path])
        #expect(try Sample.run(cells, in: folder.run)[0].chosen == first.chosen)
        #expect(try String(contentsOf: file, encoding: .utf8) != text.replacing("\"epoch\" : 1", with: "\"epoch\" : 2"))
        #expect(FolderState(of: StudyCells(cells), in: folder.run).damages.isEmpty)
    }

    @Test("settings of which one byte has changed are noticed")
    func settings() throws {
        let folder = try TemporaryFolder()
        let store = RunStore(folder.run)
        #expect(try store.settings() == nil)
        let settings = RunSettings(
            recipe: "small",
            variants: [VariantSettings(baseline: nil, rows: ["row"], targets: ["d3"], seeds: [1], selection: "", protocolText: "")],
            machine: "", threads: 1)
        try store.write(settings)
        #expect(try store.settings() == settings)
        let bytes = try Data(contentsOf: folder.run.settings)
        for place in bytes.indices {
            var flipped = bytes
            flipped[place] ^= 1
            try flipped.write(to: folder.run.settings)
            #expect(throws: DamagedFile.self) { try store.settings() }
        }
    }

    @Test("results of another plan are kept beside, and taken when their plan is asked for again")
    func otherPlans() throws {
        let folder = try TemporaryFolder()
        let (old, new) = ([Sample.cell("row", [plan])], [Sample.cell("row", [Sample.plan { $0.epochs = 2 }])])
        let key = try Sample.run(old, in: folder.run)[0].key
        let before = try content(folder.run, key)
        #expect(try restored(new, in: folder.run) == 0)
        let store = RunStore(folder.run)
        #expect(try store.result(at: store.place(of: plan.hash, at: key))?.plan == plan.hash)
        #expect(FolderState(of: StudyCells(old), in: folder.run).trials.map(\.status) == [.finished])
        let after = try content(folder.run, key)
        #expect(try restored(old, in: folder.run) == 1)
        #expect(try content(folder.run, key) == before)
        #expect(try restored(new, in: folder.run) == 1)
        #expect(try content(folder.run, key) == after)
    }

    @Test("a move that a kill has cut short goes on, and loses nothing")
    func cutShort() throws {
        let folder = try TemporaryFolder()
        let (old, new) = ([Sample.cell("row", [plan])], [Sample.cell("row", [Sample.plan { $0.epochs = 2 }])])
        let key = try Sample.run(old, in: folder.run)[0].key
        let before = try content(folder.run, key)
        let store = RunStore(folder.run)
        let place = store.place(of: plan.hash, at: key).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        // Killed after the first of three files.
        try FileManager.default.moveItem(at: folder.run.checkpoint(key), to: place.appendingPathComponent("checkpoint.safetensors"))
        #expect(try restored(new, in: folder.run) == 0)
        #expect(try restored(old, in: folder.run) == 1)
        #expect(try content(folder.run, key) == before)
    }

    @Test("results of another recipe are set aside before anything is trained, and nothing else is", arguments: [true, false])
    func settingAside(isKeeping: Bool) throws {
        let folder = try TemporaryFolder()
        let (old, new) = ([Sample.cell("row", [plan])], [Sample.cell("row", [Sample.plan { $0.epochs = 2 }])])
        let key = try Sample.run(old, in: folder.run)[0].key
        let before = try content(folder.run, key)
        let store = RunStore(folder.run)
        #expect(FolderState(of: StudyCells(old), in: folder.run).outdated.isEmpty)
        let outdated = FolderState(of: StudyCells(new), in: folder.run).outdated
        #expect(outdated.map(\.key) == [key] && outdated.map(\.plan) == [plan.hash])
        // One that has taken its place meanwhile stays.
        try store.setAside([(key, "another")], keeping: isKeeping)
        #expect(try content(folder.run, key) == before)
        try store.setAside(outdated, keeping: isKeeping)
        #expect(try store.result(at: folder.run.result(key)) == nil)
        #expect(FolderState(of: StudyCells(new), in: folder.run).count(.new) == 1)
        #expect(FolderState(of: StudyCells(old), in: folder.run).count(.finished) == (isKeeping ? 1 : 0))
        guard isKeeping else { return }
        #expect(try restored(old, in: folder.run) == 1)
        #expect(try content(folder.run, key) == before)
    }

    @Test("a result of another recipe whose trial another process holds is left to it")
    func held() throws {
        let folder = try TemporaryFolder()
        let key = try Sample.run([Sample.cell("row", [plan])], in: folder.run)[0].key
        let claim = try #require(try ClaimPlace(folder: folder.run.trial(key).path, name: "claim").take(ClaimWatch(patience: .seconds(60))))
        try RunStore(folder.run).setAside([(key, plan.hash)], keeping: true)
        #expect(try RunStore(folder.run).result(at: folder.run.result(key)) != nil)
        claim.release()
    }

    @Test("asked to overwrite, a study keeps nothing of another plan")
    func overwriting() throws {
        let folder = try TemporaryFolder()
        let key = try Sample.run([Sample.cell("row", [plan])], in: folder.run)[0].key
        var study = StudyRun(
            cells: [Sample.cell("row", [Sample.plan { $0.epochs = 2 }])], folder: folder.run, components: try Sample.components(),
            pool: WorkerPool(workers: 1, threadsPerWorker: 1), datasets: [Sample.data: try Sample.dataset()])
        study.keepsOtherPlans = false
        #expect(try study.run().count == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.run.trial(key).appendingPathComponent("other-plans").path))
    }

    @Test("a link in the place of a trial's saves is replaced, and what it leads to is left alone")
    func linkedSaves() throws {
        let folder = try TemporaryFolder()
        let outside = try TemporaryFolder()
        for name in ["1.safetensors", "7.safetensors", ".x.tmp"] { try Data("mine".utf8).write(to: outside.url.appendingPathComponent(name)) }
        let cell = Sample.cell("row", [plan])
        let key = cell.key(seed: 1)
        try FileManager.default.createDirectory(at: folder.run.trial(key), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(at: folder.run.resume(key), withDestinationURL: outside.url)
        var timing = StudyTiming()
        timing.saving = .zero
        let study = StudyRun(
            cells: [cell], folder: folder.run, components: try Sample.components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
            datasets: [Sample.data: try Sample.dataset()], timing: timing)
        #expect(try study.run().first?.isFinished == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.url.path).sorted() == [".x.tmp", "1.safetensors", "7.safetensors"])
        #expect(!FileManager.default.fileExists(atPath: folder.run.resume(key).path))
    }
}

/// A number that a study's observer sets.
private final class Counter: Sendable {
    private let number = Slots<Int>(count: 1)
    func set(_ value: Int) { number.set(value, at: 0) }
    var value: Int { number.complete?.first ?? -1 }
}
