import Regularization
import Tensors

/// On every scenario, values and gradients are finite, and hooks return the shapes and names that they
/// have to.
enum FinitenessCheck: Check {
    static let check = ContractCheck.finiteness

    /// A finding for each of the scenarios.
    static func findings(on subject: Subject) -> [Finding] {
        let scenarios = Scenario.all(minimum: subject.minimumBatch)
        return onEach(scenarios, of: subject) { rehearsal in
            let fault = try rehearsal.trace().firstNonFinite
            return [Finding(check, fault: fault, passed: try summary(rehearsal))]
        }
    }

    /// What the regularizer does, for the table.
    ///
    /// Empty for a regularizer that neither adds a penalty nor changes maps or embeddings.
    private static func summary(_ rehearsal: Rehearsal) throws -> String {
        let penalty = try rehearsal.scalar(.penalty, of: rehearsal.batch).map { "penalty \(short(Double($0.item)))" }
        let changes = [RegularizerHook.featureMaps, .embeddings].filter(rehearsal.subject.hooks.contains).map(\.summary)
        return ((penalty.map { [$0] } ?? []) + changes).joined(separator: ", ")
    }
}

/// A NaN in anything that the penalty depends on makes the penalty NaN. A fault further up must neither
/// be hidden nor crash.
///
/// In each array with a gradient the entry with the largest gradient is replaced. A penalty that
/// ignores single entries by design declares ``ContractExceptions/hidesNaN``.
enum NaNCheck: Check {
    static let check = ContractCheck.nan
    static let hooks: [RegularizerHook] = [.penalty]
    static let presumes: [ContractCheck] = [.options, .finiteness]

    /// Replaces one entry in each array that the penalty depends on, one array at a time.
    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            guard let (_, gradients) = try rehearsal.differentiated(.penalty) else { return [Finding(check, .none)] }
            let read = zip(rehearsal.variables, gradients).compactMap { variable, gradient in
                gradient.flatMap { gradient in largestEntry(of: gradient).map { (variable, $0) } }
            }
            guard !read.isEmpty else { return [Finding(check, .none)] }
            for (variable, index) in read {
                let value = try penalty(rehearsal, with: .nan, at: index, of: variable)
                if value?.isNaN != true {
                    let fault = "NaN in \(variable.name) leaves the penalty at \(value.map { "\($0)" } ?? "nil")"
                    let isDeclared = subject.exceptions.contains(.hidesNaN)
                    return [Finding(check, isDeclared ? .declared : .failed, fault)]
                }
            }
            return [Finding(check, .passed, "in each of \(read.count) arrays that the penalty reads")]
        }
    }

    /// The penalty with one entry of a variable replaced.
    ///
    /// - Parameters:
    ///   - value: what stands in place of the entry.
    ///   - index: the entry, in row-major order.
    ///   - variable: an array of the batch or a parameter, which gets its own value back.
    /// - Returns: nil where the regularizer has no penalty for this batch.
    private static func penalty(_ rehearsal: Rehearsal, with value: Float, at index: Int, of variable: Rehearsal.Variable) throws -> Float? {
        var values = variable.value.values
        values[index] = value
        let changed = Tensor(values, shape: variable.value.shape)
        var arrays = rehearsal.batch.arrays.map(\.value)
        if let position = variable.position { arrays[position] = changed }
        variable.parameter?.value = changed
        defer { variable.parameter?.value = variable.value }
        return try withoutGradients { try rehearsal.scalar(.penalty, of: rehearsal.batch.replacing(arrays))?.item }
    }

    /// The position of the entry that is largest in size; nil where all are 0.
    private static func largestEntry(of gradient: Tensor) -> Int? {
        let values = gradient.values
        guard let index = values.indices.max(by: { abs(values[$0]) < abs(values[$1]) }), values[index] != 0 else { return nil }
        return index
    }
}

/// Values and gradients stay finite where features are constant, samples repeat, all labels are one
/// class of one domain, the samples are of one domain, a domain lacks a class or has a single sample, or
/// all embeddings are 0.
///
/// A regularizer that is undefined for zero embeddings declares ``ContractExceptions/undefinedAtZero``.
enum DegenerateInputsCheck: Check {
    static let check = ContractCheck.degenerateInputs
    static let presumes: [ContractCheck] = [.options, .finiteness]

    /// A finding for each of these inputs.
    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let batch = rehearsal.batch
            let samples = rehearsal.scenario.samples
            let oneDomain = batch.with(domains: .init(repeating: 0, count: samples))
            var oneClass = oneDomain
            oneClass.labels = .init(repeating: 0, count: samples)
            // Class 0 is in the first domain alone, all others are in both.
            let unevenClasses = batch.with(domains: zip(batch.labels, batch.domains).map { $0 == 0 ? 0 : $1 })
            let lonelySample = batch.with(domains: (0..<samples).map { $0 == 0 ? 0 : 1 })
            var zero = batch
            zero.embeddings = batch.embeddings.mapEmbeddings { $1.map { array, _ in .zeros(array.shape) } }
            zero.featureMaps = batch.featureMaps.map { .zeros($0.shape) }
            let cases: [(name: String, batch: SampleBatch, exception: ContractExceptions?)] = [
                ("constant features", constant(batch), nil),
                ("duplicated samples", batch.gathering((0..<samples).map { $0 / 2 }), nil),
                ("one class", oneClass, nil),
                ("one domain", oneDomain, nil),
                ("a class that a domain lacks", unevenClasses, nil),
                ("a domain of one sample", lonelySample, nil),
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

    /// The batch with the first sample's embedding for every sample; labels stay as they are.
    private static func constant(_ batch: SampleBatch) -> SampleBatch {
        var batch = batch
        let rows = [Int](repeating: 0, count: batch.labels.count)
        batch.embeddings = batch.embeddings.mapEmbeddings { $1.map { array, _ in array.gathering(rows: rows) } }
        batch.featureMaps = batch.featureMaps.map { $0.gathering(rows: rows) }
        return batch
    }
}
