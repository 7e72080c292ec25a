import Reports
import Results
import SampleResults
import Testing

@testable import Monitoring

@Suite("The screen of a run")
struct RunScreenTests {
    private func epochs(_ count: Int) -> [EpochRecord] {
        (1...count).map { epoch in
            EpochRecord(
                epoch: epoch, trainingLoss: 4 - Double(epoch) / 4, sourceValidationScore: 0.4 + 0.05 * Double(epoch),
                targetScore: 0.3333)
        }
    }

    private func running(_ row: String, _ target: String = "D2", epochs count: Int = 8) -> RunningTraining {
        RunningTraining(TrialKey(row: row, target: target, seed: 1), epochCount: 16, epochs: epochs(count))
    }

    private func view(
        rows: [String] = ["Fusion", "+ MER"], targets: [String] = ["D1", "D2"], results: [TrialResult] = [], running: [RunningTraining] = []
    ) -> RunView {
        let total = rows.count * targets.count * 2
        return RunView(
            settings: SampleStudy.settings(rows: rows, targets: targets), results: results.map(\.outline),
            progress: StudyProgress(finished: results.count, total: total, running: running, elapsed: 60))
    }

    private func lines(_ view: RunView, _ columns: Int = 80, _ rows: Int = 24, isColored: Bool = false) -> [String]? {
        RunScreen.lines(view, size: .init(columns: columns, rows: rows), isColored: isColored)
    }

