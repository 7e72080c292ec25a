import Foundation
import Planning
import Recipes
import Reports
import Results
import Studies
import Training

/// What `check` says, as plain values.
struct CheckDocument: Encodable {
    let recipe: String
    let rows: [String]
    let targets: [String]
    let seeds: [Int]
    /// The number of combinations of swept values, and of repetitions.
    let variants: Int
    let repetitions: Int
    let trials: Int
    /// Trainings that the trials come from: fewer than trials where one is measured on several targets.
    let trainings: Int
    /// What each variant trains, where variants differ in rows, targets, seeds or repetitions; empty where all are alike.
    let shapes: [Shape]
    /// The number of trainings that only serve to tune options.
    let tuningTrainings: Int
    let protocolText: String
    let selection: String
    let settings: [String]
    /// Warnings about what is easily overlooked.
    let notices: [String]
    /// Advice on what to choose differently, before anything is trained.
    let advice: [String]
    let modules: [StudyOutline.Module]
    let covariances: [StudyOutline.Covariance]
    let tuning: [TunedRow]
    let folder: Folder
    /// What storing the outputs of frozen stems takes; empty where none are stored.
    let stemCache: [String]
    let estimate: StudyEstimate?
    /// What it would cost to know differences of a given size; empty unless that was asked for.
    let costs: [DifferenceCost]
    /// How it is decided how many seeds are trained; empty where all are.
    let designs: [Design]

    /// When a study looks, and when it stops.
    struct Design: Encodable, Hashable {
        let baseline: String
        let looks: [Int]
        /// With its unit.
        let reach: String
    }

    /// What one variant of a sweep trains.
    struct Shape: Encodable {
        /// The sweep's settings, recipe path to value.
        let variant: [String: String]
        let rows: Int
        let targets: Int
        let seeds: Int
        let repetitions: Int
        let trials: Int

        init(_ variant: VariantSettings) {
            self.variant = variant.assignment
            (rows, targets, seeds) = (variant.rows.count, variant.targets.count, variant.seeds.count)
            (repetitions, trials) = (variant.repetitions.count, variant.trialCount)
        }
    }

    /// A row and what is tried for it.
    struct TunedRow: Encodable {
        struct Path: Encodable {
            let path: String
            let values: [String]
            /// Where the values were drawn from; nil for a list.
            let range: String?
        }

        let row: String
        /// Combinations that were drawn; nil where every one is tried.
        let budget: Int?
        /// The benchmark whose search it is, with its numbers; nil for one of the recipe's own.
        let search: String?
        let paths: [Path]
    }

    /// What the run folder holds already.
    struct Folder: Encodable {
        let path: String
        /// How many trials have each status.
        let trials: [String: Int]
        /// The rows with trials of each status.
        let rows: [String: [String]]
        let finishedTuningTrainings: Int
    }

    init(
        _ plan: RecipeArguments.Plan, folder: RunFolder, state: FolderState, stemCache: [String], estimate: StudyEstimate?,
        costs: [DifferenceCost] = []
    ) {
        let (study, planned) = (plan.study, plan.planned)
        let frame = planned.settings
        recipe = study.name
        (rows, targets, seeds) = (frame.rows, frame.targets, frame.seeds)
        (variants, repetitions) = (frame.variants.count, frame.repetitions.count)
        (trials, trainings) = (state.trials.count, planned.cells.trainingCount)
        let shapes = frame.variants.map(Shape.init)
        let isUniform = Set(shapes.map { [$0.rows, $0.targets, $0.seeds, $0.repetitions] }).count <= 1
        self.shapes = isUniform ? [] : shapes
        tuningTrainings = state.rehearsalCount
        protocolText = frame.variants.map(\.protocolText).distinct.joined(separator: "\n")
        selection = frame.variants.map(\.selection).distinct.joined(separator: "; ")
        let lines = frame.variants.flatMap { variant in variant.lines.distinct.map { (line: $0, variant: Self.label(of: variant.assignment)) } }
        let owners = Dictionary(grouping: lines, by: \.line).mapValues { $0.map(\.variant) }
        settings = lines.map(\.line).distinct.map { line in
            let own = owners[line] ?? []
            return own.count == shapes.count ? line : "\(Self.label(of: own)): \(line)"
        }
        notices = frame.notices
        advice =
            planned.advice
            + state.undecidedRows.map {
                "according to the results in the folder, the values of \($0) could not be chosen reliably; another rule or more held-back samples may help"
            }
        (modules, covariances) = (planned.outline.modules, planned.outline.covariances)
        tuning = study.variants[0].recipe.rows.filter { !$0.grid.isEmpty }.map { row in
            TunedRow(
                row: row.name, budget: row.budget, search: row.search,
                paths: row.grid.map { TunedRow.Path(path: $0.path, values: $0.values.map(\.description), range: $0.range) })
        }
        let statuses = FolderState.Status.allCases.filter { state.count($0) > 0 }
        self.folder = Folder(
            path: folder.root.path, trials: Dictionary(uniqueKeysWithValues: statuses.map { ($0.rawValue, state.count($0)) }),
            rows: Dictionary(uniqueKeysWithValues: statuses.map { ($0.rawValue, state.rows($0)) }),
            finishedTuningTrainings: state.finishedRehearsals)
        designs =
            frame.variants.compactMap { variant in
                variant.design.map { design in
                    Design(
                        baseline: design.baseline, looks: design.looks, reach: "\(variant.score.text(design.reach)) \(variant.score.differenceUnit)")
                }
            }.distinct
        (self.stemCache, self.estimate, self.costs) = (stemCache, estimate, costs)
    }
}

