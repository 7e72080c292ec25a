import Results
import Studies
import Training

@testable import TrainingSupport

extension Sample {
    /// Runs a study in a folder.
    @discardableResult
    static func run(
        _ cells: [Cell], in folder: RunFolder, workers: Int = 1, observer: @escaping @Sendable (StudyEvent) -> Void = { _ in }
    ) throws -> [TrialResult] {
        let run = StudyRun(
            cells: StudyCells(cells), folder: folder, components: try components(), pool: WorkerPool(workers: workers, threadsPerWorker: 1),
            datasets: [data: try dataset()])
        return try run.run(observer: observer)
    }
}
