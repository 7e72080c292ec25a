import Foundation
import Planning
import Reports
import Studies
import Training

extension CheckDocument {
    /// For people: what the study is, what is in it, what is there already, and what the rest takes.
    var text: String {
        [
            summary, table("Parameters", parameters), table("Covariance", covarianceRows), table("Tuned", tuned),
            [folderLine].compactMap(\.self), stemLines, estimate?.lines ?? [],
        ].filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var summary: [String] {
        let counts = [
            (rows.count, "row"), (targets.count, "target"), (seeds.count, "seed"), (variants, "variant"), (repetitions, "repetition"),
        ]
        // Variants and repetitions are there without being asked for, one each.
        let product = counts.enumerated().filter { $0 < 3 || $1.0 > 1 }.map { NumberText.count($1.0, $1.1) }.joined(separator: " × ")
        let shapeLines = shapes.map { shape in
            let label = shape.variant.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
            let counts =
                [(shape.rows, "row"), (shape.targets, "target"), (shape.seeds, "seed")]
                + (shape.repetitions > 1 ? [(shape.repetitions, "repetition")] : [])
            return "  \(label): \(counts.map { NumberText.count($0.0, $0.1) }.joined(separator: " × "))"
        }
        let head = shapes.isEmpty ? product : NumberText.count(variants, "variant") + ", which differ:"
        let tuning = tuningTrainings == 0 ? "" : ", and \(NumberText.count(tuningTrainings, "training")) for tuning"
        return ["\(recipe): \(head)"] + shapeLines + [NumberText.count(trials, "trial") + tuning, protocolText, "selection: " + selection] + settings
            + notices.map { "note: \($0)" }
    }

    private var stemLines: [String] {
        guard !stemCache.isEmpty, estimate != nil else { return stemCache }
        return stemCache + ["Time is estimated as if no stems were stored: an epoch that finds them takes less."]
    }

    private func table(_ name: String, _ table: TextTable) -> [String] {
        guard !table.rows.isEmpty else { return [] }
        return [String(Document([.table(table)]).terminalText().dropLast())]
    }

    private var parameters: TextTable {
        TextTable(
            columns: [.init("Parameters"), .init("Trained", .right), .init("Frozen", .right)],
            rows: modules.map { module in
                let name = module.row.map { "\($0): \(module.name)" } ?? module.name
                return [name, Self.number(module.trained), Self.number(module.frozen)]
            })
    }

    private var covarianceRows: TextTable {
        TextTable(
            columns: [.init("Covariance of"), .init("at"), .init("modality"), .init("N", .right), .init("D", .right), .init("regime")],
            rows: covariances.map { covariance in
                let part = covariance.part == "whole" ? "" : ", \(covariance.part)"
                return [
                    "\(covariance.row): \(covariance.term)", covariance.place + part, covariance.modality, Self.number(covariance.samples),
                    Self.number(covariance.features), covariance.hasMoreSamples ? "N > D" : "N ≤ D",
                ]
            })
    }

    private var tuned: TextTable {
        TextTable(
            columns: [.init("Tuned"), .init("path"), .init("values")],
            rows: tuning.flatMap { row in
                row.paths.map { path in
                    let drawn = row.budget.map { ", \($0) drawn at random" } ?? ""
                    let range = path.range.map { "from \($0): " } ?? ""
                    return [row.row + drawn, path.path, range + path.values.joined(separator: ", ")]
                }
            })
    }

    /// What becomes of what the folder holds; nil where it holds nothing.
    private var folderLine: String? {
        var phrases: [String] = []
        func add(_ status: FolderState.Status, _ phrase: String) {
            guard let count = folder.trials[status.rawValue] else { return }
            let rows = folder.rows[status.rawValue] ?? []
            let names = rows.count == self.rows.count ? "" : " (\(rows.joined(separator: ", ")))"
            phrases.append("\(NumberText.count(count, "trial")) \(phrase)\(names)")
        }
        add(.finished, "finished, to be reused")
        if folder.finishedTuningTrainings > 0 {
            phrases.append("\(NumberText.count(folder.finishedTuningTrainings, "training")) for tuning finished, to be reused")
        }
        add(.saved, "under way, to go on from the last save")
        add(.failed, "failed, to be run again")
        add(.otherProgram, "of another build of the program, to be run again, the results there kept beside")
        add(.otherData, "of other data, to be run again, the results there kept beside")
        add(.changed, "of another recipe, to be run again, the results there kept beside")
        add(.damaged, "with damaged files, to be run again")
        guard !phrases.isEmpty else { return nil }
        add(.new, "not run yet")
        return "folder \(folder.path): " + phrases.joined(separator: "; ")
    }

    private static func number(_ value: Int) -> String { value.formatted(.number.locale(Locale(identifier: "en_US"))) }
}

extension StudyEstimate {
    /// The estimate in sentences.
    fileprivate var lines: [String] {
        let inAll = NumberText.duration(secondsInAll)
        let isPartial = seconds < 0.995 * secondsInAll
        let time = isPartial ? "\(NumberText.duration(seconds)) for what is left, \(inAll) from the beginning" : inAll
        let side = "\(NumberText.count(memory.trials, "trial")) side by side"
        let available = memory.available.map { ", \(NumberText.bytes($0)) available" } ?? ""
        var lines = [
            "time: about \(time), \(side)",
            "memory: about \(NumberText.bytes(memory.total)), \(NumberText.bytes(memory.ofTrial)) of it for each trial\(available)",
            "disk: about \(NumberText.bytes(disk.filter { !$0.isTemporary }.reduce(0) { $0 + $1.bytes })) ("
                + disk.map { "\($0.what) \(NumberText.bytes($0.bytes))\($0.isTemporary ? " more while it runs" : "")" }.joined(separator: ", ") + ")",
            "measured in \(NumberText.duration(measurement.seconds)): \(NumberText.count(measurement.steps, "step")) of "
                + "\(NumberText.count(measurement.kinds, "kind")) of trial on real batches, and evaluation",
        ]
        if let warning = memory.warning { lines.append(warning) }
        return lines
    }
}

extension MemoryNeed {
    /// What to say where there is less memory than the trials take; nil where there is enough.
    var warning: String? {
        guard exceedsAvailable, let available else { return nil }
        let remedy = trials > 1 ? "; fewer --threads, or more --threads-per-trial, make fewer trials side by side" : ""
        return "warning: \(NumberText.count(trials, "trial")) side by side take about \(NumberText.bytes(total)) of memory, and "
            + "\(NumberText.bytes(available)) are available\(remedy)"
    }
}
