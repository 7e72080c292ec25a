import Results
import Training

/// Everything that a study has to do, each job with a place for its outcome.
struct StudyJobs {
    let journal: StudyJournal
    /// Rehearsals first, in the order in which they should start.
    let all: [@Sendable () throws -> JobOutcome]
    private let trials: [Slots<TrialResult>]

    init(_ study: StudyRun, observer: @escaping @Sendable (StudyEvent) -> Void) {
        let cells = study.cells
        let rehearsals = cells.map(Rehearsal.all)
        let total = rehearsals.reduce(0) { $0 + $1.count } + cells.reduce(0) { $0 + $1.seeds.count }
        journal = StudyJournal(total: total, observer: observer)
        let worker = StudyWorker(study, journal: journal, rehearsals: rehearsals)
        let scores = rehearsals.map { Slots<RehearsalScores>(count: $0.count) }
        let results = cells.map { Slots<TrialResult>(count: $0.seeds.count) }

        let rehearsalJobs = cells.indices.flatMap { cell in
            rehearsals[cell].indices.map { index -> @Sendable () throws -> JobOutcome in
                {
                    guard let value = try worker.rehearse(rehearsals[cell][index], of: cells[cell]) else { return .waiting }
                    scores[cell].set(value, at: index)
                    return .done
                }
            }
        }
        let trialJobs = cells.indices.flatMap { cell in
            cells[cell].seeds.indices.map { index -> @Sendable () throws -> JobOutcome in
                {
                    guard let known = scores[cell].complete else { return .waiting }
                    let outcomes = zip(rehearsals[cell], known).map { (rehearsal: $0, scores: $1) }
                    let choice = TuningChoice.choose(in: cells[cell], from: outcomes)
                    let scores = TuningChoice.scores(in: cells[cell], from: outcomes)
                    guard let value = try worker.train(cells[cell], choice, from: scores, seed: cells[cell].seeds[index]) else {
                        return .waiting
                    }
                    results[cell].set(value, at: index)
                    return .done
                }
            }
        }
        all = rehearsalJobs + trialJobs
        trials = results
    }

    /// The results of all cells whose trials are done, in order.
    var results: [TrialResult] { trials.flatMap { $0.complete ?? [] } }
}
