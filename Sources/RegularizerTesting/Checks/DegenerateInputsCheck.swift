import Regularization
import Tensors

/// Values and gradients stay finite where columns are constant, samples repeat, all labels are one class, or all embeddings are 0.
enum DegenerateInputsCheck: Check {
    static let check = ContractCheck.degenerateInputs
    static let presumes: [ContractCheck] = [.options, .finiteness]

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let batch = rehearsal.batch
            let samples = rehearsal.scenario.samples
            var oneClass = batch
            oneClass.labels = .init(repeating: 0, count: samples)
            oneClass.domains = .init(repeating: 0, count: samples)
            var zero = batch
            zero.embeddings = batch.embeddings.mapEmbeddings { $1.map { array, _ in .zeros(array.shape) } }
            let cases: [(name: String, batch: SampleBatch, exception: ContractExceptions?)] = [
                ("constant features", constant(batch), nil),
                ("duplicated samples", batch.gathering((0..<samples).map { $0 / 2 }), nil),
                ("one class", oneClass, nil),
                ("zero embeddings", zero, .undefinedAtZero),
            ]
            return cases.map { name, batch, exception in
                let fault: String?
                do {
                    fault = try rehearsal.trace(of: batch).firstNonFinite
                } catch {
                    fault = (error as? TrainingFailure)?.message ?? "\(error)"
                }
                if fault != nil, let exception, subject.exceptions.contains(exception) {
                    return Finding(check, .declared, "not finite", scenario: name)
                }
                return Finding(check, fault: fault, passed: "all finite", scenario: name)
            }
        }
    }

    /// Every sample has the first one's embedding; labels stay.
    private static func constant(_ batch: SampleBatch) -> SampleBatch {
        var batch = batch
        let rows = [Int](repeating: 0, count: batch.labels.count)
        batch.embeddings = batch.embeddings.mapEmbeddings { $1.map { array, _ in array.gathering(rows: rows) } }
        return batch
    }
}
