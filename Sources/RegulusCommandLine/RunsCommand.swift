import ArgumentParser
import Foundation
import Persistence
import Recipes
import Results
import Studies

/// `regulus runs [DIR…]`: what run folders hold.
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Lists run folders: recipe, rows, trials, plan, dates.",
        discussion: """
            The plan is the beginning of the digest of the resolved recipe; equal recipes have equal plans. If a trial was run again with a changed \
            recipe, its earlier results are in other-plans/ in its folder. Running the earlier recipe again uses them again.
            """)

    @Argument(
        help: "Run folders, or folders that contain run folders; the folder runs by default.", completion: .directory, transform: { UserPath.expanded($0) })
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
        let study: StudyFolder
        do throws(DamagedFile) {
            guard let found = try StudyFolder(reading: folder) else { return "\(path): no run" }
            study = found
        } catch {
            return "\(path): \(error)"
        }
        let keys = study.settings.keys
        let (running, ended) = (Set(study.running.map(\.training.key)), Set(study.results.map(\.key)))
        // Begun, and neither ended nor under way: saved by a run that was stopped, or left by a process that is gone.
        let waiting = Set(study.claimed.map(\.training.key)).subtracting(running)
            .union(keys.filter { !running.contains($0) && !ended.contains($0) && Folder.exists(folder.resume($0).path) })
        let counts = [
            (study.results.count { !$0.isFinished }, "failed"), (running.count, "in training"), (waiting.count, "begun and to be continued"),
        ]
        let others = keys.reduce(0) { $0 + ((try? Folder.names(in: folder.trial($1).appendingPathComponent("other-plans").path))?.count ?? 0) }
        let trials =
            ["\(study.results.count(where: \.isFinished)) of \(keys.count) finished"] + counts.compactMap { $0 > 0 ? "\($0) \($1)" : nil }
        var damages = study.damages.map(\.description)
        let recipe = (try? FileContents.copied(folder.resolvedRecipe.path)).map { SHA256Digest(of: $0).hex }
        if let plan = study.settings.resolvedRecipe, let recipe, recipe != plan {
            damages.append("\(folder.resolvedRecipe.path) is damaged: it is not the recipe of these trials")
        }
        // The recipe is written whenever a run begins; the first look at the folder is that of its first run.
        let first = (try? RunStore(folder).looks.read(as: LookRecord.self))?.values.first
        let dates = [
            ("begun", first.flatMap { abs($0.time) < 1e11 ? Date(timeIntervalSince1970: $0.time) : nil }),
            ("last run", FileContents.date(folder.resolvedRecipe.path)),
            ("last result", study.lastResult),
        ]
        let lines = [
            "\(path): \(study.settings.recipe)", "  rows: \(study.settings.rows.joined(separator: ", "))",
            "  trials: " + trials.joined(separator: ", ") + (others > 0 ? "; \(others) earlier results of changed recipes in other-plans/" : ""),
            "  plan: \((study.settings.resolvedRecipe ?? recipe).map { String($0.prefix(12)) } ?? "unknown")",
            "  dates: " + dates.compactMap { name, date in date.map { "\(name) \($0.formatted(.iso8601))" } }.joined(separator: ", "),
        ]
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
