import Configuration
import Datasets
import Networks
import Recipes
import Regularization
import Tensors
import Training

extension Planner {
    /// What shows only when a row's model is made: options that do not fit the data or each other.
    func faults(of row: Row, facts: DatasetFacts, models: PlannedModels) -> [Diagnostic] {
        guard let column = columns.first else { return [] }
        return row.candidates.compactMap { candidate in
            let plan = plan(candidate, column: column, seed: recipe.seeds[0])
            do throws(OptionFault) {
                _ = try plan.makeTrainer(
                    of: try models.model(plan.model, facts: facts), facts: facts, components: models.components, initializer: .zeros,
                    random: RandomSource(seed: 0), stepsPerEpoch: 1)
                return nil
            } catch {
                return Diagnostic(error, at: location(of: error, in: candidate, plan: plan, models: models, facts: facts))
            }
        }
    }

    /// The part of the recipe that a fault came from: the first that cannot be made without the later ones.
    private func location(
        of fault: OptionFault, in candidate: Row.Candidate, plan: TrialPlan, models: PlannedModels, facts: DatasetFacts
    ) -> SourceLocation {
        for name in recipe.modalities {
            guard let choice = recipe.model.encoder(for: name),
                let modality = facts.modalities.first(where: { $0.name == name })
            else { continue }
            if (try? models.encoder(ComponentPlan(choice), of: modality)) == nil { return choice.location(of: fault.option) }
        }
        guard let model = try? models.model(plan.model, facts: facts) else {
            return recipe.model.fusion.location(of: fault.option)
        }
        func isMade(_ term: TermPlan) -> Bool {
            let made = try? models.components.regularizers.makeTerm(
                term, for: model, classes: facts.classes.count, initializer: .zeros, totalSteps: 1, stepsPerEpoch: 1)
            return made != nil
        }
        if let choice = candidate.regularizers.first(where: { !isMade(TermPlan($0)) }) {
            return choice.location(of: fault.option) { inner, outer in isMade(TermPlan(inner).seeing(outer)) }
        }
        return candidate.training.optimizer.location(of: fault.option)
    }

    /// What shows only when the data are divided: sources that leave nothing to validate on, batches that cannot be filled.
    func faults(ofDividing dataset: any Dataset, for planned: [(row: Row, cells: [Cell])]) -> [Diagnostic] {
        // Rows differ in neither, as a rule, and a large data set takes a while to divide.
        var seen: Set<DataDivision> = []
        var faults: [Diagnostic] = []
        for (row, cells) in planned {
            for cell in cells {
                for (candidate, choice) in zip(row.candidates, cell.candidates) where seen.insert(DataDivision(choice.plan)).inserted {
                    faults += fault(ofDividing: dataset, by: choice.plan, training: candidate.training).map { [$0] } ?? []
                }
                for rehearsal in Rehearsal.all(for: cell) where seen.insert(DataDivision(rehearsal.plan, tuning: row.name)).inserted {
                    let training = row.candidates[rehearsal.candidate].training
                    faults += fault(ofDividing: dataset, by: rehearsal.plan, training: training, tuning: row).map { [$0] } ?? []
                }
            }
        }
        return faults + self.faults(ofMomentsIn: dataset, for: planned)
    }

    /// - Parameter row: the row that is tuned, where the plan is that of a rehearsal.
    private func fault(
        ofDividing dataset: any Dataset, by plan: TrialPlan, training: TrainingPlan, tuning row: Row? = nil
    ) -> Diagnostic? {
        let split: SourceSplit
        do throws(DatasetFault) {
            split = try plan.makeSplit(of: dataset, isRehearsal: row != nil)
        } catch {
            if let axis = row?.grid.first, plan.selection != .sourceValidation, (try? plan.makeSplit(of: dataset)) != nil {
                return Diagnostic(
                    "there are no validation samples to tune \(axis.path) by", at: axis.location,
                    expected: "a validation share above 0, or tuning: {selection: leave-one-source-out}")
            }
            return Diagnostic(error, at: recipe.evaluation.locations["validation"] ?? recipe.evaluation.location)
        }
        do throws(DatasetFault) {
            _ = try plan.makeSampler(of: dataset, rows: split.training)
            return nil
        } catch {
            return Diagnostic(error, at: training.locations["batch"] ?? training.location)
        }
    }

    /// Terms that would cease to act before they begin, which may take the number of steps to see.
    private func faults(ofMomentsIn dataset: any Dataset, for planned: [(row: Row, cells: [Cell])]) -> [Diagnostic] {
        var seen: Set<MomentKey> = []
        var faults: [Diagnostic] = []
        for (row, cells) in planned {
            for cell in cells {
                for (candidate, plan) in zip(row.candidates, cell.candidates.map(\.plan)) {
                    let choices = candidate.regularizers.filter(\.hasMoments)
                    guard !choices.isEmpty, seen.insert(MomentKey(division: DataDivision(plan), terms: choices)).inserted,
                        // What cannot be divided is reported for itself.
                        let split = try? plan.makeSplit(of: dataset), let sampler = try? plan.makeSampler(of: dataset, rows: split.training)
                    else { continue }
                    faults += choices.compactMap { fault(ofMoments: $0, plan: plan, stepsPerEpoch: sampler.batchesPerEpoch) }
                }
            }
        }
        return faults
    }

    private struct MomentKey: Hashable {
        let division: DataDivision
        let terms: [RegularizerChoice]
    }

    private func fault(ofMoments choice: RegularizerChoice, plan: TrialPlan, stepsPerEpoch: Int) -> Diagnostic? {
        let steps = plan.epochs * stepsPerEpoch
        func check(_ choice: RegularizerChoice) throws(OptionFault) {
            try TermPlan(choice).checkOrder(totalSteps: steps, stepsPerEpoch: stepsPerEpoch)
        }
        do throws(OptionFault) {
            try check(choice)
            return nil
        } catch {
            return Diagnostic(error, at: choice.location(of: error.option) { inner, _ in (try? check(inner)) != nil })
        }
    }
}

extension RegularizerChoice {
    /// Where to point for a fault of this term: into the first term inside it that is not well, or at itself.
    ///
    /// - Parameter isWell: whether a term inside this one, which sees some modalities (nil for all), has no fault of its own.
    fileprivate func location(of option: String?, isWell: (RegularizerChoice, _ seeing: [String]?) -> Bool) -> SourceLocation {
        if let inner = terms.first(where: { !isWell($0, modalities) }) { return inner.location(of: option, isWell: isWell) }
        return option.flatMap { locations[$0] } ?? choice.location(of: option)
    }

    /// Whether it, or a term inside it, has an `after` and `until`.
    fileprivate var hasMoments: Bool { (after != nil && until != nil) || terms.contains(where: \.hasMoments) }
}

extension TermPlan {
    /// The same term where it sees no more than the modalities of a sum.
    fileprivate func seeing(_ modalities: [String]?) -> TermPlan {
        guard let modalities, place != .fused, self.modalities == nil else { return self }
        var plan = self
        plan.modalities = modalities.map { Modality($0) }
        return plan
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
