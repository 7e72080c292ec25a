import Analysis
import Configuration
import Datasets
import Models
import Networks
import Recipes
import Regularization
import Results
import Training

extension Planner {
    /// Everything that does not fit in this variant, and what fits, for the outline.
    ///
    /// - Parameters:
    ///   - planned: every row with its cells.
    ///   - task: what is learned.
    func faults(of planned: [(row: Row, cells: [Cell])], task: any TaskPlugin, outline: inout StudyOutline) -> [Diagnostic] {
        var faults = FaultList(recipe)
        for (index, (row, cells)) in planned.enumerated() {
            var models: [Int: any MultimodalModel] = [:]
            for (number, candidate) in row.candidates.enumerated() {
                let path = RecipePath.row(index, candidate: number)
                guard let task = madeTask(candidate.task, beside: task, row: row.name, at: path["task"], &faults),
                    let model = madeModel(candidate.model, task, at: path["model"], &faults)
                else { continue }
                models[number] = model
                addTerms(of: row, number, cells: cells, model: model, task: task, at: path, to: &outline, &faults)
                for fault in stemFaults(of: candidate, at: path, model: model) { faults.add(fault) }
            }
            for (candidate, plan) in (cells.first?.candidates ?? []).map(\.plan).enumerated() {
                let path = RecipePath.row(index, candidate: candidate)["training"]
                do throws(OptionFault) { try components.checkOptimizer(plan.optimizer) } catch {
                    faults.add(RecipeFault(error, of: "optimizer \(plan.optimizer.name)", at: path["optimizer"]))
                }
                for rate in plan.rates {
                    guard let model = models[candidate], let misfit = fault(of: rate, model: model, at: path) else { continue }
                    faults.add(misfit)
                }
                do throws(OptionFault) { try components.checkSchedule(plan.schedule) } catch {
                    faults.add(RecipeFault(error, of: "schedule \(plan.schedule.name)", at: path["schedule"]))
                }
            }
            let made = models.sorted { $0.key < $1.key }.map(\.value)
            for (number, measurement) in row.measurements.enumerated() {
                for fault in self.faults(of: measurement, for: task.kind, models: made, at: RecipePath.row(index)["measure"][number]) { faults.add(fault) }
            }
            for cell in cells { divide(for: cell, of: row, at: index, &faults) }
        }
        return faults.diagnostics
    }

    /// Why a task cannot be made, with the tasks that could be.
    func fault(of choice: ComponentChoice, _ error: OptionFault, at path: RecipePath = RecipePath("task")) -> RecipeFault {
        let name = choice.component
        guard error.option == nil else { return RecipeFault(error, of: "task \(name)", at: path) }
        let others = components.components.tasks.names(for: facts.targets).filter { $0 != name }.map { "task: \($0)" }
        return RecipeFault(
            path, "the task \(name) does not fit the data: found \(error.found)",
            expected: ([error.expected] + others).joined(separator: ", or "))
    }

    /// A rate for a part that the model does not have.
    private func fault(of rate: PartRate, model: any MultimodalModel, at path: RecipePath) -> RecipeFault? {
        let names = model.namedParameters.map(\.name)
        guard !names.contains(where: rate.contains) else { return nil }
        // The parts that could be meant: the first one or two words of names, and whatever regularizers own.
        let parts = Set(names.flatMap { name in (1...2).map { name.split(separator: ".").prefix($0).joined(separator: ".") } } + ["regularizers"])
        guard rate.part.split(separator: ".").first != "regularizers" else { return nil }
        return RecipeFault(
            path["optimizer"]["rates"][rate.part], "the model has no part '\(rate.part)' that is trained",
            expected: "one of: " + parts.sorted().joined(separator: ", "), suggestion: nearestName(to: rate.part, among: Array(parts)))
    }

    /// Keys that say how test samples are drawn, where the data set prescribes them.
    var divisionFaults: [RecipeFault] {
        guard recipe.evaluation.trainingDomains == .iid, SampleDivision.takesPrescribedTest(dataset) else { return [] }
        return ["test", "draw"].filter { recipe.evaluation.locations[$0] != nil }.map { key in
            RecipeFault(
                RecipePath("evaluation", key), "'\(key)' has no effect: the data set itself says which samples are for the test",
                expected: "no '\(key)' here, or protocol: k-fold, which divides all samples anew")
        }
    }

