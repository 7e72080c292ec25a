import Dispatch
import Foundation
import Monitoring
import Processes
import Synchronization

/// Draws a run in place on the terminal behind standard error, at most ten times a second; on a small terminal as one line.
final class LiveScreen: Sendable {
    private struct State {
        var view: RunView
        /// When `view` last changed, and whether it has been drawn since.
        var since = ContinuousClock.now
        var isDrawn = false
        var lastDrawn = ContinuousClock.now
        /// The number of lines of the frame on the terminal; 0 before the first frame and after the shell wrote below it, nil for a single line.
        var lines: Int? = 0
        var size: RunScreen.Size?
    }

    private static let interval = Duration.milliseconds(100)
    // The elapsed time changes even while nothing else does.
    private static let longestRest = Duration.seconds(1)

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "regulus.screen")
    private let isColored: Bool
    private let drawing = Mutex<PeriodicTask?>(nil)
    /// Unsafe only in name: it is set up once and then only canceled.
    private nonisolated(unsafe) let continued: any DispatchSourceSignal

    /// Whether standard error is a terminal whose cursor can be moved.
    static var isPossible: Bool {
        let terminal = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return StandardError.isTerminal && !terminal.isEmpty && terminal != "dumb"
    }

    /// - Parameter view: what to show at first.
    init(_ view: RunView) {
        state = Mutex(State(view: view))
        // See no-color.org: any value but the empty one.
        isColored = (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
        continued = DispatchSource.makeSignalSource(signal: SIGCONT, queue: queue)
        // A shell that stopped the program has written below the frame.
        continued.setEventHandler { [weak self] in self?.state.withLock { ($0.lines, $0.isDrawn) = (0, false) } }
        continued.resume()
        drawing.withLock { $0 = PeriodicTask(on: queue, every: Self.interval) { [weak self] in self?.drawIfDue() } }
    }

    deinit { continued.cancel() }

    /// Changes what is shown; from any thread, and without waiting for the terminal.
    func update(_ change: (inout RunView) -> Void) {
        state.withLock { state in
            change(&state.view)
            (state.since, state.isDrawn) = (.now, false)
        }
    }

    /// Writes a text that stays, above the next frame.
    func note(_ text: String) {
        queue.sync {
            let lines = state.withLock { state in
                defer { (state.lines, state.isDrawn) = (0, false) }
                return state.lines
            }
            StandardError.write(lines.map { ScreenFrame.text([], replacing: $0) } ?? ProgressLine.wipe)
            StandardError.print(text)
        }
    }

    /// Ends the drawing.
    ///
    /// - Parameter keeping: whether the last frame stays above what comes next.
    func end(keeping: Bool) {
        queue.sync {
            drawing.withLock { $0?.cancel() }
            continued.cancel()
            if keeping { StandardError.write(frame()) }
            let lines = state.withLock(\.lines)
            switch (lines, keeping) {
            case (nil, true): StandardError.write("\n")
            case (nil, false): StandardError.write(ProgressLine.wipe)
            case (_, true): break
            case (let lines, false): StandardError.write(ScreenFrame.text([], replacing: lines))
            }
        }
    }

    private func drawIfDue() {
        let isDue = state.withLock { !$0.isDrawn || $0.lastDrawn.duration(to: .now) >= Self.longestRest }
        // Not under the lock: a terminal that is paused must not hold up the trainings.
        if isDue { StandardError.write(frame()) }
    }

    private func frame() -> String {
        let size = Self.terminalSize
        return state.withLock { state in
            var view = state.view
            view.progress.elapsed += state.since.duration(to: .now) / .seconds(1)
            let drawn = state.size == size || state.size == nil ? state.lines : nil
            (state.size, state.isDrawn, state.lastDrawn) = (size, true, .now)
            guard let lines = RunScreen.lines(view, size: size, isColored: isColored) else {
                let clearing = drawn == 0 || state.lines == nil ? "" : ScreenFrame.text([], replacing: drawn)
                state.lines = nil
                return clearing + ProgressLine.live(view.progress, width: size.columns)
            }
            state.lines = lines.count
            return ScreenFrame.text(lines, replacing: drawn)
        }
    }

    /// The size of the terminal behind standard error, as it is now.
    static var terminalSize: RunScreen.Size {
        var size = winsize()
        guard ioctl(FileHandle.standardError.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return RunScreen.Size(columns: 80, rows: 24)
        }
        return RunScreen.Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}
