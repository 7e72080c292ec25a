import Configuration
import Media
import Tensors

/// A data set whose inputs are decoded from files, row by row.
package protocol DecodingDataset: Dataset {
    var loading: LoadingOptions { get }

    /// Decodes one modality of one row. May be called from any thread, any number of times at once.
    ///
    /// - Throws: `MediaFault` with the file that is missing or damaged.
    /// - Precondition: the row and the modality exist.
    func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample

    /// The shape of a sample of a modality in a view, or nil for a modality that is not there.
    func sampleShape(_ modality: String, view: SampleView) -> [Int]?

    /// Bytes that a decoded value takes while it waits: 1 in a picture, 4 as a number.
    func bytesOfValue(_ modality: String) -> Int

    /// The files that a modality of a row may be read from, without opening any.
    func files(_ row: Int, modality: String) -> [String]

    /// How long a row lasts, in seconds; nil where its file does not say.
    func seconds(_ row: Int) -> Double?
}

extension DecodingDataset {
    /// Clips leave their decoder on the scale that the encoders expect.
    public var isStandardized: Bool { true }

    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        try inputs(rows, modality: modality, view: .evaluation)
    }

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
    /// Modalities draw independently, so one can be left out without changing what the others show.
    func stream(row: Int, modality: String) -> RandomStream? {
        switch self {
        case .evaluation: nil
        case .training(let epoch, let random): random.child(modality).stream("row-\(row)", step: epoch)
        }
    }
}
