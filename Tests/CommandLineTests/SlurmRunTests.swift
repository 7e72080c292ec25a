import Foundation
import SlurmSupport
import Testing

/// Runs whose workers are processes of a `FakeSlurm`.
@Suite("run --launcher slurm")
struct SlurmRunTests {
    private let folder: RecipeFolder
    private let slurm: FakeSlurm
    /// Three targets in two rows, one of them tuned: 6 rehearsals and 6 trials.
    private static let trainings = 12

    init() throws {
        folder = try RecipeFolder(
            ("epochs: 2", "epochs: 80"), ("seeds: [1, 2]", "seeds: [1]"),
            ("      - mer: {weight: 0.3}", "      - mer\n    tune: {mer.weight: [0.1, 0.3]}"))
        slurm = try FakeSlurm()
    }

    private static let set = ["--set", "training.batch=16"]

    private func arguments(_ more: String...) -> [String] {
        ["run", "r.yaml", "--out", "out", "--launcher", "slurm", "--workers", "2", "--poll-every", "0.1", "--save-every", "0.05"] + Self.set + more
    }

    private func run(_ arguments: [String]) async throws -> Regulus.Outcome {
        try await folder.regulus.run(arguments, environment: ["PATH": slurm.path])
    }

    private func start(_ arguments: [String]) throws -> RunningRegulus {
        try RunningRegulus(arguments, in: folder, environment: ["PATH": slurm.path])
    }

    /// Whether the run knows the number of its array.
    private var isSubmitted: Bool { (try? folder.text("out/slurm/array.json").contains("101")) ?? false }

    /// Everything without times: names of files, and the bytes of those that do not depend on the clock.
    private func content(_ out: String) throws -> [String: Data] {
        let names = folder.files(below: out).filter { !$0.hasPrefix("slurm/") && !$0.hasPrefix(".") }
        return Dictionary(
            uniqueKeysWithValues: try names.map { name in
                let isTimeless = name == "report.csv" || name.hasSuffix(".safetensors") || name.hasSuffix("metrics.jsonl")
                return (name, isTimeless ? try folder.data("\(out)/\(name)") : Data())
            })
    }

    private func expectContentOfLocalRun() async throws {
        #expect(try await folder.regulus.run(["run", "r.yaml", "--out", "local"] + Self.set).code == 0)
        #expect(try content("out") == content("local"))
    }

    @Test("workers train, none what another does; the report is that of a local run")
    func complete() async throws {
        let outcome = try await run(arguments())
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(outcome.lines.contains { $0.hasPrefix("+ MER") })
        #expect(outcome.messages.contains("submitted array 101 of 2 workers"))
        #expect(outcome.messages.contains("6 of 6 trials, 6 of 6 trainings for tuning in "))
        #expect(slurm.submissions.count == 1)
        let trained = try (1...2).map { worker in
            let log = try folder.text("out/slurm/101_\(worker).log")
            let summary = try #require(log.firstMatch(of: /6 of 6 trials, 6 of 6 trainings for tuning(?:, (\d+) taken from the run folder)?/))
            return Self.trainings - (summary.1.flatMap { Int($0) } ?? 0)
        }
        #expect(trained.reduce(0, +) == Self.trainings)
        try await expectContentOfLocalRun()
    }

