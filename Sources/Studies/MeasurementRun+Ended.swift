import Configuration
import Foundation
import Persistence
import Results
import Training

/// Measurements that end the process which makes them, by crashing, by ending it or by never ending themselves, and the processes that go on after it.
extension MeasurementRun {
    /// What earlier processes have done of a run.
    package struct Beginning: Sendable, Hashable, Codable {
        /// The trials that nothing is left to be done for.
        package var done: Set<TrialKey> = []
        /// The trials that are to be measured now; nil for all that are left.
        package var only: Set<TrialKey>?
        /// The measurements that ended their process in this run, by their marks. They are not made again.
        package var ended: Set<String> = []

        package init() {}

        func includes(_ key: TrialKey) -> Bool { !done.contains(key) && only?.contains(key) != false }
    }

    /// A piece of work at which a process may end.
    package struct Work: Sendable, CustomStringConvertible {
        package let key: TrialKey
        /// Nil while the trial's result, data and model are read.
        package var measurement: MeasurementPlan?

        package init(key: TrialKey, measurement: MeasurementPlan? = nil) { (self.key, self.measurement) = (key, measurement) }

        package var description: String { "\(measurement?.instance ?? "the model") of \(key)" }

        /// What the trace of a process names it by, however long its names are.
        package var mark: String { SHA256Digest(of: "\(measurement?.identity ?? "")\n\(RunFolder.path(of: key))").hex }
    }

    /// The pieces of work that have these marks.
    package func works(marked marks: Set<String>) -> [Work] {
        var found: [Work] = []
        for cell in cells {
            for key in cell.seeds.map({ cell.key(seed: $0) }) {
                found += ([nil] + cell.measurements.map(Optional.some)).map { Work(key: key, measurement: $0) }.filter { marks.contains($0.mark) }
            }
        }
        return found
    }

    /// Writes down that a piece of work ended the process that did it, in place of the findings: those of one measurement, or of all that a trial
    /// lacks whose model cannot be read.
    ///
    /// - Parameters:
    ///   - reason: how it ended.
    ///   - beginning: what is known of this run so far; gains the measurements that are written down.
    /// - Returns: those measurements; none where the trial has no result.
    /// - Throws: `FileFault` where a record cannot be written; `DamagedFile`.
    package func fail(_ work: Work, reason: String, in beginning: inout Beginning) throws -> [Work] {
        let store = RunStore(folder)
        guard let result = try store.result(at: folder.result(work.key), verifyingFiles: false),
            let cell = cells.first(where: { cell in cell.seeds.contains { cell.key(seed: $0) == work.key } })
        else { return [] }
        let measurements = work.measurement.map { [$0] } ?? cell.measurements.filter { state(of: $0, for: result, after: beginning) == .missing }
        // The first one of a trial may be the one that ended its process.
        try Folder.create(folder.measurements(work.key).path)
        return try measurements.compactMap { measurement in
            let failed = Work(key: work.key, measurement: measurement)
            guard beginning.ended.insert(failed.mark).inserted else { return nil }
            var findings = Findings()
            findings.numbers = [Findings.Number("measurement", value: nil, reason: reason)]
            var record = MeasurementRecord(
                instance: measurement.instance, measurement: measurement.component.name, options: measurement.optionTexts, plan: result.plan,
                seconds: 0, findings: findings)
            record.endedProcess = true
            try store.write(record, to: folder.measurement(measurement.identity, of: work.key))
            return failed
        }
    }

    /// Removes what says that a measurement ended its process, so that several processes which keep that try it once more between them.
    ///
    /// - Throws: `FileFault` where a file cannot be removed.
    package func removeFailures() throws(FileFault) {
        for cell in cells {
            for (measurement, seed) in cell.measurements.flatMap({ measurement in cell.seeds.map { (measurement, $0) } }) {
                let file = folder.measurement(measurement.identity, of: cell.key(seed: seed))
                guard let record = try? RunStore(folder).measurement(at: file), record.endedProcess == true else { continue }
                guard unlink(file.path) == 0 || errno == ENOENT else { throw FileFault(action: "remove", path: file.path) }
            }
        }
    }

    enum State { case missing, present, failed }

    /// What the folder has of a measurement of a trial.
    func state(of measurement: MeasurementPlan, for result: TrialResult, after beginning: Beginning) -> State {
        // A damaged one is made again.
        guard let record = try? RunStore(folder).measurement(at: folder.measurement(measurement.identity, of: result.key)), record.plan == result.plan
        else { return .missing }
        guard record.endedProcess == true else { return .present }
        return keepsFailures || beginning.ended.contains(Work(key: result.key, measurement: measurement).mark) ? .failed : .missing
    }
}
