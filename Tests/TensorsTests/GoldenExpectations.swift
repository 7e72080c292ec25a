import GoldenFixtures
import Tensors
import Testing

extension GoldenFixture {
    /// Records an issue unless the result and its gradients, with the upstream gradient given, are the stored ones.
    ///
    /// - Parameters:
    ///   - y: the recorded result.
    ///   - name: the stored result.
    ///   - upstream: the name of the gradient of `y`; nil for a scalar, whose gradient is 1.
    ///   - prefix: what precedes the names of the variables in those of the gradients.
    func expect(
        _ y: Tensor, matches name: String, upstream: String? = "dy", gradients prefix: String = "grad", of variables: [(String, Tensor)],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expect(y, matches: name, mixed: true, sourceLocation: sourceLocation)
        let weighted = try upstream.map { try (y * tensor($0)).sum() } ?? y
        for ((variable, _), gradient) in zip(variables, Tensors.gradients(of: weighted, with: variables.map(\.1))) {
            try expect(
                #require(gradient, sourceLocation: sourceLocation), matches: "\(prefix).\(variable)", mixed: true,
                sourceLocation: sourceLocation)
        }
    }
}

extension Tensor {
    /// N×C×… as the fixtures hold it, to N×…×C as the operations read it.
    func channelsLast() -> Tensor { permuted([0] + Array(2..<rank) + [1]) }

    /// N×…×C to N×C×….
    func channelsFirst() -> Tensor { permuted([0, rank - 1] + Array(1..<rank - 1)) }
}
