import Foundation
import Persistence
import Results
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("A study as its run folder shows it")
struct StudyFolderTests {
    private let settings = RunSettings(
        recipe: "small",
        variants: [VariantSettings(baseline: nil, rows: ["row"], targets: ["d3"], seeds: [1, 2], selection: "", protocolText: "")],
        machine: "", threads: 1)

    @Test("a folder without a run says so")
    func empty() throws {
        let folder = try TemporaryFolder()
        #expect(try StudyFolder(reading: folder.run) == nil)
    }

    @Test("what has ended is counted, and who is at the rest is told with the epochs that are done")
    func running() throws {
        let folder = try TemporaryFolder()
        try RunStore(folder.run).write(settings)
        let finished = try Sample.run([Sample.cell("row", [Sample.plan()], seeds: [1])], in: folder.run)
        let key = TrialKey(row: "row", target: "d3", seed: 2)
        try Folder.create(folder.run.trial(key).path)
        let claim = try #require(try ClaimPlace(folder: folder.run.trial(key).path, name: "claim").take(ClaimWatch(patience: .seconds(60))))
        let training = RunningTraining(key, epochCount: 4, epochs: Array(finished[0].epochs.prefix(1)))
        #expect(!finished[0].epochs.isEmpty)
        try AtomicFile.write(ResultCoding.document(training), to: folder.run.progress(key).path)
        let state = try #require(try StudyFolder(reading: folder.run))
        #expect(state.results.map(\.key) == finished.map(\.key) && !state.isOver)
        #expect(state.running.map(\.training) == [training] && state.running[0].process == getpid())
        #expect(state.progress.fraction == (1 + 0.25) / 2)
        claim.release()
        let later = try #require(try StudyFolder(reading: folder.run, after: state))
        #expect(later.running.isEmpty && later.progress.secondsLeft == nil && later.results == state.results)
    }

    @Test("a claim of a process that is gone is no sign of work")
    func interrupted() throws {
        let folder = try TemporaryFolder()
        try RunStore(folder.run).write(settings)
        let place = folder.run.trial(TrialKey(row: "row", target: "d3", seed: 1)).path
        try Folder.create(place)
        var gone = try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(ProcessIdentity.own)) as? [String: Any])
        gone["started"] = "0"
        try AtomicFile.write(JSONSerialization.data(withJSONObject: gone), to: "\(place)/claim.3")
        let state = try #require(try StudyFolder(reading: folder.run))
        #expect(state.claimed.map(\.isGone) == [true] && state.running.isEmpty && !state.isOver)
    }

    @Test("a result that was changed is told, and the rest is still read")
    func damaged() throws {
        let folder = try TemporaryFolder()
        try RunStore(folder.run).write(settings)
        let results = try Sample.run([Sample.cell("row", [Sample.plan()], seeds: [1, 2])], in: folder.run)
        let file = folder.run.result(results[1].key).path
        try Data((try String(contentsOfFile: file, encoding: .utf8)).replacing("\"seed\"", with: "\"sead\"").utf8).write(to: URL(fileURLWithPath: file))
        let state = try #require(try StudyFolder(reading: folder.run))
        #expect(state.results.map(\.key) == [results[0].key] && state.damages.map(\.path) == [file])
    }

    @Test("of a result it tells what is counted and shown, and leaves out what was recorded epoch by epoch")
    func outline() throws {
        let folder = try TemporaryFolder()
        try RunStore(folder.run).write(settings)
        let whole = try #require(try Sample.run([Sample.cell("row", [Sample.plan()], seeds: [1])], in: folder.run).first)
        let read = try #require(try StudyFolder(reading: folder.run)?.results.first)
        #expect(read == whole.outline)
    }
}
