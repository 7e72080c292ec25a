import Results
import Statistics

/// The parts of a report that say what the table means: tests, comparisons, contributions, costs.
extension Report {
    func findingBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        seedBlocks(variant, isHeaded: isHeaded) + comparisonBlocks(variant, isHeaded: isHeaded) + expectationBlocks(variant, isHeaded: isHeaded)
            + factorialBlocks(variant, isHeaded: isHeaded)
    }

    func heading(_ text: String, _ isHeaded: Bool) -> [Document.Block] {
        isHeaded ? [.heading(text)] : []
    }

    // MARK: Differences

    private func comparisonBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        let comparisons = variant.comparisons.filter { $0.difference.units.count > 1 }
        guard !comparisons.isEmpty, let baseline = variant.settings.baseline else { return [] }
        let score = variant.score.score
        let table = TextTable(
            columns: [.init("Row")]
                + ["Difference", "95 % (t)", "95 % (bootstrap)", "p (t)", "Holm", "p (sign flip)", "Holm", "Detectable"].map { .init($0, .right) },
            rows: comparisons.map { comparison in
                [
                    comparison.row, score.signedText(comparison.difference.estimate.mean), CellText.interval(comparison.studentInterval, score),
                    CellText.interval(comparison.interval, score),
                    NumberText.probability(comparison.test?.tTest.p), NumberText.probability(comparison.test?.adjustedTTest),
                    NumberText.probability(comparison.test?.signFlip.p), NumberText.probability(comparison.test?.adjustedSignFlip),
                    score.text(comparison.detectable),
                ]
            })
        return heading("Is the difference to \(baseline) more than chance?", isHeaded)
            + [
                .table(table), .paragraph(comparisonNote(comparisons, variant.settings)), .paragraph(untestedNote(comparisons, score)),
                .paragraph(powerlessNote(comparisons, variant.settings)),
                .figures([differenceFigure(variant)]),
            ]
    }

    /// Which rows have no test, and why; empty where all have.
    private func untestedNote(_ comparisons: [RowComparison], _ score: ScoreDescription) -> String {
        comparisons.filter(\.isConstant).map { comparison in
            let (size, count) = (score.signedText(comparison.difference.estimate.mean), comparison.difference.units.count)
            return "\(comparison.row): all \(count) differences are \(size), so there is no spread to base a test or an interval on."
        }.joined(separator: " ")
    }

    /// That so many rows leave the sign-flip test nothing to show, whatever the differences are; empty where they do not.
    ///
    /// Of `n` pairs its p cannot be below `2 / 2ⁿ`, and the correction multiplies the smallest one by the number of rows.
    private func powerlessNote(_ comparisons: [RowComparison], _ variant: VariantSettings) -> String {
        let tested = comparisons.filter { $0.test != nil }
        guard tested.count > 1, let most = tested.map(\.difference.units.count).max(), most <= SignFlipTest.largestExact else { return "" }
        let smallest = 2 / Double(1 << most)
        guard smallest < Self.level, smallest * Double(tested.count) >= Self.level else { return "" }
        return "Of \(most) \(units(variant)) the sign-flip test gives no p below \(NumberText.probability(smallest)), which Holm's correction for "
            + "\(tested.count) rows makes \(NumberText.probability(smallest * Double(tested.count))): with this correction it can show nothing here. "
            + "More seeds or fewer rows would change that."
    }

    private func comparisonNote(_ comparisons: [RowComparison], _ variant: VariantSettings) -> String {
        let tests = comparisons.compactMap(\.test)
        let isExact = tests.allSatisfy(\.signFlip.isExact)
        let units = units(variant)
        return "95 %: confidence intervals of the difference, from Student's t and, for \(RowComparison.fewestResampled) \(units) and "
            + "more, from the bias-corrected bootstrap (BCa, \(Bootstrap.resamples) resamples). "
            + "p: two-sided, from the paired t test and from the \(isExact ? "exact" : "sampled") sign-flip permutation test; "
            + "Holm: both corrected for the \(NumberText.count(tests.count, "row")) tested. "
            + "Detectable: the smallest true difference, in \(variant.score.differenceUnit), that this many \(units) show with a probability of "
            + "80 % in a t test at 5 %, given their spread. All of this treats the \(units) as independent of each other."
    }

    // MARK: Expected figures

    private func expectationBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard !variant.expectations.isEmpty || !variant.measuredExpectations.isEmpty else { return [] }
        let source = settings.expected?.source ?? "Expected"
        func table(_ columns: [String], _ rows: [[String]]) -> [Document.Block] {
            let all = columns.map { TextTable.Column($0) } + [.init(source, .right), .init("Ours ± standard error", .right), .init("Verdict")]
            return rows.isEmpty ? [] : [.table(TextTable(columns: all, rows: rows))]
        }
        let scores = variant.expectations.map { check in
            [
                check.row, check.column, variant.score.score.text(check.expected),
                check.ours.map { variant.score.score.text($0.mean, plusMinus: $0.standardError, unit: "seed") } ?? NumberText.nothing,
                check.verdict.rawValue,
            ]
        }
        let measured = variant.measuredExpectations.map { check in
            let ours = check.ours.map { ours in
                NumberText.figure(NumberText.significant(ours.mean), plusMinus: ours.standardError.map { NumberText.significant($0) }, unit: "trial")
            }
            return [
                check.expected.row, "\(check.expected.quantity) (\(check.expected.measurement))", NumberText.significant(check.expected.value),
                ours ?? "not measured", check.verdict.rawValue,
            ]
        }
        let rule =
            "Reproduced: the figure of \(source) lies within two standard errors of the mean measured here, over seeds"
            + (variant.settings.repetitions.count > 1 ? " and repetitions" : "")
            + (measured.isEmpty ? "" : ", for what is measured over all trials of the row") + "; undecided: one value has no standard error."
        return heading("Beside the figures of \(source)", isHeaded) + table(["Row", "Target"], scores) + table(["Row", "Measured"], measured)
            + [.paragraph(rule)]
    }

    // MARK: Contributions

    private func factorialBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard let findings = variant.factorial else { return [] }
        func text(_ estimate: Estimate) -> String {
            variant.score.score.signedText(estimate.mean, plusMinus: estimate.standardError)
        }
        let table = TextTable(
            columns: [.init("Part"), .init("Effect", .right), .init("Shapley value", .right)],
            rows: findings.effects.map { effect in
                let shapley = findings.shapleyValues.first { $0.regularizers == effect.regularizers }
                return [effect.regularizers.joined(separator: " × "), text(effect.estimate), shapley.map { text($0.estimate) } ?? ""]
            })
        let unit = variant.score.score.differenceUnit
        let note =
            "\(findings.design.rows.count) rows are all combinations of \(findings.design.factors.count) parts. Effect of one part: "
            + "what it adds, averaged over all combinations of the others; of several parts: what they add beyond the sum of their effects. "
            + "Shapley value: what a part adds, averaged over all orders in which the parts can be added; these values sum to the difference between "
            + "all parts and none. \(unit.prefix(1).uppercased() + unit.dropFirst()) ± standard error over \(units(variant.settings))."
        return heading("What each part contributes", isHeaded) + [.table(table), .paragraph(note)]
    }

    // MARK: Cost

    func costBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard !variant.costs.isEmpty else { return [] }
        let hasDifference = variant.costs.contains { $0.difference != nil }
        let baseline = variant.settings.baseline ?? ""
        let table = TextTable(
            columns: [.init("Row"), .init("Step, ms", .right), .init("Middle half, ms", .right)]
                + (hasDifference ? [.init("Difference to \(baseline), ms", .right)] : [])
                + [.init("Regularizer"), .init("Its part, ms", .right), .init("Share", .right)],
            rows: variant.costs.flatMap { cost in
                let parts = cost.terms.map { term in
                    [term.instance, NumberText.milliseconds(term.seconds), term.share.map { NumberText.percent($0) + " %" } ?? NumberText.nothing]
                }
                let spread = cost.step.quartiles.map { "\(NumberText.milliseconds($0.low)) to \(NumberText.milliseconds($0.high))" }
                let row = [cost.row, NumberText.milliseconds(cost.step.median), spread ?? NumberText.nothing] + (hasDifference ? [text(cost.difference)] : [])
                let blank = row.map { _ in "" }
                return (parts.isEmpty ? [["", "", ""]] : parts).enumerated().map { ($0.offset == 0 ? row : blank) + $0.element }
            })
        let note =
            "Medians over a row's trials, with the range of their middle half. Trials run at different times and under different load, so a "
            + "difference is printed only where it exceeds these ranges. The part of a regularizer is the time of its hooks and its share of the backward "
            + "pass; work that several of them share, such as a second view of the samples, counts for each."
        return heading("Cost of a step", isHeaded) + [.table(table), .paragraph(note)]
    }

    /// What measuring the trained models took beside training them.
    func measuringBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard let time = variant.measuringTime else { return [] }
        let table = TextTable(
            columns: [.init("Measurement"), .init("Per trial", .right), .init("Of training, %", .right), .init("Trials", .right)],
            rows: (time.parts + (time.parts.count > 1 ? [time.all] : [])).map {
                [$0.title, NumberText.duration($0.secondsPerTrial), $0.share.map { NumberText.percent($0) } ?? NumberText.nothing, String($0.trials)]
            })
        let note =
            "Wall time, and its ratio to the time of the trainings that the measured trials come from. The model's pass over the data counts for the "
            + "first measurement that needs it."
        return heading("Cost of measuring", isHeaded) + [.table(table), .paragraph(note)]
    }

    private func text(_ difference: RowCost.Difference?) -> String {
        switch difference {
        case .seconds(let seconds): NumberText.signedMilliseconds(seconds)
        case .withinSpread: "within the spread"
        case .unknownSpread: NumberText.nothing
        case nil: ""
        }
    }
}
