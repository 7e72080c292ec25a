import Results

/// The parts of a report that say what the table means: tests, comparisons, contributions, costs.
extension Report {
    func findingBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        comparisonBlocks(variant, isHeaded: isHeaded) + expectationBlocks(variant, isHeaded: isHeaded)
            + factorialBlocks(variant, isHeaded: isHeaded)
    }

    private func heading(_ text: String, _ isHeaded: Bool) -> [Document.Block] {
        isHeaded ? [.heading(text)] : []
    }

    // What a table means is said once in a report.
    private func explains(_ variant: VariantReport) -> Bool {
        variant.variant == variants.first?.variant
    }

    // MARK: Differences

    private func comparisonBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        let comparisons = variant.comparisons.filter { $0.difference.units.count > 1 }
        guard !comparisons.isEmpty, let baseline = settings.baseline else { return [] }
        let table = TextTable(
            columns: [.init("Row")]
                + ["Difference", "95 % (t)", "95 % (bootstrap)", "p (t)", "Holm", "p (sign flip)", "Holm", "Detectable"].map { .init($0, .right) },
            rows: comparisons.map { comparison in
                [
                    comparison.row, NumberText.signedPercent(comparison.difference.estimate.mean), CellText.interval(comparison.studentInterval),
                    CellText.interval(comparison.interval),
                    NumberText.probability(comparison.tTest?.p), NumberText.probability(comparison.adjustedTTest),
                    NumberText.probability(comparison.signFlip?.p), NumberText.probability(comparison.adjustedSignFlip),
                    NumberText.percent(comparison.detectable),
                ]
            })
        return heading("Is the difference to \(baseline) more than chance?", isHeaded)
            + [.table(table), .paragraph(explains(variant) ? comparisonNote(comparisons) : ""), .figures([differenceFigure(variant)])]
    }

    private func comparisonNote(_ comparisons: [RowComparison]) -> String {
        let isExact = comparisons.allSatisfy { $0.signFlip?.isExact ?? true }
        let units = settings.repetitions.count > 1 ? "draws" : "(seed, domain) pairs"
        return "95 %: confidence intervals of the difference, from Student's t and, for \(RowComparison.fewestResampled) \(units) and "
            + "more, from the bias-corrected bootstrap (BCa, \(Bootstrap.resamples) resamples). "
            + "p: two-sided, from the paired t test and from the \(isExact ? "exact" : "sampled") sign-flip permutation test; "
            + "Holm: corrected for the \(NumberText.count(comparisons.count, "row")) compared. "
            + "Detectable: the smallest true difference, in percentage points, that this many \(units) show with a probability of "
            + "80 % in a t test at 5 %, given their spread. All of it takes the \(units) as independent of each other."
    }

    // MARK: Expected figures

    private func expectationBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard !variant.expectations.isEmpty else { return [] }
        let source = settings.expected?.source ?? "Expected"
        let table = TextTable(
            columns: [.init("Row"), .init("Target"), .init(source, .right), .init("Ours ± standard error", .right), .init("Verdict")],
            rows: variant.expectations.map { check in
                [
                    check.row, check.column, NumberText.percent(check.expected),
                    check.ours.map { NumberText.percent($0.mean, plusMinus: $0.standardError) } ?? NumberText.nothing,
                    check.verdict.rawValue,
                ]
            })
        let rule =
            "Reproduced: the figure of \(source) lies within two standard errors of our mean, taken over seeds"
            + (settings.repetitions.count > 1 ? " and repetitions" : "") + "; undecided: there is no standard error of one value."
        return heading("Beside the figures of \(source)", isHeaded) + [.table(table), .paragraph(explains(variant) ? rule : "")]
    }

    // MARK: Contributions

    private func factorialBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard let findings = variant.factorial else { return [] }
        func text(_ estimate: Estimate) -> String {
            "\(NumberText.signedPercent(estimate.mean)) ± \(NumberText.percent(estimate.standardError))"
        }
        let table = TextTable(
            columns: [.init("Regularizers"), .init("Effect", .right), .init("Shapley value", .right)],
            rows: findings.effects.map { effect in
                let shapley = findings.shapleyValues.first { $0.regularizers == effect.regularizers }
                return [effect.regularizers.joined(separator: " × "), text(effect.estimate), shapley.map { text($0.estimate) } ?? ""]
            })
        let units = settings.repetitions.count > 1 ? "draws" : "(seed, domain) pairs"
        let note =
            "\(findings.design.rows.count) rows are all combinations of \(findings.design.factors.count) regularizers. Effect of one: "
            + "what it adds, averaged over all settings of the others; of several: how far they go beyond the sum of their effects. "
            + "Shapley value: what it adds, averaged over all orders of adding; the values add up to the difference between all and "
            + "none. Percentage points ± standard error over \(units)."
        return heading("What each regularizer contributes", isHeaded) + [.table(table), .paragraph(explains(variant) ? note : "")]
    }

    // MARK: Cost

    func costBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard !variant.costs.isEmpty else { return [] }
        let hasDifference = variant.costs.contains { $0.difference != nil }
        let table = TextTable(
            columns: [.init("Row"), .init("Step, ms", .right)]
                + (hasDifference ? [.init("Difference to \(settings.baseline ?? ""), ms", .right)] : [])
                + [.init("Regularizer"), .init("Its part, ms", .right), .init("Share", .right)],
            rows: variant.costs.flatMap { cost in
                let parts = cost.terms.map { term in
                    [term.instance, NumberText.milliseconds(term.seconds), term.share.map { NumberText.percent($0) + " %" } ?? NumberText.nothing]
                }
                let difference = cost.difference.map { NumberText.signedMilliseconds($0) } ?? ""
                let row = [cost.row, NumberText.milliseconds(cost.seconds)] + (hasDifference ? [difference] : [])
                let blank = row.map { _ in "" }
                return (parts.isEmpty ? [["", "", ""]] : parts).enumerated().map { ($0.offset == 0 ? row : blank) + $0.element }
            })
        let note = "Medians over a row's trials. A regularizer's part is its hooks and its share of the backward pass."
        return heading("Cost of a step", isHeaded) + [.table(table), .paragraph(explains(variant) ? note : "")]
    }
}
