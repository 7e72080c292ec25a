import Foundation
import TestSupport
import Testing

@testable import Launching

@Suite("The script of a worker")
struct WorkerScriptTests {
    private func script(_ arguments: [String] = [], options: [BatchOption] = [], program: String = "/opt/regulus") -> WorkerScript {
        WorkerScript(
            folder: "/", program: program, arguments: arguments, options: options, cores: 3,
            place: LaunchFolder(URL(fileURLWithPath: "/runs/50% better/slurm")))
    }

    @Test("it asks for cores, a minute to save, a requeue and one log for each worker")
    func lines() {
        let lines = script(options: [BatchOption("partition", "short"), BatchOption("exclusive")]).text.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "#!/bin/sh", "#SBATCH --output=\"/runs/50%% better/slurm/%A_%a.log\"", "#SBATCH --open-mode=\"append\"",
                "#SBATCH --cpus-per-task=\"3\"", "#SBATCH --signal=\"B:TERM@60\"", "#SBATCH --requeue", "#SBATCH --partition=\"short\"",
                "#SBATCH --exclusive",
                "cd '/' || { echo 'this node does not see the folder: a shared file system is needed' >&2; exit 2; }",
                "exec '/opt/regulus' run --worker --threads \"${SLURM_CPUS_PER_TASK:-3}\" "
                    + "--progress-file '/runs/50% better/slurm'/\"$SLURM_ARRAY_TASK_ID\".json",
            ])
    }

    @Test("an option of the user's takes the place of one that is set by itself")
    func override() {
        let options = script(options: [BatchOption("signal", "B:TERM@300")]).allOptions
        #expect(options.filter { $0.name == "signal" } == [BatchOption("signal", "B:TERM@300")])
    }

    @Test("whatever the user wrote reaches the program as it was written, and nothing of it is run")
    func quoting() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("script '$(touch x)' \(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let echo = folder.appendingPathComponent("echo it")
        try ExecutableFile.write("#!/bin/sh\nfor word do printf '%s\\0' \"$word\"; done\n", to: echo)
        let words = [
            "--set", "rows[+ MER].x='a'", "$(touch y)", "`touch y`; touch y", "two\nlines", "", "\\", "\"", "$HOME * ~ #", "'\u{301}; touch y; '\u{301}",
        ]
        var script = script(words, program: echo.path)
        script.folder = folder.path
        let file = folder.appendingPathComponent("worker.sh")
        try Data(script.text.utf8).write(to: file)

        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = [file.path]
        shell.environment = ["SLURM_CPUS_PER_TASK": "7", "SLURM_ARRAY_TASK_ID": "2"]
        let pipe = Pipe()
        shell.standardOutput = pipe
        try shell.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        shell.waitUntilExit()
        let heard = output.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(String.init)
        #expect(heard == ["run", "--worker", "--threads", "7", "--progress-file", "/runs/50% better/slurm/2.json"] + words)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["echo it", "worker.sh"])
    }

    @Test(
        "options that are given twice, or exclude each other, are refused before anything is submitted",
        arguments: [
            ([BatchOption("mem", "4G"), BatchOption("mem", "8G")], "--mem=4G and --mem=8G are given; an option of sbatch is given once"),
            ([BatchOption("mem", "4G"), BatchOption("qos", "x"), BatchOption("mem-per-cpu", "1G")], "--mem=4G and --mem-per-cpu=1G exclude each other"),
            ([BatchOption("exclusive"), BatchOption("oversubscribe")], "--exclusive and --oversubscribe exclude each other"),
        ])
    func excluding(options: [BatchOption], message: String) {
        #expect(throws: LaunchFault.refused(message)) { try BatchOption.check(options) }
    }

    @Test("no option that users set by variables of their environment reaches Slurm's commands, and where the cluster is does")
    func variables() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sbatch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let command = folder.appendingPathComponent("sbatch")
        try ExecutableFile.write("#!/bin/sh\nenv > '\(folder.path)/seen'\necho 7\n", to: command)
        let given = ["SBATCH_WAIT", "SBATCH_ERROR", "SLURM_NTASKS", "SLURM_JOB_ID", "SCANCEL_STATE", "SACCT_FORMAT", "SLURM_CONF"]
        for name in given { setenv(name, "1", 0) }
        defer { for name in given { unsetenv(name) } }
        #expect(try SlurmCommands(path: folder.path).submit("/s.sh", name: "n", workers: [1], options: []) == 7)
        let seen = try String(contentsOf: folder.appendingPathComponent("seen"), encoding: .utf8)
        let names = seen.split(separator: "\n").compactMap { $0.split(separator: "=").first.map(String.init) }
        #expect(names.filter(given.contains) == ["SLURM_CONF"])
    }

    @Test("an option of sbatch is a name, or a name and a value, with or without hyphens", arguments: ["qos=high", "--qos=high"])
    func option(_ text: String) throws {
        #expect(try BatchOption(parsing: text) == BatchOption("qos", "high"))
        #expect(try BatchOption(parsing: "exclusive") == BatchOption("exclusive"))
        #expect(try BatchOption(parsing: "comment=a=b c").argument == "--comment=a=b c")
    }

    @Test(
        "what is no option, has no form in a script, or would hide workers from the run, is refused",
        arguments: ["", "=x", "two words=x", "-p", "qos=", "comment=a\n#SBATCH --uid=root", "comment=\"", "array=1-9", "--wrap=ls", "output=x"])
    func badOption(_ text: String) {
        #expect(throws: LaunchFault.self) { try BatchOption(parsing: text) }
    }

    @Test("numbers of workers are written as ranges")
    func ranges() {
        #expect(SlurmCommands.ranges([1, 2, 3, 5, 8, 7]) == "1-3,5,7-8")
        #expect(SlurmCommands.ranges([4]) == "4")
    }
}
