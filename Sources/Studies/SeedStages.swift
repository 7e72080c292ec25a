import Foundation
import Results
import Statistics
import Synchronization
import Training

/// Which seeds of a study are trained, where that is decided by how well differences are known: see `SeedDesign`.
///
/// Every worker decides for itself, from results that all workers see: those of exactly the seeds
/// before a look, once all of them are there. So workers that end in another order, on other machines
/// or after an interruption, decide the same.
final class SeedStages: Sendable {
    enum Need {
        case needed
        /// It is not decided yet: results are missing.
        case open
        /// The study has ended at an earlier look.
        case unneeded
    }

    private struct Group {
        let design: SeedDesign
        /// A trial of every cell, of the first seed.
        private(set) var keys: [TrialKey] = []
        let seeds: [Int]
        private var results: [TrialKey: TrialOutline] = [:]
        /// How many results of a seed are there, by seed.
        private var counts: [Int: Int] = [:]
        /// How many seeds are trained, once that is decided, and how many are complete; nil while it has to be computed again.
        private var decision: (stop: Int?, complete: Int)?

        init(design: SeedDesign, seeds: [Int]) { (self.design, self.seeds) = (design, seeds) }

        mutating func add(_ cell: TrialKey) { keys.append(cell) }

        mutating func add(_ result: TrialOutline) {
            let isNew = results.updateValue(result, forKey: result.key) == nil
            counts[result.key.seed, default: 0] += isNew ? 1 : 0
            // What is decided rests on complete seeds alone. A study of ten thousand trials is not gone through again for each of them.
            if !isNew || counts[result.key.seed, default: 0] >= keys.count { decision = nil }
        }

        mutating func decide() -> (stop: Int?, complete: Int) {
            if let decision { return decision }
            let differences = design.differences(of: keys, seeds: seeds) { results[$0] }
            let spending = SpendingDesign(looks: design.looks)
            let look = spending.stop(differences.values, reach: design.reach, seeds: differences.seeds)
            let decided = (look.map { design.looks[$0] }, differences.seeds)
            decision = decided
            return decided
        }
    }

    /// Keyed by what a sweep sets.
    private let groups: Mutex<[[String: String]: Group]>

    init(_ cells: [Cell]) {
        var groups: [[String: String]: Group] = [:]
        for cell in cells {
            guard let design = cell.design, let seed = cell.seeds.first else { continue }
            groups[cell.variant, default: Group(design: design, seeds: cell.seeds)].add(cell.key(seed: seed))
        }
        self.groups = Mutex(groups)
    }

    /// Records a trial's result.
    func add(_ result: TrialOutline) {
        groups.withLock { $0[result.key.variant]?.add(result) }
    }

    func need(of cell: Cell, seed index: Int) -> Need {
        guard let design = cell.design, let stage = design.looks.firstIndex(where: { $0 > index }) else { return .needed }
        if stage == 0 { return .needed }
        return groups.withLock { groups in
            guard let decision = groups[cell.variant]?.decide() else { return .needed }
            if let stop = decision.stop { return index < stop ? .needed : .unneeded }
            return decision.complete >= design.looks[stage - 1] ? .needed : .open
        }
    }

    /// The stage that a seed is trained in, from 0.
    static func stage(of cell: Cell, seed index: Int) -> Int { cell.design?.looks.firstIndex { $0 > index } ?? 0 }

    /// The cells with only those seeds that are trained, as far as the results in a folder decide it.
    static func trimmed(_ cells: [Cell], in folder: RunFolder) -> [Cell] {
        guard cells.contains(where: { $0.design != nil }) else { return cells }
        let store = RunStore(folder)
        let stages = SeedStages(cells)
        for cell in cells where cell.design != nil {
            for seed in cell.seeds {
                if let result = try? store.outline(at: folder.result(cell.key(seed: seed))) { stages.add(result) }
            }
        }
        return stages.trimmed(cells)
    }

    func trimmed(_ cells: [Cell]) -> [Cell] {
        cells.map { cell in
            var cell = cell
            cell.seeds = cell.seeds.enumerated().filter { need(of: cell, seed: $0.offset) != .unneeded }.map(\.element)
            return cell
        }
    }
}
