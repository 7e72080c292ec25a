import Foundation
import Regularization
import Results
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("What a run folder holds of a study")
struct FolderStateTests {
    @Test("an empty folder holds nothing")
    func empty() throws {
        let folder = try TemporaryFolder()
        let state = FolderState(of: [Sample.cell("row", [Sample.plan()], seeds: [1, 2])], in: folder.run)
        #expect(state.trials.map(\.status) == [.new, .new])
    }

    @Test("finished trials are told from those of another plan and from those that are new")
    func statuses() throws {
        let folder = try TemporaryFolder()
        let results = try Sample.run([Sample.cell("row", [Sample.plan()], seeds: [1])], in: folder.run)
        let same = FolderState(of: [Sample.cell("row", [Sample.plan()], seeds: [1, 2])], in: folder.run)
        #expect(same.trials.map(\.status) == [.finished, .new])
        #expect(same.holds(results[0]))
        let other = FolderState(of: [Sample.cell("row", [Sample.plan { $0.epochs = 3 }])], in: folder.run)
        #expect(other.trials.map(\.status) == [.changed])
        #expect(!other.holds(results[0]))
    }

    @Test("a result of other code or of other data is told from one of another plan")
    func origins() throws {
        let folder = try TemporaryFolder()
        try Sample.run([Sample.cell("row", [Sample.plan()])], in: folder.run)
        func status(_ change: (inout TrialPlan) -> Void) -> [FolderState.Status] {
            FolderState(of: [Sample.cell("row", [Sample.plan(change: change)])], in: folder.run).trials.map(\.status)
        }
        #expect(status { _ in } == [.finished])
        #expect(status { $0.program = "another build" } == [.otherProgram])
        #expect(status { $0.dataFingerprint = "other files" } == [.otherData])
        #expect(status { $0.batch = 8 } == [.changed])
    }

    @Test("a failed trial is one to run again")
    func failed() throws {
        let folder = try TemporaryFolder()
        let cells = [Sample.cell("row", [Sample.plan([TermPlan("breaking")])])]
        try Sample.run(cells, in: folder.run)
        #expect(FolderState(of: StudyCells(cells), in: folder.run).trials.map(\.status) == [.failed])
    }

    @Test("what was read with the files beside it is handed on, until its file is another one")
    func known() throws {
        let folder = try TemporaryFolder()
        let cells = [Sample.cell("row", [Sample.plan()])]
        let key = try Sample.run(cells, in: folder.run)[0].key
        let state = FolderState(of: StudyCells(cells), in: folder.run, keeping: true)
        let (store, file) = (RunStore(folder.run, known: state.known), folder.run.result(key))
        let stored = try Data(contentsOf: file)
        // Who reads it again finds what has changed beside it since.
        try Data().write(to: folder.run.metrics(key))
        #expect(try store.result(at: file)?.key == key && store.outline(at: file)?.key == key)
        #expect(throws: DamagedFile.self) { try RunStore(folder.run).result(at: file) }
        try stored.write(to: file, options: .atomic)
        #expect(throws: DamagedFile.self) { try store.result(at: file) }
        try FileManager.default.removeItem(at: file)
        #expect(try store.result(at: file) == nil)
    }

    @Test("with tuning done its choice counts, before it any candidate")
    func tuned() throws {
        let folder = try TemporaryFolder()
        let plans = [Sample.plan { $0.learningRate = 0 }, Sample.plan { $0.learningRate = 0.02 }]
        let cells = [Sample.cell("row", plans)]
        let result = try Sample.run(cells, in: folder.run)[0]
        let done = FolderState(of: StudyCells(cells), in: folder.run)
        #expect(done.trials.map(\.status) == [.finished] && done.finishedRehearsals == 2 && done.rehearsalCount == 2)
        try FileManager.default.removeItem(at: folder.run.tuning)
        let undone = FolderState(of: StudyCells(cells), in: folder.run)
        #expect(undone.trials.map(\.status) == [.finished] && undone.finishedRehearsals == 0)
        #expect(plans.map(\.hash).contains(result.plan))
    }
}
