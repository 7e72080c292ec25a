import ArgumentParser
import Foundation
import Monitoring
import Persistence
import Reports
import Results
import Studies

/// `regulus status DIR…`: how far runs have come.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how far a run has come: rows and domains, what is being trained and where, what failed and why.",
        discussion: """
            This command only reads the run folder, so the run may belong to another process or machine, or be finished. For unfinished trials it \
            shows source validation only.
            """)

    @Argument(help: "Run folders.", completion: .directory, transform: { UserPath.expanded($0) })
    var folders: [String]

    @Flag(help: "As JSON, one object for each folder.")
    var json = false

    func validate() throws {
        if folders.contains("") { throw ValidationError("a run folder needs a path") }
    }

    func run() throws {
        for (index, path) in folders.enumerated() {
            let state = try Self.state(of: path)
            if json {
                try StandardOutput.print(ResultCoding.line(StatusDocument(state, path: path)))
            } else {
                Self.store(path).noteLook(by: Self.self, at: state.results)
                try StandardOutput.print((index > 0 ? "\n" : "") + StatusText.lines(state, path: path).joined(separator: "\n"))
            }
        }
    }

    static func store(_ path: String) -> RunStore { RunStore(RunFolder(URL(fileURLWithPath: path))) }

    /// - Throws: `CommandFault` where there is no run, or it cannot be read.
    static func state(of path: String, after before: StudyFolder? = nil) throws -> StudyFolder {
        guard Folder.exists(path) else { throw CommandFault.input("error: there is no run folder \(path)") }
        do throws(DamagedFile) {
            if let state = try StudyFolder(reading: store(path).folder, after: before) { return state }
        } catch {
            throw CommandFault.input("error: \(error)")
        }
        throw CommandFault.input("error: \(path) holds no run: it has no settings.json")
    }
}

/// `regulus watch DIR`: the screen of a run that goes on elsewhere.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Shows the live screen of a run, also of one on another machine, until the run ends.",
        discussion:
            "This command only reads the run folder, apart from adding a line to its log of looks. Ctrl-C ends the command, not the run. If the output is a pipe, it prints a line for each trial."
    )

    @OptionGroup var given: RunFolderArgument

    @Option(help: ArgumentHelp("Time between two updates.", valueName: "seconds"))
    var every = 2.0

    func validate() throws {
        guard (0.1...3600).contains(every) else { throw ValidationError("--every must be between 0.1 and 3600 seconds") }
    }

    func run() throws {
        let folder = given.folder
        var state = try StatusCommand.state(of: folder)
        var told = Set(state.results.map(\.key))
        let store = StatusCommand.store(folder)
        store.noteLook(by: Self.self, at: state.results)
        let screen = LiveScreen.isPossible ? LiveScreen(state.view) : nil
        if screen == nil { try StandardOutput.print(StatusText.lines(state, path: folder).joined(separator: "\n")) }
        let shown = told.count
        while !state.isOver {
            Thread.sleep(forTimeInterval: every)
            state = try StatusCommand.state(of: folder, after: state)
            let view = state.view
            screen?.update { $0 = view }
            let fresh = state.results.filter { told.insert($0.key).inserted }
            if screen == nil { for result in fresh { try StandardOutput.print(ProgressLine.plain(result, progress: state.progress)) } }
        }
        if told.count > shown { store.noteLook(by: Self.self, at: state.results) }
        screen?.end(keeping: false)
        if screen != nil { try StandardOutput.print(StatusText.lines(state, path: folder).joined(separator: "\n")) }
    }
}

extension StudyFolder {
    /// The same as a screen shows it.
    var view: RunView { RunView(settings: settings, results: results, progress: progress) }
}

/// The status of a run in words.
private enum StatusText {
    private static let width = 100
    private static let mostFailures = 5

    static func lines(_ state: StudyFolder, path: String) -> [String] {
        let view = state.view
        let height = state.settings.variants.reduce(0) { $0 + $1.rows.count } + 4 * state.running.count + 8
        let screen = RunScreen.lines(view, size: RunScreen.Size(columns: width, rows: max(height, 10)), isColored: false) ?? []
        var lines = ["\(path): \(DisplayText.singleLine(state.settings.recipe))"] + screen.map(\.trimmingEnd)
        if state.rehearsals.finished + state.rehearsals.running > 0 {
            let running = state.rehearsals.running > 0 ? ", \(state.rehearsals.running) under way" : ""
            lines.append("tuning: \(NumberText.count(state.rehearsals.finished, "training")) done\(running)")
        }
        for trial in state.claimed {
            let who = "process \(trial.process) on \(DisplayText.singleLine(trial.host))"
            let what = DisplayText.singleLine(trial.training.key.description)
            lines.append(
                trial.isGone
                    ? "interrupted: \(what); \(who) is gone, and the next run continues from the last save"
                    : "running: \(what); \(who), last sign of life \(NumberText.duration(trial.silence)) ago")
        }
        let failures = state.results.compactMap { result -> String? in
            guard case .failed(let term, let step, let message) = result.status else { return nil }
            return DisplayText.singleLine("failed: \(result.key): \(term) at step \(step): \(message)")
        }
        lines += failures.prefix(mostFailures)
        if failures.count > mostFailures { lines.append("… and \(failures.count - mostFailures) further failures") }
        lines += state.damages.map { "\($0)" }
        if let last = state.lastResult { lines.append("last result: \(last.formatted(.iso8601))") }
        if state.results.count < state.settings.trialCount, state.running.isEmpty, state.rehearsals.running == 0 {
            // The command is kept without the folder, so that a report says the same wherever it lies.
            let place = " --out " + RunCommand.quoted(path)
            lines.append("no process is training" + (state.settings.command.map { "; to continue: \($0)\(place)" } ?? ""))
        }
        return lines
    }
}

/// The status of a run for programs.
private struct StatusDocument: Encodable {
    struct Running: Encodable {
        let row, target: String
        let seed, epoch, epochs: Int
        let host: String
        let process: Int32
        let secondsSilent: Double
        let isGone: Bool
    }

    let folder, recipe: String
    let finished, failed, total: Int
    let isOver: Bool
    let secondsLeft: Double?
    let claimed: [Running]

    init(_ state: StudyFolder, path: String) {
        let progress = state.progress
        (folder, recipe) = (path, state.settings.recipe)
        (finished, failed, total) = (progress.finished, progress.failed, progress.total)
        (isOver, secondsLeft) = (state.isOver, progress.secondsLeft)
        claimed = state.claimed.map { trial in
            let (training, key) = (trial.training, trial.training.key)
            return Running(
                row: key.row, target: key.target, seed: key.seed, epoch: training.epochs.count, epochs: training.epochCount, host: trial.host,
                process: trial.process, secondsSilent: trial.silence, isGone: trial.isGone)
        }
    }
}

extension String {
    /// Without blanks at the end.
    fileprivate var trimmingEnd: String { String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)]) }
}
