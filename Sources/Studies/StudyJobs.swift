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
        let (groups, rehearsals) = (study.cells.groups, study.cells.rehearsals)
        let journal = StudyJournal(trials: study.cells.trialCount, rehearsals: rehearsals.count, observer: observer)
        let worker = StudyWorker(study, journal: journal)
        let scores = groups.map { Slots<RehearsalOutcome>(count: $0.rehearsals.count) }
        let results = study.cells.map { Slots<TrialResult>(count: $0.seeds.count) }

        let rehearsalJobs = rehearsals.map { shared -> @Sendable () throws -> JobOutcome in
            {
                guard let outcome = try worker.rehearse(shared.rehearsal, of: groups[shared.places[0].group]) else { return .waiting }
                for place in shared.places { scores[place.group].set(outcome, at: place.index) }
                return .done
            }
        }
        let stages = SeedStages(study.cells.all)
        let places = groups.indices.flatMap { group in groups[group].seeds.indices.map { (group: group, index: $0) } }
        // By stages, so that what decides about a seed comes before it.
        let inOrder = places.enumerated().sorted { one, other in
            let first = SeedStages.stage(of: groups[one.element.group].cells[0], seed: one.element.index)
            let second = SeedStages.stage(of: groups[other.element.group].cells[0], seed: other.element.index)
            return (first, one.offset) < (second, other.offset)
        }
        let trialJobs = inOrder.map(\.element).map { place, index -> @Sendable () throws -> JobOutcome in
            {
                let group = groups[place]
                let needs = group.cells.map { stages.need(of: $0, seed: index) }
                guard needs.contains(.needed) else {
                    if needs.contains(.open) { return .waiting }
                    for _ in group.cells { journal.leaveOut() }
                    return .done
                }
                guard let known = scores[place].complete else { return .waiting }
                let outcomes = zip(group.rehearsals, known).map { (rehearsal: $0, scores: $1.scores) }
                let seed = group.seeds[index]
                var measured: [Int: CandidateScore.Measured] = [:]
                for (rehearsal, outcome) in zip(group.rehearsals, known) where rehearsal.measuresTarget && rehearsal.plan.seed == seed {
                    measured[rehearsal.candidate] = outcome.measured
                }
                let found = try worker.train(group, by: outcomes, measured: measured, seed: seed)
                for (cell, found) in zip(group.places, found) {
                    guard let found, results[cell].set(found.result, at: index) else { continue }
                    journal.finish(result: found.result, isFailed: !found.result.isFinished, isRestored: found.isRestored)
                    stages.add(found.result.outline)
                }
                return found.contains { $0 == nil } ? .waiting : .done
            }
        }
        self.journal = journal
        all = rehearsalJobs + trialJobs
        trials = results
    }

    /// The results of all trials that are done, in order.
    var results: [TrialResult] { trials.flatMap(\.present) }
}