    /// Expected figures that no score of this kind can reach.
    func expectationFaults(_ score: ScoreDescription) -> [RecipeFault] {
        guard score.form == .percent else { return [] }
        return recipe.rows.enumerated().flatMap { index, row in
            row.expected.sorted { $0.key < $1.key }.filter { !(0...100).contains($0.value) }.map { target, value in
                RecipeFault(
                    RecipePath.row(index)["expect"][target], "\(target) cannot be \(OptionValue.number(value))",
                    expected: "a number from 0 to 100 (\(score.title) in percent)")
            }
        }
    }

    /// The task of a row; nil where it cannot be made, or is scored by something else than the others.
    private func madeTask(
        _ choice: ComponentChoice, beside common: any TaskPlugin, row: String, at path: RecipePath, _ faults: inout FaultList
    ) -> (any TaskPlugin)? {
        guard choice != recipe.task else { return common }
        let task: any TaskPlugin
        do throws(OptionFault) { task = try components.task(ComponentPlan(choice), for: facts.targets) } catch {
            faults.add(fault(of: choice, error, at: path))
            return nil
        }
        guard task.scores == common.scores else {
            let (own, others) = (task.scores.map(\.name), common.scores.map(\.name))
            faults.add(
                RecipeFault(
                    path, "the task of row '\(row)' is scored by \(own.joined(separator: ", "))",
                    expected: "the scores of all rows: \(others.joined(separator: ", "))"))
            return nil
        }
        return task
    }

    /// A model of a row; nil where a part of it cannot be made.
    private func madeModel(
        _ choice: ModelPlan, _ task: any TaskPlugin, at path: RecipePath, _ faults: inout FaultList
    ) -> (any MultimodalModel)? {
        let model = model(choice)
        var isWell = true
        for (modality, plan) in model.encoders.sorted(by: { $0.key < $1.key }) {
            guard let samples = facts.modalities.first(where: { $0.name == modality.name }) else { continue }
            do throws(OptionFault) {
                _ = try components.encoder(plan, of: samples)
            } catch {
                let place = path["encoders"][modality.name][error.option ?? "use"]
                let message =
                    error.option.map { "\($0) of encoder \(plan.name) \(error.problem)" }
                    ?? "encoder \(plan.name) cannot read '\(modality)': found \(error.found)"
                faults.add(RecipeFault(place, message, expected: error.expected, suggestion: error.suggestion))
                isWell = false
            }
        }
        guard isWell else { return nil }
        do throws(OptionFault) {
            let made = try components.model(model, facts: facts, task: task)
            if let shortage = components.shortage(for: ["model": made]) {
                faults.add(RecipeFault(path, "the model is too large: found \(shortage.found)", expected: shortage.expected))
                return nil
            }
            return made
        } catch {
            if let whole = choice.whole {
                faults.add(RecipeFault(error, of: "model \(whole.component)", at: path))
            } else {
                faults.add(RecipeFault(error, of: "fusion \(choice.fusion.component)", at: path["fusion"]))
            }
            return nil
        }
    }

    private func addTerms(
        of row: Row, _ number: Int, cells: [Cell], model: any MultimodalModel, task: any TaskPlugin, at path: RecipePath,
        to outline: inout StudyOutline, _ faults: inout FaultList
    ) {
        guard let cell = cells.first, cell.candidates.indices.contains(number) else { return }
        let plan = cell.candidates[number].plan
        var terms: [RegularizerTerm] = []
        for (position, term) in plan.regularizers.enumerated() {
            do throws(OptionFault) {
                let made = try components.term(term, of: plan, facts: facts, task: task)
                if let shortage = components.shortage(for: made.parts) { throw shortage }
                terms.append(made)
                let names = plan.regularizers.map(\.instance)
                guard let missing = made.termsRead.first(where: { !names.contains($0) }) else { continue }
                throw OptionFault(
                    option: nil, expected: "a term '\(missing)' in the row, which it reads", found: names.joined(separator: ", "),
                    suggestion: nearestName(to: missing, among: names))
            } catch {
                faults.add(RecipeFault(error, in: term, of: row.name, at: path["regularizers"][position]))
            }
        }
        guard number == 0 else { return }
        let samples = cell.candidates.map { candidate in
            BatchSampler.effectiveBatchSize(candidate.plan.batch, candidate.plan.batching, domains: candidate.plan.sources.count)
        }
        outline.add(row.name, model: model, isOwn: row.model != recipe.model, terms: terms, samples: Set(samples).sorted())
    }

