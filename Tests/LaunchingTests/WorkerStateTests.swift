import Testing

@testable import Launching

@Suite("What Slurm says of a worker")
struct WorkerStateTests {
    @Test("the end of a program is read from squeue's number and from sacct's pair")
    func end() {
        #expect(WorkerState.End("19200") == .code(75))
        #expect(WorkerState.End("9") == .signal(9))
        #expect(WorkerState.End("0") == .code(0))
        #expect(WorkerState.End("75:0") == .code(75))
        #expect(WorkerState.End("0:15") == .signal(15))
        #expect(WorkerState.End("") == nil)
        #expect(WorkerState.End("a:b") == nil)
    }

    @Test(
        "a worker that was ended or has saved can go on",
        arguments: [
            WorkerState("NODE_FAIL"), WorkerState("TIMEOUT", end: .code(0)), WorkerState("OUT_OF_MEMORY", end: .signal(9)),
            WorkerState("PREEMPTED"), WorkerState("FAILED", end: .code(75)), WorkerState("FAILED", end: .signal(11)),
        ])
    func interrupted(_ state: WorkerState) {
        #expect(state.isOver)
        #expect(state.meaning == .interrupted)
    }

    @Test("one that somebody has cancelled, or that cannot start, is not tried again")
    func ended() {
        #expect(WorkerState("CANCELLED", end: .code(75)).meaning == .cancelled)
        #expect([2, 126, 127].allSatisfy { WorkerState("FAILED", end: .code($0)).meaning == .impossible })
        #expect(WorkerState("COMPLETED", end: .code(0)).meaning == .done)
        #expect(WorkerState("FAILED", end: .code(1)).meaning == .done)
    }

    @Test("states that live, and words that are new, are not over", arguments: ["PENDING", "RUNNING", "COMPLETING", "SUSPENDED", "LEVITATING"])
    func living(_ word: String) { #expect(!WorkerState(word).isOver) }
}
