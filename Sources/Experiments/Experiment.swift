import Configuration
import Datasets
import Recipes
import Regularization
import Results

/// What a study trains: the cells of its tables, the data they need, and the frame for the report.
package struct Experiment: Sendable {
    package let cells: [Cell]
    package let settings: RunSettings
    /// What its models and terms consist of.
    package let outline: StudyOutline
    /// The opened data sets, by the plan that names them.
    package let datasets: [ComponentPlan: any Dataset]

    /// Plans a checked study.
    ///
    /// - Parameters:
    ///   - models: those that reading the recipe has made already; others are made here, of the same components.
    ///   - datasets: those that reading the recipe has opened already; others are opened here.
    ///   - threads: threads of each trial.
    /// - Throws: `RecipeError` where a model or a regularizer of the recipe cannot be made, or data cannot be read or divided.
    package init(
        _ study: Study, models: PlannedModels, datasets opened: OpenedDatasets, threads: Int
    ) throws {
        var cells: [Cell] = []
        var datasets: [ComponentPlan: any Dataset] = [:]
        var faults: [Diagnostic] = []
        var outline = StudyOutline()
        for variant in study.variants {
            let recipe = variant.recipe
            let choice = recipe.data.source
            let plan = ComponentPlan(choice)
            let dataset: any Dataset
            let fingerprint: String
            do {
                dataset = try opened.dataset(for: choice)
                fingerprint = try opened.fingerprint(for: choice)
            } catch let fault as DatasetFault {
                throw RecipeError([Diagnostic(fault, at: choice.location(of: fault.option))])
            }
            datasets[plan] = dataset
            let planner = try Planner(
                variant: variant, data: plan, fingerprint: fingerprint, threads: threads, foreignCode: models.components.foreignCode,
                indifferentOptions: dataset is any DecodingDataset ? LoadingOptions.indifferent : [])
            for row in recipe.rows { faults += planner.faults(of: row, facts: dataset.facts, models: models) }
            let planned = recipe.rows.map { (row: $0, cells: planner.cells(of: $0)) }
            faults += planner.faults(ofDividing: dataset, for: planned)
            cells += planned.flatMap(\.cells)
            for row in recipe.rows { planner.add(row, facts: dataset.facts, models: models, to: &outline) }
        }
        guard faults.isEmpty else { throw RecipeError(faults) }
        self.cells = cells
        self.outline = outline
        self.datasets = datasets
        settings = RunSettings(study, threads: threads, hasSplit: datasets.values.contains { $0.split != nil })
    }
}

extension ComponentPlan {
    package init(_ choice: ComponentChoice) { self.init(choice.component, options: choice.options) }
}

extension Experiment {
    /// How many trainings tuning takes before the trials.
    package var rehearsalCount: Int { cells.reduce(0) { $0 + Rehearsal.all(for: $1).count } }
}
