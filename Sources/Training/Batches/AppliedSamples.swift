import Analysis
import Configuration
import Datasets
import Networks
import Regularization
import Tensors

/// Rows of a data set that a model was not made for, as it reads them: its modalities, on the scale of the samples that it was trained on.
struct AppliedSamples {
    private let data: any Dataset
    private let rows: [Int]
    private let modalities: [Modality]
    private let targets: ([Int]) -> Targets
    private let loader: BatchLoader

    /// - Parameters:
    ///   - rows: in the order in which they are read.
    ///   - workers: threads that decode samples of files; nil for as many as suit the machine.
    ///   - targets: what is to be predicted of some rows.
    /// - Throws: `DatasetFault` for a modality that the data set lacks.
    init(
        of data: any Dataset, rows: [Int], modalities: [Modality], standardization: Standardization, workers: Int? = nil,
        targets: @escaping ([Int]) -> Targets
    ) throws(DatasetFault) {
        self.data = data
        self.rows = rows
        self.modalities = modalities
        self.targets = targets
        loader = try BatchLoader(data, modalities: modalities.map(\.name), standardization: standardization, workers: workers)
    }

    /// Calls `body` with each batch, in order. Rows that cannot be read are missing.
    ///
    /// - Throws: what `body` throws; `DatasetFault` where rows cannot be read.
    func forEach(_ body: (TrainedModel.Batch) throws -> Void) throws {
        let batches = BatchSampler.inOrder(rows, batchSize: loader.evaluationBatch(limit: 256))
        try loader.forEach(batches, view: .evaluation) { loaded in
            var arrays: [Modality: Tensor] = [:]
            var presences: [Modality: Presence] = [:]
            for modality in modalities {
                arrays[modality] = loaded.inputs[modality.name]
                presences[modality] = try data.presence(loaded.rows, modality: modality.name)
            }
            try body(
                TrainedModel.Batch(
                    rows: loaded.rows, inputs: Inputs(arrays, presences: presences), targets: targets(loaded.rows),
                    domains: loaded.rows.map { data.domains[$0] }))
        }
    }
}

extension Dataset {
    /// All rows but those of classes that training does not know.
    package var knownRows: [Int] {
        let unknown = Set(rowsOfUnknownClasses)
        return domains.indices.filter { !unknown.contains($0) }
    }
}