    @Test("a worker that is killed is submitted again, and everything ends as if nothing had happened")
    func killed() async throws {
        let run = try start(arguments())
        run.wait { folder.resultFiles().count >= 3 && slurm.process("101_2") != nil }
        let before = folder.resultFiles()
        kill(try #require(slurm.process("101_2")), SIGKILL)
        let outcome = try run.outcome()
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(outcome.messages.contains("worker 101_2 ended on node1 while work is left: FAILED (signal 9); submitting it again (1 of 3)"))
        #expect(slurm.submissions.count == 2)
        #expect(before.allSatisfy { folder.resultFiles()[$0.key] == $0.value }, "what was finished is not done again")
        try await expectContentOfLocalRun()
    }

    @Test("when it ends first, the workers go on, and the same command follows them", arguments: [SIGINT, SIGKILL])
    func attach(_ signal: Int32) async throws {
        let run = try start(arguments())
        run.wait { !folder.resultFiles().isEmpty && isSubmitted }
        run.signal(signal)
        let first = try run.outcome()
        if signal == SIGINT {
            #expect(first.code == 75)
            #expect(first.messages.contains("the workers go on\nThe same command follows them again. scancel 101 ends them"))
        }
        let second = try await self.run(arguments())
        #expect(second.code == 0, "\(second.messages)")
        #expect(second.messages.contains("following array 101 again"))
        #expect(slurm.submissions.count == 1)
        try await expectContentOfLocalRun()
    }

    @Test("of two that follow one run, one looks after the workers, and both report")
    func two() async throws {
        let first = try start(arguments())
        first.wait { slurm.submissions.count == 1 }
        let second = try start(arguments())
        let outcomes = [try first.outcome(), try second.outcome()]
        #expect(outcomes.map(\.code) == [0, 0])
        #expect(outcomes[1].messages.contains("another process manages the workers of this run"))
        #expect(slurm.submissions.count == 1)
        #expect(outcomes[0].output == outcomes[1].output)
    }

    @Test("a trial that fails by itself is not repeated: exit code 1 and a report, as in a local run")
    func failure() async throws {
        let tuned = "    tune: {mer.weight: [0.1, 0.3]}"
        let broken = "    training: {optimizer: {use: sgd, learning-rate: 1e30}}"
        try folder.write(try folder.text("r.yaml").replacing(tuned, with: broken), to: "r.yaml")
        let outcome = try await run(arguments())
        #expect(outcome.code == 1)
        #expect(outcome.messages.contains("failed in "))
        #expect(slurm.submissions.count == 1)
        #expect(folder.files(below: "out").contains("report.csv"))
    }

    @Test("when all workers are cancelled it ends with code 75, and the same command submits new ones, which go on")
    func cancelled() async throws {
        let run = try start(arguments())
        run.wait { !folder.resultFiles().isEmpty && slurm.process("101_2") != nil }
        let before = folder.resultFiles()
        let scancel = Process()
        scancel.executableURL = slurm.folder.appendingPathComponent("bin/scancel")
        scancel.arguments = ["101_1", "101_2"]
        try scancel.run()
        let first = try run.outcome()
        #expect(first.code == 75)
        #expect(first.messages.contains("worker 101_1 was canceled") && first.messages.contains("no worker is left after "))
        let second = try await self.run(arguments())
        #expect(second.code == 0, "\(second.messages)")
        #expect(second.messages.contains("submitted array 102"))
        #expect(before.allSatisfy { folder.resultFiles()[$0.key] == $0.value })
        try await expectContentOfLocalRun()
    }

    @Test("a recipe that has changed does not mix with workers that are at work")
    func changed() async throws {
        let run = try start(arguments("--set", "training.epochs=2000"))
        run.wait { slurm.process("101_2") != nil && isSubmitted }
        let other = try await self.run(arguments("--set", "training.epochs=41"))
        #expect(other.code == 2)
        #expect(other.messages.contains("are running in \(folder.url.path)/out\nscancel 101 ends them"))
        run.signal(SIGINT)
        #expect(try run.outcome().code == 75)
        #expect(slurm.submissions.count == 1)
    }

    @Test("a finished run submits nothing")
    func finished() async throws {
        #expect(try await folder.regulus.run(["run", "r.yaml", "--out", "out"] + Self.set).code == 0)
        let outcome = try await run(arguments())
        #expect(outcome.code == 0)
        #expect(slurm.submissions.isEmpty)
    }

    @Test("Slurm's refusal, or its absence, is wrong input")
    func refused() async throws {
        try slurm.set("refusal", "sbatch: error: invalid partition specified: shrt\n")
        let refused = try await run(arguments("--partition", "shrt"))
        #expect(refused.code == 2 && refused.output.isEmpty)
        #expect(refused.messages.contains("invalid partition specified: shrt\n  = partitions here: short, long\n  = did you mean 'short'?"))
        let absent = try await folder.regulus.run(arguments(), environment: ["PATH": "/nowhere"])
        #expect(absent.code == 2)
        #expect(absent.messages.contains("sbatch is not in PATH"))
    }

    @Test(
        "options that do not fit each other are refused",
        arguments: [
            ["--partition", "short"], ["--launcher", "slurm", "--worker"], ["--launcher", "slurm", "--workers", "0"],
            ["--launcher", "slurm", "--sbatch-option", "array=1-3"], ["--launcher", "slurm", "--partition", "a\nb"], ["--launcher", "pbs"],
        ])
    func badOptions(_ arguments: [String]) async throws {
        let outcome = try await run(["run", "r.yaml"] + arguments)
        #expect(outcome.code == 2 && outcome.messages.contains("Usage: regulus"))
        #expect(slurm.submissions.isEmpty && folder.files == ["r.yaml"])
    }
}
