import Results

/// The drawings of how accuracy depends on a number that was swept or tuned.
extension Report {
    // MARK: Swept values

    var sensitivityBlocks: [Document.Block] {
        let figures = sensitivities.enumerated().map { position, sensitivity in
            let values = sensitivity.curves.flatMap { $0.points.map(\.value) }
            let others = label(of: sensitivity.others)
            let title = "Accuracy by \(sensitivity.dial)" + (others.isEmpty ? "" : " (\(others))")
            let distinct = Set(values).sorted()
            let plot = Plot(
                title: title,
                x: .init(sensitivity.dial, scale: Scale.fitting(values, ratio: 15), ticks: distinct.count <= 10 ? distinct : nil),
                y: .init("accuracy, %"),
                series: sensitivity.curves.map { curve in
                    Plot.Series(
                        curve.row,
                        curve.points.compactMap { point in
                            point.estimate.map {
                                .init(x: point.value, y: $0.mean * 100, spread: $0.standardError.map { $0 * 100 })
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
        var paths: [String] = []
        for path in variant.tuning.map(\.path) where !paths.contains(path) { paths.append(path) }
        let figures = paths.enumerated().map { position, path in
            let curves = variant.tuning.filter { $0.path == path }
            let values = curves.flatMap { $0.points.map(\.value) }
            let distinct = Set(values).sorted()
            let title = "Tuning: accuracy on source validation by \(path)"
            let hasVariety = curves.contains { !$0.others.isEmpty }
            let plot = Plot(
                title: title,
                x: .init(path, scale: Scale.fitting(values, ratio: 15), ticks: distinct.count <= 10 ? distinct : nil),
                y: .init("source validation accuracy, %"),
                series: curves.enumerated().map { index, curve in
                    let others = curve.others.map { "\($0.path) = \($0.value)" }
                    return Plot.Series(
                        ([curve.row] + others).joined(separator: ", "),
                        curve.points.compactMap { point in
                            point.estimate.map { .init(x: point.value, y: $0.mean * 100, spread: $0.standardError.map { $0 * 100 }) }
                        },
                        // One row's curves would look alike in its own style.
                        style: hasVariety ? index : style(ofRow: curve.row), spread: .whiskers, hasMarkers: true, hasLine: curve.isLine)
                })
            return Figure(name: name("tuning-\(position + 1)", variant), caption: title, svg: plot.svg(), isCaptioned: false)
        }
        let note =
            "What the choice of tuned values rests on: accuracy on source domains, mean over targets ± standard error. The target was not "
            + "measured there."
        return figures.isEmpty ? [] : [.paragraph(note), .figures(figures)]
    }
}
