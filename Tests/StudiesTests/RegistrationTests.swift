import Foundation
import Persistence
import Results
import TestSupport
import Testing

@testable import Studies
@testable import TrainingSupport

@Suite("Declaring a study, and who looks at it")
struct RegistrationTests {
    private func plan(_ digest: String = "a", seeds: [Int] = [1, 2]) -> StudyRegistration.Plan {
        let settings = VariantSettings(baseline: "Fusion", rows: ["Fusion", "+ MER"], targets: ["d3"], seeds: seeds, selection: "", protocolText: "")
        let rows = [
            StudyRegistration.Row(name: "Fusion", regularizers: [], grid: [], digest: "f"),
            StudyRegistration.Row(name: "+ MER", regularizers: ["mer"], grid: [.init(path: "mer.weight", values: ["0.1", "1"])], digest: digest),
        ]
        return StudyRegistration.Plan(study: "small", variants: [StudyRegistration.Variant(settings, rows: rows)], tests: ["a test"], recipe: "data: watch\n")
    }

    private func result(_ seed: Int = 1) -> TrialResult {
        TrialResult(key: TrialKey(row: "Fusion", target: "d3", seed: seed), plan: "0123", targetScore: 0.5)
    }

    private func write(_ result: TrialResult, in folder: RunFolder) throws {
        try Folder.create(folder.trial(result.key).path)
        try RunStore(folder).write(result, to: folder.result(result.key))
    }

    @Test("is written once, with a digest that is the plan's alone")
    func registered() throws {
        let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
        guard case .registered(let entry) = try RunStore(first.run).register(plan(), afterResults: false) else { throw Unexpected() }
        guard case .registered(let other) = try RunStore(second.run).register(plan(), afterResults: false) else { throw Unexpected() }
        #expect(entry.digest == other.digest && entry.digest.count == 64 && entry.resultsPresent == 0)
        #expect(try RunStore(first.run).register(plan(), afterResults: false) == .present(entry))
        #expect(try RunStore(first.run).registration()?.entries == [entry])
    }

    @Test("is refused where there are results, of tuning too, unless it is said, and then the declaration says it")
    func refused() throws {
        let folder = try TemporaryFolder()
        let store = RunStore(folder.run)
        try write(result(), in: folder.run)
        try Folder.create(folder.run.tuning.path)
        try store.write(result(), to: folder.run.rehearsal("abc"))
        #expect(try store.register(plan(), afterResults: false) == .refused(results: 2))
        #expect(try store.registration() == nil)
        guard case .registered(let entry) = try store.register(plan(), afterResults: true) else { throw Unexpected() }
        #expect(entry.resultsPresent == 2)
    }

    @Test("of a changed plan is added to the earlier one, which stays")
    func amended() throws {
        let folder = try TemporaryFolder()
        let store = RunStore(folder.run)
        _ = try store.register(plan(), afterResults: false)
        _ = try store.register(plan("b"), afterResults: false)
        #expect(try store.registration()?.entries.map { $0.plan.variants[0].rows[1].digest } == ["a", "b"])
    }

    @Test("that was changed afterwards is named, and nothing is added to it")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let store = RunStore(folder.run)
        _ = try store.register(plan(), afterResults: false)
        let text = try String(contentsOf: folder.run.registration, encoding: .utf8)
        try text.replacing("0.1", with: "0.2").write(to: folder.run.registration, atomically: true, encoding: .utf8)
        #expect(throws: DamagedFile.self) { try store.provenance() }
        #expect(throws: DamagedFile.self) { try store.register(plan("b"), afterResults: false) }
    }

    @Test("a look says how many figures were there, and names them")
    func looks() throws {
        let folder = try TemporaryFolder()
        let store = RunStore(folder.run)
        #expect(try store.provenance() == StudyProvenance())
        try store.noteLook(by: "run", at: [])
        try store.noteLook(by: "report", at: [result(1), result(2)].map(\.outline))
        try store.noteLook(by: "report", at: [result(2), result(1)].map(\.outline))
        var changed = result(2)
        changed.targetScore = 0.6
        try store.noteLook(by: "report", at: [result(1), changed].map(\.outline))
        let looks = try store.provenance().looks
        #expect(looks.map(\.command) == ["run", "report", "report", "report"] && looks.map(\.results) == [0, 2, 2, 2])
        #expect(looks[1].figures == looks[2].figures && looks[3].figures != looks[1].figures)
    }

    private struct Unexpected: Error {}
}
