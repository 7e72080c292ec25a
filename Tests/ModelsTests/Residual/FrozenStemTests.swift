import Configuration
import Models
import Networks
import Regularization
import Tensors
import Testing

@Suite struct FrozenStemTests {
    private static let lastStage: [String: OptionValue] = ["train": .string("last-stage")]

    @Test(arguments: StagedSample.all)
    func `only the last stage's parameters are trained, and all are saved`(sample: StagedSample) throws {
        let (whole, tail, fixed) = (try sample.make(), try sample.make(Self.lastStage), try sample.make(["train": .string("none")]))
        let expected = whole.namedParameters.map(\.name).filter { $0.contains("layer4.") }
        #expect(!expected.isEmpty && expected.count < whole.namedParameters.count)
        #expect(tail.namedParameters.map(\.name) == expected)
        #expect(fixed.namedParameters.isEmpty)
        #expect(tail.state().map(\.name) == whole.state().map(\.name))
    }

    @Test(arguments: StagedSample.all)
    func `nothing is recorded for the frozen part`(sample: StagedSample) throws {
        let pass = ModelSamples.training()
        let tail = try sample.make(Self.lastStage)
        let maps = tail.stem(sample.batch(), pass: tail.stemPass(pass))
        #expect(maps.allSatisfy { !$0.isTracked })
        #expect(tail.lastStage(maps, pass: pass).pooled.isTracked)
        let fixed = try sample.make(["train": .string("none")])
        let embedding = fixed(sample.batch(), pass: pass)
        #expect(!embedding.pooled.isTracked)
    }

    @Test(arguments: StagedSample.all)
    func `a training step changes the last stage and leaves the stem as it was`(sample: StagedSample) throws {
        let encoder = try sample.make(Self.lastStage)
        let before = encoder.state()
        let loss = encoder(sample.batch(), pass: ModelSamples.training()).pooled.squared().sum()
        let parameters = encoder.namedParameters
        let found = gradients(of: loss, with: parameters.map(\.parameter.value))
        let optimizer = try OptimizerRegistry.standard().make("sgd", parameters: parameters)
        optimizer.update(gradients: found, learningRate: 0.01)
        #expect(before.contains { $0.name.contains("layer4") } && before.map(\.name) == encoder.state().map(\.name))
        for (old, new) in zip(before, encoder.state()) {
            let isSame = old.value.values == new.value.values
            #expect(isSame == !old.name.contains("layer4"), "\(old.name)")
        }
    }

    @Test(arguments: StagedSample.all)
    func `under the training policy the stem's running statistics move, and its weights do not`(sample: StagedSample) throws {
        let encoder = try sample.make(["train": .string("last-stage"), "batch-norm": .string("training")])
        let before = encoder.state()
        _ = encoder(sample.batch(), pass: ModelSamples.training())
        #expect(before.contains { $0.name.contains("layer4") } && before.map(\.name) == encoder.state().map(\.name))
        for (old, new) in zip(before, encoder.state()) {
            let isStatistic = ["running_mean", "running_var", "num_batches_tracked"].contains { old.name.hasSuffix($0) }
            #expect((old.value.values == new.value.values) == !isStatistic, "\(old.name)")
        }
    }

