import Analysis
import Configuration
import Foundation
import Recipes
import Results
import Selection
import Training

/// The selection rules of one variant, made once, and which of them apply in each column.
struct PlannedSelections {
    /// Why rules that the recipe names cannot be made.
    let faults: [RecipeFault]
    private let epoch: SelectionRule
    private let tuning: SelectionRule
    /// Those that the recipe compares.
    private let compared: [SelectionRule]

    /// A rule that cannot be made is reported, and source validation stands in for it until then.
    init(_ recipe: Recipe, _ registry: SelectionRegistry) {
        var faults: [RecipeFault] = []
        func made(_ choice: ComponentChoice, at path: RecipePath) -> SelectionRule {
            do throws(OptionFault) {
                return try registry.rule(choice.component, options: choice.options)
            } catch {
                let fault = RecipeFault(error, of: "selection \(choice.component)", at: path)
                // What a section takes over from another one is reported there.
                if !faults.contains(where: { $0.message == fault.message }) { faults.append(fault) }
                return .sourceValidation
            }
        }
        epoch = made(recipe.evaluation.selection, at: RecipePath("evaluation", "selection"))
        tuning = made(recipe.tuning.selection, at: RecipePath(recipe.tuning.locations["selection"] == nil ? "evaluation" : "tuning", "selection"))
        compared = recipe.choice?.selections.enumerated().map { made($1, at: RecipePath("choice")[$0]) } ?? []
        self.faults = faults
    }

    /// What is chosen where, by which rule, and why by another rule than the recipe names.
    struct Effective {
        /// The plan's own selection of its epoch.
        var epoch: EpochSelection
        var tuning: TuningRule
        /// Whether each epoch is to be probed, since a rule may look at any.
        var probesEveryEpoch: Bool
        /// One sentence for each rule that falls back to another.
        var fallbacks: [String]
    }

    /// - Parameters:
    ///   - seeds: those that every candidate is rehearsed with.
    ///   - situation: the situation; its subject is set here.
    ///   - isTuned: whether there are values to choose from.
    func effective(seeds: [Int], in situation: SelectionSituation, isTuned: Bool) -> Effective {
        var (ofEpochs, ofValues) = (situation, situation)
        (ofEpochs.subject, ofValues.subject) = (.epochs, .values)
        let (epoch, epochReason) = epoch.effective(in: ofEpochs)
        // A recipe that takes the last epoch says nothing about how values are chosen.
        let asked = self.tuning == .lastEpoch ? .sourceValidation : self.tuning
        let (tuning, tuningReason) = asked.effective(in: ofValues)
        let isOfLeftOut = epoch.rule.needs.contains(.leftOut)
        let rule = TuningRule(
            seeds: seeds, selection: tuning, epochs: isOfLeftOut ? epoch : nil,
            alsoNeeds: compared.reduce(into: []) { $0.formUnion($1.effective(in: ofValues).rule.rule.needs) }, situation: ofValues,
            fallback: tuningReason)
        var fallbacks = [epochReason.map { "the epoch: \($0)" }].compactMap(\.self)
        if isTuned, let tuningReason { fallbacks.append("tuned values: \(tuningReason)") }
        return Effective(
            epoch: isOfLeftOut ? .lastEpoch : .rule(epoch), tuning: rule,
            probesEveryEpoch: !compared.isEmpty || epoch.rule.needs.contains(.modalities), fallbacks: fallbacks)
    }
}

extension PlannedSelections {
    /// What `check` advises before anything is trained, one sentence each.
    ///
    /// - Parameters:
    ///   - cells: those of one variant, by row.
    ///   - validation: how many samples a plan holds back; nil where that is not known.
    func advice(on rows: [(row: Row, cells: [Cell])], validation: (TrialPlan) -> Int?) -> [String] {
        var advice: [String] = []
        if let cell = rows.first?.cells.first, cell.tuning.choosesEpoch {
            advice.append(
                "leave-one-source-out is meant for tuned values: when it was measured, it chose worse epochs than source-validation "
                    + "(−6.4 ± 1.8 points in the co-occurrence world)")
        }
        var fewest: Int?
        // Of a single source domain none can be left out.
        var canLeaveOut = true
        for (row, cells) in rows where row.candidates.count > 1 {
            guard let rule = cells.first?.tuning.selection else { continue }
            for axis in row.grid where Set(axis.values.map(\.description)).count == 2 && axis.values.allSatisfy({ Double($0.description) != nil }) {
                advice.append(
                    "\(axis.path) of \(row.name) is tuned over two values, which are both ends of the grid; with a third one the report could tell whether "
                        + "the best lies beyond them")
            }
            if rule.name == GuardedSilenced.description.name,
                row.regularizers.flatMap(\.regularizers).contains(where: { $0.choice.component == "label-smoothing" })
            {
                advice.append(
                    "\(rule.name) is known to choose badly for label smoothing (−2.4 ± 0.8 and −3.3 ± 1.5 points when it was measured); "
                        + "leave-one-source-out is not")
            }
            guard [SourceValidation.description.name, SourceLoss.description.name].contains(rule.name) else { continue }
            let counts = cells.flatMap { cell in cell.candidates.prefix(1).compactMap { validation($0.plan) } }
            fewest = (counts + [fewest].compactMap(\.self)).min()
            if !cells.allSatisfy({ $0.tuning.situation.sourceDomains > 1 }) { canLeaveOut = false }
        }
        if let fewest, fewest > 0 {
            let resolution = (0.99 * 0.01 / Double(fewest)).squareRoot() * 100
            advice.append(
                "tuned values are compared on \(fewest) held-back samples: near 99 % one standard error is "
                    + "\(resolution.formatted(.number.precision(.significantDigits(2)))) points, so there source validation can hardly choose"
                    + (canLeaveOut ? "; tuning: {selection: leave-one-source-out} can, at the cost of more trainings" : ""))
        }
        return advice
    }
}
