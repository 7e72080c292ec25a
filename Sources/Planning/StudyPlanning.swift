import Analysis
import Configuration
import Datasets
import Models
import Recipes
import Regularization
import Results
import Training
import Weights

/// The variants of a study while they are planned, one after the other, and what is wrong with any of them.
struct StudyPlanning {
    /// A variant with everything that it trains.
    private struct Variant {
        let planner: Planner
        let task: any TaskPlugin
        let cells: [Cell]
    }

    private let components: PlannedComponents
    private let threads: Int
    let divisions = PlannedDivisions()
    private var variants: [Variant] = []
    private var trainings = TrainingCount()
    /// Everything that does not fit.
    private(set) var faults: [Diagnostic] = []
    /// What models and terms consist of.
    private(set) var outline = StudyOutline()
    /// What storing stems takes on disk.
    private(set) var stems = StemCacheEstimate()
    /// How well files of initial weights fitted; as the two below, some of it several times.
    private(set) var loadedWeights: [String] = []
    /// What a user should know before the run.
    private(set) var notices: [String] = []
    /// What `check` proposes.
    private(set) var advice: [String] = []

    init(_ components: PlannedComponents, threads: Int) { (self.components, self.threads) = (components, threads) }

    var cells: [Cell] { variants.flatMap(\.cells) }
    /// Of the variants' data, in order.
    var facts: [DatasetFacts] { variants.map(\.planner.facts) }
    /// What the variants learn, in order.
    var tasks: [any TaskPlugin] { variants.map(\.task) }
    /// The opened data sets, each with a name for its contents, by the plan that names them.
    var data: [ComponentPlan: (dataset: any Dataset, fingerprint: String)] {
        Dictionary(variants.map(\.planner).map { ($0.data, ($0.dataset, $0.fingerprint)) }) { first, _ in first }
    }

    /// Plans a variant. What does not fit of it is kept with the other faults.
    ///
    /// - Throws: `RecipeError` where there are more trainings than a study may have.
    mutating func add(_ variant: Study.Variant) throws(RecipeError) {
        let recipe = variant.recipe
        let planner: Planner
        do throws(DatasetFault) {
            planner = try Planner(variant: variant, threads: threads, components: components, divisions: divisions)
        } catch {
            faults.append(recipe.diagnostic(RecipeFault(opening: error)))
            return
        }
        let task: any TaskPlugin
        do throws(OptionFault) { task = try planner.task.get() } catch {
            faults.append(recipe.diagnostic(planner.fault(of: recipe.task, error)))
            return
        }
        faults += planner.selections.faults.map(recipe.diagnostic)
        let misfits = recipe.faults(against: planner.facts) + planner.divisionFaults + planner.expectationFaults(task.score) + recipe.seedFaults(task.score)
        guard misfits.isEmpty else {
            faults += misfits.map(recipe.diagnostic)
            return
        }
        // Beyond the limit, the cells alone would take what a machine has.
        if let fault = trainings.add(recipe, on: planner.facts) { throw RecipeError(faults + [recipe.diagnostic(fault)]) }
        let rows = recipe.rows.map { (row: $0, cells: planner.cells(of: $0, score: task.score)) }
        outline.begin(variant: variant.settings.map { ($0.path, $0.value.description) })
        faults += planner.faults(of: rows, task: task, outline: &outline)
        variants.append(Variant(planner: planner, task: task, cells: rows.flatMap(\.cells)))
        notices += planner.fallbacks(task.score)
        guard faults.isEmpty else { return }
        advice += planner.selections.advice(on: rows) { [divisions] plan in
            try? divisions.division(of: planner.dataset, by: plan, isRehearsal: true).validation
        }
    }

    /// Adds what the models of all rows need of files and of the disk, once no fault is left.
    ///
    /// - Parameter study: all cells.
    mutating func addModels(of study: StudyCells) {
        var groups = study.groups[...]
        var end = 0
        for variant in variants {
            let planner = variant.planner
            end += variant.cells.count
            // A training that several variants share is the first one's.
            let own = groups.prefix { $0.places[0] < end }
            groups = groups.dropFirst(own.count)
            let plans = Dictionary(grouping: own.flatMap(\.plans), by: \.model)
            for choice in planner.recipe.models {
                let plan = planner.model(choice)
                guard let model = try? components.model(plan, facts: planner.facts, task: variant.task) else { continue }
                loadedWeights += choice.loadedWeights(in: model)
                notices += planner.noticesOfWeights(in: plans[plan] ?? [])
                stems.add(plans[plan] ?? [], model: model, dataset: planner.dataset)
            }
        }
        outline.finish()
    }
}

extension RecipeFault {
    /// A data set that cannot be opened or divided.
    fileprivate init(opening fault: DatasetFault) {
        let path =
            switch fault.option {
            case SampleDivision.option: RecipePath("evaluation", "protocol")
            case UnknownClasses.option: RecipePath("evaluation", UnknownClasses.option)
            default: fault.within.reduce(RecipePath("data")) { $0[$1] }[fault.option ?? (fault.within.isEmpty ? "use" : nil)]
            }
        self.init(path, fault.message, expected: fault.expected, suggestion: fault.suggestion)
    }
}

extension ModelPlan {
    /// One text for each encoder of a model of this plan that started from a file.
    fileprivate func loadedWeights(in model: any MultimodalModel) -> [String] {
        guard let model = model as? FusionModel else { return [] }
        return model.modalities.compactMap { modality in
            guard let encoder = model.encoder(of: modality), let choice = self.encoder(for: modality.name),
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
