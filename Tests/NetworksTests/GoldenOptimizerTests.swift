import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct GoldenOptimizerTests {
    @Test(arguments: GoldenFixtures.all(kind: "optim-adam-l2"))
    func `Adam follows PyTorch's path`(fixture: GoldenFixture) throws {
        var options = Adam.Options()
        let betas = try fixture.params.numbers("betas")
        (options.beta1, options.beta2) = (betas[0], betas[1])
        options.epsilon = try fixture.params.number("eps")
        options.weightDecay = try fixture.params.number("weight_decay")
        try follow(fixture) { Adam(options: options, parameters: $0) }
    }

    @Test(arguments: GoldenFixtures.all(kind: "optim-adamw"))
    func `AdamW follows PyTorch's path`(fixture: GoldenFixture) throws {
        var options = AdamW.Options()
        let betas = try fixture.params.numbers("betas")
        (options.beta1, options.beta2) = (betas[0], betas[1])
        options.epsilon = try fixture.params.number("eps")
        options.weightDecay = try fixture.params.number("weight_decay")
        try follow(fixture) { AdamW(options: options, parameters: $0) }
    }

    @Test(
        arguments: GoldenFixtures.all(kind: "optim-sgd") + GoldenFixtures.all(kind: "optim-sgd-momentum")
            + GoldenFixtures.all(kind: "optim-sgd-nesterov"))
    func `SGD follows PyTorch's path`(fixture: GoldenFixture) throws {
        var options = SGD.Options()
        options.momentum = fixture.params["momentum"]?.double ?? 0
        options.nesterov = fixture.kind == "optim-sgd-nesterov"
        options.weightDecay = try fixture.params.number("weight_decay")
        try follow(fixture) { SGD(options: options, parameters: $0) }
    }

    @Test(arguments: GoldenFixtures.all(kind: "optim-lars"))
    func `LARS follows the path of VICReg's`(fixture: GoldenFixture) throws {
        var options = LARS.Options()
        options.momentum = try fixture.params.number("momentum")
        options.weightDecay = try fixture.params.number("weight_decay")
        options.trust = try fixture.params.number("eta")
        try follow(fixture) { LARS(options: options, parameters: $0) }
    }

    /// Minimizes ½(v − v*)ᵀA(v − v*), v = [W; b], and compares every step's gradients and parameters.
    private func follow(_ fixture: GoldenFixture, _ make: ([NamedParameter]) -> any Optimizer) throws {
        let (a, target) = (try fixture.tensor("a"), try fixture.tensor("v_star"))
        let (w, b) = (Parameter(try fixture.tensor("w0")), Parameter(try fixture.tensor("b0")))
        let optimizer = make([(name: "w", parameter: w), (name: "b", parameter: b)])
        let rate = try fixture.params.float("lr")
        var path: [String: [Float]] = [:]
        for _ in 0..<(try fixture.shape(of: "w")[0]) {
            let v = Tensor.concatenated([w.value.reshaped([w.elementCount]), b.value], axis: 0)
            let loss = (v - target) * a.matmul(v - target) * 0.5
            let steps = gradients(of: loss.sum(), with: [w.value, b.value])
            optimizer.update(gradients: steps, learningRate: rate)
            path["grad_w", default: []] += try #require(steps[0]).values
            path["grad_b", default: []] += try #require(steps[1]).values
            path["w", default: []] += w.value.values
            path["b", default: []] += b.value.values
        }
        for (name, values) in path { try fixture.expect(values, matches: name) }
    }

    @Test(arguments: GoldenFixtures.all(kind: "optim-cosine-warmup"))
    func `the schedule gives VICReg's rates`(fixture: GoldenFixture) throws {
        for (name, end) in [("lr", try fixture.params.number("end_factor")), ("lr_zero_end", 0)] {
            let schedule = LearningRateSchedule(
                base: try fixture.params.number("base_lr"), shape: .cosine,
                warmUpSteps: try fixture.params.integer("warmup"), totalSteps: try fixture.params.integer("total"),
                endFactor: end)
            try fixture.expect((0..<schedule.totalSteps).map(schedule.rate), matches: name)
        }
    }

    @Test(arguments: GoldenFixtures.all(kind: "optim-ema"))
    func `the exponential average follows its weights`(fixture: GoldenFixture) throws {
        let weights = try fixture.tensor("w")
        let module = Linear(weights.shape[2], weights.shape[1], bias: false, from: Initializer(seed: 1))
        module.weight.value = weights[0..<1].squeezed(axis: 0)
        let average = ExponentialMovingAverage(of: module, decay: try fixture.params.float("decay"))
        var path: [Float] = average.state()[0].value.values
        for row in 1..<weights.shape[0] {
            module.weight.value = weights[row..<row + 1].squeezed(axis: 0)
            average.update()
            path += average.state()[0].value.values
        }
        try fixture.expect(path, matches: "ema")
    }
}
