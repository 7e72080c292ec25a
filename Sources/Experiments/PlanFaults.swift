import Configuration
import Datasets
import Networks
import Recipes
import Regularization
import Tensors

extension Planner {
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
            guard let choice = recipe.model.encoder(for: name),
                let modality = facts.modalities.first(where: { $0.name == name })
            else { continue }
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

    /// What shows only when the data are divided: sources that leave nothing to validate on, batches that cannot be filled.
    func faults(ofDividing dataset: any Dataset, for planned: [(row: Row, cells: [Cell])]) -> [Diagnostic] {
        // Rows differ in neither, as a rule, and a large data set takes a while to divide.
        var seen: Set<Division> = []
        var faults: [Diagnostic] = []
        for (row, cells) in planned {
            for cell in cells {
                let trials = zip(row.candidates, cell.candidates.map(\.plan)).map { (training: $0.training, plan: $1) }
                let rehearsals = Rehearsal.all(for: cell).map { (training: row.candidates[$0.candidate].training, plan: $0.plan) }
                for (training, plan) in trials + rehearsals where seen.insert(Division(plan)).inserted {
                    faults += fault(ofDividing: dataset, by: plan, training: training).map { [$0] } ?? []
                }
            }
        }
        return faults
    }

    /// Everything of a plan that decides how data are divided, but for the seed.
    private struct Division: Hashable {
        let sources: [Int]
        let target: Int
        let validation: ValidationRule
        let batch: Int
        let batching: BatchOrder

        init(_ plan: TrialPlan) {
            sources = plan.sources
            target = plan.target
            validation = plan.validation
            batch = plan.batch
            batching = plan.batching
        }
    }

    private func fault(ofDividing dataset: any Dataset, by plan: TrialPlan, training: TrainingPlan) -> Diagnostic? {
        let split: SourceSplit
        do throws(DatasetFault) {
            split = try plan.makeSplit(of: dataset)
        } catch {
            return Diagnostic(error, at: recipe.evaluation.locations["validation"] ?? recipe.evaluation.location)
        }
        do throws(DatasetFault) {
            _ = try plan.makeSampler(of: dataset, rows: split.training)
            return nil
        } catch {
            return Diagnostic(error, at: training.locations["batch"] ?? training.location)
        }
    }
}

extension Diagnostic {
    init(_ fault: OptionFault, at location: SourceLocation) {
        let name = fault.option ?? "this"
        self.init("\(name) cannot be \(fault.found)", at: location, expected: fault.expected, suggestion: fault.suggestion)
    }
}

extension Diagnostic {
    init(_ fault: DatasetFault, at location: SourceLocation) {
        self.init(fault.message, at: location, expected: fault.expected, suggestion: fault.suggestion)
    }
}
