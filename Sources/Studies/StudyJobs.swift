import Results
import Training

/// Everything that a study has to do, each training once, with a place for every outcome.
struct StudyJobs {
    let journal: StudyJournal
    /// Rehearsals first, in the order in which they should start.
    let all: [@Sendable () throws -> JobOutcome]
    /// By cell, in the study's order, then by seed.
    private let trials: [Slots<TrialResult>]

    init(_ study: StudyRun, observer: @escaping @Sendable (StudyEvent) -> Void) {
        let groups = CellGroup.all(of: study.cells)
        let journal = StudyJournal(
            trials: study.cells.reduce(0) { $0 + $1.seeds.count }, rehearsals: groups.reduce(0) { $0 + $1.rehearsals.count }, observer: observer)
        let worker = StudyWorker(study, journal: journal, groups: groups)
        let scores = groups.map { Slots<RehearsalScores>(count: $0.rehearsals.count) }
        let results = study.cells.map { Slots<TrialResult>(count: $0.seeds.count) }

        let rehearsalJobs = groups.indices.flatMap { group in
            groups[group].rehearsals.indices.map { index -> @Sendable () throws -> JobOutcome in
                {
                    guard let value = try worker.rehearse(groups[group].rehearsals[index], of: groups[group]) else { return .waiting }
                    scores[group].set(value, at: index)
                    return .done
                }
            }
        }
        let trialJobs = groups.indices.flatMap { place in
            groups[place].seeds.indices.map { index -> @Sendable () throws -> JobOutcome in
                {
                    let group = groups[place]
                    guard let known = scores[place].complete else { return .waiting }
                    let outcomes = zip(group.rehearsals, known).map { (rehearsal: $0, scores: $1) }
                    let found = try worker.train(group, by: outcomes, seed: group.seeds[index])
                    for (cell, found) in zip(group.places, found) {
                        guard let found, results[cell].set(found.result, at: index) else { continue }
                        journal.finish(result: found.result, isFailed: !found.result.isFinished, isRestored: found.isRestored)
                    }
                    return found.contains { $0 == nil } ? .waiting : .done
                }
            }
        }
        self.journal = journal
        all = rehearsalJobs + trialJobs
        trials = results
    }

    /// The results of all cells whose trials are done, in order.
    var results: [TrialResult] { trials.flatMap { $0.complete ?? [] } }
}
