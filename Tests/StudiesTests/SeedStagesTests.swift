import Foundation
import Persistence
import Regularization
import Results
import Synchronization
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("A study whose seeds go by differences")
struct SeedStagesTests {
    private let design = SeedDesign(baseline: "Fusion", reach: 0.02, looks: [3, 5, 8])

    private func cells(_ design: SeedDesign?) -> [Cell] {
        ["Fusion", "+ MER"].map { row in
            var cell = Sample.cell(row, [Sample.plan(row == "Fusion" ? [] : [TermPlan("mer")])], seeds: Array(1...8))
            cell.design = design
            return cell
        }
    }

    /// Results of both rows, with the differences given.
    private func results(_ differences: [Double]) -> [TrialOutline] {
        differences.enumerated().flatMap { index, difference in
            [("Fusion", 0.5), ("+ MER", 0.5 + difference)].map { row, score in
                TrialResult(key: TrialKey(row: row, target: "d3", seed: index + 1), targetScore: score).outline
            }
        }
    }

    private func needs(_ stages: SeedStages) -> [SeedStages.Need] { (0..<8).map { stages.need(of: cells(design)[0], seed: $0) } }

    @Test("begins with the first stage, and leaves the rest open")
    func beginning() {
        #expect(needs(SeedStages(cells(design))) == [.needed, .needed, .needed, .open, .open, .open, .open, .open])
        #expect(needs(SeedStages(cells(nil))).allSatisfy { $0 != .unneeded })
    }

    @Test("ends at a look where the difference is known well enough, in whichever order results come")
    func ending() {
        let found = results([0.01, 0.011, 0.009])
        for order in [found, found.reversed()] {
            let stages = SeedStages(cells(design))
            for result in order.dropLast() { stages.add(result) }
            #expect(needs(stages)[3] == .open)
            stages.add(order[order.count - 1])
            #expect(needs(stages) == [.needed, .needed, .needed] + Array(repeating: .unneeded, count: 5))
            #expect(stages.trimmed(cells(design)).map(\.seeds) == [[1, 2, 3], [1, 2, 3]])
        }
    }

    @Test("goes on stage by stage where it is not, and what a later seed shows does not change an earlier look")
    func goingOn() {
        let stages = SeedStages(cells(design))
        for result in results([0.1, -0.1, 0.2]) { stages.add(result) }
        #expect(needs(stages) == [.needed, .needed, .needed, .needed, .needed, .open, .open, .open])
        for result in results([0.1, -0.1, 0.2, 0.1, -0.1]) { stages.add(result) }
        #expect(needs(stages).allSatisfy { $0 == .needed })
        let ended = SeedStages(cells(design))
        for result in results([0.01, 0.011, 0.009, 0.9, -0.9]) { ended.add(result) }
        #expect(needs(ended)[3] == .unneeded)
    }

    private func study(_ design: SeedDesign, in folder: RunFolder, workers: Int, stop: StopRequest = StopRequest()) throws -> StudyRun {
        var timing = StudyTiming()
        timing.polling = .milliseconds(20)
        return StudyRun(
            cells: StudyCells(cells(design)), folder: folder, components: try Sample.components(), pool: WorkerPool(workers: workers, threadsPerWorker: 1),
            datasets: [Sample.data: try Sample.dataset()], timing: timing, stop: stop)
    }

    @Test("trains the same seeds to the same bits with one worker, with three, and after an interruption")
    func training() throws {
        // Known to ± 40 points: after the first or the second look.
        var design = design
        design.reach = 0.4
        let (first, second, third) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
        let alone = try study(design, in: first.run, workers: 1).run()
        let together = try study(design, in: second.run, workers: 3).run()
        #expect(alone.map(\.timeless) == together.map(\.timeless))
        #expect(alone.count < 16)
        let stop = StopRequest()
        let seen = Mutex(0)
        #expect(throws: StudyStopped.self) {
            try study(design, in: third.run, workers: 1, stop: stop).run { event in
                if case .trial = event,
                    seen.withLock({
                        $0 += 1; return $0
                    }) == 3
                {
                    stop.ask()
                }
            }
        }
        let again = try study(design, in: third.run, workers: 2).run()
        #expect(again.map(\.timeless) == alone.map(\.timeless))
        // What is not needed is in no count.
        let state = FolderState(of: StudyCells(cells(design)), in: first.run)
        #expect(state.trials.count == alone.count && state.count(.finished) == alone.count)
        #expect(try study(design, in: first.run, workers: 1).survey().total == alone.count)
    }
}
