import Foundation
import Planning
import Recipes
import Results
import Studies
import Training

/// What `check` says, as plain values.
struct CheckDocument: Encodable {
    let recipe: String
    let rows: [String]
    let targets: [String]
    let seeds: [Int]
    /// Combinations of what is swept, and of what is repeated.
    let variants: Int
    let repetitions: Int
    let trials: Int
    /// What each variant trains, where variants differ in rows, targets, seeds or repetitions; empty where all are alike.
    let shapes: [Shape]
    /// Trainings that only tuning learns from.
    let tuningTrainings: Int
    let protocolText: String
    let selection: String
    let settings: [String]
    /// What is easily overlooked.
    let notices: [String]
    let modules: [StudyOutline.Module]
    let covariances: [StudyOutline.Covariance]
    let tuning: [TunedRow]
    let folder: Folder
    /// What storing the outputs of frozen stems takes; empty where none are stored.
    let stemCache: [String]
    let estimate: StudyEstimate?

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

    init(_ plan: RecipeArguments.Plan, folder: RunFolder, state: FolderState, stemCache: [String], estimate: StudyEstimate?) {
        let (study, planned) = (plan.study, plan.planned)
        let frame = planned.settings
        recipe = study.name
        (rows, targets, seeds) = (frame.rows, frame.targets, frame.seeds)
        (variants, repetitions) = (frame.variants.count, frame.repetitions.count)
        trials = state.trials.count
        let shapes = frame.variants.map(Shape.init)
        let isUniform = Set(shapes.map { [$0.rows, $0.targets, $0.seeds, $0.repetitions] }).count <= 1
        self.shapes = isUniform ? [] : shapes
        tuningTrainings = state.rehearsalCount
        func distinct(_ texts: [String]) -> [String] {
            var seen: Set<String> = []
            return texts.filter { seen.insert($0).inserted }
        }
        protocolText = distinct(frame.variants.map(\.protocolText)).joined(separator: "\n")
        selection = distinct(frame.variants.map(\.selection)).joined(separator: "; ")
        settings = distinct(frame.variants.flatMap(\.lines))
        notices = frame.notices
        (modules, covariances) = (planned.outline.modules, planned.outline.covariances)
        tuning = study.variants[0].recipe.rows.filter { !$0.grid.isEmpty }.map { row in
            TunedRow(
                row: row.name, budget: row.budget,
                paths: row.grid.map { TunedRow.Path(path: $0.path, values: $0.values.map(\.description), range: $0.range) })
        }
        let statuses = FolderState.Status.allCases.filter { state.count($0) > 0 }
        self.folder = Folder(
            path: folder.root.path, trials: Dictionary(uniqueKeysWithValues: statuses.map { ($0.rawValue, state.count($0)) }),
            rows: Dictionary(uniqueKeysWithValues: statuses.map { ($0.rawValue, state.rows($0)) }),
            finishedTuningTrainings: state.finishedRehearsals)
        (self.stemCache, self.estimate) = (stemCache, estimate)
    }

    func json() throws -> String {
        var text = String(decoding: try ResultCoding.document(self), as: UTF8.self)
        text.removeLast()
        return text
    }
}
