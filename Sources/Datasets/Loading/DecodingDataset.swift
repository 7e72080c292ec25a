import Configuration
import Media
import Tensors

/// What decodes samples from files, row by row.
package protocol SampleDecoder: Sendable {
    /// How samples are decoded ahead: the number of workers, and the memory for samples that wait.
    var loading: LoadingOptions { get }

    /// Decodes one modality of one row. It may be called from several threads at once.
    ///
    /// - Throws: `MediaFault` with the file that is missing or damaged.
    /// - Precondition: the row and the modality exist.
    func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample

    /// The shape of a sample of a modality in a view; nil for an unknown modality.
    func sampleShape(_ modality: String, view: SampleView) -> [Int]?

    /// The bytes that a decoded value takes while it waits: 1 in a picture, 4 as a number.
    func bytesOfValue(_ modality: String) -> Int

    /// The files that a modality of a row may be read from; none is opened.
    func files(_ row: Int, modality: String) -> [String]

    /// Which part of its files a row is, in words of any kind; empty where it is all of them.
    func part(_ row: Int) -> String

    /// The length of a row in seconds; nil where its file does not say.
    func seconds(_ row: Int) -> Double?
}

extension SampleDecoder {
    /// All of its files.
    package func part(_ row: Int) -> String { "" }
}

/// A data set whose inputs are decoded from files, row by row.
package protocol DecodingDataset: Dataset, SampleDecoder {}

/// A data set that shows samples of others, which may be decoded from files.
package protocol DecodedByOthers: Dataset {
    /// What decodes its rows; nil where they are not decoded from files.
    var foreignDecoder: (any SampleDecoder)? { get }
}

extension Dataset {
    /// What decodes the rows of this data set; nil where they are not decoded from files.
    package var decoder: (any SampleDecoder)? {
        if let own = self as? any DecodingDataset { return own }
        return (self as? any DecodedByOthers)?.foreignDecoder
    }
}

extension DecodingDataset {
    /// Clips leave their decoder on the scale that the encoders expect.
    public var isStandardized: Bool { true }

    /// Decodes some rows as evaluation shows them, one after the other on the calling thread.
    ///
    /// - Throws: `DatasetFault` with the row and the file that is missing or damaged.
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        try inputs(rows, modality: modality, view: .evaluation)
    }

    /// Decodes some rows as a view shows them, one after the other on the calling thread.
    /// ``BatchLoader`` decodes ahead on several.
    ///
    /// - Throws: `DatasetFault` with the row and the file that is missing or damaged.
    public func inputs(_ rows: [Int], modality: String, view: SampleView) throws -> Tensor {
        guard let shape = sampleShape(modality, view: view) else { throw unknownModality(modality) }
        var samples: [DecodedSample] = []
        for row in rows {
            do throws(MediaFault) {
                samples.append(try decode(row, modality: modality, view: view))
            } catch {
                throw DatasetFault(message: "row \(row), \(modality): \(error)")
            }
        }
        return DecodedSample.stack(samples, shape: shape)
    }
}

extension SampleView {
    /// The random numbers of one modality of one row; nil in evaluation.
    ///
    /// Modalities draw independently, so that one can be left out without changing the others.
    func stream(row: Int, modality: String) -> RandomStream? {
        switch self {
        case .evaluation: nil
        case .training(let epoch, let random): random.child(modality).stream("row-\(row)", step: epoch)
        }
    }
}

/// How a sample is shown: always the same in evaluation, augmented anew in every epoch of training.
public enum SampleView: Hashable, Sendable {
    /// The same samples every time, without random crops or noise.
    case evaluation
    /// Everything random depends on `random`, the row and the epoch alone: not on the batch, its order
    /// or the number of workers.
    case training(epoch: Int, random: RandomSource)
}
