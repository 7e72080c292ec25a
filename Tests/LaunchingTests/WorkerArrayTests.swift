import Foundation
import SlurmSupport
import Testing

@testable import Launching

@Suite("Workers in Slurm's queue")
struct WorkerArrayTests {
    private let slurm: FakeSlurm
    private let place: LaunchFolder

    init() throws {
        slurm = try FakeSlurm(isIdle: true)
        place = LaunchFolder(slurm.folder.appendingPathComponent("run/slurm"))
    }

    private func array(
        _ count: Int = 2, limit: Int = 2, settling: Duration = .zero, options: [BatchOption] = [], record: ArrayRecord? = nil
    ) -> WorkerArray {
        let script = WorkerScript(folder: "/", program: "/opt/regulus", arguments: [], options: options, cores: 1, place: place)
        return WorkerArray(
            count, of: "study", recipe: "small", script: script, commands: SlurmCommands(path: slurm.path), limit: limit, settling: settling,
            record: record)
    }

    @Test("they are submitted as one array, with what the script asks for as arguments too, and recorded")
    func submission() throws {
        var array = array(3, options: [BatchOption("partition", "short")])
        #expect(try array.submit() == "submitted array 101 of 3 workers; logs are in \(place.path)")
        #expect(slurm.submissions.count == 1)
        let words = slurm.submissions[0].split(separator: " ").map(String.init)
        #expect(words.contains("--array=1-3") && words.contains("--partition=short") && words.contains("--signal=B:TERM@60"))
        #expect(Array(words.suffix(2)) == ["--", place.script])
        #expect(try String(contentsOfFile: place.script, encoding: .utf8).contains("#SBATCH --partition=\"short\""))
        let record = try #require(try ArrayRecord.read(place.record))
        #expect(record.jobs == [101] && record.workers.count == 3 && record.submission == nil && !record.isClosed)
        #expect(try array.look(workIsLeft: true).isEmpty)
        #expect(array.phrase == "workers: 3 pending (Resources)")
    }

    @Test(
        "one that is interrupted is submitted again under its number",
        arguments: [("NODE_FAIL", 0), ("TIMEOUT", 0), ("FAILED", 75 << 8), ("FAILED", 9), ("OUT_OF_MEMORY", 9)])
    func resubmission(_ state: String, _ status: Int) throws {
        var array = array()
        _ = try array.submit()
        try slurm.say("101_1", "RUNNING")
        try slurm.say("101_2", state, status: status)
        let notes = try array.look(workIsLeft: true)
        #expect(notes.count == 2)
        #expect(notes[0].hasPrefix("worker 101_2 ended on node1 while work is left: \(state)"))
        #expect(notes[0].hasSuffix("submitting it again (1 of 2)"))
        #expect(notes[1].hasPrefix("submitted array 102 of 1 worker"))
        #expect(slurm.submissions.count == 2 && slurm.submissions[1].contains("--array=2 "))
        #expect(array.record.workers.map(\.job) == [101, 102])
        #expect(try array.look(workIsLeft: true).isEmpty)
    }

    @Test("none is submitted again when nothing is left to do")
    func nothingLeft() throws {
        var array = array()
        _ = try array.submit()
        try slurm.say("101_1", "TIMEOUT")
        try slurm.say("101_2", "COMPLETED")
        #expect(try array.look(workIsLeft: false).isEmpty)
        #expect(slurm.submissions.count == 1)
        #expect(!array.isAlive)
    }