extension CheckDocument {
    /// The text for people: what the study is, what it consists of, what is done already, and what the
    /// rest takes.
    var text: String {
        [
            summary, table("Parameters", parameters), table("Covariance", covarianceRows), table("Tuned", tuned),
            [folderLine].compactMap(\.self), stemLines, estimate?.lines ?? [], seedLines, costs.map(\.text),
        ].filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var summary: [String] {
        let counts = [
            (rows.count, "row"), (targets.count, "target"), (seeds.count, "seed"), (variants, "variant"), (repetitions, "repetition"),
        ]
        // A study has one variant and one repetition even where none is asked for.
        let product = counts.enumerated().filter { $0 < 3 || $1.0 > 1 }.map { NumberText.count($1.0, $1.1) }.joined(separator: " × ")
        let shapeLines = shapes.map { shape in
            let label = Self.label(of: shape.variant)
            let counts =
                [(shape.rows, "row"), (shape.targets, "target"), (shape.seeds, "seed")]
                + (shape.repetitions > 1 ? [(shape.repetitions, "repetition")] : [])
            return "  \(label): \(counts.map { NumberText.count($0.0, $0.1) }.joined(separator: " × "))"
        }
        let head = shapes.isEmpty ? product : NumberText.count(variants, "variant") + ", which differ:"
        let sharing = trainings == trials ? "" : " of \(NumberText.count(trainings, "training")), each evaluated on all of its targets"
        let tuning = tuningTrainings == 0 ? "" : ", and \(NumberText.count(tuningTrainings, "training")) for tuning"
        return ["\(recipe): \(head)"] + shapeLines + [NumberText.count(trials, "trial") + sharing + tuning, protocolText, "selection: " + selection] + settings
            + notices.map { "note: \($0)" } + advice.map { "advice: \($0)" }
    }

    /// When a study looks that decides its number of seeds by differences.
    private var seedLines: [String] {
        designs.map { design in
            "seeds: looks after \(design.looks.map(String.init).joined(separator: ", ")); stops where every row's difference to \(design.baseline) is known to "
                + "± \(design.reach)"
        }
    }

    private var stemLines: [String] {
        guard !stemCache.isEmpty, estimate != nil else { return stemCache }
        return stemCache + ["The time is estimated without stored stems; an epoch that finds them stored takes less."]
    }

    private func table(_ name: String, _ table: TextTable) -> [String] {
        guard !table.rows.isEmpty else { return [] }
        return [String(Document([.table(table)]).terminalText().dropLast())]
    }

    /// A variant by its swept values; a set of data by its name.
    private static func label(of assignment: [String: String]) -> String {
        assignment.sorted { $0.key < $1.key }.map(VariantSettings.phrase).joined(separator: ", ")
    }

    /// Several variants: the first one, and how many there are besides.
    private static func label(of variants: [String]) -> String {
        (variants.first ?? "") + (variants.count > 1 ? " and \(variants.count - 1) more" : "")
    }

    private var parameters: TextTable {
        TextTable(
            columns: [.init("Parameters"), .init("Trained", .right), .init("Frozen", .right)],
            rows: modules.map { module in
                let name = module.row.map { "\($0): \(module.name)" } ?? module.name
                return [
                    name + (module.variants.isEmpty ? "" : " (\(Self.label(of: module.variants)))"), Self.number(module.trained), Self.number(module.frozen),
                ]
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
                    let drawn = row.search.map { ", \($0)" } ?? row.budget.map { ", \($0) drawn at random" } ?? ""
                    let range = path.range.map { "from \($0): " } ?? ""
                    return [row.row + drawn, path.path, range + path.values.joined(separator: ", ")]
                }
            })
    }

    /// What the run does with results that the folder already holds; nil where there are none.
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
        add(.saved, "unfinished, to continue from the last save")
        add(.failed, "failed, to be run again")
        add(.otherProgram, "of another build of the program, to be run again, with the old results kept")
        add(.otherData, "of other data, to be run again, with the old results kept")
        add(.changed, "of another recipe, to be run again, with the old results kept")
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
        let time = isPartial ? "\(NumberText.duration(seconds)) for the rest, \(inAll) from the beginning" : inAll
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
        return lines + (measuring?.lines ?? [])
    }
}

extension StudyEstimate.Measuring {
    /// What measuring takes, and where that is much, what takes it.
    fileprivate var lines: [String] {
        let line = "measuring: about \(NumberText.duration(ofTrial)) of each trial, \(NumberText.percent(share)) % of its training"
        guard share > Self.acceptable else { return [line] }
        let longest = parts.prefix(3).map { "\($0.name) \(NumberText.duration($0.seconds))" }.joined(separator: ", ")
        return [line, "note: measuring takes more than a tenth of the time of training, most of it \(longest); fewer `samples` of a measurement take less"]
    }
}

extension MemoryNeed {
    /// What to say where there is less memory than the trials take; nil where there is enough.
    var warning: String? {
        guard exceedsAvailable, let available else { return nil }
        let remedy = trials > 1 ? "; use fewer --threads, or more --threads-per-trial, for fewer trials side by side" : ""
        return "warning: \(NumberText.count(trials, "trial")) side by side take about \(NumberText.bytes(total)) of memory, and "
            + "\(NumberText.bytes(available)) are available\(remedy)"
    }
}
