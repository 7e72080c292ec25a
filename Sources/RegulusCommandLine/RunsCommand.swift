import ArgumentParser
import Foundation
import Persistence
import Recipes
import Results
import Studies

/// `regulus runs [DIR…]`: what run folders hold.
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Lists what run folders hold: recipe, rows, trials, plan, dates.",
        discussion: """
            The plan is the beginning of the resolved recipe's digest: equal for equal recipes. A trial that was run again with a changed \
            recipe has its earlier results in other-plans/ of its folder; the same recipe as then takes them up again.
            """)

    @Argument(help: "Run folders, or folders of run folders; runs by default.", completion: .directory, transform: { UserPath.expanded($0) })
    var folders: [String] = ["runs"]

    func validate() throws {
        if folders.contains("") { throw ValidationError("a folder needs a path") }
    }

    func run() throws {
        var paths: [String] = []
        for folder in folders {
            guard Folder.exists(folder) else { throw CommandFault.input("error: there is no folder \(folder)") }
            paths += try Self.runFolders(in: folder)
        }
        guard !paths.isEmpty else {
            throw CommandFault.input("error: no run folder in \(folders.joined(separator: ", ")): none holds a settings.json")
        }
        try StandardOutput.print(paths.map { Self.description(ofRunIn: $0) }.joined(separator: "\n\n"))
    }

    /// The folder itself, or those in it that hold a run.
    private static func runFolders(in path: String) throws -> [String] {
        func holdsRun(_ path: String) -> Bool { FileContents.size(RunFolder(URL(fileURLWithPath: path)).settings.path) != nil }
        if holdsRun(path) { return [path] }
        do throws(FileFault) {
            return try Folder.names(in: path).map { "\(path)/\($0)" }.filter(holdsRun)
        } catch {
            throw CommandFault.input("error: \(error)")
        }
    }

    private static func description(ofRunIn path: String) -> String {
        let folder = RunFolder(URL(fileURLWithPath: path))
        let store = RunStore(folder)
        let settings: RunSettings
        do throws(DamagedFile) {
            guard let found = try store.settings() else { return "\(path): no run" }
            settings = found
        } catch {
            return "\(path): \(error)"
        }
        var (finished, failed, others) = (0, 0, 0)
        var damages: [DamagedFile] = []
        var last: Date?
        for key in settings.keys {
            do throws(DamagedFile) {
                if let result = try store.outline(at: folder.result(key)) {
                    if result.isFinished { finished += 1 } else { failed += 1 }
                }
            } catch {
                damages.append(error)
            }
            last = [last, FileContents.date(folder.result(key).path)].compactMap(\.self).max()
            others += (try? Folder.names(in: folder.trial(key).appendingPathComponent("other-plans").path))?.count ?? 0
        }
        let plan = (try? FileContents.copied(folder.resolvedRecipe.path)).map { String(SHA256Digest(of: $0).hex.prefix(12)) }
        var lines = [
            "\(path): \(settings.recipe)", "  rows: \(settings.rows.joined(separator: ", "))",
            "  trials: \(finished) of \(settings.keys.count) finished" + (failed > 0 ? ", \(failed) failed" : "")
                + (others > 0 ? "; \(others) earlier results of changed recipes in other-plans/" : ""),
            "  plan: \(plan ?? "unknown")",
        ]
        let dates = [("begun", FileContents.date(folder.resolvedRecipe.path)), ("last result", last)]
        lines += ["  dates: " + dates.compactMap { name, date in date.map { "\(name) \($0.formatted(.iso8601))" } }.joined(separator: ", ")]
        return (lines + damages.map { "  \($0)" }).joined(separator: "\n")
    }
}

extension RunFolder {
    /// The folder of `--out`, or the study's own below `runs`.
    init(choosing path: String?, for study: Study) {
        self.init(URL(fileURLWithPath: path ?? "runs/\(SafeName.encode(study.name))"))
    }

    /// - Throws: `CommandFault` where something of another kind is in the place of what a run of these trials reads or writes.
    func checkKinds(for keys: [TrialKey]) throws(CommandFault) {
        let obstacles = obstacles(to: keys)
        guard !obstacles.isEmpty else { return }
        let more = obstacles.count > 8 ? ["… and \(obstacles.count - 8) more"] : []
        let lines = obstacles.prefix(8).map { "error: \($0)" } + more
        throw .input(lines.joined(separator: "\n") + "\nMove it elsewhere, or choose another folder with --out; nothing was run.")
    }
}
