import Foundation
import SlurmSupport
import Testing

/// Runs over a real Slurm, whose daemons are started in a temporary folder. The whole suite is skipped where that is not possible.
@Suite(
    "A run over a Slurm cluster of two nodes", .serialized,
    .enabled(if: SlurmCluster.obstacle == nil, "\(SlurmCluster.obstacle ?? "")"))
struct SlurmClusterTests {
    private let folder: RecipeFolder
    private let cluster: SlurmCluster

    init() throws {
        // 12 rehearsals and trials, long enough for a node to fail in between.
        folder = try RecipeFolder(
            ("epochs: 2", "epochs: 150"), ("seeds: [1, 2]", "seeds: [1]"),
            ("      - mer: {weight: 0.3}", "      - mer\n      - dropout\n    tune: {mer.weight: [0.1, 0.3]}"))
        cluster = try SlurmCluster()
    }

    private func start() throws -> RunningRegulus {
        try RunningRegulus(
            [
                "run", "r.yaml", "--out", "out", "--launcher", "slurm", "--workers", "4", "--partition", "short", "--time", "30",
                "--poll-every", "0.5", "--save-every", "0.2",
            ], in: folder, environment: cluster.environment)
    }

    private func expectBytesOfLocalRun() async throws {
        #expect(try await folder.regulus("run", "r.yaml", "--out", "local").code == 0)
        let files = folder.files(below: "local").filter { $0 == "report.csv" || $0.hasSuffix(".safetensors") || $0.hasSuffix("metrics.jsonl") }
        #expect(files.count == 1 + 2 * 6)
        for file in files { #expect(try folder.data("out/\(file)") == folder.data("local/\(file)"), "\(file)") }
    }

    @Test(
        "a node that fails takes nothing with it: no training that others did is done twice, and the bits are those of a local run",
        .enabled(if: ProcessInfo.processInfo.environment["REGULUS_STRESS"] != nil, "Slurm takes minutes; set REGULUS_STRESS to run it"))
    func nodeFailure() async throws {
        let run = try start()
        run.wait { folder.resultFiles().count >= 3 && !cluster.workers(on: .node1).isEmpty && !cluster.workers(on: .node2).isEmpty }
        let before = folder.resultFiles()
        #expect((3..<12).contains(before.count))
        cluster.fail(.node1)
        // Each result keeps the file that it had when it was first seen.
        var (seen, rewritten) = (before, Set<String>())
        run.wait {
            let now = folder.resultFiles()
            rewritten.formUnion(now.filter { file in seen[file.key].map { $0 != file.value } ?? false }.keys)
            seen.merge(now) { first, _ in first }
            return false
        }
        let outcome = try run.outcome()
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(rewritten.isEmpty && seen.count == 12 && folder.resultFiles() == seen)
        // Workers say in the end how many results they found; all others they have trained. What is missing was done on the failed node.
        let trained = try folder.files(below: "out/slurm").filter { $0.hasSuffix(".log") }.map { name in
            let log = try folder.text("out/slurm/\(name)")
            guard let summary = log.firstMatch(of: /6 of 6 trials, 6 of 6 trainings for tuning(?:, (\d+) taken from the run folder)?/) else { return 0 }
            return 12 - (summary.1.flatMap { Int($0) } ?? 0)
        }
        #expect((12 - before.count...12).contains(trained.reduce(0, +)), "\(trained)")
        try await expectBytesOfLocalRun()
    }

    @Test("a worker that is killed is submitted again")
    func workerKilled() async throws {
        let run = try start()
        run.wait { folder.resultFiles().count >= 2 && !cluster.workers(on: .node2).isEmpty }
        let before = folder.resultFiles()
        kill(try #require(cluster.workers(on: .node2).first), SIGKILL)
        let outcome = try run.outcome()
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(outcome.messages.contains("submitting it again (1 of 3)"))
        #expect(before.allSatisfy { folder.resultFiles()[$0.key] == $0.value })
        try await expectBytesOfLocalRun()
    }

    @Test("a partition that there is not is refused with Slurm's words and the nearest one")
    func partition() async throws {
        let outcome = try await folder.regulus.run(
            ["run", "r.yaml", "--launcher", "slurm", "--partition", "shrt"], environment: cluster.environment)
        #expect(outcome.code == 2)
        #expect(outcome.messages.contains("invalid partition specified: shrt"))
        #expect(outcome.messages.contains("did you mean 'short'?"))
    }
}
