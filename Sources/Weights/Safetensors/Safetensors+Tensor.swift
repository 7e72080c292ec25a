import Tensors

extension SafetensorsFile {
    /// A tensor of the file as a `Tensor`; see `floats(_:convertingIntegers:)` for the types.
    package func tensor(_ name: String, convertingIntegers: Bool = false) throws(WeightsFault) -> Tensor {
        let entry = try entry(name)
        guard entry.shape.count <= Shape.maximumRank, entry.shape.allSatisfy({ $0 <= Int32.max }) else {
            throw WeightsFault(
                file: path, tensor: name, offset: entry.bytes.lowerBound,
                reason: "shape \(entry.shapeText) is beyond \(Shape.maximumRank) axes of \(Int32.max) elements")
        }
        return Tensor(try floats(name, convertingIntegers: convertingIntegers), shape: Shape(entry.shape))
    }

    /// All floating-point tensors by name, as a module's state is loaded.
    package func tensors() throws(WeightsFault) -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for entry in entries where !entry.type.isInteger { result[entry.name] = try tensor(entry.name) }
        return result
    }
}

extension SafetensorsWriter {
    /// Adds a tensor as F32.
    /// - Precondition: the name is new.
    package mutating func add(_ name: String, _ tensor: Tensor) {
        add(name, tensor.values, shape: tensor.shape.dimensions)
    }
}
