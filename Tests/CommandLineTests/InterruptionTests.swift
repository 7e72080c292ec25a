import Foundation
import Testing

@Suite("A run that is interrupted")
struct InterruptionTests {
    /// Trials of 60 epochs, a tuned row, regularizers that draw random numbers and own parameters.
    private static func folder() throws -> RecipeFolder {
        try RecipeFolder(
            ("epochs: 2", "epochs: 60"), ("seeds: [1, 2]", "seeds: [1]"),
            (
                "      - mer: {weight: 0.3}",
                "      - mer: {weight: 0.3, at: projection, projection: {hidden: [8], width: 4}}\n      - dropout\n      - noise\n    tune: {mer.weight: [0.1, 0.3]}"
            ))
    }

    private static func arguments(_ out: String, saveEvery: Double = 0.05) -> [String] {
        ["run", "r.yaml", "--out", out, "--threads", "2", "--save-every", "\(saveEvery)"]
    }

    /// What has to be equal between a disturbed run and another: the names of all files, and the bytes of those without times; event files with their times
    /// left out.
    private static func content(_ folder: RecipeFolder, _ out: String) throws -> [String: Data] {
        Dictionary(
            uniqueKeysWithValues: try folder.files(below: out).map { name in
                let isTimeless = name == "report.csv" || name.hasSuffix(".safetensors") || name.hasSuffix("metrics.jsonl")
                if name.contains("tfevents") { return (name, withoutTimes(try folder.data("\(out)/\(name)"))) }
                return (name, isTimeless ? try folder.data("\(out)/\(name)") : Data())
            })
    }

    /// The events of an event file without what depends on the clock: a record is its length (8 bytes), a checksum (4), the event and a checksum (4), and an
    /// event begins with a tag (1) and its time (8).
    private static func withoutTimes(_ file: Data) -> Data {
        var (rest, events) = (file, Data())
        while rest.count >= 25 {
            let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length >= 9, rest.count >= length + 16 else { break }
            events += rest.dropFirst(12 + 9).prefix(length - 9)
            rest = rest.dropFirst(length + 16)
        }
        return events + rest
    }

    /// Kills runs, each after a random time, until `kills` have been killed; counts the studies that this took, and compares each.
    private static func killStudies(kills: Int) async throws -> Int {
        let folder = try folder()
        #expect(try await folder.regulus.run(arguments("whole")).code == 0)
        let whole = try content(folder, "whole")
        var (killed, studies) = (0, 0)
        while killed < kills {
            studies += 1
            while killed < kills {
                let run = try RunningRegulus(arguments("out"), in: folder)
                // Short ones kill many beginnings and trials, long ones reach the report, on a busy machine too.
                let end = Date() + Double.random(in: 0...(Bool.random() ? 0.25 : 1.5))
                run.wait { Date() >= end }
                guard run.isRunning else { break }
                run.signal(SIGKILL)
                _ = try run.outcome()
                killed += 1
            }
            let last = try await folder.regulus.run(arguments("out"))
            #expect(last.code == 0, "\(last.messages)")
            let rest = try content(folder, "out")
            let differing = Set(rest.keys).union(whole.keys).filter { rest[$0] != whole[$0] }.sorted()
            #expect(differing.isEmpty, "study \(studies), after \(killed) kills")
            try FileManager.default.removeItem(at: folder.url.appendingPathComponent("out"))
        }
        return studies
    }

    @Test("killed at random moments, it ends with the files and the bytes of an undisturbed one")
    func killed() async throws { _ = try await Self.killStudies(kills: 6) }

    @Test(
        "the same after 200 kills",
        .enabled(if: ProcessInfo.processInfo.environment["REGULUS_STRESS"] != nil, "takes minutes; set REGULUS_STRESS to run it"))
    func killedOften() async throws {
        let studies = try await Self.killStudies(kills: 200)
        print("200 kills over \(studies) studies")
    }

    @Test("a signal saves what is running and ends with code 75; the same command goes on", arguments: [SIGTERM, SIGINT, SIGHUP, SIGXCPU, SIGUSR1])
    func stopped(_ signal: Int32) async throws {
        let folder = try Self.folder()
        let length = ["--set", "training.epochs=200"]
        let run = try RunningRegulus(Self.arguments("out", saveEvery: 3600) + length, in: folder)
        run.wait { folder.files(below: "out/tuning").contains { $0.contains(".claim.") } }
        run.signal(signal)
        let outcome = try run.outcome()
        #expect(outcome.code == 75)
        #expect(outcome.output.isEmpty)
        #expect(outcome.messages.contains("The same command continues from there."))
        let files = folder.files(below: "out")
        #expect(files.contains { $0.contains("resume/") })
        #expect(!files.contains { $0.contains("claim.") || $0.hasSuffix(".tmp") })
        #expect(try await folder.regulus.run(Self.arguments("out") + length).code == 0)
        #expect(try await folder.regulus.run(Self.arguments("whole") + length).code == 0)
        #expect(try Self.content(folder, "out") == Self.content(folder, "whole"))
    }

