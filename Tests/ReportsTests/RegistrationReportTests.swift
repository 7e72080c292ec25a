import Results
import SampleResults
import Testing

@testable import Reports

@Suite("What a report says of a declaration")
struct RegistrationReportTests {
    private func settings(_ digests: [String: String] = ["Fusion": "f", "+ MER": "m"]) -> RunSettings {
        var settings = SampleStudy.settings()
        settings.variants[0].digests = digests
        return settings
    }

    private func entry(
        _ settings: RunSettings, rows: [String: String] = ["Fusion": "f", "+ MER": "m"], time: Double = 1_000_000, results: Int = 0
    ) -> StudyRegistration.Entry {
        let declared = rows.sorted { $0.key > $1.key }.map { StudyRegistration.Row(name: $0.key, regularizers: [], grid: [], digest: $0.value) }
        let plan = StudyRegistration.Plan(
            study: "s", variants: [StudyRegistration.Variant(settings.variants[0], rows: declared)], tests: ["a planned test"], recipe: "")
        return StudyRegistration.Entry(time: time, digest: "0123456789abcdef0123", resultsPresent: results, plan: plan)
    }

    private func report(
        _ settings: RunSettings, _ entries: [StudyRegistration.Entry], looks: [LookRecord] = [], damages: [String] = [],
        results: [TrialResult] = SampleStudy.complete
    ) throws -> Report {
        let registration = entries.isEmpty ? nil : StudyRegistration(entries: entries)
        return try Report(results: results, settings: settings, provenance: StudyProvenance(registration: registration, looks: looks, damages: damages))
    }

    @Test("All rows as declared: one sentence, with digest and time")
    func registered() throws {
        let report = try report(settings(), [entry(settings())])
        #expect(report.registeredRows.map(\.status) == [.registered, .registered])
        let text = report.document().markdown()
        #expect(text.contains("Registered 1970-01-12 13:46 UTC, before any training; digest 0123456789abcdef."))
        #expect(text.contains("All rows were trained as registered."))
    }

    @Test("A row that was added, and one that was changed, are named")
    func changed() throws {
        let report = try report(settings(["Fusion": "f", "+ MER": "other"]), [entry(settings(), rows: ["+ MER": "m"])])
        #expect(report.registeredRows.map(\.status) == [.added, .changed])
        #expect(report.document().markdown().contains("| + MER  | changed after registration"))
    }

    @Test("An amendment counts as what it is: declared when there were results")
    func amended() throws {
        let changed = settings(["Fusion": "f", "+ MER": "other"])
        let report = try report(changed, [entry(settings()), entry(changed, rows: ["Fusion": "f", "+ MER": "other"], time: 2_000_000, results: 12)])
        #expect(report.registeredRows.map(\.status) == [.registered, .registeredAfterResults])
        #expect(report.document().markdown().contains("Amended 1970-01-24 03:33 UTC, when there were 12 results already"))
    }

    @Test("Seeds that were added, another baseline, and trials that had begun before are said")
    func differences() throws {
        var declared = settings()
        (declared.variants[0].seeds, declared.variants[0].baseline) = ([0], "+ MER")
        let results = SampleStudy.complete.map { result in
            var result = result
            result.times = TrialTimes(started: result.key.row == "Fusion" ? 999_999 : 1_000_001)
            return result
        }
        let report = try report(settings(), [entry(declared)], results: results)
        #expect(report.registeredRows[0].addedSeeds == [1] && report.registeredRows[0].hasOtherBaseline)
        let text = report.document().markdown()
        #expect(text.contains("registered; seeds 1 added after; compared with another baseline"))
        #expect(text.contains("4 trials of this report had begun before"))
    }

    @Test("A run that does not say what it trained follows no declaration")
    func unknown() throws {
        #expect(try report(settings([:]), [entry(settings())]).registeredRows.map(\.status) == [.unknown, .unknown])
    }

    @Test("Looks are counted, those before the declaration too, and damaged lines of their log are named")
    func looks() throws {
        let looks = [
            LookRecord(time: 999_000, command: "run", results: 3, figures: "a"), LookRecord(time: 1_500_000, command: "report", results: 8, figures: "b"),
        ]
        let text = try report(settings(), [entry(settings())], looks: looks, damages: ["line 3 of looks.jsonl is not what was written"]).document().markdown()
        #expect(text.contains("this report included: 2. 1 of them were before the registration."))
        #expect(text.contains("The log of looks is damaged: line 3 of looks.jsonl is not what was written."))
    }

    @Test("Without a declaration the report says so where there were looks, and nothing where nothing is known")
    func none() throws {
        let look = LookRecord(time: 999_000, command: "run", results: 3, figures: "a")
        #expect(try report(settings(), [], looks: [look]).document().markdown().contains("The study was not registered before it was trained"))
        #expect(try !report(settings(), []).document().markdown().contains("declared beforehand"))
    }
}
