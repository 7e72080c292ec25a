import Foundation
import Results
import SampleResults
import Statistics
import Testing

@testable import Reports

@Suite("The printed report")
struct ReportTextTests {
    @Test(
        "what is held out has its own name where it is no domain",
        arguments: [
            (.domain, "on the held-out domain, at", "over 4 (seed, domain) pairs"),
            (.part, "on the held-out samples of the domain, at", "over 4 (seed, domain) pairs"),
            (.fold, "on the held-out fold, at", "over 4 (seed, fold) pairs"), (.test, "on the held-out samples, at", "over 4 paired seeds"),
        ] as [(HeldOut, String, String)])
    func heldOut(kind: HeldOut, place: String, pairs: String) throws {
        var settings = SampleStudy.settings()
        settings.variants[0].heldOut = kind
        let report = try Report(results: SampleStudy.complete, settings: settings)
        #expect(report.introduction.contains(place))
        #expect(report.differenceNote(settings.variants[0]).contains(pairs))
    }

    @Test("Markdown: the whole text of a run in which one trial failed and one was not run")
    func markdown() throws {
        var results = SampleStudy.complete
        results[5] = SampleStudy.failure("+ MER", "D1", 1)
        results.remove(at: 3)
        let report = try Report(results: results, settings: SampleStudy.settings())
        let expected = #"""
            # table13

            Accuracy in percent on the held-out domain, at the epoch that the selection rule chose: mean ± \#
            standard deviation over 2 seeds. Where trials are missing, the cell says how many of the \#
            planned ones it is based on.

            | Row    |            D1 |            D2 |       Average | Difference to Fusion |
            | ------ | ------------: | ------------: | ------------: | -------------------: |
            | Fusion |    52.0 ± 2.8 | 60.0 (1 of 2) | 55.0 (1 of 2) |                      |
            | + MER  | 53.0 (1 of 2) |    65.5 ± 4.9 | 57.5 (1 of 2) |  +2.5 ± 0.5 (2 of 4) |

            Difference to Fusion: mean of the paired differences in percentage points ± its standard error \#
            over 4 (seed, domain) pairs.

            ## Is the difference to Fusion more than chance?

            | Row   | Difference |       95 % (t) | 95 % (bootstrap) | p (t) |  Holm | p (sign flip) |  Holm | Detectable |
            | ----- | ---------: | -------------: | ---------------: | ----: | ----: | ------------: | ----: | ---------: |
            | + MER |       +2.5 | \[−3.9, +8.9\] |                – | 0.126 | 0.126 |         0.500 | 0.500 |        8.2 |

            95 %: confidence intervals of the difference, from Student's t and, for 5 (seed, domain) pairs and \#
            more, from the bias-corrected bootstrap (BCa, 10000 resamples). p: two-sided, from the paired t test \#
            and from the exact sign-flip permutation test; Holm: both corrected for the 1 row tested. Detectable: \#
            the smallest true difference, in percentage points, that this many (seed, domain) pairs show with a \#
            probability of 80 % in a t test at 5 %, given their spread. All of this treats the (seed, domain) \#
            pairs as independent of each other.

            ![Mean paired difference in accuracy to Fusion and its 95 % confidence interval (t).](figures/differences.svg)

            ## Not a valid selection: the best epoch on the target

            For reference only: this epoch was chosen by looking at the target, which is impossible in a place \#
            that is really new. Gained: how much that flatters the average.

            | Row    | Average, looking at the target | Gained |
            | ------ | -----------------------------: | -----: |
            | Fusion |                  65.0 (1 of 2) |  +10.0 |
            | + MER  |                  67.5 (1 of 2) |  +10.0 |

            ## Beside the result

            | Row    | Source validation | Target, last epoch | Time per trial | In penalties | Parameters |
            | ------ | ----------------: | -----------------: | -------------: | -----------: | ---------: |
            | Fusion |     95.0 (1 of 2) |      45.0 (1 of 2) |          4.0 s |        0.0 % |       1000 |
            | + MER  |     95.0 (1 of 2) |      47.5 (1 of 2) |          4.0 s |        1.5 % |       1000 |

            | Row   | Tuned      | Chosen (number of trials) |
            | ----- | ---------- | ------------------------- |
            | + MER | mer.weight | 3 (1×), 1 (1×), 0.1 (1×)  |

            ## Missing trials

            6 of 8 trials finished. 1 failed. 1 not run.

            | Failed trial       | Term | Step | Message                |
            | ------------------ | ---- | ---: | ---------------------- |
            | + MER → D1, seed 1 | mer  |  132 | the loss is not finite |

            ## How these figures were made

            - Selection: best source validation accuracy; ties by the lower loss
            - Protocol: leave one domain out
            - Seeds: 0, 1
            - Training: Adam, batch 64, 20 epochs
            - Machine: a machine
            - Threads: 2
            - Versions: OpenBLAS 0.3

            """#
        #expect(report.document().markdown() == expected)
    }

    @Test("A sweep of more rows than fit side by side has them below each other, a column for each variant")
    func manyRows() throws {
        let rows = ["Fusion"] + (1...8).map { "Row \($0)" }
        let variants = [["model.modalities": "[a]"], ["model.modalities": "[a, b]"]]
        var results: [TrialResult] = []
        for (number, variant) in variants.enumerated() {
            for (place, row) in rows.enumerated() {
                let accuracy: Double = 0.5 + Double(10 * number + place) / 100
                results.append(SampleStudy.result(row, "D1", 0, accuracy, variant: variant))
                results.append(SampleStudy.result(row, "D1", 1, accuracy + 0.02, variant: variant))
            }
        }
        let settings = SampleStudy.settings(rows: rows, targets: ["D1"], dials: ["model.modalities"], variants: variants)
        let text = try Report(results: results, settings: settings).document().markdown()
        #expect(text.contains("averaged over targets: mean ± standard deviation over 2 seeds. Differences are listed below for each variant."))
        let lines = text.split(separator: "\n").map { $0.replacing(" ", with: "") }
        #expect(lines.contains("|Row|model.modalities=\\[a\\]|model.modalities=\\[a,b\\]|"))
        #expect(lines.contains("|Row8|59.0±1.4|69.0±1.4|"))
    }

    @Test("Terminal: the whole text of a sweep with repetitions")
    func terminal() throws {
        let text = try Self.sweep.terminalText(width: 90)
        let expected = #"""
            table13
            ═══════

            How these figures were made
            ───────────────────────────

            • Selection: best source validation accuracy; ties by the lower loss
            • Protocol: leave one domain out
            • Seeds: 0
            • Repetitions: data.draw = 0; data.draw = 1
            • Training: Adam, batch 64, 20 epochs
            • Machine: a machine
            • Threads: 2
            • Versions: OpenBLAS 0.3

            Not a valid selection: the best epoch on the target
            ───────────────────────────────────────────────────

            For reference only: this epoch was chosen by looking at the target, which is impossible in
            a place that is really new. Gained: how much that flatters the average.

            data.rel  Row     Average, looking at the target  Gained
            ────────  ──────  ──────────────────────────────  ──────
            1         Fusion                      65.0 ± 7.1   +10.0
            1         + MER                       68.0 ± 8.5   +10.0
            0.9       Fusion                      65.0 ± 7.1   +10.0
            0.9       + MER                       64.5 ± 6.4   +10.0

            data.rel = 1
            ────────────

            Row             D1     Average  Difference to Fusion
            ──────  ──────────  ──────────  ────────────────────
            Fusion  55.0 ± 7.1  55.0 ± 7.1
            + MER   58.0 ± 8.5  58.0 ± 8.5            +3.0 ± 1.0

            Row    Difference       95 % (t)  95 % (bootstrap)  p (t)   Holm  p (sign flip)   Holm  Detectable
            ─────  ──────────  ─────────────  ────────────────  ─────  ─────  ─────────────  ─────  ──────────
            + MER        +3.0  [−9.7, +15.7]                 –  0.205  0.205          0.500  0.500        16.3

            95 %: confidence intervals of the difference, from Student's t and, for 5 draws and more,
            from the bias-corrected bootstrap (BCa, 10000 resamples). p: two-sided, from the paired t
            test and from the exact sign-flip permutation test; Holm: both corrected for the 1 row
            tested. Detectable: the smallest true difference, in percentage points, that this many
            draws show with a probability of 80 % in a t test at 5 %, given their spread. All of this
            treats the draws as independent of each other.

            Row     Source validation  Target, last epoch  Time per trial  In penalties  Parameters
            ──────  ─────────────────  ──────────────────  ──────────────  ────────────  ──────────
            Fusion         95.0 ± 0.0          45.0 ± 7.1           4.0 s         0.0 %        1000
            + MER          95.0 ± 0.0          48.0 ± 8.5           4.0 s         1.5 %        1000

            data.rel = 0.9
            ──────────────

            Row             D1     Average  Difference to Fusion
            ──────  ──────────  ──────────  ────────────────────
            Fusion  55.0 ± 7.1  55.0 ± 7.1
            + MER   54.5 ± 6.4  54.5 ± 6.4            −0.5 ± 0.5

            Row    Difference      95 % (t)  95 % (bootstrap)  p (t)   Holm  p (sign flip)   Holm  Detectable
            ─────  ──────────  ────────────  ────────────────  ─────  ─────  ─────────────  ─────  ──────────
            + MER        −0.5  [−6.9, +5.9]                 –  0.500  0.500          1.000  1.000         8.2

            Row     Source validation  Target, last epoch  Time per trial  In penalties  Parameters
            ──────  ─────────────────  ──────────────────  ──────────────  ────────────  ──────────
            Fusion         95.0 ± 0.0          45.0 ± 7.1           4.0 s         0.0 %        1000
            + MER          95.0 ± 0.0          44.5 ± 6.4           4.0 s         1.5 %        1000

            Result
            ──────

            Accuracy in percent on the held-out domain, at the epoch that the selection rule chose,
            averaged over targets. Column Fusion: mean ± standard deviation over 1 seed × 2
            repetitions. Other columns: difference to Fusion.

            data.rel      Fusion       + MER
            ────────  ──────────  ──────────
            1         55.0 ± 7.1  +3.0 ± 1.0
            0.9       55.0 ± 7.1  −0.5 ± 0.5

            Difference to Fusion: mean of the paired differences in percentage points ± its standard
            error over 2 repetitions, each the mean over 1 seed and 1 domain.

            """#
        #expect(text == expected)
    }

    @Test("What was known before the run stands below the result, as a warning")
    func notices() throws {
        var settings = SampleStudy.settings()
        settings.notices = ["The encoder of audio has seen D1."]
        let text = try Report(results: SampleStudy.complete, settings: settings).document().markdown()
        let parts = text.components(separatedBy: "## ")
        #expect(parts.first { $0.hasPrefix("Warnings") }?.contains("- The encoder of audio has seen D1.") == true)
        #expect(text.components(separatedBy: "has seen D1").count == 2)
    }

    @Test("With one seed a cell is its value alone, and the text above the table says so")
    func oneSeed() throws {
        let results = [SampleStudy.result("Fusion", "D1", 0, 0.5), SampleStudy.result("+ MER", "D1", 0, 0.53)]
        let text = try Report(results: results, settings: SampleStudy.settings(targets: ["D1"], seeds: [0])).document().markdown()
        #expect(text.contains("at the epoch that the selection rule chose: one value each, since there is one seed."))
        #expect(text.contains(/\| Fusion \| +50\.0 \| +50\.0 \|/) && !text.contains("(one seed)"))
    }

    @Test("CSV: one line a figure, with a column for the swept dial")
    func csv() throws {
        let lines = try Self.sweep.csv().split(separator: "\r\n", omittingEmptySubsequences: false)
        let expected = #"""
            recipe,variant.data.rel,measure,statistic,row,target,unit,value,deviation,standard_error,units,count,planned,failed,not_finite,interval_low,interval_high,t_interval_low,t_interval_high,p_t,p_t_holm,p_sign_flip,p_sign_flip_holm,detectable,verdict
            table13,1,accuracy,cell,Fusion,D1,percent,55.000000,7.071068,5.000000,2,2,2,0,0,,,,,,,,,,
            table13,1,accuracy,average,Fusion,,percent,55.000000,7.071068,5.000000,2,2,2,0,0,,,,,,,,,,
            table13,1,accuracy,cell,'+ MER,D1,percent,58.000000,8.485281,6.000000,2,2,2,0,0,,,,,,,,,,
            table13,1,accuracy,average,'+ MER,,percent,58.000000,8.485281,6.000000,2,2,2,0,0,,,,,,,,,,
            table13,1,accuracy,difference,'+ MER,,percent,3.000000,1.414214,1.000000,2,2,2,0,0,,,-9.706205,15.706205,0.204833,0.204833,0.500000,0.500000,16.334009,
            table13,1,oracle,cell,Fusion,D1,percent,65.000000,7.071068,5.000000,2,2,2,0,0,,,,,,,,,,
            table13,1,oracle,average,Fusion,,percent,65.000000,7.071068,5.000000,2,2,2,0,0,,,,,,,,,,
            """#
        #expect(lines.prefix(8).joined(separator: "\n") == expected)
        // A header, two variants × four measures × (two cells, two averages, one difference), and the end.
        #expect(lines.count == 1 + 2 * 4 * 5 + 1)
    }

    @Test("CSV: fields with commas, quotes and line breaks are quoted")
    func csvQuoting() throws {
        let name = "a, \"b\"\nc"
        let settings = SampleStudy.settings(rows: [name], targets: ["D1"], seeds: [0], baseline: nil)
        let report = try Report(results: [SampleStudy.result(name, "D1", 0, 0.5)], settings: settings)
        let start = "table13,accuracy,cell,\"a, \"\"b\"\"\nc\",D1,percent,50.000000,,,1,1,1,0,0,,,,,,,,,,\r\n"
        #expect(report.csv().split(separator: "\r\n", maxSplits: 1).last?.hasPrefix(start) == true)
    }

    @Test("A name can break neither a Markdown table nor a line")
    func escaping() {
        let table = TextTable(columns: [.init("a|b")], rows: [["x\ny"], ["*<i>*"]])
        let expected = """
            | a\\|b     |
            | -------- |
            | x y      |
            | \\*\\<i>\\* |

            """
        #expect(Document([.table(table)]).markdown() == expected)
    }

    @Test("A cell of a single trial has no deviation and says why, and one without trials no mean")
    func cells() {
        #expect(CellText.text(ReportCell(estimate: Estimate([0.5]), planned: 1, failed: 0), .accuracy) == "50.0 (one seed)")
        #expect(CellText.text(ReportCell(estimate: Estimate([0.5]), planned: 2, failed: 1), .accuracy) == "50.0 (1 of 2)")
        #expect(CellText.text(ReportCell(estimate: Estimate([1]), planned: 1, failed: 0, isSaturated: true), .accuracy) == "100.0 (one seed, saturated)")
        let alone = ReportCell(estimate: Estimate([0.5]), planned: 1, failed: 0)
        #expect(CellText.text(alone, .accuracy, isAlone: true) == "50.0")
        #expect(CellText.text(ReportCell(estimate: Estimate([1]), planned: 1, failed: 0, isSaturated: true), .accuracy, isAlone: true) == "100.0 (saturated)")
        #expect(CellText.text(ReportCell(estimate: nil, planned: 1, failed: 1), .accuracy, isAlone: true) == "failed (0 of 1)")
        let two = ReportCell(estimate: Estimate([0.5, 0.5]), planned: 3, failed: 1)
        #expect(CellText.text(two, .accuracy) == "50.0 ± 0.0 (2 of 3)")
        #expect(CellText.text(ReportCell(estimate: nil, planned: 3, failed: 3), .accuracy) == "failed (0 of 3)")
        #expect(CellText.text(ReportCell(estimate: nil, planned: 3, failed: 1), .accuracy) == "– (0 of 3)")
        #expect(CellText.text(ReportCell(estimate: nil, planned: 3, failed: 0, notFinite: 3), .accuracy) == "not finite (0 of 3)")
        #expect(
            CellText.text(ReportCell(estimate: Estimate([1, 1]), planned: 3, failed: 0, notFinite: 1, isSaturated: true), .accuracy)
                == "100.0 ± 0.0 (2 of 3, 1 not finite, saturated)")
        #expect(CellText.text(ReportDifference(difference: nil, planned: 3, failed: 1), .accuracy) == "– (0 of 3)")
        #expect(CellText.text(nil, .accuracy) == "")
    }

    @Test("Without a baseline there is no column of differences")
    func noBaseline() throws {
        let report = try Report(results: SampleStudy.complete, settings: SampleStudy.settings(baseline: nil))
        let text = report.document().markdown()
        #expect(text.contains("| Row    |         D1 |         D2 |    Average |\n"))
        #expect(!text.contains("paired"))
    }

    @Test("Writing replaces the reports in the run folder, and puts the drawings beside")
    func writing() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        let folder = RunFolder(root)
        try Data("old".utf8).write(to: folder.markdownReport)
        let report = try Report(results: SampleStudy.complete, settings: SampleStudy.settings())
        try ReportWriter().write(report, to: folder)
        #expect(try String(contentsOf: folder.markdownReport, encoding: .utf8).hasPrefix("# table13\n"))
        #expect(try String(contentsOf: folder.csvReport, encoding: .utf8) == report.csv())
        #expect(try String(contentsOf: folder.htmlReport, encoding: .utf8) == report.document().html())
        #expect(try String(contentsOf: folder.latexReport, encoding: .utf8) == report.document().latex())
        let files = ["costs.csv", "figures", "report.csv", "report.html", "report.md", "report.tex"]
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.path).sorted() == files)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.figures.path) == ["differences.svg"])
    }

    /// Two values of a dial × two draws, one domain and one seed: the difference is 2 and 4 points at
    /// `rel` 1, 0 and −1 at `rel` 0.9.
    private static var sweep: Report {
        get throws {
            let variants = [["data.rel": "1"], ["data.rel": "0.9"]]
            let draws = [["data.draw": "0"], ["data.draw": "1"]]
            let gains = [[0.02, 0.04], [0, -0.01]]
            let results = variants.indices.flatMap { variant in
                draws.indices.flatMap { draw in
                    ["Fusion", "+ MER"].map { row in
                        SampleStudy.result(
                            row, "D1", 0, 0.5 + Double(draw) / 10 + (row == "Fusion" ? 0 : gains[variant][draw]),
                            variant: variants[variant], repetition: draws[draw])
                    }
                }
            }
            let settings = SampleStudy.settings(
                targets: ["D1"], seeds: [0], dials: ["data.rel"], variants: variants, repetitions: draws)
            return try Report(results: results, settings: settings)
        }
    }
}
