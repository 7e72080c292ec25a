import Datasets
import Foundation
import Persistence

/// A name for the contents of a data set: facts, labels, domains, and the inputs of up to 64 rows spread over it.
///
/// Two data sets of equal fingerprint are taken for the same when results are reused. Reading all inputs would cost as much as
/// an epoch; a changed file nearly always changes one of these.
package enum Fingerprint {
    package static func of(_ dataset: some Dataset) throws -> String {
        let facts = dataset.facts
        var data = Data("\(facts.modalities) \(facts.domains) \(facts.classes) \(dataset.labels) \(dataset.domains)".utf8)
        let step = max(1, dataset.count / 64)
        let rows = Array(stride(from: 0, to: dataset.count, by: step))
        for modality in facts.modalities {
            try dataset.inputs(rows, modality: modality.name).withUnsafeValues { data.append(contentsOf: UnsafeRawBufferPointer($0)) }
        }
        return SHA256Digest(of: data).hex
    }
}
