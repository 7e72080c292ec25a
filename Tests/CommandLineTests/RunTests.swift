import Foundation
import Testing

@Suite("run")
struct RunTests {
    private let trials = 12

    @Test("writes recipe, settings, trials and report, and prints the table")
    func files() async throws {
        let folder = try RecipeFolder()
        let outcome = try await folder.regulus("run", "r.yaml", "--out", "out folder")
        #expect(outcome.code == 0)
        let files = folder.files(below: "out folder")
        for name in [
            "recipe.resolved.yaml", "settings.json", "report.md", "report.csv", "report.html", "report.tex", "costs.csv", "looks.jsonl", "looks.jsonl.seal",
        ] {
            #expect(files.contains(name))
        }
        for name in ["metrics.jsonl", "checkpoint.safetensors", "result.json", "events.out.tfevents.0000000000.regulus"] {
            #expect(files.count { $0.hasPrefix("trials/") && $0.hasSuffix("/\(name)") } == trials)
        }
        #expect(files.count { !$0.hasPrefix("figures/") } == 9 + 4 * trials)
        #expect(outcome.lines.contains { $0.hasPrefix("Row") && $0.contains("d1") && $0.contains("Average") })
        #expect(outcome.lines.contains { $0.hasPrefix("+ MER") })
        #expect(outcome.output.contains("Difference to Fusion"))
        #expect(outcome.output.contains("selection"))
        // Progress goes elsewhere, a line a trial where there is no terminal.
        #expect(outcome.messages.split(separator: "\n").count { $0.contains(" of \(trials)  ") } == trials)
    }

    @Test("the resolved recipe is a recipe, and gives the same report")
    func resolved() async throws {
        let folder = try RecipeFolder()
        let set = ["--set", "seeds=[3]", "--set", "rows.1.regularizers.mer.weight=1"]
        #expect(try await folder.regulus.run(["run", "r.yaml", "--out", "one"] + set).code == 0)
        #expect(try await folder.regulus("run", "one/recipe.resolved.yaml", "--out", "two").code == 0)
        #expect(try folder.data("one/report.csv") == folder.data("two/report.csv"))
    }

    @Test("without --out the run folder is runs/NAME")
    func defaultFolder() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--set", "training.epochs=1").code == 0)
        #expect(folder.files.contains("runs/small/report.md"))
    }

    @Test("--json prints one JSON object a line: the start, every trial, the report")
    func json() async throws {
        let outcome = try await RecipeFolder().regulus("run", "r.yaml", "--out", "out", "--json")
        #expect(outcome.code == 0 && outcome.messages.isEmpty)
        let events = try outcome.lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])["event"] as? String
        }
        #expect(events == ["started"] + Array(repeating: "trial", count: trials) + ["report"])
    }

    @Test("the same recipe run twice gives the same bytes of report and checkpoints, on any number of workers")
    func twice() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "one", "--threads", "1").code == 0)
        #expect(try await folder.regulus("run", "r.yaml", "--out", "two", "--threads", "3").code == 0)
        let same = folder.files(below: "one").filter { $0 == "report.csv" || $0.hasSuffix(".safetensors") || $0.hasSuffix("metrics.jsonl") }
        #expect(same.count == 1 + 2 * trials)
        for file in same { #expect(try folder.data("one/\(file)") == folder.data("two/\(file)"), "\(file)") }
    }

    @Test("a run that was killed goes on where it stood, and ends with the report of an undisturbed one")
    func killed() async throws {
        let folder = try RecipeFolder(("- mer: {weight: 0.3}", "- mer\n    tune: {mer.weight: [0.1, 1]}"))
        let arguments = ["run", "r.yaml", "--out", "killed", "--threads", "1", "--set", "training.epochs=30"]
        try await folder.regulus.runAndKill(after: 2, arguments)
        let before = folder.files(below: "killed")
        let finished = before.count { $0.hasPrefix("trials/") && $0.hasSuffix("result.json") }
        #expect((2..<trials).contains(finished))
        #expect(!before.contains("report.csv"))
        let again = try await folder.regulus.run(arguments)
        #expect(again.code == 0)
        #expect(try await folder.regulus("run", "r.yaml", "--out", "whole", "--set", "training.epochs=30").code == 0)
        #expect(try folder.data("killed/report.csv") == folder.data("whole/report.csv"))
        #expect(folder.files(below: "killed") == folder.files(below: "whole"))
    }

    @Test("a second run of a finished recipe trains nothing")
    func again() async throws {
        let folder = try RecipeFolder()
        _ = try await folder.regulus("run", "r.yaml", "--out", "out")
        let table = try folder.data("out/report.csv")
        let outcome = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(outcome.code == 0)
        #expect(outcome.messages.contains("\(trials) of \(trials) trials, \(trials) taken from the run folder"))
        #expect(try folder.data("out/report.csv") == table)
    }

    @Test("a trial that fails is named with its term and step; the others go on, and the exit code is 1")
    func failure() async throws {
        let folder = try RecipeFolder(
            ("      - mer: {weight: 0.3}", "      - mer: {weight: 0.3}\n    training: {optimizer: {use: sgd, learning-rate: 1e30}}"))
        let outcome = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(outcome.code == 1)
        #expect(outcome.messages.contains("failed in task at step 1: the loss became "))
        #expect(outcome.lines.contains { $0.hasPrefix("Fusion") })
        #expect(folder.files(below: "out").contains("report.csv"))
    }

    @Test("a place that cannot be written to is wrong input")
    func unwritable() async throws {
        let folder = try RecipeFolder()
        let outcome = try await folder.regulus("run", "r.yaml", "--out", "r.yaml")
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(
            outcome.messages == """
                error: \(folder.url.path)/r.yaml is not the folder that belongs there
                Move it elsewhere, or choose another folder with --out; nothing was run.

                """)
        #expect(folder.files == ["r.yaml"])
    }

    @Test("results that cannot be printed are a failure, not a crash")
    func fullOutput() async throws {
        let folder = try RecipeFolder()
        #expect(try await code(of: "\"$0\" list > /dev/full 2> messages", in: folder) == 1)
        #expect(try folder.text("messages").hasPrefix("error: cannot write to standard output: "))
    }

    @Test("a limit on the size of files ends a run with the reason, as a full disk does")
    func limitedFiles() async throws {
        let folder = try RecipeFolder()
        #expect(try await code(of: "ulimit -f 1; \"$0\" run r.yaml --out out 2> messages", in: folder) == 1)
        #expect(try folder.text("messages").contains(": File too large\n"))
    }

    @Test("a working folder that is gone is named, as is a name of one character in it")
    func noFolder() async throws {
        let folder = try RecipeFolder()
        let command = "mkdir gone && cd gone && rmdir ../gone && \"$0\" run '\(folder.url.path)/r.yaml' --out x 2> '\(folder.url.path)/messages'"
        #expect(try await code(of: command, in: folder) == 2)
        #expect(try folder.text("messages").hasPrefix("error: cannot create folder "))
    }

    /// What a shell's command ends with, in which `$0` is the program.
    private func code(of command: String, in folder: RecipeFolder) async throws -> Int32 {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", command, Regulus.executable.path]
        shell.currentDirectoryURL = folder.url
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            shell.terminationHandler = { _ in done.resume() }
            do { try shell.run() } catch { done.resume(throwing: error) }
        }
        return shell.terminationStatus
    }
}
