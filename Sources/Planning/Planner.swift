import Configuration
import Datasets
import Networks
import Recipes
import Regularization
import Results
import Training

/// Turns one variant of a study into cells.
struct Planner {
    let variant: Study.Variant
    let data: ComponentPlan
    let fingerprint: String
    let threads: Int
    /// Digests of the code of components that do not come with Regulus, by name.
    let foreignCode: [String: String]
    /// Options of the data set that change no bit of a result.
    let indifferentOptions: Set<String>
    /// Digests of the files that encoders take their weights from.
    private let weightDigests: [String]
    private let schedules: [ComponentChoice: LearningRateSchedule.Options]

    var recipe: Recipe { variant.recipe }

    init(
        variant: Study.Variant, data: ComponentPlan, fingerprint: String, threads: Int, foreignCode: [String: String] = [:],
        indifferentOptions: Set<String> = [], weights: WeightDigests = WeightDigests()
    ) throws {
        self.variant = variant
        self.data = data
        self.fingerprint = fingerprint
        self.threads = threads
        self.foreignCode = foreignCode
        self.indifferentOptions = indifferentOptions
        weightDigests = weights.digests(of: Self.model(of: variant.recipe))
        var schedules: [ComponentChoice: LearningRateSchedule.Options] = [:]
        for candidate in variant.recipe.rows.flatMap(\.candidates) {
            schedules[candidate.training.schedule] = try LearningRateSchedule.Options(candidate.training.schedule)
        }
        self.schedules = schedules
    }

    /// One cell for each column.
    func cells(of row: Row) -> [Cell] {
        columns.map { column in
            Cell(
                row: row.name, target: column.name, variant: text(variant.settings), repetition: text(variant.repetition),
                candidates: row.candidates.map { candidate in
                    Candidate(
                        values: candidate.values.map { ChosenValue(path: $0.path, value: $0.value.description) },
                        plan: plan(candidate, column: column, seed: recipe.seeds[0]))
                },
                seeds: recipe.seeds,
                tuning: TuningRule(
                    seeds: recipe.tuning.seeds,
                    holdsOutSources: recipe.tuning.selection == .leaveOneSourceOut,
                    choosesEpoch: recipe.evaluation.selection == .leaveOneSourceOut),
                measurements: row.measurements.map { choice in
                    MeasurementPlan(ComponentPlan(choice.choice), instance: choice.name, foreignCode: foreignCode[choice.choice.component])
                },
                rehearsalEpochs: recipe.tuning.epochs)
        }
    }

    struct Column {
        let name: String
        let sources: [Int]
        let target: Int
    }

    var columns: [Column] {
        let names = recipe.facts.domains
        let targets = names.indices.filter { recipe.targets.contains(names[$0]) }
        switch recipe.evaluation.trainingDomains {
        case .multiSource:
            return targets.map { target in
                Column(name: names[target], sources: names.indices.filter { $0 != target }, target: target)
            }
        case .singleSource:
            return names.indices.flatMap { source in
                targets.filter { $0 != source }.map { target in
                    Column(name: "\(names[source]) → \(names[target])", sources: [source], target: target)
                }
            }
        }
    }

    func plan(_ candidate: Row.Candidate, column: Column, seed: Int) -> TrialPlan {
        let training = candidate.training
        var plan = TrialPlan(
            data: data, dataFingerprint: fingerprint, standardization: StandardizationRule(recipe.data.standardize),
            model: model, sources: column.sources, target: column.target,
            validation: .fraction(recipe.evaluation.validation),
            selection: recipe.evaluation.selection == .sourceValidation ? .sourceValidation : .lastEpoch, epochs: training.epochs,
            batch: training.batch, batching: training.batching == .balanced ? .domainBalanced : .shuffled,
            optimizer: ComponentPlan(training.optimizer), learningRate: training.learningRate,
            schedule: schedules[training.schedule] ?? .init(), gradientClip: training.gradientClip,
            regularizers: candidate.regularizers.map(TermPlan.init), seed: seed, threads: threads)
        plan.indifferentOptions = indifferentOptions
        plan.augmentationDraws = training.augmentationDraws
        plan.stemCache = training.stemCache
        plan.weightDigests = weightDigests
        plan.foreignStemCode = ([data.name] + plan.model.encoders.values.map(\.name)).compactMap { foreignCode[$0] }.sorted()
        plan.foreignCode = plan.componentNames.compactMap { foreignCode[$0] }.sorted()
        return plan
    }

    /// Adds what a row's model and terms consist of; what cannot be made is left out.
    func add(_ row: Row, facts: DatasetFacts, models: PlannedModels, to outline: inout StudyOutline) {
        guard let column = columns.first else { return }
        let plan = plan(row.candidates[0], column: column, seed: recipe.seeds[0])
        guard let model = try? models.model(plan.model, facts: facts) else { return }
        let terms = plan.regularizers.compactMap { term in
            try? models.components.regularizers.makeTerm(
                term, for: model, classes: facts.classes.count, initializer: .zeros, totalSteps: 1, stepsPerEpoch: 1)
        }
        let samples = row.candidates.map { candidate in
            BatchSampler.effectiveBatchSize(candidate.training.batch, plan.batching, domains: column.sources.count)
        }
        outline.add(row.name, model: model, terms: terms, samples: Set(samples).sorted())
    }

    /// What all rows train.
    var model: TrialModel { Self.model(of: recipe) }

    private static func model(of recipe: Recipe) -> TrialModel {
        let modalities = recipe.modalities.map { Modality($0) }
        if let whole = recipe.model.whole { return .whole(ComponentPlan(whole), modalities: modalities) }
        let encoders = modalities.compactMap { modality in recipe.model.encoder(for: modality.name).map { (modality, ComponentPlan($0)) } }
        return .assembled(encoders: Dictionary(uniqueKeysWithValues: encoders), fusion: ComponentPlan(recipe.model.fusion))
    }

    private func text(_ assignment: [(path: String, value: OptionValue)]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: assignment.map { ($0.path, $0.value.description) })
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

extension LearningRateSchedule.Options {
    /// The component's name is the shape, its options are the rest.
    fileprivate init(_ choice: ComponentChoice) throws {
        do throws(OptionFault) {
            var options = choice.options
            options["shape"] = .string(choice.component)
            self = try .decoding(options)
        } catch {
            throw RecipeError([Diagnostic(error, at: choice.location(of: error.option))])
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
                projection: choice.projection)
        case .sum(let terms):
            self.init(
                sumOf: terms.map(TermPlan.init), instance: choice.name, weight: choice.weight, schedule: choice.schedule,
                after: choice.after, until: choice.until, on: modalities)
        }
    }
}
