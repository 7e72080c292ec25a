import Configuration
import Datasets
import Recipes
import Results

/// What a study trains: the cells of its tables, the data they need, and the frame for the report.
package struct Experiment: Sendable {
    package let cells: [Cell]
    package let settings: RunSettings
    /// The opened data sets, by the plan that names them.
    package let datasets: [ComponentPlan: any Dataset]

    /// Plans a checked study.
    ///
    /// - Parameters:
    ///   - datasets: those that reading the recipe has opened already; others are opened here.
    ///   - threads: threads of each trial.
    /// - Throws: `RecipeError` where a model or a regularizer of the recipe cannot be made, or data cannot be read or divided.
    package init(
        _ study: Study, components: Components, datasets opened: OpenedDatasets, threads: Int
    ) throws {
        var cells: [Cell] = []
        var datasets: [ComponentPlan: any Dataset] = [:]
        var faults: [Diagnostic] = []
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
                variant: variant, data: plan, fingerprint: fingerprint, threads: threads, foreignCode: components.foreignCode,
                indifferentOptions: dataset is any DecodingDataset ? LoadingOptions.indifferent : [])
            for row in recipe.rows { faults += planner.faults(of: row, facts: dataset.facts, components: components) }
            let planned = recipe.rows.map { (row: $0, cells: planner.cells(of: $0)) }
            faults += planner.faults(ofDividing: dataset, for: planned)
            cells += planned.flatMap(\.cells)
        }
        guard faults.isEmpty else { throw RecipeError(faults) }
        self.cells = cells
        self.datasets = datasets
        settings = RunSettings(study, threads: threads)
    }
}

extension ComponentPlan {
    package init(_ choice: ComponentChoice) { self.init(choice.component, options: choice.options) }
}

extension Experiment {
    /// How many trainings tuning takes before the trials.
    package var rehearsalCount: Int { cells.reduce(0) { $0 + Rehearsal.all(for: $1).count } }
}
