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
        let claim = try #require(try ClaimPlace(ofTrialIn: folder.run.trial(key)).take(ClaimWatch(patience: .seconds(60))))
        let training = RunningTraining(key, epochCount: 4, epochs: Array(finished[0].epochs.prefix(1)))
        #expect(!finished[0].epochs.isEmpty)
        var file = try RunningFile(of: training, in: folder.run)
        try file.follow(training)
        let state = try #require(try StudyFolder(reading: folder.run))
        #expect(state.results.map(\.key) == finished.map(\.key) && !state.isOver)
        #expect(state.running.map(\.training) == [training] && state.running[0].process == getpid())
        #expect(state.progress.fraction == (1 + 0.25) / 2)
        claim.release()
        let later = try #require(try StudyFolder(reading: folder.run, after: state))
        #expect(later.running.isEmpty && later.progress.secondsLeft == nil && later.results == state.results)
    }

    @Test(
        "a file that is named like a claim, with a number that no run has counted up to, hides nobody who is at work",
        arguments: ["9223372036854775807", "007"])
    func foreignClaim(_ number: String) throws {
        let folder = try TemporaryFolder()
        try RunStore(folder.run).write(settings)
        let key = TrialKey(row: "row", target: "d3", seed: 1)
        try Folder.create(folder.run.trial(key).path)
        let claim = try #require(try ClaimPlace(ofTrialIn: folder.run.trial(key)).take(ClaimWatch(patience: .seconds(60))))
        try Data("{}".utf8).write(to: folder.run.trial(key).appendingPathComponent("claim.\(number)"))
        let state = try #require(try StudyFolder(reading: folder.run))
        #expect(state.running.map(\.process) == [getpid()])
        claim.release()
    }

    @Test("an epoch adds a line to what a running trial tells of; a line that is torn off is left out, as is what another trial tells of")
    func runningFile() throws {
        let folder = try TemporaryFolder()
        let key = TrialKey(row: "row", target: "d3", seed: 1)
        try Folder.create(folder.run.trial(key).path)
        var training = RunningTraining(key, epochCount: 3, times: TrialTimes(started: 10))
        var file = try RunningFile(of: training, in: folder.run)
        #expect(RunningFile.read(key, in: folder.run) == training)
        func content() throws -> Data { try FileContents.copied(folder.run.progress(key).path) }
        for epoch in 1...3 {
            let before = try content()
            training.epochs.append(EpochRecord(epoch: epoch, trainingLoss: epoch == 2 ? .nan : 1))
            training.times?.epochs.append(10 + Double(epoch))
            try file.follow(training)
            #expect(try content().starts(with: before) && content().count > before.count)
        }
        let read = try #require(RunningFile.read(key, in: folder.run))
        #expect(read.epochs.map(\.epoch) == [1, 2, 3] && read.epochs[1].trainingLoss.isNaN && read.times == training.times)
        try AtomicFile.write(content().dropLast(5), to: folder.run.progress(key).path)
        #expect(RunningFile.read(key, in: folder.run)?.epochs.map(\.epoch) == [1, 2])
        let other = TrialKey(row: "row", target: "d3", seed: 2)
        try Folder.create(folder.run.trial(other).path)
        try AtomicFile.write(content(), to: folder.run.progress(other).path)
        #expect(RunningFile.read(other, in: folder.run) == nil)
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
