import Regularization
import Tensors

/// A NaN in anything that the penalty has a gradient in makes the penalty NaN: a fault upstream is not hidden, and does not crash.
enum NaNCheck: Check {
    static let check = ContractCheck.nan
    static let hooks: [RegularizerHook] = [.penalty]
    static let presumes: [ContractCheck] = [.options, .finiteness]

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

    private static func largestEntry(of gradient: Tensor) -> Int? {
        let values = gradient.values
        guard let index = values.indices.max(by: { abs(values[$0]) < abs(values[$1]) }), values[index] != 0 else { return nil }
        return index
    }
}
