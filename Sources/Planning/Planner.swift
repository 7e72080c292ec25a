import Analysis
import Configuration
import Datasets
import Networks
import Recipes
import Regularization
import Results
import Selection
import Training

/// Turns one variant of a study into cells.
struct Planner {
    let variant: Study.Variant
    let data: ComponentPlan
    let dataset: any Dataset
    let fingerprint: String
    let threads: Int
    let components: PlannedComponents
    let divisions: PlannedDivisions
    /// The task that the data are learned for, or why it cannot be made.
    let task: Result<any TaskPlugin, OptionFault>
    /// The rules that choose epochs and values.
    let selections: PlannedSelections

    var recipe: Recipe { variant.recipe }
    var facts: DatasetFacts { dataset.facts }

    /// - Throws: `DatasetFault` where the data cannot be opened or read.
    init(
        variant: Study.Variant, threads: Int, components: PlannedComponents, divisions: PlannedDivisions
    ) throws(DatasetFault) {
        self.variant = variant
        self.threads = threads
        self.components = components
        self.divisions = divisions
        data = variant.recipe.dataPlan
        let opened = try components.dataset(data)
        (dataset, fingerprint) = (opened.dataset, opened.fingerprint)
        let plan = ComponentPlan(variant.recipe.task)
        task = Result { () throws(OptionFault) in try components.task(plan, for: opened.dataset.facts.targets) }
        selections = PlannedSelections(variant.recipe, components.components.selections)
    }

    /// One cell for each column.
    ///
    /// - Parameter score: what its scores are.
    func cells(of row: Row, score: ScoreDescription) -> [Cell] {
        let measurements = row.measurements.map { plan($0) }
        return columns.map { column in
            let selection = selection(of: row, on: column, score: score)
            var cell = Cell(
                row: row.name, target: column.name, variant: text(variant.settings), repetition: text(variant.repetition),
                candidates: row.candidates.map { candidate in
                    Candidate(
                        values: candidate.values.map { ChosenValue(path: $0.path, value: $0.value.description) },
                        plan: plan(candidate, column: column, selection: selection, seed: recipe.seeds[0]), seeds: candidate.seeds)
                },
                seeds: recipe.seeds,
                tuning: selection.tuning,
                measurements: measurements,
                score: score, rehearsalEpochs: recipe.tuning.epochs, design: recipe.seedDesign(of: score))
            cell.measuresCandidates = recipe.choice != nil
            return cell
        }
    }

    /// The rules that choose for a row on a column.
    private func selection(of row: Row, on column: Column, score: ScoreDescription) -> PlannedSelections.Effective {
        // Every candidate is trained and measured as some rule needs it.
        let modalities = row.candidates.map { $0.model.modalities(of: facts).count }.min() ?? 0
        return selections.effective(
            seeds: recipe.tuning.seeds,
            in: SelectionSituation(
                .epochs, score: score, kind: facts.targets.kind, sources: column.sources.count, modalities: modalities),
            isTuned: row.candidates.count > 1)
    }

    /// Why rules that the recipe names do not choose, each reason once.
    func fallbacks(_ score: ScoreDescription) -> [String] {
        recipe.rows.flatMap { row in columns.flatMap { selection(of: row, on: $0, score: score).fallbacks } }.distinct
    }

    struct Column {
        let name: String
        let sources: [Int]
        let target: Int
    }

    var columns: [Column] {
        let names = facts.domains
        if let transfers = recipe.evaluation.transfers {
            return transfers.compactMap { transfer in
                guard let target = names.firstIndex(of: transfer.target) else { return nil }
                return Column(name: transfer.name, sources: transfer.sources.compactMap { names.firstIndex(of: $0) }.sorted(), target: target)
            }
        }
        let held = recipe.evaluation.targets(among: names)
        let targets = names.indices.filter { held.contains(names[$0]) }
        switch recipe.evaluation.trainingDomains {
        case .multiSource, .iid, .kFold:
            return targets.map { target in
                Column(name: names[target], sources: names.indices.filter { $0 != target }, target: target)
            }
        case .trainedOnTarget:
            return targets.map { Column(name: "\(names[$0]) → \(names[$0])", sources: [$0], target: $0) }
        case .singleSource:
            return names.indices.flatMap { source in
                targets.filter { $0 != source }.map { target in
                    Column(name: "\(names[source]) → \(names[target])", sources: [source], target: target)
                }
            }
        }
    }

