import Networks
import Tensors

extension WeightsFile {
    /// The tensors for named parameters and buffers, and how they fitted. Nothing is read before the names and shapes are
    /// known to fit.
    ///
    /// - Parameters:
    ///   - expected: the parameters' names and shapes.
    ///   - mapping: how the file's keys become these names.
    ///   - exceptions: see ``LoadReport/check(exceptions:)``; what they name and does not fit is left out.
    /// - Throws: ``StateMismatch``, or ``WeightsFault`` from the file.
    package func state(
        for expected: [(name: String, shape: Shape)], mapping: KeyMapping = KeyMapping(), exceptions: [String] = []
    ) throws -> (tensors: [String: Tensor], report: LoadReport) {
        let taken = try taken(by: mapping)
        let report = LoadReport(
            expected: expected.map { (name: $0.name, shape: $0.shape.dimensions) },
            found: taken.map { (name: $0.name, shape: $0.entry.shape) })
        for (name, _) in expected {
            guard let value = unreadable(name, by: mapping) else { continue }
            throw WeightsFault(
                file: path, place: "value \(JSONValue.quoted(value.name))",
                reason: "is \(value.kind), which is not read, and a parameter needs it; save it as an ordinary tensor, as float32")
        }
        try report.check(exceptions: exceptions)
        let matched = Set(report.matched)
        var tensors: [String: Tensor] = [:]
        for (name, entry) in taken where matched.contains(name) {
            tensors[name] = try tensor(entry.name, convertingIntegers: true)
        }
        return (tensors, report)
    }
}

extension SafetensorsWriter {
    /// Adds every parameter and buffer under its name: floats as F32, counts such as `num_batches_tracked` as I64, as PyTorch keeps them.
    ///
    /// - Parameter prefix: what is put before every name.
    /// - Precondition: the names are new.
    package mutating func add(_ parts: Parts, prefix: String = "") {
        for (name, entry) in parts.contents.entries {
            if case .buffer(let buffer) = entry, buffer.isCount {
                add(prefix + name, buffer.value.values.map { Int($0.rounded()) }, shape: buffer.shape.dimensions)
            } else {
                add(prefix + name, entry.value)
            }
        }
    }
}
