import Foundation
import Testing

@testable import PluginLibraries

@Suite(
    "A plug-in that misbehaves in training costs its own trials and nothing else", .serialized,
    .enabled(if: PluginFolder.canCompile, "the modules of the program, or the compiler that built it, are not here"))
struct ForeignCodeTests {
    private static let isThorough = ProcessInfo.processInfo.environment["REGULUS_STRESS"] != nil
    private static let isLong: Comment = "takes minutes; set REGULUS_STRESS to run it"

    @Test("and its user reads what the documentation says", arguments: ["abort", "exit", "hang"])
    func words(mood: String) async throws {
        let folder = try RecipeFolder()
        let rows = "rows=[Fusion, {name: foreign, regularizers: [moody]}]"
        let outcome = try await run(mood, folder: folder, "--set", "seeds=[1]", "--set", rows, "--trial-timeout", "5")
        #expect(outcome.code == 1, "\(outcome.messages)")
        #expect(WhatGoesWrong.lines(beginning: "'moody' ").count { outcome.messages.contains($0) } == 1, "\(outcome.messages)")
        let others = try states(folder).filter { $0.key != "foreign" }.flatMap(\.value)
        #expect(!others.isEmpty && others.allSatisfy { $0.contains("\"finished\"") })
    }

    /// A run of the baseline, the plug-in and MER, with a plug-in that behaves as `mood` says from its fifth step on.
    private func run(_ mood: String, folder: RecipeFolder, _ more: String...) async throws -> Regulus.Outcome {
        let plugin = try await PluginFolder.moody.value
        let rows = "  - name: foreign\n    regularizers: [moody]\n"
        try folder.write(RecipeFolder.recipe.replacing("  - name: Fusion\n", with: "  - name: Fusion\n" + rows), to: "foreign.yaml")
        return try await folder.regulus.run(
            ["run", "foreign.yaml", "--out", "out", "--plugin", plugin.library] + more, environment: ["TRAINING": mood])
    }

    /// How each trial ended, by row.
    private func states(_ folder: RecipeFolder) throws -> [String: [String]] {
        var states: [String: [String]] = [:]
        for file in folder.files(below: "out/trials") where file.hasSuffix("/result.json") {
            let text = String(decoding: try folder.data("out/trials/\(file)"), as: UTF8.self)
            states[String(file.prefix { $0 != "/" }), default: []].append(text)
        }
        return states
    }

    @Test(
        "by ending the process, crashing, or never returning", .enabled(if: isThorough, isLong),
        arguments: [
            ("exit", "ended the process with exit code 0"), ("quick-exit", "ended the process with exit code 0"),
            ("abort", "crashed (Aborted)"), ("trap", "a bad day"), ("overflow", "crashed (Segmentation fault)"),
        ])
    func moods(mood: String, message: String) async throws {
        let folder = try RecipeFolder()
        let outcome = try await run(mood, folder: folder)
        #expect(outcome.code == 1, "\(outcome.messages)")
        let states = try states(folder)
        #expect(states.mapValues(\.count).filter { $0.key != "foreign" }.allSatisfy { $0.value == states["foreign"]?.count })
        #expect(states.filter { $0.key != "foreign" }.flatMap(\.value).allSatisfy { $0.contains("\"finished\"") })
        for text in states["foreign"] ?? [] {
            #expect(text.contains("\"term\" : \"moody\"") && text.contains("\"step\" : 5"), "\(text)")
            #expect(text.contains("in penalty") && text.contains(message), "\(text)")
        }
        #expect(outcome.messages.contains("foreign") && outcome.messages.contains("'moody' "), "\(outcome.messages)")
        #expect(!outcome.messages.contains("Thread 0"))
        #expect(outcome.output.contains("foreign"))
    }

    @Test("by not returning and ignoring signals: the time limit ends it", .enabled(if: isThorough, isLong))
    func hang() async throws {
        let folder = try RecipeFolder()
        let outcome = try await run("hang", folder: folder, "--trial-timeout", "5")
        #expect(outcome.code == 1, "\(outcome.messages)")
        #expect(outcome.messages.contains("'moody' made no step for 5 s in penalty"), "\(outcome.messages)")
        #expect(try states(folder).filter { $0.key != "foreign" }.flatMap(\.value).allSatisfy { $0.contains("\"finished\"") })
    }

    @Test("what it prints is in no result", .enabled(if: isThorough, isLong))
    func prints() async throws {
        let folder = try RecipeFolder()
        let outcome = try await run("print", folder: folder, "--json")
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(outcome.lines.allSatisfy { $0.hasPrefix("{") })
        #expect(String(decoding: try folder.data("out/workers/1.log"), as: UTF8.self).contains("a remark"))
    }

