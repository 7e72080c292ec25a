import Foundation
import Testing

@Suite("What a run folder keeps")
struct RunFolderTests {
    private static let result = "trials/Fusion/d1/1/result.json"

    @Test("a changed digit is never reported: the file is named, and the next run measures it again")
    func changedDigit() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out").code == 0)
        let table = try folder.data("out/report.csv")
        let text = try folder.text("out/\(Self.result)")
        let figure = try #require(text.firstMatch(of: /"targetScore" : 0\.(\d)/))
        let other = figure.1 == "9" ? "1" : "9"
        try folder.write(text.replacing("\"targetScore\" : 0.\(figure.1)", with: "\"targetScore\" : 0.\(other)"), to: "out/\(Self.result)")
        let report = try await folder.regulus("report", "out")
        #expect(report.code == 2 && report.output.isEmpty)
        #expect(report.messages.contains("\(Self.result) is damaged: its content is not what a run wrote"))
        let again = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(again.code == 0)
        #expect(again.messages.contains("note: ") && again.messages.contains("\(Self.result) is damaged"))
        #expect(again.messages.contains("12 of 12 trials, 11 taken from the run folder"))
        #expect(try folder.data("out/report.csv") == table)
        #expect(try await folder.regulus("report", "out").code == 0)
    }

    @Test("settings of which a digit has changed give no report")
    func changedSettings() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out").code == 0)
        try folder.write(folder.text("out/settings.json").replacing("\"Fusion\"", with: "\"Fusiom\""), to: "out/settings.json")
        let report = try await folder.regulus("report", "out")
        #expect(report.code == 2 && report.messages.contains("settings.json is damaged"))
    }

    @Test("no report counts results of the recipe before, also of rows that a changed recipe has not trained")
    func partOfChangedRecipe() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out").code == 0)
        let table = try folder.data("out/report.csv")
        let changed = try await folder.regulus("run", "r.yaml", "--out", "out", "--set", "training.epochs=3", "--rows", "Fusion")
        #expect(changed.code == 0 && changed.messages.contains("note: 12 trials of "), "\(changed.messages)")
        let report = try await folder.regulus("report", "out")
        #expect(report.code == 0 && report.output.contains("– (0 of 2)"), "\(report.output)")
        #expect(try await folder.regulus("status", "out").output.contains("6/12"))
        // Going back, everything is there.
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out").messages.contains("12 of 12 trials, 12 taken from the run folder"))
        #expect(try folder.data("out/report.csv") == table)
    }

    @Test("the report of a folder in which it cannot be written is shown, and the file named")
    func unwritable() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out").code == 0)
        try FileManager.default.removeItem(atPath: folder.url.appendingPathComponent("out/report.md").path)
        try FileManager.default.createDirectory(at: folder.url.appendingPathComponent("out/report.md"), withIntermediateDirectories: true)
        let report = try await folder.regulus("report", "out")
        #expect(report.code == 2 && report.output.contains("Difference to Fusion"), "\(report.output)")
        #expect(report.messages.contains("report.md") && !report.messages.contains("written to"), "\(report.messages)")
    }

    @Test("a changed recipe keeps the finished results of the folder beside, says so, and the old recipe finds them again")
    func changedRecipe() async throws {
        let folder = try RecipeFolder()
        let first = try await folder.regulus("run", "r.yaml", "--out", "out")
        let table = try folder.data("out/report.csv")
        #expect(first.code == 0 && !first.messages.contains("the old results are kept"))
        let changed = try await folder.regulus("run", "r.yaml", "--out", "out", "--set", "training.epochs=3")
        #expect(changed.code == 0)
        #expect(changed.messages.contains("12 trials of ") && changed.messages.contains("the old results are kept in other-plans/"))
        #expect(changed.messages.contains("12 of 12 trials\n") || !changed.messages.contains("taken from the run folder"))
        let list = try await folder.regulus("runs", "out")
        #expect(list.code == 0)
        for line in ["out: small", "  rows: Fusion, + MER", "  trials: 12 of 12 finished; 12 earlier results of changed recipes in other-plans/", "  plan: "] {
            #expect(list.output.contains(line))
        }
        let back = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(back.messages.contains("12 of 12 trials, 12 taken from the run folder"))
        #expect(try folder.data("out/report.csv") == table)
        let over = try await folder.regulus("run", "r.yaml", "--out", "out", "--set", "training.epochs=1", "--overwrite")
        #expect(over.code == 0 && over.messages.contains("the old results are replaced"))
    }

    @Test("a folder in the place of a file, or a file in that of a folder, ends a run before it begins, and stays as it is")
    func otherKinds() async throws {
        let folder = try RecipeFolder()
        for name in ["settings.json", "report.html", Self.result, "figures/curve.svg"] { try folder.makeFolder("out/\(name)/mine") }
        try folder.write("mine", to: "out/trials/+_MER")
        let outcome = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        for name in ["settings.json", "report.html", Self.result, "figures/curve.svg"] {
            #expect(outcome.messages.contains("out/\(name) is a folder, where a file belongs\n"), "\(outcome.messages)")
        }
        #expect(outcome.messages.contains("out/trials/+_MER is not the folder that belongs there\n"), "\(outcome.messages)")
        #expect(outcome.messages.hasSuffix("nothing was run.\n"))
        #expect(try folder.text("out/trials/+_MER") == "mine")
        let check = try await folder.regulus("check", "r.yaml", "--no-estimate", "--out", "out")
        #expect(check.code == 2 && check.messages == outcome.messages)
        #expect(
            try await folder.regulus("check", "r.yaml", "--no-estimate", "--out", "r.yaml").messages.contains("r.yaml is not the folder that belongs there"))
    }

    @Test("other commands refuse a folder in the place of the file that they write, as a wrong argument")
    func folderAsOutput() async throws {
        let folder = try RecipeFolder()
        try folder.makeFolder("taken/mine")
        let outcome = try await folder.regulus("data", "convert", "watch", "--output", "taken")
        #expect(outcome.code == 2)
        #expect(outcome.messages.contains("taken is a folder, where a file belongs: move it elsewhere first."), "\(outcome.messages)")
    }

    @Test("a path that begins with a tilde lies in the home folder of the variable HOME, whichever argument it is")
    func home() async throws {
        let folder = try RecipeFolder()
        let home = ["HOME": folder.url.path]
        let conversion = try await folder.regulus.run(["data", "convert", "watch", "--output=~/watch.safetensors"], environment: home)
        #expect(conversion.code == 0, "\(conversion.messages)")
        let copy = try await folder.regulus.run(["weights", "convert", "~/watch.safetensors", "~/copy.safetensors"], environment: home)
        #expect(copy.code == 0, "\(copy.messages)")
        #expect(try await folder.regulus.run(["weights", "inspect", "~/copy.safetensors"], environment: home).code == 0)
        let check = try await folder.regulus.run(
            ["data", "check", "arrays", "path=~/copy.safetensors", "modalities=acceleration,gyroscope"], environment: home)
        #expect(!check.messages.contains("No such file"), "\(check.messages)")
        #expect(try await folder.regulus.run(["evaluate", "~/copy.safetensors"], environment: home).messages.contains("does not describe a model"))
    }

    @Test("listing runs finds the folders in a folder, and refuses one without any")
    func runs() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--set", "training.epochs=1").code == 0)
        let list = try await folder.regulus("runs")
        #expect(list.code == 0 && list.lines.first == "runs/small: small")
        // The recipe is written again by every run, and says nothing about when the first one began.
        let recipe = folder.url.appendingPathComponent("runs/small/recipe.resolved.yaml").path
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 4_000_000_000)], ofItemAtPath: recipe)
        let dates = try #require(
            try await folder.regulus("runs").output.firstMatch(of: /dates: begun (\S+), last run 2096-10-02T07:06:40Z, last result (\S+)/))
        #expect(dates.1 <= dates.2)
        let trial = try #require(folder.files(below: "runs/small/trials").first { $0.hasSuffix("/result.json") }).replacing("/result.json", with: "")
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("runs/small/trials/\(trial)/result.json"))
        try folder.makeFolder("runs/small/trials/\(trial)/resume")
        try folder.write(folder.text("runs/small/recipe.resolved.yaml") + "# changed\n", to: "runs/small/recipe.resolved.yaml")
        let changed = try await folder.regulus("runs").output
        #expect(changed.contains("  trials: 11 of 12 finished, 1 begun and to be continued\n"), "\(changed)")
        #expect(changed.contains("recipe.resolved.yaml is damaged: it is not the recipe of these trials"), "\(changed)")
        try folder.makeFolder("empty")
        let none = try await folder.regulus("runs", "empty")
        #expect(none.code == 2 && none.messages == "error: no run folder in empty: none holds a settings.json\n")
        #expect(try await folder.regulus("runs", "absent").messages == "error: there is no folder absent\n")
    }

    @Test("a command does not replace the file that it reads, under whatever name, and says so")
    func sameFile() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out", "--rows", "Fusion", "--targets", "d1", "--set", "seeds=[1]").code == 0)
        let name = try #require(folder.files(below: "out").first { $0.hasSuffix("checkpoint.safetensors") })
        let (path, bytes) = ("out/\(name)", try folder.data("out/\(name)"))
        #expect(symlink(path, folder.url.appendingPathComponent("link.safetensors").path) == 0)
        let commands = [
            ["weights", "convert", path, path], ["weights", "convert", path, "link.safetensors"], ["embed", path, "--out", path],
            ["predict", path, "--out", path], ["data", "convert", "arrays", "path=\(path)", "--output", path],
            ["weights", "apply", "vector-mlp", "--inputs", path, "--outputs", path],
        ]
        for words in commands {
            let outcome = try await folder.regulus.run(words)
            #expect(outcome.code == 2 && outcome.messages.contains(" is the file that is read"), "\(words): \(outcome.messages)")
            #expect(try folder.data(path) == bytes)
        }
    }

    @Test("what cannot be read in a run folder ends every command that would count or replace it, and stays")
    func unreadable() async throws {
        let folder = try RecipeFolder()
        #expect(try await folder.regulus("run", "r.yaml", "--out", "out").code == 0)
        let name = try #require(folder.files(below: "out/trials").first { $0.hasSuffix("/result.json") })
        let path = folder.url.appendingPathComponent("out/trials/\(name)").path
        #expect(unlink(path) == 0 && symlink("result.json", path) == 0)
        for words in [["run", "r.yaml", "--out", "out"], ["report", "out"], ["choice", "out"]] {
            let outcome = try await folder.regulus.run(words)
            #expect(outcome.code == 1)
            #expect(outcome.messages.hasPrefix("error: cannot read ") && outcome.messages.contains("\(name): "), "\(outcome.messages)")
            #expect(!outcome.messages.contains("writes it again"))
        }
        let status = try await folder.regulus("status", "out")
        #expect(status.output.contains("11/12") && status.output.contains("cannot read "), "\(status.output)")
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == "result.json")
    }

    @Test("a named pipe in the place of a recipe is refused at once")
    func pipe() async throws {
        let folder = try RecipeFolder()
        #expect(mkfifo(folder.url.appendingPathComponent("pipe.yaml").path, 0o600) == 0)
        let outcome = try await folder.regulus("check", "pipe.yaml")
        #expect(outcome.code == 2)
        #expect(outcome.messages == "error: cannot read pipe.yaml: it is a named pipe, not a file\n")
    }

    @Test(
        "no command waits for ever or ends without a word where the address space is limited, whatever it computes",
        arguments: [
            ["check", "r.yaml", "--threads", "1"], ["bench", "mer", "--features", "64", "--repeats", "1", "--warmup", "0", "--threads", "1"],
            ["data", "check", "co-occurrence"], ["describe", "mer", "--cost"], ["data", "convert", "watch", "--output", "w.safetensors"],
        ])
    func smallAddressSpace(words: [String]) throws {
        let folder = try RecipeFolder()
        var codes: Set<Int32> = []
        for mebibytes in [160, 240, 320, 400, 480, 640] {
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/bash")
            // The library that has no room asks for it for ever: only the clock would end that.
            shell.arguments =
                ["-c", "ulimit -v \(mebibytes * 1024); exec timeout -s KILL 60 \"$0\" \"$@\" >output 2>messages", Regulus.executable.path] + words
            shell.currentDirectoryURL = folder.url
            try shell.run()
            shell.waitUntilExit()
            codes.insert(shell.terminationStatus)
            if shell.terminationStatus == 2 {
                let messages = try folder.text("messages")
                #expect(messages.hasPrefix("error: ") && messages.contains("address space") && messages.contains("ulimit -v"), "\(mebibytes): \(messages)")
            }
        }
        // 127: the system's loader found no room for the program itself.
        #expect(codes.isSubset(of: [0, 2, 127]), "\(codes)")
    }

    @Test("a limit on the address space that leaves too little is said, where libraries would end the process without a word")
    func addressSpace() throws {
        let folder = try RecipeFolder()
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", "ulimit -v 600000; exec \"$0\" run r.yaml --threads 2 2> messages", Regulus.executable.path]
        shell.currentDirectoryURL = folder.url
        shell.standardOutput = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 2)
        #expect(try folder.text("messages").hasPrefix("error: the address space of this process is limited to 585 MiB, of which "))
    }
}