    @Test(arguments: StagedSample.all)
    func `under the evaluation policy the stem gives in training what it gives in evaluation`(sample: StagedSample) throws {
        let encoder = try sample.make(Self.lastStage)
        let training = encoder.stem(sample.batch(), pass: encoder.stemPass(ModelSamples.training()))
        let evaluation = encoder.stem(sample.batch(), pass: .evaluation)
        #expect(!training.isEmpty && training.count == evaluation.count)
        for (one, other) in zip(training, evaluation) { #expect(one.values == other.values) }
    }

    @Test(arguments: StagedSample.all)
    func `samples go through a frozen stem in portions with the maps of the whole batch`(sample: StagedSample) throws {
        let encoder = try sample.make(Self.lastStage)
        let batch = sample.batch(5)
        let whole = encoder.stem(batch, pass: .evaluation)
        let inTwos = encoder.stemMaps(batch, pass: ModelSamples.training(), valuesAtOnce: 2 * batch.elementCount / 5)
        #expect(inTwos.count == whole.count)
        for (one, other) in zip(inTwos, whole) { #expect(one.deviation(from: other) < 1e-6) }
    }

    @Test(arguments: StagedSample.all)
    func `a stem that uses the batch's statistics sees the whole batch`(sample: StagedSample) throws {
        let policy: [String: OptionValue] = ["train": .string("last-stage"), "batch-norm": .string("training")]
        let batch = sample.batch(4)
        let whole = try sample.make(policy).stem(batch, pass: ModelSamples.training())
        let limited = try sample.make(policy).stemMaps(batch, pass: ModelSamples.training(), valuesAtOnce: 1)
        #expect(!limited.isEmpty && limited.count == whole.count)
        for (one, other) in zip(limited, whole) { #expect(one.values == other.values) }
    }

    @Test(arguments: StagedSample.all)
    func `an input's gradient passes through the frozen part`(sample: StagedSample) throws {
        let (whole, fixed) = (try sample.make(), try sample.make(["train": .string("none")]))
        let x = sample.batch().tracked()
        let expected = try #require(gradients(of: whole(x, pass: .evaluation).pooled.squared().sum(), with: [x])[0])
        let found = try #require(gradients(of: fixed(x, pass: .evaluation).pooled.squared().sum(), with: [x])[0])
        #expect(found.deviation(from: expected) < 1e-5)
    }
}

@Suite struct CompiledStemTests {
    /// What the encoder computes operation by operation: a tracked input makes every one of them recorded.
    private func uncompiled(_ encoder: any Encoder, _ x: Tensor) -> Embedding { encoder(x.tracked(), pass: .evaluation) }

    @Test(arguments: StagedSample.all)
    func `the compiled network gives what the uncompiled one gives`(sample: StagedSample) throws {
        let encoder = try sample.make(["train": .string("none")])
        encoder.providesTokens = true
        // Another number of samples may have its weights laid out differently.
        for samples in [2, 1, 7, 2] {
            let x = sample.batch(samples)
            let (compiled, expected) = (encoder(x, pass: .evaluation), uncompiled(encoder, x))
            #expect(compiled.pooled.deviation(from: expected.pooled) < 1e-4)
            let (tokens, expectedTokens) = (try #require(compiled.tokens), try #require(expected.tokens))
            #expect(tokens.deviation(from: expectedTokens) < 1e-4)
        }
    }

    @Test(arguments: StagedSample.all)
    func `it is compiled anew when weights or statistics change`(sample: StagedSample) throws {
        let encoder = try sample.make(["train": .string("none")])
        let x = sample.batch()
        var earlier = encoder(x, pass: .evaluation).pooled
        for ending in ["conv1.weight", "running_var", "running_mean", "bias"] {
            let name = try #require(encoder.contents.entries.map(\.name).last { $0.hasSuffix(ending) || $0.hasSuffix("conv1.conv.weight") })
            let entry = try #require(encoder.contents.entries.first { $0.name == name }?.entry)
            switch entry {
            case .parameter(let parameter): parameter.withUnsafeMutableValues { for i in $0.indices { $0[i] = 1.5 * $0[i] + 0.1 } }
            case .buffer(let buffer): buffer.withUnsafeMutableValues { for i in $0.indices { $0[i] = 1.5 * $0[i] + 0.1 } }
            }
            let now = encoder(x, pass: .evaluation).pooled
            #expect(now.deviation(from: earlier) > 1e-3, "\(name)")
            #expect(now.deviation(from: uncompiled(encoder, x).pooled) < 1e-4, "\(name)")
            earlier = now
        }
    }

    @Test(arguments: StagedSample.all)
    func `what is being trained is evaluated with the weights of the moment`(sample: StagedSample) throws {
        let encoder = try sample.make()
        let x = sample.batch()
        _ = withoutGradients { encoder(x, pass: .evaluation) }
        _ = encoder(x, pass: ModelSamples.training())
        let expected = uncompiled(encoder, x).pooled
        #expect(withoutGradients { encoder(x, pass: .evaluation).pooled }.deviation(from: expected) < 1e-4)
    }

    @Test func `a block that adds in place leaves its input as it was`() {
        let block = BottleneckBlock(16, width: 4, overTime: true, from: Initializer(seed: 1))
        #expect(block.downsample == nil)
        var stream = RandomSource(seed: 2).stream("x")
        let x = stream.normal([1, 3, 5, 4, 16])
        let before = x.values
        let y = withoutGradients { block(x, .evaluation) }
        #expect(x.values == before)
        #expect(y.deviation(from: block(x, .evaluation)) < 1e-5)
    }

    @Test(arguments: StagedSample.all)
    func `pooled is the mean of the tokens`(sample: StagedSample) throws {
        let encoder = try sample.make()
        let plain = encoder(sample.batch(), pass: .evaluation)
        #expect(plain.tokens == nil)
        #expect(plain.pooled.shape == [2, encoder.embeddingWidth])
        encoder.providesTokens = true
        let rich = encoder(sample.batch(), pass: .evaluation)
        let tokens = try #require(rich.tokens)
        #expect(tokens.mean(axis: 1).deviation(from: plain.pooled) < 1e-5)
        #expect(rich.pooled.deviation(from: plain.pooled) < 1e-5)
    }
}