    @Test("its trials have the bits that they have without isolation", .enabled(if: isThorough, isLong))
    func sameBits() async throws {
        let folder = try RecipeFolder()
        let outcome = try await run("well", folder: folder)
        #expect(outcome.code == 0, "\(outcome.messages)")
        let plain = try await folder.regulus.run(["run", "foreign.yaml", "--out", "plain", "--set", "rows=[Fusion]", "--set", "baseline=Fusion"])
        #expect(plain.code == 0, "\(plain.messages)")
        let files = folder.files(below: "plain/trials").filter { $0.hasSuffix("metrics.jsonl") || $0.hasSuffix(".safetensors") }
        #expect(!files.isEmpty)
        for file in files { #expect(try folder.data("plain/trials/\(file)") == folder.data("out/trials/\(file)"), "\(file)") }
    }

    /// The programs that a plug-in has started, by their numbers; none before the first.
    private func programs(_ folder: RecipeFolder) -> [pid_t] {
        ((try? folder.text("programs")) ?? "").split(separator: "\n").compactMap { pid_t($0) }
    }

    /// Those that go on. One that has ended and that nobody has asked for yet has no words any more.
    private func runningPrograms(_ folder: RecipeFolder) -> [pid_t] {
        programs(folder).filter { FileManager.default.contents(atPath: "/proc/\($0)/cmdline")?.isEmpty == false }
    }

    @Test("what it started ends with the run, however its processes end", arguments: [("well", 0), ("exit", 1)] as [(String, Int32)])
    func programsEnd(mood: String, code: Int32) async throws {
        let plugin = try await PluginFolder.moody.value
        let folder = try RecipeFolder(("mer: {weight", "moody: {weight"))
        let file = folder.url.appendingPathComponent("programs").path
        let outcome = try await folder.regulus.run(
            ["run", "r.yaml", "--out", "out", "--plugin", plugin.library, "--set", "seeds=[1]"], environment: ["TRAINING": mood, "LEAVES": file])
        #expect(outcome.code == code, "\(outcome.messages)")
        // Of the registration, which is tried in a process of its own first, of planning, and of training.
        #expect(programs(folder).count >= 3)
        #expect(runningPrograms(folder).isEmpty)
    }

    @Test(
        "what it started ends when the program that it was started for is killed or interrupted, while it is planned and later",
        arguments: [SIGKILL, SIGINT, SIGTERM], [2, 4])
    func programsEndAfterSignal(signal: Int32, count: Int) async throws {
        let plugin = try await PluginFolder.moody.value
        let folder = try RecipeFolder(("mer: {weight", "moody: {weight"))
        let file = folder.url.appendingPathComponent("programs").path
        let running = try RunningRegulus(
            ["run", "r.yaml", "--out", "out", "--plugin", plugin.library, "--set", "training.epochs=100000"], in: folder, environment: ["LEAVES": file])
        running.wait { programs(folder).count >= count }
        running.signal(signal)
        _ = try running.outcome()
        // Where nobody waits for them any more, its processes have yet to notice.
        for _ in 0..<1_000 where !runningPrograms(folder).isEmpty { usleep(20_000) }
        #expect(runningPrograms(folder).isEmpty)
    }

    @Test(
        "by ending the process that measures, or by never ending: the report says so in its place, other measurements are made, and it is tried again",
        arguments: [
            ("exit", "it ended the process with exit code 0"), ("abort", "it crashed (Aborted)"),
            ("hang", "it is over the time limit of 5 s (--measure-timeout)"),
        ])
    func measuring(mood: String, reason: String) async throws {
        let plugin = try await PluginFolder.moody.value
        let folder = try RecipeFolder()
        let words = [
            "run", "r.yaml", "--out", "out", "--plugin", plugin.library, "--set", "seeds=[1]", "--set", "measure=[moody-look, scores-by-class]",
            "--measure-timeout", "5",
        ]
        let outcome = try await folder.regulus.run(words, environment: ["MEASURING": mood])
        #expect(outcome.code == 1, "\(outcome.messages)")
        #expect(outcome.messages.contains("not measured: moody-look of ") && outcome.messages.contains(reason), "\(outcome.messages)")
        let table = try folder.text("out/measurements.csv")
        #expect(table.contains("moody-look") && table.contains(reason) && table.contains("scores-by-class"), "\(table)")
        #expect(!(try folder.text("out/report.md")).isEmpty)
        let again = try await folder.regulus.run(words, environment: ["MEASURING": "well"])
        #expect(again.code == 0, "\(again.messages)")
        #expect(!(try folder.text("out/measurements.csv")).contains(reason))
    }

    @Test("by ending the program while it is planned")
    func planning() async throws {
        let plugin = try await PluginFolder.moody.value
        let folder = try RecipeFolder(("mer: {weight", "moody: {weight"))
        let outcome = try await folder.regulus.run(["check", "r.yaml", "--plugin", plugin.library], environment: ["PLANNING": "exit"])
        #expect(outcome.code == 1 && outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("error: a plug-in ended the program with exit code 0"), "\(outcome.messages)")
    }
}
