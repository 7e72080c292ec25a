import Foundation
import Processes
import Results
import Studies

/// What the processes that measure one after another know of each other: what the next one begins after, and each trial that is done.
struct MeasuringLedger: Sendable {
    private struct Line: Codable {
        var beginning: MeasurementRun.Beginning?
        var done: Done?
    }

    private struct Done: Codable {
        let key: TrialKey
        let outcome: MeasurementRun.Outcome
    }

    let lines: SharedLines

    /// - Throws: `POSIXError`.
    init() throws { lines = try SharedLines() }

    init(of lines: SharedLines) { self.lines = lines }

    /// What a process that measures writes of a trial.
    ///
    /// - Throws: `POSIXError`.
    func note(_ step: MeasurementRun.Step) throws { try append(Line(done: Done(key: step.key, outcome: step.outcome))) }

    /// What the process that watches writes before it starts another.
    ///
    /// - Throws: `POSIXError`.
    func begin(_ beginning: MeasurementRun.Beginning) throws { try append(Line(beginning: beginning)) }

    /// What became of the trials that are done.
    var done: [TrialKey: MeasurementRun.Outcome] { Dictionary(all.compactMap { $0.done.map { ($0.key, $0.outcome) } }) { $1 } }

    /// What the process that was started last begins after.
    var beginning: MeasurementRun.Beginning {
        var beginning = all.last { $0.beginning != nil }?.beginning ?? MeasurementRun.Beginning()
        beginning.done = Set(done.keys)
        return beginning
    }

    private var all: [Line] { lines.all.compactMap { try? JSONDecoder().decode(Line.self, from: $0) } }

    private func append(_ line: Line) throws { try lines.append(JSONEncoder().encode(line)) }
}
