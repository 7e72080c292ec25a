import Tensors

@testable import Analysis

enum Samples {
    /// Standard normal embeddings.
    static func normal(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Tensor {
        var stream = RandomSource(seed: seed).stream("samples")
        return stream.normal([rows, columns])
    }

    /// Some rows of a matrix.
    static func rows(_ tensor: Tensor, _ rows: [Int]) -> Tensor {
        let width = tensor.shape[1]
        let values = tensor.values
        return Tensor(rows.flatMap { values[$0 * width..<($0 + 1) * width] }, shape: [rows.count, width])
    }

    /// `y = x·A + noise`, so that the two depend on each other.
    static func dependent(_ x: Tensor, _ columns: Int, noise: Float) -> Tensor {
        let (map, rest) = (normal(x.shape[1], columns, seed: 7), normal(x.shape[0], columns, seed: 8))
        return x.matmul(map) + rest * noise
    }

    static func replacing(_ tensor: Tensor, at index: Int, with value: Float) -> Tensor {
        var values = tensor.values
        values[index] = value
        return Tensor(values, shape: tensor.shape)
    }
}

/// The reason why `body` gives no value, or nil where it gives one.
func reason<T>(_ body: () throws -> T) -> String? {
    do {
        _ = try body()
        return nil
    } catch let undefined as Undefined {
        return undefined.reason
    } catch {
        return "another error: \(error)"
    }
}