    private func plan(_ candidate: Row.Candidate, column: Column, selection: PlannedSelections.Effective, seed: Int) -> TrialPlan {
        let training = candidate.training
        let model = model(candidate.model)
        var plan = TrialPlan(
            data: data, dataFingerprint: fingerprint, standardization: StandardizationRule(recipe.data.standardize),
            model: model, sources: column.sources, target: column.target,
            validation: recipe.evaluation.validationPerClass.map { ValidationRule.perClass($0) } ?? .fraction(recipe.evaluation.validation),
            selection: selection.epoch, epochs: training.epochs,
            batch: training.batch, batching: training.batching == .balanced ? .domainBalanced : .shuffled,
            optimizer: ComponentPlan(training.optimizer), learningRate: training.learningRate,
            schedule: ComponentPlan(training.schedule), gradientClip: training.gradientClip,
            regularizers: candidate.regularizers.map(TermPlan.init), seed: seed, threads: threads)
        plan.task = ComponentPlan(candidate.task)
        plan.probesEveryEpoch = selection.probesEveryEpoch
        plan.indifferentOptions = dataset.decoder != nil ? LoadingOptions.indifferent : []
        plan.augmentationDraws = training.augmentationDraws
        plan.stemCache = training.stemCache
        plan.weightDigests = components.weightDigests(of: model)
        plan.stepsPerEpoch = training.checkEvery
        plan.ties = TieRule(rawValue: recipe.evaluation.ties.rawValue) ?? .lowerLoss
        plan.rates = training.rates.map { PartRate(part: $0.part, factor: $0.factor) }
        let foreignCode = components.components.foreignCode
        plan.foreignStemCode = Set(data.componentNames + plan.model.encoders.values.map(\.name)).compactMap { foreignCode[$0] }.sorted()
        plan.foreignCode = plan.componentNames.compactMap { foreignCode[$0] }.sorted()
        return plan
    }

    /// A model as trials have it.
    func model(_ plan: ModelPlan) -> TrialModel {
        let modalities = plan.modalities(of: facts).map { Modality($0) }
        if let whole = plan.whole { return .whole(ComponentPlan(whole), modalities: modalities) }
        let encoders = modalities.compactMap { modality in plan.encoder(for: modality.name).map { (modality, ComponentPlan($0)) } }
        return .assembled(encoders: Dictionary(uniqueKeysWithValues: encoders), fusion: ComponentPlan(plan.fusion))
    }

    private func text(_ assignment: [(path: String, value: OptionValue)]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: assignment.map { ($0.path, $0.value.description) })
    }
}

extension Recipe {
    /// The data as trials open them: divided where the protocol is not over the data set's own domains.
    var dataPlan: ComponentPlan {
        var plan = ComponentPlan(data.source)
        switch evaluation.trainingDomains {
        case .multiSource, .singleSource, .trainedOnTarget: break
        case .iid: plan.options[SampleDivision.option] = SampleDivision.test(share: evaluation.test, draw: evaluation.draw).value
        case .kFold: plan.options[SampleDivision.option] = SampleDivision.folds(count: evaluation.folds, draw: evaluation.draw).value
        }
        if !evaluation.unknownClasses.isEmpty { plan.options[UnknownClasses.option] = UnknownClasses(evaluation.unknownClasses).value }
        return plan
    }

    /// How it is decided how many seeds are trained; nil where all are.
    ///
    /// - Parameter score: what the difference is one of.
    func seedDesign(of score: ScoreDescription) -> SeedDesign? {
        seedRule.map { SeedDesign(baseline: baseline, reach: score.form == .percent ? $0.until / 100 : $0.until, looks: $0.looks) }
    }

    /// A difference in percentage points of a score that is not a fraction.
    func seedFaults(_ score: ScoreDescription) -> [RecipeFault] {
        guard let seedRule, seedRule.isInPoints, score.form != .percent else { return [] }
        return [
            RecipeFault(
                RecipePath("seeds"), "the number of seeds cannot depend on points: the \(score.title) is not a fraction",
                expected: "until: \(OptionValue.number(seedRule.until)), in the unit of the \(score.title)")
        ]
    }
}

extension StandardizationRule {
    fileprivate init(_ standardization: DataPlan.Standardization) {
        switch standardization {
        case .none: self = .none
        case .scale: self = .scale
        case .channel: self = .channel
        }
    }
}

extension TermPlan {
    init(_ choice: RegularizerChoice) {
        let modalities = choice.modalities?.map { Modality($0) }
        switch choice.content {
        case .regularizer(let component):
            self.init(
                component.component, instance: choice.name, options: component.options, weight: choice.weight, schedule: choice.schedule,
                after: choice.after, until: choice.until, on: modalities, at: choice.place, part: choice.part,
                points: choice.points, projection: choice.projection)
        case .sum(let terms):
            self.init(
                sumOf: terms.map(TermPlan.init), instance: choice.name, weight: choice.weight, schedule: choice.schedule,
                after: choice.after, until: choice.until, on: modalities)
        }
    }
}
