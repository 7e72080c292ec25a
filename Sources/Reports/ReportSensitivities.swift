import Results

/// The drawings of how a score depends on a number that was swept or tuned.
extension Report {
    // MARK: Swept values

    var sensitivityBlocks: [Document.Block] {
        let figures = sensitivities.enumerated().map { position, sensitivity in
            let values = sensitivity.curves.flatMap { $0.points.map(\.value) }
            let others = label(of: sensitivity.others)
            let title = "\(sensitivity.score.heading) by \(sensitivity.dial)" + (others.isEmpty ? "" : " (\(others))")
            let distinct = Set(values).sorted()
            let factor = sensitivity.score.factor
            let plot = Plot(
                title: title,
                x: .init(sensitivity.dial, scale: Scale.fitting(values, ratio: 15), ticks: distinct.count <= 10 ? distinct : nil),
                y: .init(sensitivity.score.axis),
                series: sensitivity.curves.map { curve in
                    Plot.Series(
                        curve.row,
                        curve.points.compactMap { point in
                            point.estimate.map {
                                .init(x: point.value, y: $0.mean * factor, spread: $0.standardError.map { $0 * factor })
                            }
                        },
                        style: style(ofRow: curve.row), spread: .whiskers, hasMarkers: true)
                })
            return Figure(name: "sensitivity-\(position + 1)", caption: "\(title): mean over targets ± standard error.", svg: plot.svg())
        }
        return figures.isEmpty ? [] : [.figures(figures)]
    }

    // MARK: Tuned values

    func tuningBlocks(_ variant: VariantReport) -> [Document.Block] {
        let score = variant.score.score
        let figures = variant.tuning.map(\.path).distinct.enumerated().map { position, path in
            let curves = variant.tuning.filter { $0.path == path }
            let values = curves.flatMap { $0.points.map(\.value) }
            let distinct = Set(values).sorted()
            let title = "Tuning: \(score.title) on source validation by \(path)"
            let hasVariety = curves.contains { !$0.others.isEmpty }
            let plot = Plot(
                title: title,
                x: .init(path, scale: Scale.fitting(values, ratio: 15), ticks: distinct.count <= 10 ? distinct : nil),
                y: .init("source validation \(score.axis)"),
                series: curves.enumerated().map { index, curve in
                    let others = curve.others.map { "\($0.path) = \($0.value)" }
                    return Plot.Series(
                        ([curve.row] + others).joined(separator: ", "),
                        curve.points.compactMap { point in
                            point.estimate.map { .init(x: point.value, y: $0.mean * score.factor, spread: $0.standardError.map { $0 * score.factor }) }
                        },
                        // One row's curves would look alike in its own style.
                        style: hasVariety ? index : style(ofRow: curve.row), spread: .whiskers, hasMarkers: true, hasLine: curve.isLine)
                })
            return Figure(name: name("tuning-\(position + 1)", variant), caption: title, svg: plot.svg(), isCaptioned: false)
        }
        let note =
            "The basis for the choice of tuned values: \(score.title) on source domains, mean over targets ± standard error. The target was not "
            + "measured for it."
        return figures.isEmpty ? [] : [.paragraph(note), .figures(figures)]
    }
}
