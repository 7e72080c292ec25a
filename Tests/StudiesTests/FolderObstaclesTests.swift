import Foundation
import Persistence
import Results
import TestSupport
import Testing

@testable import Studies

@Suite("What lies in the way of a run")
struct FolderObstaclesTests {
    private let key = TrialKey(row: "+ MER", target: "D1", seed: 1)

    /// Names of what is in the way after a folder, or with `isFile` a file, has been put into the place of each name.
    private func obstacles(_ names: [String], isFile: Bool = false) throws -> [String] {
        let folder = try TemporaryFolder()
        for name in names {
            if isFile {
                try Folder.create((folder("run/\(name)") as NSString).deletingLastPathComponent)
                try AtomicFile.write("mine", to: folder("run/\(name)"))
            } else {
                try Folder.create(folder("run/\(name)"))
            }
        }
        let run = RunFolder(URL(fileURLWithPath: folder("run")))
        return run.obstacles(to: [key]).map { String($0.path.dropFirst(folder("run/").count)) }
    }

    @Test("nothing, where there is no folder yet, and where everything is of its kind")
    func none() throws {
        #expect(try obstacles([]).isEmpty)
        #expect(try obstacles(["trials/+_MER/D1/1/measurements", "trials/+_MER/D1/1/resume", "figures", "tuning", "stems", "slurm", "other"]).isEmpty)
        #expect(try obstacles(["settings.json", "trials/+_MER/D1/1/result.json", "figures/a.svg", "report.md"], isFile: true).isEmpty)
    }

    @Test("a folder in the place of each file that a run reads or writes")
    func folders() throws {
        let trial = "trials/+_MER/D1/1/"
        let names = [
            "recipe.resolved.yaml", "settings.json", "registration.json", "looks.jsonl", "looks.jsonl.seal", "report.md", "report.csv", "costs.csv",
            "measurements.csv",
            "report.html", "report.tex", "verdict.html", "verdict.csv", "verdict.json", "figures/a.svg", "tuning/a.json", "choice/a.json",
            trial + "checkpoint.safetensors", trial + "claim.1", trial + "events.out.tfevents.0000000000.regulus",
            trial + "measurements/calibration.0.json", trial + "metrics.jsonl", trial + "progress.jsonl", trial + "result.json",
            trial + "resume/3.safetensors",
        ]
        #expect(try obstacles(names) == names)
    }

    @Test("a file in the place of each folder, once, however many trials are to lie in it")
    func files() throws {
        let names = ["figures", "tuning", "choice", "stems", "slurm"]
        #expect(try Set(obstacles(names, isFile: true)) == Set(names))
        for name in ["trials", "trials/+_MER", "trials/+_MER/D1", "trials/+_MER/D1/1", "trials/+_MER/D1/1/measurements", "trials/+_MER/D1/1/resume"] {
            #expect(try obstacles([name], isFile: true) == [name])
        }
    }

    @Test("no link: one to a folder is a folder, and one in the place of a file is replaced")
    func links() throws {
        let folder = try TemporaryFolder()
        try Folder.create(folder("elsewhere"))
        try Folder.create(folder("run"))
        #expect(symlink(folder("elsewhere"), folder("run/figures")) == 0)
        #expect(symlink(folder("elsewhere"), folder("run/report.md")) == 0)
        #expect(mkfifo(folder("run/report.csv"), 0o600) == 0)
        let run = RunFolder(URL(fileURLWithPath: folder("run")))
        #expect(run.obstacles(to: [key]).isEmpty)
        #expect(symlink(folder("nowhere"), folder("run/tuning")) == 0)
        #expect(run.obstacles(to: [key]).map(\.path) == [folder("run/tuning")])
    }
}
