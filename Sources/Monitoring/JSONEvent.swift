import Foundation
import Reports
import Results

/// What a run tells a program that follows it (`--json`), one object per line.
///
/// Every object has an `event`, which names the kind: `started`, `trial`, `report`.
package enum JSONEvent: Sendable {
    /// The run begins; `folder` is where its files go.
    case started(RunSettings, folder: URL)
    /// A trial has ended, well or not, or was found in the run folder.
    case trial(TrialResult, StudyProgress)
    /// The report has been written.
    case report(Report, folder: RunFolder)
}

extension JSONEvent {
    /// The event as one line, without line end. Keys are sorted.
    ///
    /// - Throws: `EncodingError`, which no value made of these types causes.
    package var line: String {
        get throws { try ResultCoding.line(self) }
    }
}

extension JSONEvent: Encodable {
    private enum Key: String, CodingKey {
        case event, recipe, baseline, rows, targets, seeds, variants, repetitions, trials, threads, folder
        case key, status, selectedEpoch, score, targetScore, oracleScore, lastScore, sourceValidationScore
        case chosen, seconds, steps, secondsInPenalties, stepCost, parameters, finished, total, failed, elapsed, secondsLeft
        case missing, files, figures, warnings, stray, choices, choice, verdicts, registration
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        switch self {
        case .started(let settings, let folder):
            try fields.encode("started", forKey: .event)
            try encode(settings, to: &fields)
            try fields.encode(folder.path, forKey: .folder)
        case .trial(let result, let progress):
            try fields.encode("trial", forKey: .event)
            try encode(result, to: &fields)
            try encode(progress, to: &fields)
        case .report(let report, let folder):
            try fields.encode("report", forKey: .event)
            try fields.encode(report.settings.recipe, forKey: .recipe)
            try fields.encode(report.finishedCount, forKey: .finished)
            try fields.encode(report.failures.count, forKey: .failed)
            try fields.encode(report.missingCount, forKey: .missing)
            try fields.encode(ReportWriter.files(in: folder).map(\.path), forKey: .files)
            try fields.encode(report.warnings, forKey: .warnings)
            try fields.encode(report.variants.flatMap(\.choiceCaveats), forKey: .choices)
            try fields.encode(report.stray, forKey: .stray)
            try fields.encode(report.records, forKey: .figures)
            if report.provenance.registration != nil { try fields.encode(report.registeredRows, forKey: .registration) }
            if !report.verdicts.isEmpty { try fields.encode(report.verdicts.map(\.content), forKey: .verdicts) }
        }
    }

    private func encode(_ settings: RunSettings, to fields: inout KeyedEncodingContainer<Key>) throws {
        try fields.encode(settings.recipe, forKey: .recipe)
        try fields.encodeIfPresent(settings.variants.first?.baseline, forKey: .baseline)
        try fields.encode(settings.rows, forKey: .rows)
        try fields.encode(settings.targets, forKey: .targets)
        try fields.encode(settings.seeds, forKey: .seeds)
        try fields.encode(settings.variants.map(\.assignment), forKey: .variants)
        try fields.encode(settings.repetitions, forKey: .repetitions)
        try fields.encode(settings.trialCount, forKey: .trials)
        try fields.encode(settings.threads, forKey: .threads)
    }

    // Epochs are left out: they are in the trial's own files, and a line should stay short.
    private func encode(_ result: TrialResult, to fields: inout KeyedEncodingContainer<Key>) throws {
        try fields.encode(result.key, forKey: .key)
        try fields.encode(result.status, forKey: .status)
        try fields.encodeIfPresent(result.selectedEpoch, forKey: .selectedEpoch)
        try fields.encode(result.score.name, forKey: .score)
        try fields.encodeIfPresent(result.targetScore, forKey: .targetScore)
        try fields.encodeIfPresent(result.oracleScore, forKey: .oracleScore)
        try fields.encodeIfPresent(result.lastScore, forKey: .lastScore)
        try fields.encodeIfPresent(result.sourceValidationScore, forKey: .sourceValidationScore)
        try fields.encode(result.chosen, forKey: .chosen)
        try fields.encodeIfPresent(result.choice, forKey: .choice)
        try fields.encode(result.seconds, forKey: .seconds)
        try fields.encode(result.steps, forKey: .steps)
        try fields.encode(result.secondsInPenalties, forKey: .secondsInPenalties)
        try fields.encodeIfPresent(result.stepCost, forKey: .stepCost)
        try fields.encode(result.parameters, forKey: .parameters)
    }

    private func encode(_ progress: StudyProgress, to fields: inout KeyedEncodingContainer<Key>) throws {
        try fields.encode(progress.finished, forKey: .finished)
        try fields.encode(progress.total, forKey: .total)
        try fields.encode(progress.failed, forKey: .failed)
        try fields.encode(progress.elapsed, forKey: .elapsed)
        try fields.encodeIfPresent(progress.secondsLeft, forKey: .secondsLeft)
    }
}
