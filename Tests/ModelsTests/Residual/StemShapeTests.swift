import Models
import Networks
import Regularization
import Tensors
import Testing

@Suite struct StemShapeTests {
    @Test(arguments: StagedSample.all)
    func `the shapes of a stem's maps are known without computing them, at any size`(sample: StagedSample) throws {
        let encoder = try sample.make(["train": .string("last-stage")])
        for more in [0, 1, 9, 16] {
            var shape = sample.shape.dimensions
            shape[shape.count - 2] += more
            shape[shape.count - 3] += 2 * more
            let maps = withoutGradients { encoder.stem(.zeros(Shape([1] + shape)), pass: .evaluation) }
            #expect(encoder.stemShapes(of: Shape(shape)).map { [1] + $0.dimensions } == maps.map(\.shape.dimensions))
        }
    }

    @Test(arguments: StagedSample.all)
    func `an encoder that reads what its stem made gives what the whole one gives, under the same names`(sample: StagedSample) throws {
        let (whole, twin) = (try sample.make(["train": .string("last-stage")]), try sample.make(["train": .string("last-stage")]))
        let stored = StoredStemEncoder(twin, samples: [sample.shape])
        for encoder in [whole, stored] as [any Encoder] { encoder.providesTokens = true }
        let maps = withoutGradients { twin.stem(sample.batch(), pass: .evaluation) }
        let rows = Tensor.concatenated(maps.map { $0.reshaped([2, $0.shape.elementCount / 2]) }, axis: 1)
        let pass = ModelSamples.training()
        let (one, other) = (whole(sample.batch(), pass: pass), stored(rows, pass: pass))
        #expect(one.pooled.values == other.pooled.values)
        #expect(one.tokens?.values == other.tokens?.values)
        #expect(stored.state().map(\.name) == whole.state().map(\.name))
        #expect(stored.namedParameters.map(\.name) == whole.namedParameters.map(\.name))
    }
}
