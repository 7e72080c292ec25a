import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing
import WeightAveragingPlugin

@Suite("Weight averaging") struct WeightAveragingTests {
    @Test(
        "the plain mean agrees with the stored numbers, running statistics included",
        arguments: GoldenFixtures.all(kind: "simple-moving-average"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let (weights, means) = (try fixture.tensor("w"), try fixture.tensor("running_mean"))
        let counts = try fixture.integers("nbt")
        let steps = try fixture.params.integer("steps")
        let model = StateModel(weight: weights.row(0), mean: means.row(0))
        let term = RegularizerTerm(
            WeightAveraging(options: .init(), context: context(model)), instance: "average", weight: 1, schedule: WeightSchedule(), on: nil,
            at: .embedding, heads: [:], active: try fixture.params.integer("start_step") - 1..<steps, totalSteps: steps)
        var (weightPath, meanPath): ([Float], [Float]) = ([], [])
        for step in 0..<steps {
            (model.weight.value, model.mean.value, model.count.value) = (weights.row(step), means.row(step), Tensor(Float(counts[step])))
            try term.follow(.sample(updating: model, pass(step)), learningRate: 0.1)
            let read = {
                weightPath += model.weight.value.values
                meanPath += model.mean.value.values
                #expect(model.count.value.item == Float(counts[step]), "counts are copied")
            }
            term.averagedWeights?.withAverage(read) ?? read()
        }
        try fixture.expect(weightPath, matches: "w_avg")
        try fixture.expect(meanPath, matches: "running_mean_avg")
    }

    @Test("nothing is evaluated in the model's place before something was averaged", arguments: WeightAveraging.Kind.allCases)
    func beforeTheFirst(kind: WeightAveraging.Kind) {
        let model = StateModel(weight: Tensor([1], shape: [1]), mean: Tensor([1], shape: [1]))
        var options = WeightAveraging.Options()
        options.kind = kind
        let plugin = WeightAveraging(options: options, context: context(model))
        #expect(plugin.averagedWeights == nil)
        plugin.follow(.sample(updating: model, pass(0)), learningRate: 0.1)
        #expect(plugin.averagedWeights != nil)
    }

    @Test("an exponential average begins at the first weights that it sees") func exponential() {
        let model = StateModel(weight: Tensor([100], shape: [1]), mean: Tensor([0], shape: [1]))
        var options = WeightAveraging.Options()
        (options.kind, options.decay) = (.exponential, 0.75)
        #expect(path([4, 8], options, model) == [4, 5])
    }

    @Test("every: 2 averages the first, the third and the fifth") func every() {
        let model = StateModel(weight: Tensor([100], shape: [1]), mean: Tensor([0], shape: [1]))
        var options = WeightAveraging.Options()
        options.every = 2
        #expect(path([1, 50, 3, 60, 5], options, model) == [1, 1, 2, 2, 3])
    }

    @Test("a restored term goes on averaging") func restored() throws {
        let model = StateModel(weight: Tensor([100], shape: [1]), mean: Tensor([0], shape: [1]))
        let first = WeightAveraging(options: .init(), context: context(model))
        let second = WeightAveraging(options: .init(), context: context(model))
        model.weight.value = Tensor([2], shape: [1])
        first.follow(.sample(updating: model, pass(0)), learningRate: 0.1)
        try second.parts.load(Dictionary(uniqueKeysWithValues: first.parts.state().map { ($0.name, $0.value) }))
        model.weight.value = Tensor([4], shape: [1])
        second.follow(.sample(updating: model, pass(1)), learningRate: 0.1)
        #expect(second.averagedWeights?.withAverage { model.weight.value.item } == 3)
        #expect(model.weight.value.item == 4)
    }

    @Test("the averages are no parameters: nothing trains them") func parts() {
        let model = StateModel(weight: Tensor([100], shape: [1]), mean: Tensor([0], shape: [1]))
        #expect(WeightAveraging(options: .init(), context: context(model)).parts.namedParameters.isEmpty)
    }

    /// The averaged weight after each of some values.
    private func path(_ values: [Float], _ options: WeightAveraging.Options, _ model: StateModel) -> [Float] {
        let plugin = WeightAveraging(options: options, context: context(model))
        return values.enumerated().map { step, value in
            model.weight.value = Tensor([value], shape: [1])
            plugin.follow(.sample(updating: model, pass(step)), learningRate: 0.1)
            return plugin.averagedWeights?.withAverage { model.weight.value.item } ?? .nan
        }
    }

    private func pass(_ step: Int) -> Pass { Pass(isTraining: true, random: RandomSource(seed: 1), step: step) }

    private func context(_ model: StateModel) -> RegularizerContext {
        RegularizerContext(modalities: [], widths: [:], classes: 1, model: model, initializer: Initializer(seed: 1), instance: "average")
    }
}

/// A model that is nothing but its state.
private final class StateModel: MultimodalModel {
    let modalities: [Modality] = []
    let embeddingWidths: [Modality: Int] = [:]
    let weight: Parameter
    let mean: Buffer
    let count = Buffer(Tensor(0), isCount: true)

    var parts: Parts { ["weight": weight, "running_mean": mean, "num_batches_tracked": count] }

    init(weight: Tensor, mean: Tensor) {
        self.weight = Parameter(weight)
        self.mean = Buffer(mean)
    }

    func encode(_ inputs: Inputs, pass: Pass) -> Embeddings { [:] }
    func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction { Prediction(logits: Tensor.zeros([1, 1])) }
}

extension Tensor {
    fileprivate func row(_ index: Int) -> Tensor {
        let row = slice(axis: 0, index..<index + 1).squeezed(axis: 0)
        return Tensor(row.values, shape: row.shape)
    }
}