    @Test("a worker is submitted again as often as is allowed; then its last words are shown")
    func limit() throws {
        var array = array(1, limit: 2)
        _ = try array.submit()
        for job in 101...102 {
            try slurm.say("\(job)_1", "TIMEOUT")
            _ = try array.look(workIsLeft: true)
        }
        try slurm.say("103_1", "TIMEOUT")
        try Data("first\nlast \u{1B}[31mwords\n".utf8).write(to: URL(fileURLWithPath: place.log(WorkerID(job: 103, worker: 1))))
        let notes = try array.look(workIsLeft: true)
        #expect(
            notes == [
                """
                worker 103_1 ended on node1 while work is left: TIMEOUT; it is not submitted again after 2 times (--resubmissions)
                  first
                  last [31mwords
                  (\(place.path)/103_1.log)
                """
            ])
        #expect(array.record.isOver)
        #expect(slurm.submissions.count == 3)
    }

    @Test("one that has ended by itself is given time, since its last results may be on their way")
    func settling() throws {
        var array = array(settling: .milliseconds(50))
        _ = try array.submit()
        try slurm.say("101_1", "COMPLETED")
        try slurm.say("101_2", "RUNNING")
        #expect(try array.look(workIsLeft: true).isEmpty)
        usleep(60_000)
        #expect(try array.look(workIsLeft: true).count == 2)
        #expect(slurm.submissions.count == 2)
    }

    @Test("one that was cancelled, or cannot work, is given up at once")
    func givenUp() throws {
        var array = array()
        _ = try array.submit()
        try slurm.say("101_1", "CANCELLED", status: 75 << 8)
        try slurm.say("101_2", "FAILED", status: 127 << 8, node: "node7")
        let notes = try array.look(workIsLeft: true)
        #expect(notes[0] == "worker 101_1 was canceled")
        #expect(notes[1].hasPrefix("worker 101_2 cannot work on node7: FAILED (exit code 127)\n  It has left no log"))
        #expect(array.record.workers.map(\.loss) == [.cancelled, .failed])
        #expect(array.record.isOver && slurm.submissions.count == 1)
    }

    @Test("what squeue has forgotten is asked of the accounting; without one the worker counts as ended")
    func forgotten() throws {
        var array = array()
        _ = try array.submit()
        try slurm.forget("101_1")
        try slurm.forget("101_2")
        try slurm.set("accounting", "101_1|CANCELLED by 1000|0:15|node1\n101_1.batch|CANCELLED|0:15|node1\n")
        let notes = try array.look(workIsLeft: true)
        #expect(notes[0] == "worker 101_1 was canceled")
        #expect(notes[1].hasPrefix("worker 101_2 ended while work is left: UNKNOWN; submitting it again"))
    }

    @Test("a controller that does not answer is no end of anything")
    func down() throws {
        var array = array()
        _ = try array.submit()
        try slurm.set("down", "")
        #expect(throws: LaunchFault.unreachable("squeue failed:\n  slurm_load_jobs error: Unable to contact slurm controller (connect failure)")) {
            try array.look(workIsLeft: true)
        }
        try slurm.unset("down")
        #expect(try array.look(workIsLeft: true).isEmpty)
        #expect(slurm.submissions.count == 1)
    }

    @Test("a submission whose answer was lost is found by its name, also by another process, and not repeated")
    func lostAnswer() throws {
        var first = array()
        try slurm.set("lost-answer", "")
        #expect(throws: LaunchFault.self) { try first.submit() }
        let record = try #require(try ArrayRecord.read(place.record))
        #expect(record.submission != nil && record.jobs.isEmpty)
        var second = array(record: record)
        #expect(try second.look(workIsLeft: true).isEmpty)
        #expect(second.record.jobs == [101])
        #expect(slurm.submissions.count == 1)
    }

    @Test("one that never took place is made up for")
    func neverSubmitted() throws {
        var record = ArrayRecord(study: "study", workers: [.init(), .init()])
        record.submission = .init(name: "regulus-small-never", workers: [1, 2])
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        var array = array(record: record)
        #expect(try array.look(workIsLeft: true) == ["submitted array 101 of 2 workers; logs are in \(place.path)"])
        #expect(array.record.workers.map(\.resubmissions) == [0, 0])
    }

    @Test("an unknown partition is refused with sbatch's words, the partitions there are and the nearest; nothing is recorded")
    func partition() throws {
        try slurm.set("refusal", "sbatch: error: invalid partition specified: shrt\nsbatch: error: Batch job submission failed\n")
        var array = array(options: [BatchOption("partition", "shrt")])
        let fault = #expect(throws: LaunchFault.self) { try array.submit() }
        #expect(
            fault
                == .refused(
                    """
                    sbatch does not take the workers:
                      sbatch: error: invalid partition specified: shrt
                      sbatch: error: Batch job submission failed
                      = partitions here: short, long
                      = did you mean 'short'?
                    """))
        #expect(!FileManager.default.fileExists(atPath: place.record))
    }

    @Test("without Slurm's commands it says what is missing")
    func noSlurm() throws {
        let script = WorkerScript(folder: "/", program: "/opt/regulus", arguments: [], options: [], cores: 1, place: place)
        var array = WorkerArray(
            1, of: "study", recipe: "small", script: script, commands: SlurmCommands(path: "/nowhere"), limit: 1, settling: .zero, record: nil)
        let fault = #expect(throws: LaunchFault.self) { try array.submit() }
        #expect("\(try #require(fault))".hasPrefix("sbatch is not in PATH"))
    }

    @Test("at the end those that wait are cancelled, those that run only if need be")
    func cancel() throws {
        var array = array(3)
        _ = try array.submit()
        try slurm.say("101_1", "COMPLETED")
        try slurm.say("101_2", "COMPLETING")
        try array.update()
        try array.cancel(onlyWaiting: true)
        let cancelled = slurm.folder.appendingPathComponent("cancelled")
        #expect(try String(contentsOf: cancelled, encoding: .utf8) == "101_3\n")
        try array.update()
        #expect(array.isAlive)
        try array.cancel(onlyWaiting: false)
        #expect(try String(contentsOf: cancelled, encoding: .utf8) == "101_3\n101_2\n")
    }

    @Test(
        "a record whose numbers no run has written is refused, not counted on",
        arguments: [
            #"{"study":"s","workers":[],"isClosed":false}"#,
            #"{"study":"s","workers":[{"job":1,"resubmissions":9223372036854775807}],"isClosed":false}"#,
            #"{"study":"s","workers":[{"job":-1,"resubmissions":0}],"isClosed":false}"#,
            #"{"study":"s","workers":[{"resubmissions":0}],"isClosed":false,"submission":{"name":"n","workers":[-9223372036854775808]}}"#,
            #"{"study":"s","workers":[{"resubmissions":0}],"isClosed":false,"submission":{"name":"n","workers":[2]}}"#,
        ])
    func impossibleRecord(_ text: String) throws {
        try FileManager.default.createDirectory(at: URL(fileURLWithPath: place.record).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: place.record))
        #expect(throws: (any Error).self) { try ArrayRecord.read(place.record) }
        try Data(#"{"study":"s","workers":[{"resubmissions":0}],"isClosed":false,"submission":{"name":"n","workers":[1]}}"#.utf8)
            .write(to: URL(fileURLWithPath: place.record))
        #expect(try ArrayRecord.read(place.record)?.workers.count == 1)
    }
}