    /// Divides the data for every training of a cell: sources may leave nothing to validate on, batches may not be filled or be too small
    /// for a regularizer, and terms may cease to act before they begin or exclude each other.
    private func divide(for cell: Cell, of row: Row, at index: Int, _ faults: inout FaultList) {
        for (number, candidate) in cell.candidates.enumerated() {
            let path = RecipePath.row(index, candidate: number)
            let minimum = candidate.plan.minimumBatch(components.components.regularizers)
            for seed in cell.seeds {
                var plan = candidate.plan
                plan.seed = seed
                do throws(DivisionFault) {
                    let division = try divisions.division(of: dataset, by: plan)
                    checkMinimum(minimum, division, plan, at: path, &faults)
                    checkMoments(of: plan, division, row: row.name, at: path, &faults)
                } catch {
                    faults.add(error, at: path)
                }
            }
        }
        for rehearsal in Rehearsal.all(for: cell) {
            let path = RecipePath.row(index, candidate: rehearsal.candidate)
            checkTerms(of: rehearsal.plan, row: row.name, at: path, &faults)
            let minimum = rehearsal.plan.minimumBatch(components.components.regularizers)
            do throws(DivisionFault) {
                checkMinimum(minimum, try divisions.division(of: dataset, by: rehearsal.plan, isRehearsal: true), rehearsal.plan, at: path, &faults)
            } catch {
                if case .split = error, let axis = row.grid.first, !rehearsal.plan.selection.needsValidation,
                    (try? divisions.division(of: dataset, by: rehearsal.plan)) != nil
                {
                    faults.add(
                        RecipeFault(
                            path["tune"][0], "there are no validation samples to tune \(axis.path) by",
                            expected: "a validation share above 0, or tuning: {selection: leave-one-source-out}"))
                } else {
                    faults.add(error, at: path)
                }
            }
        }
    }

    /// A rehearsal that leaves a source out may train on too few for a term.
    private func checkTerms(of plan: TrialPlan, row: String, at path: RecipePath, _ faults: inout FaultList) {
        // A model that cannot be made is reported for itself.
        guard let task = try? components.task(plan.task, for: facts.targets), (try? components.model(plan.model, facts: facts, task: task)) != nil else {
            return
        }
        for (position, term) in plan.regularizers.enumerated() {
            do throws(OptionFault) { _ = try components.term(term, of: plan, facts: facts, task: task) } catch {
                faults.add(RecipeFault(error, in: term, of: row, at: path["regularizers"][position]))
            }
        }
    }

    private func checkMinimum(
        _ minimum: MinimumBatch, _ division: DataDivision, _ plan: TrialPlan, at path: RecipePath, _ faults: inout FaultList
    ) {
        guard let term = minimum.term, division.batch < minimum.samples else { return }
        let balanced = division.batch == plan.batch ? "" : ", which is \(division.batch) after balancing,"
        faults.add(
            RecipeFault(
                path["training"]["batch"], "a batch of \(plan.batch)\(balanced) is too small for the regularizer '\(term)'",
                expected: "at least \(minimum.samples)"))
    }

    private func checkMoments(of plan: TrialPlan, _ division: DataDivision, row: String, at path: RecipePath, _ faults: inout FaultList) {
        for (position, term) in plan.regularizers.enumerated() {
            do throws(OptionFault) {
                try term.checkOrder(totalSteps: plan.epochs * division.batchesPerEpoch, stepsPerEpoch: division.batchesPerEpoch)
            } catch {
                faults.add(RecipeFault(error, in: term, of: row, at: path["regularizers"][position]))
            }
        }
        let excluded = components.components.regularizers.exclusions(
            among: plan.regularizers, totalSteps: plan.epochs * division.batchesPerEpoch, stepsPerEpoch: division.batchesPerEpoch)
        for (position, fault) in excluded {
            faults.add(RecipeFault(fault, in: plan.regularizers[position], of: row, at: path["regularizers"][position]))
        }
    }
}
