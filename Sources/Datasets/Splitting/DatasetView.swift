import Networks
import Tensors

/// A data set that shows the samples of another one under other domains or classes.
///
/// What a view does not say itself is the original's: rows and their order, targets, groups, positions, the
/// prescribed split, the inputs, and whatever decodes them from files. A view of a generated world also has to
/// say what it shows where domains are held out; by default it then shows the same.
protocol DatasetView: Dataset, DecodedByOthers, ReadsAhead, ScalesInputs {
    /// The data set whose samples are shown.
    var original: any Dataset { get }
}

/// Everything but facts is handed on, for a view to replace what it shows differently. Presence is handed
/// on too, so that a modality that the other data set lacks is missing here as well.
extension DatasetView {
    /// The class of each row, as the original numbers them.
    var labels: [Int] { original.labels }
    /// What is learned of each row where that is not its class.
    var targetValues: [Float]? { original.targetValues }
    /// The domain of each row.
    var domains: [Int] { original.domains }
    /// The group of each row.
    var groups: [Int]? { original.groups }
    /// The place of each row in time.
    var positions: [Int]? { original.positions }
    /// The part of the prescribed split of each row.
    var split: [SplitName]? { original.split }
    /// What a generator made the rows from.
    var factors: GeneratingFactors? { original.factors }
    /// Rows of classes that training does not know.
    var rowsOfUnknownClasses: [Int] { original.rowsOfUnknownClasses }
    /// What the original remarks about itself.
    var remarks: [String] { original.remarks }
    /// Whether inputs are on a common scale already.
    var isStandardized: Bool { original.isStandardized }
    /// Rows are the original's, so its decoder serves the view.
    var foreignDecoder: (any SampleDecoder)? { original.decoder }

    /// Inputs as the original reads them.
    ///
    /// - Throws: as the original.
    func inputs(_ rows: [Int], modality: String) throws -> Tensor { try original.inputs(rows, modality: modality) }

    /// Inputs as the original shows them in training or evaluation.
    ///
    /// - Throws: as the original.
    func inputs(_ rows: [Int], modality: String, view: SampleView) throws -> Tensor {
        try original.inputs(rows, modality: modality, view: view)
    }

    /// Inputs on a scale, in one pass where the original does that.
    ///
    /// - Throws: as the original.
    func inputs(_ rows: [Int], modality: String, view: SampleView, scale: ChannelScale) throws -> Tensor {
        try original.scaledInputs(rows, modality: modality, view: view, scale: scale)
    }

    /// Whether the original reads the modality from a file.
    func isOnDisk(_ modality: String) -> Bool { (original as? any ReadsAhead)?.isOnDisk(modality) ?? false }

    /// Asks the original, where it has arrays on disk.
    func readAhead(_ rows: [Int], modality: String) { (original as? any ReadsAhead)?.readAhead(rows, modality: modality) }

    /// Which rows have the modality in the original.
    ///
    /// - Throws: as the original.
    func presence(_ rows: [Int], modality: String) throws -> Presence { try original.presence(rows, modality: modality) }
}
