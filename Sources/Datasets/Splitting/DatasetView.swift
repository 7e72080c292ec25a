import Media
import Networks
import Tensors

/// A data set in memory that shows the samples of another one, with other domains or classes.
///
/// What a view does not say itself is the other's: rows and their order, targets, groups, positions,
/// the prescribed split and the inputs. A view of a generated world also has to say what it shows where
/// domains are held out; by default it then shows the same.
protocol DatasetView: Dataset {
    /// The data set whose samples are shown.
    var base: any Dataset { get }
}

/// Everything but facts is handed on, for a view to replace what it shows differently. Presence is handed
/// on too, so that a modality that the other data set lacks is missing here as well.
extension DatasetView {
    var labels: [Int] { base.labels }
    var targetValues: [Float]? { base.targetValues }
    var domains: [Int] { base.domains }
    var groups: [Int]? { base.groups }
    var positions: [Int]? { base.positions }
    var split: [SplitName]? { base.split }
    var factors: GeneratingFactors? { base.factors }
    var remarks: [String] { base.remarks }
    var isStandardized: Bool { base.isStandardized }

    func inputs(_ rows: [Int], modality: String) throws -> Tensor { try base.inputs(rows, modality: modality) }

    func inputs(_ rows: [Int], modality: String, view: SampleView) throws -> Tensor {
        try base.inputs(rows, modality: modality, view: view)
    }

    func presence(_ rows: [Int], modality: String) throws -> Presence { try base.presence(rows, modality: modality) }
}

/// The same of a data set of files: samples are decoded by the other one, from its files and on its
/// workers.
protocol FilesView: DecodingDataset {
    /// The data set whose samples are shown.
    var base: any DecodingDataset { get }
}

/// Everything but facts and inputs is handed on, for a view to replace what it shows differently. There is
/// no standardization and there are no generating factors: files are standardized as they are read, and
/// nobody generated them.
extension FilesView {
    var labels: [Int] { base.labels }
    var targetValues: [Float]? { base.targetValues }
    var domains: [Int] { base.domains }
    var groups: [Int]? { base.groups }
    var positions: [Int]? { base.positions }
    var split: [SplitName]? { base.split }
    var remarks: [String] { base.remarks }
    var loading: LoadingOptions { base.loading }

    func presence(_ rows: [Int], modality: String) throws -> Presence { try base.presence(rows, modality: modality) }

    func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample {
        try base.decode(row, modality: modality, view: view)
    }

    func sampleShape(_ modality: String, view: SampleView) -> [Int]? { base.sampleShape(modality, view: view) }
    func bytesOfValue(_ modality: String) -> Int { base.bytesOfValue(modality) }
    func files(_ row: Int, modality: String) -> [String] { base.files(row, modality: modality) }
    func part(_ row: Int) -> String { base.part(row) }
    func seconds(_ row: Int) -> Double? { base.seconds(row) }
}