    @Test("It shows how many seeds of each cell are done, their mean so far, and the curves of the running trial")
    func whole() {
        let view = view(results: Array(SampleStudy.complete.prefix(4)) + [SampleStudy.complete[4]], running: [running("+ MER")])
        #expect(
            lines(view) == [
                "█████████████░░░░░░░  5/8  68 %  27 s left  table13",
                "",
                "                 D1         D2        all",
                "  Fusion  2/2  52.0  2/2  62.0  4/4  57.0",
                "▶ + MER   1/2  53.0  0/2     –  1/4     –",
                "",
                "▶ + MER → D2, seed 1  epoch 8 of 16",
                "  loss               █▇▆▅▄▃▂▁          2",
                "  source validation  ▁▂▃▄▅▆▇█          80.0 %",
            ])
    }

    @Test("Of a trial that has not ended it never shows the target")
    func noTarget() throws {
        let text = try #require(lines(view(running: [running("Fusion")]))).joined()
        #expect(!text.contains("33.3"))
        #expect(text.contains("80.0 %"))
    }

    @Test("A failed trial is marked, and its accuracy left out")
    func failed() throws {
        let results = [SampleStudy.complete[4], SampleStudy.failure("+ MER", "D1", 1)]
        let line = try #require(lines(view(results: results))?.first { $0.contains("MER") })
        #expect(line.contains("2/2 ✗1  53.0"))
    }

    @Test("A trial that is told of twice counts once")
    func twice() {
        let once = view(results: [SampleStudy.complete[0]])
        var twice = once
        twice.add(SampleStudy.complete[0].outline)
        #expect(twice == once)
    }

    @Test("A trial without an epoch yet has its place")
    func begun() throws {
        let trial = RunningTraining(
            TrialKey(row: "Fusion", target: "D1", seed: 0), isRehearsal: true, values: [ChosenValue(path: "mer.weight", value: "3")],
            epochCount: 16)
        let all = try #require(lines(view(running: [trial])))
        #expect(all.contains("▶ Fusion → D1, seed 0 (tuning: mer.weight = 3)  epoch 0 of 16"))
    }

    @Test("It fits every terminal that is large enough, however much there is to show", arguments: [0, 1, 3, 20], [1, 3, 40])
    func fits(trainings: Int, rows count: Int) throws {
        let rows = (1...count).map { "+ a regularizer with a long name \($0) データ" }
        let targets = (1...6).map { "domain \($0)" }
        for columns in [40, 41, 60, 80, 200] {
            for height in [10, 11, 14, 24, 60] {
                let view = view(rows: rows, targets: targets, running: (0..<trainings).map { running(rows[$0 % count]) })
                let all = try #require(lines(view, columns, height))
                #expect(all.count < height, "\(columns) × \(height)")
                #expect(all.allSatisfy { DisplayText.width($0) < columns }, "\(columns) × \(height)")
                #expect(all.contains { $0.hasPrefix(trainings > 0 ? "▶ + a" : "  + a") })
            }
        }
    }

    @Test("A terminal that is too small has no screen", arguments: [(39, 24), (80, 9), (0, 0)])
    func small(columns: Int, rows: Int) {
        #expect(lines(view(), columns, rows) == nil)
    }

    @Test("Of many rows it shows those that are being trained, and counts the others", arguments: [1, 20, 40])
    func manyRows(active: Int) throws {
        let rows = (1...40).map { "row \($0)." }
        let all = try #require(lines(view(rows: rows, running: [running("row \(active).")]), 80, 16))
        #expect(all.contains { $0.hasPrefix("▶ row \(active). ") })
        let shown = all.filter { $0.contains("/2") }.count
        let counts = all.joined(separator: " ").matches(of: /(\d+) (above|below)/).compactMap { Int($0.1) }
        #expect(shown >= 4 && shown + counts.reduce(0, +) == 40)
    }

    @Test("Of rows that do not fit, each has a sign below those that are shown")
    func signs() throws {
        let rows = (1...500).map { "row \($0)." }
        let results = [("row 1.", "D1"), ("row 1.", "D2"), ("row 2.", "D1")].flatMap { row, target in
            [0, 1].map { SampleStudy.result(row, target, $0, 0.5) }
        }
        let view = view(rows: rows, results: results, running: [running("row 3.")])
        let all = try #require(lines(view, 160, 40))
        let signs = all.filter { line in line.hasPrefix("  ") && line.dropFirst(2).allSatisfy { "·▁▂▃▄▅▆▇█▶✗".contains($0) } }
        #expect(signs.count == 4 && signs.map { String($0.dropFirst(2)) }.joined() == "█▄▶" + String(repeating: "·", count: 497))
        #expect(all.contains { $0.hasPrefix("▶ row 3. ") } && all.contains { $0.contains(" below") })
    }

    @Test("Where nothing is being trained, the first row that is not done is in sight")
    func waiting() throws {
        let rows = (1...40).map { "row \($0)." }
        let results = rows.prefix(30).flatMap { row in
            ["D1", "D2"].flatMap { target in [0, 1].map { SampleStudy.result(row, target, $0, 0.5) } }
        }
        let all = try #require(lines(view(rows: rows, results: results), 80, 14))
        #expect(all.contains { $0.contains("row 31.") })
    }

    @Test("Where not all domains fit, their mean stands for them")
    func manyDomains() throws {
        let targets = (1...12).map { "domain \($0)" }
        let results = targets.flatMap { target in [0, 1].map { SampleStudy.result("Fusion", target, $0, target == "domain 1" ? 0.62 : 0.5) } }
        let all = try #require(lines(view(targets: targets, results: results), 60, 24))
        #expect(all.contains("  Fusion  24/24  51.0"))
        #expect(!all.joined().contains("domain"))
    }

    @Test("Every setting of a sweep has its lines")
    func sweep() throws {
        let settings = SampleStudy.settings(dials: ["data.rel"], variants: [["data.rel": "1"], ["data.rel": "0.9"]])
        let view = RunView(
            settings: settings, results: [SampleStudy.result("+ MER", "D1", 0, 0.5, variant: ["data.rel": "0.9"]).outline],
            progress: StudyProgress(finished: 1, total: 16, elapsed: 1))
        let all = try #require(lines(view))
        #expect(all.contains { $0.hasPrefix("  + MER, data.rel = 0.9   1/2  50.0") })
        #expect(all.contains { $0.hasPrefix("  + MER, data.rel = 1     0/2") })
    }

    @Test("Without color there is no escape; with color the text is the same")
    func color() throws {
        let view = view(results: SampleStudy.complete, running: [running("+ MER")])
        let (plain, colored) = (try #require(lines(view)), try #require(lines(view, isColored: true)))
        #expect(!plain.joined().contains("\u{1B}"))
        #expect(colored != plain)
        #expect(colored.map { $0.replacing(/\u{1B}\[[0-9]*m/, with: "") } == plain)
    }

    @Test("A name cannot steer the terminal")
    func names() throws {
        let rows = ["evil\u{1B}[2J\n", "b"]
        let text = try #require(lines(view(rows: rows, targets: ["D\u{7}", "D2"], running: [running(rows[0])]))).joined()
        #expect(!text.contains("\u{1B}") && !text.contains("\n") && !text.contains("\u{7}"))
    }

    @Test("A sparkline runs from the lowest to the highest value, in as many columns as there are or fewer")
    func sparkline() {
        #expect(Sparkline.text([1, 2, 3], width: 10) == "▁▅█")
        #expect(Sparkline.text([1, 1, 3, 3], width: 2) == "▁█")
        #expect(Sparkline.text([2, 2], width: 5) == "▅▅")
        #expect(Sparkline.text([0, .nan, 1, .infinity], width: 5) == "▁·█·")
        #expect(Sparkline.text([], width: 5) == "")
        // Further apart than the largest number, as a damaged report of a worker may say.
        let most = Double.greatestFiniteMagnitude
        #expect(Sparkline.text([-most, 0, most], width: 5) == "▁▅█")
    }

    @Test("A frame goes over the one before, and leaves the cursor visible at the left below it")
    func frame() {
        #expect(ScreenFrame.text(["a", "b"], replacing: 0) == "\u{1B}[?25l\ra\u{1B}[K\r\nb\u{1B}[K\r\n\u{1B}[J\u{1B}[?25h")
        #expect(ScreenFrame.text(["a"], replacing: 3) == "\u{1B}[?25l\u{1B}[3A\ra\u{1B}[K\r\n\u{1B}[J\u{1B}[?25h")
        #expect(ScreenFrame.text([], replacing: nil) == "\u{1B}[?25l\u{1B}[H\u{1B}[2J\u{1B}[J\u{1B}[?25h")
    }
}
