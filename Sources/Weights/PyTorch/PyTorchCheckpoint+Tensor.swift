import Tensors

extension PyTorchCheckpoint {
    /// The elements of a tensor as floats, in row-major order; integers only where `convertingIntegers` says so.
    package func floats(_ name: String, convertingIntegers: Bool = false) throws(WeightsFault) -> [Float] {
        let entry = try entry(name)
        guard !entry.type.isInteger || convertingIntegers else {
            throw fault(entry, "has type \(entry.type.rawValue), expected floating point")
        }
        return try bytes(name).withUnsafeBytes { entry.type.floats(in: $0) }
    }

    /// A tensor of the file as a `Tensor`; see `floats(_:convertingIntegers:)` for the types.
    package func tensor(_ name: String, convertingIntegers: Bool = false) throws(WeightsFault) -> Tensor {
        let entry = try entry(name)
        guard entry.shape.count <= Shape.maximumRank, entry.shape.allSatisfy({ $0 <= Int32.max }) else {
            throw fault(entry, "its shape is beyond \(Shape.maximumRank) axes of \(Int32.max) elements")
        }
        return Tensor(try floats(name, convertingIntegers: convertingIntegers), shape: Shape(entry.shape))
    }

    private func fault(_ entry: PyTorchEntry, _ reason: String) -> WeightsFault {
        WeightsFault(file: path, place: "tensor \(JSONValue.quoted(entry.name))", reason: reason)
    }
}
