import Analysis
import Configuration
import Datasets
import Models
import Recipes
import Regularization
import Results
import Training
import Weights

/// What a study trains: the cells of its tables, the data that they need, and the settings of the
/// report.
package struct PlannedStudy: Sendable {
    package private(set) var cells: StudyCells
    package let settings: RunSettings
    /// What its models and terms consist of.
    package let outline: StudyOutline
    /// The opened data sets, by the plan that names them.
    package let datasets: [ComponentPlan: any Dataset]
    /// The opened data sets that measurements set the target against.
    package let otherDatasets: [ComponentPlan: any Dataset]
    /// How its data are divided.
    let divisions: PlannedDivisions
    /// What storing stems takes on disk; nil where none are stored.
    package let stems: StemCacheEstimate?
    /// What `check` proposes before anything is trained.
    package let advice: [String]
    /// How well the files of initial weights fitted their encoders, each file once.
    package let loadedWeights: [String]

    /// Plans a study: opens its data, makes its models and terms and divides the data, each once.
    ///
    /// - Parameter threads: threads of each trial.
    /// - Throws: `RecipeError` with everything of the recipe that does not fit the data or each other.
    package init(_ study: Study, components: PlannedComponents, threads: Int) throws(RecipeError) {
        var planning = StudyPlanning(components, threads: threads)
        for variant in study.variants { try planning.add(variant) }
        guard planning.faults.isEmpty else { throw RecipeError(planning.faults) }
        let cells = StudyCells(planning.cells)
        planning.addModels(of: cells)
        let others = Set(cells.flatMap(\.measurements).compactMap(\.other?.plan))
        otherDatasets = Dictionary(uniqueKeysWithValues: others.compactMap { plan in (try? components.dataset(plan)).map { (plan, $0.dataset) } })
        let (data, divisions) = (planning.data, planning.divisions)
        let datasets = data.mapValues(\.dataset)
        (self.cells, self.datasets, self.divisions) = (cells, datasets, divisions)
        outline = planning.outline
        stems = planning.stems.parts.isEmpty ? nil : planning.stems
        loadedWeights = planning.loadedWeights.distinct
        advice = planning.advice.distinct
        var settings = RunSettings(
            study, facts: planning.facts, tasks: planning.tasks, threads: threads, data: { datasets[$0.dataPlan] }
        ) { frame, recipe in
            guard let (dataset, fingerprint) = data[recipe.dataPlan] else { return }
            frame.describe(recipe, dataset: dataset, fingerprint: fingerprint, components: components.components)
        }
        settings.notices += planning.notices.distinct
        let cellsOfVariants = Dictionary(grouping: cells, by: \.variant)
        for index in settings.variants.indices {
            let own = cellsOfVariants[settings.variants[index].assignment] ?? []
            settings.variants[index].digests = Self.digests(of: own)
            settings.variants[index].parts = divisions.parts(of: own, datasets: datasets)
        }
        self.settings = settings
    }
}

extension PlannedStudy {
    /// The same study, of which only some rows and targets are trained now; empty lists stand for all.
    ///
    /// - Throws: `StudyPartFault` for a name that does not exist.
    package func keeping(rows: [String], targets: [String]) throws(StudyPartFault) -> PlannedStudy {
        for (kind, wanted, known) in [("row", rows, settings.rows), ("target", targets, settings.targets)] {
            if let name = wanted.first(where: { !known.contains($0) }) {
                throw StudyPartFault(kind: kind, name: name, known: known)
            }
        }
        var part = self
        part.cells = StudyCells(cells.filter { (rows.isEmpty || rows.contains($0.row)) && (targets.isEmpty || targets.contains($0.target)) })
        return part
    }
}

/// Somebody asked for a part of a study that does not exist.
package struct StudyPartFault: Error, Hashable, Sendable, CustomStringConvertible {
    let kind: String
    let name: String
    let known: [String]

    package var description: String {
        "the study has no \(kind) '\(name)', only \(known.joined(separator: ", "))" + suggestionText(nearestName(to: name, among: known))
    }
}

extension ComponentPlan {
    package init(_ choice: ComponentChoice) { self.init(choice.component, options: choice.options) }
}
