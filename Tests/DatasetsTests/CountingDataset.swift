import Configuration
import Media
import Synchronization
import Tensors

@testable import Datasets

/// Forty rows of one number each, which counts how many have been decoded.
final class CountingDataset: DecodingDataset {
    let decoded = Mutex(0)
    let labels = [Int](repeating: 0, count: 40)
    let domains = [Int](repeating: 0, count: 40)
    let loading = LoadingOptions()

    var facts: DatasetFacts {
        DatasetFacts(
            modalities: [.init(name: "x", sampleShape: [1])], domains: ["all"], classes: ["any"], samplesPerDomain: [40])
    }

    func sampleShape(_ modality: String, view: SampleView) -> [Int]? { [1] }
    func bytesOfValue(_ modality: String) -> Int { 1 }
    func files(_ row: Int, modality: String) -> [String] { [] }
    func seconds(_ row: Int) -> Double? { nil }
    func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample {
        decoded.withLock { $0 += 1 }
        return DecodedSample(shape: [1], numbers: [Float(row)])
    }
}