    /// A shell that runs `script` with the program and its arguments as `"$0" "$@"`.
    private static func shell(_ script: String, _ arguments: [String], in folder: RecipeFolder) throws -> Process {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", script, Regulus.executable.path] + arguments
        shell.currentDirectoryURL = folder.url
        shell.standardInput = FileHandle.nullDevice
        shell.standardOutput = FileHandle.nullDevice
        return shell
    }

    @Test("signals that its parent has set to be ignored stay ignored")
    func ignoredSignals() throws {
        let folder = try Self.folder()
        let shell = try Self.shell("trap '' HUP INT; exec \"$0\" \"$@\" 2> messages", Self.arguments("out"), in: folder)
        try shell.run()
        while shell.isRunning, !folder.files(below: "out/tuning").contains(where: { $0.contains(".claim.") }) { usleep(2_000) }
        kill(shell.processIdentifier, SIGHUP)
        kill(shell.processIdentifier, SIGINT)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        #expect(folder.files(below: "out").contains("report.csv"))
    }

    @Test("a reader of --json that goes away ends the run as a signal does, and the same command goes on")
    func closedPipe() async throws {
        let folder = try Self.folder()
        let script = "set -o pipefail; \"$0\" \"$@\" --json 2> messages | head -n 1 > first"
        let shell = try Self.shell(script, Self.arguments("out"), in: folder)
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 75)
        #expect(try folder.text("first").contains("\"event\":\"started\""))
        #expect(try folder.text("messages").contains("The same command continues from there."))
        #expect(try await folder.regulus.run(Self.arguments("out")).code == 0)
    }

    @Test("two runs share a folder: none does a trial that the other does, and both report all of them")
    func shared() async throws {
        let folder = try Self.folder()
        let arguments = Self.arguments("out") + ["--set", "seeds=[1, 2]", "--threads", "1"]
        let runs = [try RunningRegulus(arguments, in: folder), try RunningRegulus(arguments, in: folder)]
        let outcomes = try runs.map { try $0.outcome() }
        #expect(outcomes.map(\.code) == [0, 0])
        // Six rehearsals and twelve trials, each taken from the folder by the one that has not done it.
        let restored = try outcomes.map { outcome in
            let summary = try #require(outcome.messages.firstMatch(of: /12 of 12 trials, 6 of 6 trainings for tuning, (\d+) taken from the run folder/))
            return try #require(Int(summary.1))
        }
        #expect(restored.reduce(0, +) == 18)
        #expect(restored.allSatisfy { (1...17).contains($0) })
        #expect(!folder.files(below: "out").contains { $0.contains("claim") || $0.contains("resume/") })
    }

    @Test("a worker that is killed leaves its trial to the other, which ends as an undisturbed run")
    func oneOfTwoKilled() async throws {
        let folder = try Self.folder()
        let victim = try RunningRegulus(Self.arguments("out") + ["--worker"], in: folder)
        let other = try RunningRegulus(Self.arguments("out"), in: folder)
        victim.wait { folder.files(below: "out").contains { $0.contains("resume/") } }
        victim.signal(SIGKILL)
        _ = try victim.outcome()
        #expect(try other.outcome().code == 0)
        #expect(try await folder.regulus.run(Self.arguments("whole")).code == 0)
        #expect(try Self.content(folder, "out") == Self.content(folder, "whole"))
    }

    @Test("a disk without room ends it cleanly, and the same command goes on")
    func noRoom() async throws {
        let folder = try Self.folder()
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        // No file may grow beyond some kilobytes, and the signal about it is ignored: writing fails as on a full disk.
        let command = "trap '' XFSZ; ulimit -f 24; exec \"$0\" \"$@\" 2> messages"
        shell.arguments = ["-c", command, Regulus.executable.path] + Self.arguments("out")
        shell.currentDirectoryURL = folder.url
        shell.standardOutput = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 1)
        #expect(try folder.text("messages").contains("cannot write "))
        #expect(try folder.text("messages").contains("File too large"))
        #expect(!folder.files(below: "out").contains { $0.hasSuffix(".tmp") })
        #expect(try await folder.regulus.run(Self.arguments("out")).code == 0)
        #expect(try await folder.regulus.run(Self.arguments("whole")).code == 0)
        #expect(try Self.content(folder, "out") == Self.content(folder, "whole"))
    }
}
