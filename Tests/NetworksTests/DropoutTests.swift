import Networks
import Tensors
import Testing

@Suite struct DropoutTests {
    private func training(step: Int = 0, seed: UInt64 = 1) -> Pass {
        Pass(isTraining: true, random: RandomSource(seed: seed), step: step)
    }

    @Test func `the same step, seed and stream drop the same values`() {
        let (x, layer) = (Tensor.ones([64, 8]), Dropout(0.5, stream: "a"))
        let first = layer(x, training()).values
        #expect(layer(x, training()).values == first)
        #expect(Dropout(0.5, stream: "a")(x, training()).values == first)
    }

    @Test func `another step, seed or stream drops other values`() {
        let (x, layer) = (Tensor.ones([64, 8]), Dropout(0.5, stream: "a"))
        let first = layer(x, training()).values
        #expect(layer(x, training(step: 1)).values != first)
        #expect(layer(x, training(seed: 2)).values != first)
        #expect(Dropout(0.5, stream: "b")(x, training()).values != first)
        #expect(layer(x, training().child("second")).values != first)
    }

    @Test func `what is kept is scaled so that the mean stays`() {
        let values = Dropout(0.2, stream: "a")(.ones([100, 100]), training()).values
        #expect(Set(values) == [0, 1.25])
        let kept = Double(values.count { $0 > 0 }) / Double(values.count)
        #expect(abs(kept - 0.8) < 0.02)
    }

    @Test func `a rate of one leaves nothing, a rate of zero everything`() {
        #expect(Dropout(1, stream: "a")(.ones([4]), training()).values == [0, 0, 0, 0])
        #expect(Dropout(0, stream: "a")(.ones([4]), training()).values == [1, 1, 1, 1])
    }

    @Test func `evaluation drops nothing`() {
        #expect(Dropout(0.9, stream: "a")(.ones([4]), .evaluation).values == [1, 1, 1, 1])
    }

    @Test func `the gradient goes through what was kept`() {
        let x = Tensor.ones([32]).tracked()
        let y = Dropout(0.5, stream: "a")(x, training())
        #expect(gradients(of: y.sum(), with: [x])[0]?.values == y.values)
    }
}
