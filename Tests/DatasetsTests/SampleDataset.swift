import Configuration
import Tensors

@testable import Datasets

/// A small data set in memory whose every property a test can set.
struct SampleDataset: Dataset {
    var labels: [Int]
    var domains: [Int]
    var groups: [Int]?
    var positions: [Int]?
    var split: [SplitName]?
    var array: ModalityArray

    init(
        labels: [Int], domains: [Int], groups: [Int]? = nil, positions: [Int]? = nil, split: [SplitName]? = nil,
        sampleShape: [Int] = [2], values: [Float]? = nil
    ) {
        self.labels = labels
        self.domains = domains
        self.groups = groups
        self.positions = positions
        self.split = split
        let count = labels.count * sampleShape.reduce(1, *)
        array = ModalityArray(name: "x", sampleShape: sampleShape, values: values ?? (0..<count).map { Float($0) })
    }

    /// `domains` × `classes` × `each` rows.
    static func balanced(domains: Int, classes: Int, each: Int) -> SampleDataset {
        let count = domains * classes * each
        return SampleDataset(
            labels: (0..<count).map { $0 / each % classes }, domains: (0..<count).map { $0 / (each * classes) })
    }

    var facts: DatasetFacts {
        let names = (0...(domains.max() ?? 0)).map { "domain-\($0)" }
        return DatasetFacts(
            modalities: [array.facts], domains: names, classes: (0...(labels.max() ?? 0)).map { "class-\($0)" },
            samplesPerDomain: tally(domains, kinds: names.count))
    }

    func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        guard modality == "x" else { throw unknownModality(modality) }
        return array.inputs(rows)
    }
}
