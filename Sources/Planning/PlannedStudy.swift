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
        var datasets: [ComponentPlan: any Dataset] = [:]
        var fingerprints: [ComponentPlan: String] = [:]
        var (facts, tasks): ([DatasetFacts], [any TaskPlugin]) = ([], [])
        var faults: [Diagnostic] = []
        var outline = StudyOutline()
        var stems = StemCacheEstimate()
        var loadedWeights: [String] = []
        var (notices, advice): ([String], [String]) = ([], [])
        var variants: [(planner: Planner, recipe: Recipe, task: any TaskPlugin, cells: [Cell])] = []
        var trainings = TrainingCount()
        divisions = PlannedDivisions()
        for variant in study.variants {
            let recipe = variant.recipe
            let planner: Planner
            do throws(DatasetFault) {
                planner = try Planner(variant: variant, threads: threads, components: components, divisions: divisions)
            } catch {
                let path =
                    switch error.option {
                    case SampleDivision.option: RecipePath("evaluation", "protocol")
                    case UnknownClasses.option: RecipePath("evaluation", UnknownClasses.option)
                    default: error.within.reduce(RecipePath("data")) { $0[$1] }[error.option ?? (error.within.isEmpty ? "use" : nil)]
                    }
                faults.append(
                    recipe.diagnostic(RecipeFault(path, error.message, expected: error.expected, suggestion: error.suggestion)))
                continue
            }
            let task: any TaskPlugin
            do throws(OptionFault) { task = try planner.task.get() } catch {
                faults.append(recipe.diagnostic(planner.fault(of: recipe.task, error)))
                continue
            }
            faults += planner.selections.faults.map(recipe.diagnostic)
            let misfits = recipe.faults(against: planner.facts) + planner.divisionFaults + planner.expectationFaults(task.score) + recipe.seedFaults(task.score)
            guard misfits.isEmpty else {
                faults += misfits.map(recipe.diagnostic)
                continue
            }
            // Beyond the limit, the cells alone would take what a machine has.
            if let fault = trainings.add(recipe, on: planner.facts) { throw RecipeError(faults + [recipe.diagnostic(fault)]) }
            datasets[planner.data] = planner.dataset
            fingerprints[planner.data] = planner.fingerprint
            facts.append(planner.facts)
            tasks.append(task)
            let planned = recipe.rows.map { (row: $0, cells: planner.cells(of: $0, score: task.score)) }
            outline.begin(variant: variant.settings.map { ($0.path, $0.value.description) })
            faults += planner.faults(of: planned, task: task, outline: &outline)
            let plannedCells = planned.flatMap(\.cells)
            variants.append((planner, recipe, task, plannedCells))
            notices += planner.fallbacks(task.score).filter { !notices.contains($0) }
            guard faults.isEmpty else { continue }
            advice += planner.selections.advice(on: planned) { [divisions] plan in
                try? divisions.division(of: planner.dataset, by: plan, isRehearsal: true).validation
            }.filter { !advice.contains($0) }
        }
        guard faults.isEmpty else { throw RecipeError(faults) }
        let cells = StudyCells(variants.flatMap(\.cells))
        var groups = cells.groups[...]
        var end = 0
        for (planner, recipe, task, own) in variants {
            end += own.count
            // A training that several variants share is the first one's.
            let ofVariant = groups.prefix { $0.places[0] < end }
            groups = groups.dropFirst(ofVariant.count)
            let plans = Dictionary(grouping: ofVariant.flatMap(\.plans), by: \.model)
            for choice in recipe.models {
                let plan = planner.model(choice)
                guard let model = try? components.model(plan, facts: planner.facts, task: task) else { continue }
                loadedWeights += Self.loadedWeights(of: model, choice).filter { !loadedWeights.contains($0) }
                notices += planner.noticesOfWeights(in: plans[plan] ?? []).filter { !notices.contains($0) }
                stems.add(plans[plan] ?? [], model: model, dataset: planner.dataset)
            }
        }
        self.cells = cells
        let others = Set(cells.flatMap(\.measurements).compactMap(\.other?.plan))
        otherDatasets = Dictionary(uniqueKeysWithValues: others.compactMap { plan in (try? components.dataset(plan)).map { (plan, $0.dataset) } })
        outline.finish()
        self.outline = outline
        self.datasets = datasets
        self.stems = stems.parts.isEmpty ? nil : stems
        self.loadedWeights = loadedWeights
        self.advice = advice
        var settings = RunSettings(
            study, facts: facts, tasks: tasks, threads: threads, data: { datasets[$0.dataPlan] }
        ) { frame, recipe in
            guard let dataset = datasets[recipe.dataPlan], let fingerprint = fingerprints[recipe.dataPlan] else { return }
            frame.describe(recipe, dataset: dataset, fingerprint: fingerprint, components: components.components)
        }
        settings.notices += notices
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
    /// One text for each encoder that started from a file.
    private static func loadedWeights(of model: any MultimodalModel, _ plan: ModelPlan) -> [String] {
        guard let model = model as? FusionModel else { return [] }
        return model.modalities.compactMap { modality in
            guard let encoder = model.encoder(of: modality), let choice = plan.encoder(for: modality.name),
                let (file, report) = StartingWeights.report(of: encoder, options: choice.options, modality: modality.name)
            else { return nil }
            return "\(modality): \(choice.component) from \(file): \(report.text)"
        }
    }
}

extension Planner {
    /// Says where an encoder starts from a checkpoint that was trained on domains that are held out here, a sentence each: its figures are then
    /// none of unseen domains.
    ///
    /// - Parameter plans: trainings of one model.
    fileprivate func noticesOfWeights(in plans: [TrialPlan]) -> [String] {
        guard let model = plans.first?.model else { return [] }
        func identity(_ plan: ComponentPlan) -> ComponentPlan {
            var plan = plan
            plan.options[SampleDivision.option] = nil
            plan.options[UnknownClasses.option] = nil
            return plan
        }
        return model.encoders.sorted { $0.key < $1.key }.compactMap { modality, encoder in
            guard case .string(let path)? = encoder.options["weights"], let checkpoint = try? SafetensorsFile(path),
                let trained = try? ModelDescription(of: checkpoint), identity(trained.data.plan) == identity(data)
            else { return nil }
            // Of another division of the samples it is not known which were held out.
            let heldOut = trained.data.plan == data ? Set(trained.heldOut) : []
            let seen = Set(plans.flatMap(\.targets)).subtracting(heldOut).sorted().map { facts.domains[$0] }
            guard !seen.isEmpty else { return nil }
            return "The encoder of \(modality) starts from \(path), which was trained on these data without holding out \(seen.joined(separator: ", ")): "
                + "figures for these domains are not for unseen samples."
        }
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

extension CellGroup {
    /// Every plan that is trained for it: each candidate in each seed, and the rehearsals.
    fileprivate var plans: [TrialPlan] {
        let targets = cells.flatMap { $0.candidates[0].plan.targets }
        let trials = cells[0].candidates.flatMap { candidate in
            seeds.map { seed in
                var plan = candidate.plan.measured(on: targets)
                plan.seed = seed
                return plan
            }
        }
        return trials + rehearsals.map(\.plan)
    }
}

extension ComponentPlan {
    package init(_ choice: ComponentChoice) { self.init(choice.component, options: choice.options) }
}
