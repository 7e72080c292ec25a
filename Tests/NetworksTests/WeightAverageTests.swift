@testable import Networks
import Tensors
import Testing

@Suite struct WeightAverageTests {
    private func layer() -> BatchNormalization { BatchNormalization(1, from: Initializer(seed: 1)) }

    private func set(_ layer: BatchNormalization, _ value: Float, count: Float) {
        layer.weight.value = Tensor([value], shape: [1])
        layer.runningMean.value = Tensor([value], shape: [1])
        layer.trackedBatches.value = Tensor(count)
    }

    private func value(_ name: String, _ average: any WeightAverage) -> Float? {
        average.state().first { $0.name == name }?.value.values.first
    }

    @Test func `a simple average is the mean of what it was given`() {
        let layer = layer()
        let average = SimpleMovingAverage(of: layer)
        for (index, value) in [2, 4, 9].enumerated() {
            set(layer, Float(value), count: Float(index))
            average.update()
        }
        #expect(value("weight", average) == 5)
        #expect(value("running_mean", average) == 5)
    }

    @Test func `an exponential average keeps its share`() {
        let layer = layer()
        let average = ExponentialMovingAverage(of: layer, decay: 0.75)
        set(layer, 5, count: 1)
        average.update()
        #expect(value("weight", average) == 2)
        #expect(value("running_mean", average) == 1.25)
    }

    @Test func `an average of what nobody trains takes no memory, however large it is`() {
        let model = Linear(1 << 17, 1 << 17, from: .zeros)
        let average = ExponentialMovingAverage(of: SimpleMovingAverage(of: model), decay: 0.9)
        #expect(average.state().first?.value.shape == [1 << 17, 1 << 17])
    }

    @Test func `an average keeps the values of its beginning when the module changes in place`() {
        let layer = layer()
        let average = ExponentialMovingAverage(of: layer, decay: 0.5)
        layer.weight.withUnsafeMutableValues { $0[0] = 3 }
        #expect(value("weight", average) == 1)
        average.update()
        #expect(value("weight", average) == 2)
        #expect(layer.weight.value.values == [3])
    }

    @Test func `counts are copied and not averaged`() {
        let layer = layer()
        let average = ExponentialMovingAverage(of: layer, decay: 0.99)
        set(layer, 5, count: 12)
        average.update()
        #expect(value("num_batches_tracked", average) == 12)
    }

    @Test func `the module holds the average only for as long as it is asked to`() {
        let layer = layer()
        let average = ExponentialMovingAverage(of: layer, decay: 0.5)
        set(layer, 3, count: 1)
        average.update()
        let inside = average.withAverage { layer.weight.value.values }
        #expect(inside == [2])
        #expect(layer.weight.value.values == [3])
        #expect(value("weight", average) == 2)
    }

    @Test func `a restored average goes on`() throws {
        let layer = layer()
        let (first, second) = (SimpleMovingAverage(of: layer), SimpleMovingAverage(of: layer))
        set(layer, 2, count: 0)
        first.update()
        try second.load(Dictionary(uniqueKeysWithValues: first.state().map { ($0.name, $0.value) }))
        set(layer, 4, count: 0)
        second.update()
        #expect(value("weight", second) == 3)
        #expect(second.count == 2)
    }
}
