import Networks
import Regularization
import Tensors

/// An encoder whose inputs are what its stem made before, so that only the last stage is computed.
///
/// A sample is one row of values, the stem's maps one after the other. Everything else is the whole encoder's: names, parameters, state.
public final class StoredStemEncoder: Encoder {
    /// The encoder whose stem it was.
    public let whole: any StagedEncoder
    /// The maps' shapes without the batch axis, by the number of values in a sample: views may differ in size.
    private let shapes: [Int: [Shape]]

    public var embeddingWidth: Int { whole.embeddingWidth }
    public var parts: Parts { whole.parts }
    public var providesTokens: Bool {
        get { whole.providesTokens }
        set { whole.providesTokens = newValue }
    }

    /// - Parameter samples: the shapes of the samples that the stem read, one for each view.
    public init(_ whole: any StagedEncoder, samples: [Shape]) {
        self.whole = whole
        shapes = Dictionary(samples.map { whole.stemShapes(of: $0) }.map { ($0.storedValues, $0) }) { first, _ in first }
    }

    /// - Parameter x: N×values.
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding {
        require(x.rank == 2, "stored maps of shape \(x.shape) are not N×values")
        guard let shapes = shapes[x.shape[1]] else {
            stop("stored maps have \(self.shapes.keys.sorted()) values, not \(x.shape[1])")
        }
        var start = 0
        let maps = shapes.map { shape in
            defer { start += shape.elementCount }
            let columns = shapes.count == 1 ? x : x.slice(axis: 1, start..<start + shape.elementCount)
            return columns.reshaped(Shape([x.shape[0]] + shape.dimensions))
        }
        return whole.lastStage(maps, pass: whole.lastStagePass(pass))
    }
}

extension [Shape] {
    /// How many values maps of these shapes have in all.
    public var storedValues: Int { reduce(0) { $0 + $1.elementCount } }
}
