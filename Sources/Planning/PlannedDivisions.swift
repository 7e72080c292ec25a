import Configuration
import Datasets
import Results
import Synchronization
import Training

/// How much there is to train on and to evaluate once a plan's data are divided.
struct DataDivision: Sendable {
    let training: Int
    let validation: Int
    let target: Int
    /// Rows in every batch, after balancing.
    let batch: Int
    let batchesPerEpoch: Int
}

/// Why a plan's data cannot be divided as it asks.
enum DivisionFault: Error {
    /// Of the domains: rows to train on or to validate on are missing.
    case split(DatasetFault)
    /// Not even one batch can be filled.
    case batch(DatasetFault)

    var fault: DatasetFault {
        switch self {
        case .split(let fault), .batch(let fault): fault
        }
    }
}

/// The divisions of a study's data, each made once. Plans rarely differ in their division, and dividing
/// a large data set takes a while.
package final class PlannedDivisions: Sendable {
    private struct Key: Hashable {
        let data: ComponentPlan
        let sources: [Int]
        let targets: [Int]
        let validation: ValidationRule
        let needsValidation: Bool
        let batch: Int
        let batching: BatchOrder
        let stepsPerEpoch: Int?
        let seed: Int
    }

    private let known = Mutex<[Key: Result<DataDivision, DivisionFault>]>([:])

    /// How many divisions have been made.
    var count: Int { known.withLock(\.count) }

    /// - Parameter isRehearsal: whether tuning will choose by the validation rows, whatever the plan's own selection does.
    func division(
        of dataset: any Dataset, by plan: TrialPlan, isRehearsal: Bool = false
    ) throws(DivisionFault) -> DataDivision {
        let key = Key(
            data: plan.data, sources: plan.sources, targets: plan.targets, validation: plan.validation,
            needsValidation: isRehearsal || plan.selection.needsValidation, batch: plan.batch, batching: plan.batching,
            stepsPerEpoch: plan.stepsPerEpoch, seed: plan.seed)
        if let division = known.withLock({ $0[key] }) { return try division.get() }
        let division = Result { () throws(DivisionFault) in try Self.divide(dataset, by: plan, isRehearsal: isRehearsal) }
        known.withLock { $0[key] = division }
        return try division.get()
    }

    /// How many samples each target's trainings have with the first seed: another seed's division differs by a few at most.
    func parts(of cells: [Cell], datasets: [ComponentPlan: any Dataset]) -> [SampleParts] {
        cells.distinct(by: \.target).compactMap { cell in
            guard var plan = cell.candidates.first?.plan, let seed = cell.seeds.first, let dataset = datasets[plan.data] else { return nil }
            plan.seed = seed
            guard let division = try? division(of: dataset, by: plan) else { return nil }
            return SampleParts(target: cell.target, training: division.training, validation: division.validation, heldOut: division.target)
        }
    }

    private static func divide(_ dataset: any Dataset, by plan: TrialPlan, isRehearsal: Bool) throws(DivisionFault) -> DataDivision {
        let split: SourceSplit
        do throws(DatasetFault) { split = try plan.makeSplit(of: dataset, isRehearsal: isRehearsal) } catch { throw .split(error) }
        do throws(DatasetFault) {
            let sampler = try plan.makeSampler(of: dataset, rows: split.training)
            return DataDivision(
                training: split.training.count, validation: split.validation.count, target: split.target.count, batch: sampler.effectiveBatchSize,
                batchesPerEpoch: sampler.batchesPerEpoch)
        } catch {
            throw .batch(error)
        }
    }
}
