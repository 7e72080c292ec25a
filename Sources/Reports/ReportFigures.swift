import Results
import Statistics

/// The drawings of a report.
extension Report {
    // Drawings of a sweep's variants lie in one folder.
    func name(_ name: String, _ variant: VariantReport) -> String {
        let position = variants.firstIndex { $0.variant == variant.variant } ?? 0
        return isSweep ? "variant-\(position + 1)-\(name)" : name
    }

    /// Black for the baseline, the other styles for the other rows in order, the same in every drawing.
    func style(ofRow name: String) -> Int { styles[name] ?? 1 }

    /// The style of each row.
    static func styles(of settings: RunSettings) -> [String: Int] {
        let baselines = Set(settings.variants.compactMap(\.baseline))
        let others = settings.rows.filter { !baselines.contains($0) }
        return Dictionary(baselines.map { ($0, 0) } + others.enumerated().map { ($1, $0 + 1) }) { first, _ in first }
    }

    // MARK: Differences

    func differenceFigure(_ variant: VariantReport) -> Figure {
        let baseline = variant.settings.baseline ?? ""
        let factor = variant.score.score.factor
        let plot = IntervalPlot(
            title: "Difference to \(baseline)", label: variant.score.score.differenceUnit,
            rows: variant.comparisons.map { comparison in
                IntervalPlot.Row(
                    comparison.row, mean: comparison.difference.estimate.mean * factor,
                    interval: comparison.studentInterval.map { ConfidenceInterval(low: $0.low * factor, high: $0.high * factor) },
                    style: style(ofRow: comparison.row))
            })
        return Figure(
            name: name("differences", variant),
            caption: "Mean paired difference in \(variant.score.score.title) to \(baseline) and its 95 % confidence interval (t).", svg: plot.svg())
    }

    // MARK: Curves

    func curveBlocks(_ variant: VariantReport, isHeaded: Bool) -> [Document.Block] {
        guard !variant.curves.isEmpty else { return [] }
        let groups = Dictionary(grouping: variant.curves.indices) { group(of: variant.curves[$0][0].quantity) }
        func figures(_ group: CurveGroup) -> [Figure] {
            (groups[group] ?? []).sorted().map { curveFigure(variant.curves[$0], position: $0, variant) }
        }
        let note =
            "Mean over seeds and targets\(variant.settings.repetitions.count > 1 ? " and repetitions" : ""); band, where there are few rows: ± one "
            + "standard deviation. "
            + "The \(variant.score.score.title) on the target is shown for information only; nothing was selected by it."
        var blocks: [Document.Block] = []
        let progress = figures(.progress)
        if !progress.isEmpty { blocks += [.figures(progress)] }
        let terms = figures(.term)
        if !terms.isEmpty { blocks += [.paragraph(termNote), .figures(terms)] }
        let reports = figures(.report)
        if !reports.isEmpty { blocks += [.folded("What else the regularizers measured", isOpen: false, [.figures(reports)])] }
        return [.folded("Learning curves", isOpen: isHeaded, [.paragraph(note)] + blocks)]
    }

    private var termNote: String {
        "Terms of the loss: raw, as weighted in it, and their share of the gradient (the norm of the gradient of the weighted term alone, "
            + "divided by the sum of these norms, in the last step of each epoch):"
    }

    // More bands than this hide each other.
    private static let mostBands = 3

    private enum CurveGroup { case progress, term, report }

    private func group(of quantity: LearningCurve.Quantity) -> CurveGroup {
        switch quantity {
        case .target, .sourceValidation, .trainingLoss: .progress
        case .term(let name): !name.contains(".") || name.hasSuffix(".weighted") ? .term : .report
        case .gradientShare: .term
        }
    }

    private func curveFigure(_ curves: [LearningCurve], position: Int, _ variant: VariantReport) -> Figure {
        let quantity = curves[0].quantity
        let (unit, isFraction): (String?, Bool) =
            switch quantity {
            case .target(let score), .sourceValidation(let score): (score.axis, score.form == .percent)
            case .gradientShare: ("share, %", true)
            case .trainingLoss, .term: (nil, false)
            }
        let factor = isFraction ? 100.0 : 1
        let title = title(of: quantity)
        let values = curves.flatMap { $0.points.map(\.estimate.mean) }
        let scale = unit == nil ? Scale.fitting(values, ratio: 50) : .linear
        let hasBands = curves.count <= Self.mostBands
        let plot = Plot(
            title: title, x: .init("epoch", wholeNumbers: true), y: .init(unit ?? (scale == .logarithmic ? "value, logarithmic" : "value"), scale: scale),
            series: curves.map { curve in
                Plot.Series(
                    curve.row,
                    curve.points.map { point in
                        let spread = hasBands ? point.estimate.deviation.map { $0 * factor } : nil
                        var drawn = Plot.Point(x: Double(point.epoch), y: point.estimate.mean * factor, spread: spread)
                        // A band may reach below 0 or above 1, where a fraction cannot lie.
                        if isFraction { (drawn.low, drawn.high) = (max(0, drawn.low), min(100, drawn.high)) }
                        return drawn
                    },
                    style: style(ofRow: curve.row))
            })
        // A term may have any name; the position keeps apart names that are equal once shortened.
        let file = String(title.lowercased().prefix(60).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" })
        return Figure(name: name("curve-\(position + 1)-\(file)", variant), caption: "\(title), by epoch.", svg: plot.svg(), isCaptioned: false)
    }

    private func title(of quantity: LearningCurve.Quantity) -> String {
        switch quantity {
        case .target(let score): "\(score.heading) on the target"
        case .sourceValidation(let score): "\(score.heading) on source validation"
        case .trainingLoss: "Training loss"
        case .term(let name): name.hasSuffix(".weighted") ? "\(name.dropLast(".weighted".count)), weighted" : name
        case .gradientShare(let name): "\(name), share of the gradient"
        }
    }
}
