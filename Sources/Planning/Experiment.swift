import Configuration
import Datasets
import Models
import Recipes
import Regularization
import Results
import Training

/// What a study trains: the cells of its tables, the data they need, and the frame for the report.
package struct Experiment: Sendable {
    package let cells: [Cell]
    package let settings: RunSettings
    /// What its models and terms consist of.
    package let outline: StudyOutline
    /// The opened data sets, by the plan that names them.
    package let datasets: [ComponentPlan: any Dataset]
    /// What storing stems takes on disk; nil where none are stored.
    package let stems: StemCacheEstimate?
    /// How the weights that encoders start from fitted, each once.
    package let loadedWeights: [String]

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
        var stems = StemCacheEstimate()
        var loadedWeights: [String] = []
        let weights = WeightDigests()
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
                indifferentOptions: dataset is any DecodingDataset ? LoadingOptions.indifferent : [], weights: weights)
            faults += Self.faults(ofMeasurements: recipe.rows, components: models.components)
            for row in recipe.rows { faults += planner.faults(of: row, facts: dataset.facts, models: models) }
            // Where it cannot be made, each row says so.
            let model = try? models.model(planner.model, facts: dataset.facts)
            if let model {
                // A fault that all rows have is reported once.
                var seen: Set<Diagnostic> = []
                faults += recipe.rows.flatMap { planner.stemFaults(of: $0, model: model) }.filter { seen.insert($0).inserted }
                loadedWeights += Self.loadedWeights(of: model, recipe: recipe).filter { !loadedWeights.contains($0) }
            }
            let planned = recipe.rows.map { (row: $0, cells: planner.cells(of: $0)) }
            faults += planner.faults(ofDividing: dataset, for: planned)
            let plannedCells = planned.flatMap(\.cells)
            cells += plannedCells
            if let model { stems.add(plannedCells.flatMap(\.plans), model: model, dataset: dataset) }
            for row in recipe.rows { planner.add(row, facts: dataset.facts, models: models, to: &outline) }
        }
        guard faults.isEmpty else { throw RecipeError(faults) }
        self.cells = cells
        self.outline = outline
        self.datasets = datasets
        self.stems = stems.parts.isEmpty ? nil : stems
        self.loadedWeights = loadedWeights
        settings = RunSettings(study, threads: threads, hasSplit: datasets.values.contains { $0.split != nil })
    }
}

extension Experiment {
    /// What is wrong with the options of measurements; what all rows have is said once.
    private static func faults(ofMeasurements rows: [Row], components: Components) -> [Diagnostic] {
        var seen: Set<Diagnostic> = []
        return rows.flatMap(\.measurements).compactMap { measurement in
            let choice = measurement.choice
            do throws(OptionFault) {
                _ = try components.measurements.make(choice.component, options: choice.options)
                return nil
            } catch {
                return Diagnostic(error, at: choice.location(of: error.option))
            }
        }.filter { seen.insert($0).inserted }
    }

    /// One text for each encoder that started from a file.
    private static func loadedWeights(of model: any MultimodalModel, recipe: Recipe) -> [String] {
        guard let model = model as? FusionModel else { return [] }
        return model.modalities.compactMap { modality in
            guard let encoder = model.encoder(of: modality) as? any StagedEncoder, let report = encoder.loadReport,
                let choice = recipe.model.encoder(for: modality.name), let file = choice.options["weights"]
            else { return nil }
            return "\(modality): \(choice.component) from \(file): \(report.text)"
        }
    }
}

extension Cell {
    /// Every plan that is trained for it: each candidate in each seed, and the rehearsals.
    fileprivate var plans: [TrialPlan] {
        let trials = candidates.flatMap { candidate in
            seeds.map { seed in
                var plan = candidate.plan
                plan.seed = seed
                return plan
            }
        }
        return trials + Rehearsal.all(for: self).map(\.plan)
    }
}

extension ComponentPlan {
    package init(_ choice: ComponentChoice) { self.init(choice.component, options: choice.options) }
}

extension Experiment {
    /// How many trainings tuning takes before the trials.
    package var rehearsalCount: Int { cells.reduce(0) { $0 + Rehearsal.all(for: $1).count } }
}
