import Configuration
import Datasets
import Models
import Networks
import Recipes
import Regularization
import Results
import Tensors

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
    /// - Throws: `RecipeError` where a model or a regularizer of the recipe cannot be made, or data cannot be read.
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
            let dataset = try opened.dataset(for: choice)
            datasets[plan] = dataset
            let planner = try Planner(variant: variant, data: plan, fingerprint: opened.fingerprint(for: choice), threads: threads)
            for row in recipe.rows {
                faults += planner.faults(of: row, facts: dataset.facts, components: components)
                cells += planner.cells(of: row)
            }
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

/// Turns one variant of a study into cells.
private struct Planner {
    let variant: Study.Variant
    let data: ComponentPlan
    let fingerprint: String
    let threads: Int
    private let schedules: [ComponentChoice: LearningRateSchedule.Options]

    private var recipe: Recipe { variant.recipe }

    init(variant: Study.Variant, data: ComponentPlan, fingerprint: String, threads: Int) throws {
        self.variant = variant
        self.data = data
        self.fingerprint = fingerprint
        self.threads = threads
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
                rehearsalEpochs: recipe.tuning.epochs)
        }
    }

    private struct Column {
        let name: String
        let sources: [Int]
        let target: Int
    }

    private var columns: [Column] {
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

    private func plan(_ candidate: Row.Candidate, column: Column, seed: Int) -> TrialPlan {
        let training = candidate.training
        let encoders = recipe.modalities.compactMap { name in
            recipe.model.encoder(for: name).map { (Modality(name), ComponentPlan($0)) }
        }
        return TrialPlan(
            data: data, dataFingerprint: fingerprint, standardization: StandardizationRule(recipe.data.standardize),
            encoders: Dictionary(uniqueKeysWithValues: encoders), fusion: ComponentPlan(recipe.model.fusion), sources: column.sources,
            target: column.target, validation: .fraction(recipe.evaluation.validation),
            selection: recipe.evaluation.selection == .lastEpoch ? .lastEpoch : .sourceValidation, epochs: training.epochs,
            batch: training.batch, batching: training.batching == .balanced ? .domainBalanced : .shuffled,
            optimizer: ComponentPlan(training.optimizer), learningRate: training.learningRate,
            schedule: schedules[training.schedule] ?? .init(), gradientClip: training.gradientClip,
            regularizers: candidate.regularizers.map(TermPlan.init), seed: seed, threads: threads)
    }

    /// What shows only when a row's model is made: options that do not fit the data or each other.
    func faults(of row: Row, facts: DatasetFacts, components: Components) -> [Diagnostic] {
        guard let column = columns.first else { return [] }
        return row.candidates.compactMap { candidate in
            let plan = plan(candidate, column: column, seed: recipe.seeds[0])
            do throws(OptionFault) {
                _ = try plan.makeTrainer(facts: facts, components: components, random: RandomSource(seed: 0), totalSteps: 1)
                return nil
            } catch {
                return Diagnostic(error, at: location(of: error, in: candidate, plan: plan, components: components, facts: facts))
            }
        }
    }

    /// The part of the recipe that a fault came from: the first that cannot be made without the later ones.
    private func location(
        of fault: OptionFault, in candidate: Row.Candidate, plan: TrialPlan, components: Components, facts: DatasetFacts
    ) -> SourceLocation {
        for name in recipe.modalities {
            guard let choice = recipe.model.encoder(for: name), let modality = facts.modalities.first(where: { $0.name == name }) else { continue }
            let made = try? components.encoders.make(
                choice.component, options: choice.options, sampleShape: Shape(modality.sampleShape), from: Initializer(seed: 0))
            if made == nil { return choice.location(of: fault.option) }
        }
        guard let model = try? plan.makeModel(facts: facts, components: components, initializer: Initializer(seed: 0)) else {
            return recipe.model.fusion.location(of: fault.option)
        }
        for choice in candidate.regularizers {
            let made = try? components.regularizers.makeTerm(
                TermPlan(choice), for: model, classes: facts.classes.count, initializer: Initializer(seed: 0), totalSteps: 1)
            if made == nil { return fault.option.flatMap { choice.locations[$0] } ?? choice.choice.location(of: fault.option) }
        }
        return candidate.training.optimizer.location(of: fault.option)
    }

    private func text(_ assignment: [(path: String, value: OptionValue)]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: assignment.map { ($0.path, $0.value.description) })
    }
}

extension Diagnostic {
    fileprivate init(_ fault: OptionFault, at location: SourceLocation) {
        let name = fault.option ?? "this"
        self.init("\(name) cannot be \(fault.found)", at: location, expected: fault.expected, suggestion: fault.suggestion)
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
    fileprivate init(_ choice: RegularizerChoice) {
        var schedule = WeightSchedule()
        schedule.shape = WeightSchedule.Shape(rawValue: choice.schedule.shape.rawValue) ?? .constant
        schedule.start = choice.schedule.start
        schedule.end = choice.schedule.end
        var projection = ProjectionOptions()
        projection.hidden = choice.projection.hidden
        projection.width = choice.projection.width
        projection.normalization = ProjectionOptions.Normalization(rawValue: choice.projection.normalization.rawValue) ?? .layer
        projection.unit = choice.projection.unit
        self.init(
            choice.choice.component, instance: choice.name, options: choice.choice.options, weight: choice.weight, schedule: schedule,
            on: choice.modalities?.map { Modality($0) }, at: Place(rawValue: choice.place.rawValue) ?? .embedding, projection: projection)
    }
}

extension Experiment {
    /// How many trainings tuning takes before the trials.
    package var rehearsalCount: Int { cells.reduce(0) { $0 + Rehearsal.all(for: $1).count } }
}
