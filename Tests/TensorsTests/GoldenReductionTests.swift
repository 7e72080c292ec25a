import GoldenFixtures
import Tensors
import Testing

@Suite struct GoldenReductionTests {
    @Test(arguments: GoldenFixtures.cases(kind: "layer-reduce"))
    func `a reduction over one or several axes gives PyTorch's values and gradients`(fixture: GoldenFixture) throws {
        let axes = try fixture.params.integers("axes")
        let keeping = try fixture.params.flag("keepdim")
        func inTurn(_ reduce: @escaping (Tensor, Int) -> Tensor) -> (Tensor) -> Tensor {
            { x in axes.sorted(by: >).reduce(x) { reduce($0, $1) } }
        }
        let reductions: [(String, (Tensor) -> Tensor)] = [
            ("sum", { $0.sum(axes: axes, keepingAxes: keeping) }),
            ("mean", { $0.mean(axes: axes, keepingAxes: keeping) }),
            ("var_unbiased", { $0.variance(axes: axes, keepingAxes: keeping) }),
            ("var_population", { $0.variance(axes: axes, unbiased: false, keepingAxes: keeping) }),
            ("std_unbiased", { $0.variance(axes: axes, keepingAxes: keeping).sqrt() }),
            ("amax", inTurn { $0.maximum(axis: $1, keepingAxis: keeping) }),
            ("amin", inTurn { $0.minimum(axis: $1, keepingAxis: keeping) }),
            ("norm", inTurn { $0.norm(axis: $1, keepingAxis: keeping) }),
        ]
        for (name, reduction) in reductions {
            let x = try fixture.tensor("x").tracked()
            try fixture.expect(reduction(x), matches: name, gradients: "grad_\(name)", of: [("x", x)])
        }
    }

    @Test(arguments: GoldenFixtures.cases(kind: "layer-softmax"))
    func `softmax and its logarithm normalize along any axis`(fixture: GoldenFixture) throws {
        let axis = try fixture.params.integer("axis")
        let x = try fixture.tensor("x").tracked()
        try fixture.expect(x.softmax(axis: axis), matches: "softmax", gradients: "grad_softmax", of: [("x", x)])
        try fixture.expect(x.logSoftmax(axis: axis), matches: "log_softmax", gradients: "grad_log_softmax", of: [("x", x)])
        try fixture.expect(x.logSumExp(axis: axis), matches: "logsumexp", upstream: "dr", gradients: "grad_logsumexp", of: [("x", x)])
    }

    @Test(arguments: GoldenFixtures.all(kind: "cross-entropy"))
    func `the probabilities behind the cross-entropy are the stored ones`(fixture: GoldenFixture) throws {
        let logits = try fixture.tensor("logits").tracked()
        try fixture.expect(logits.softmax(axis: 1), matches: "softmax")
        try fixture.expect(logits.logSoftmax(axis: 1), matches: "log_softmax", gradients: "grad_log_softmax", of: [("logits", logits)])
    }

    @Test(arguments: GoldenFixtures.cases(kind: "layer-l2norm"))
    func `normalized rows, cosines and squared distances follow from the reductions`(fixture: GoldenFixture) throws {
        let (x, y) = (try fixture.tensor("x").tracked(), try fixture.tensor("y").tracked())
        let both = [("x", x), ("y", y)]
        try fixture.expect(x.normalized(), matches: "normalize", upstream: "dx", gradients: "grad_normalize", of: [("x", x)])
        let cosine = (x.normalized(epsilon: 1e-8) * y.normalized(epsilon: 1e-8)).sum(axis: 1)
        try fixture.expect(cosine, matches: "cosine", upstream: "dc", gradients: "grad_cosine", of: both)
        try fixture.expect((x - y).squared().mean(), matches: "mse", upstream: nil, gradients: "grad_mse", of: both)
        let joined = Tensor.concatenated([x, y], axis: 1)
        let cut = joined.slice(axis: 1, 2..<joined.shape[1] - 1)
        try fixture.expect(cut, matches: "cat_slice", upstream: "dcat", gradients: "grad_cat_slice", of: both)
    }
}
