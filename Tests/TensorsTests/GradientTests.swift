import Testing

@testable import Tensors

struct OperationCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let shapes: [Shape]
    var signed = true
    let function: @Sendable ([Tensor]) -> Tensor
}

private let operations: [OperationCase] = [
    .init(testDescription: "sum of equal shapes", shapes: [[3, 4], [3, 4]]) { $0[0] + $0[1] },
    .init(testDescription: "difference with a row", shapes: [[3, 4], [4]]) { $0[0] - $0[1] },
    .init(testDescription: "product with a column", shapes: [[3, 4], [3, 1]]) { $0[0] * $0[1] },
    .init(testDescription: "quotient crossing axes", shapes: [[2, 1, 3], [4, 1]]) { $0[0] / $0[1] },
    .init(testDescription: "product with a scalar tensor", shapes: [[2, 3], []]) { $0[0] * $0[1] },
    .init(testDescription: "arithmetic with numbers", shapes: [[5]]) { (2 - $0[0] * 3 + 1) / 2 + 1 / $0[0] },
    .init(testDescription: "maximum", shapes: [[3, 4], [4]]) { Tensor.maximum($0[0], $0[1]) },
    .init(testDescription: "minimum", shapes: [[3, 4], [4]]) { Tensor.minimum($0[0], $0[1]) },
    .init(testDescription: "clamped", shapes: [[9]]) { $0[0].clamped(lower: -0.7, upper: 0.5) },
    .init(testDescription: "select", shapes: [[3, 4], [4]]) { Tensor.select($0[0].isGreater(than: 0), $0[0], $0[1]) },
    .init(testDescription: "exp", shapes: [[5]]) { $0[0].exp() },
    .init(testDescription: "log", shapes: [[5]], signed: false) { $0[0].log() },
    .init(testDescription: "sqrt", shapes: [[5]], signed: false) { $0[0].sqrt() },
    .init(testDescription: "tanh", shapes: [[5]]) { $0[0].tanh() },
    .init(testDescription: "sigmoid", shapes: [[5]]) { $0[0].sigmoid() },
    .init(testDescription: "relu", shapes: [[7]]) { $0[0].relu() },
    .init(testDescription: "rectified sum", shapes: [[7], [7]]) { Tensor.rectifiedSum($0[0], $0[1]) },
    .init(testDescription: "gelu", shapes: [[7]]) { $0[0].gelu() },
    .init(testDescription: "approximate gelu", shapes: [[7]]) { $0[0].approximateGELU() },
    .init(testDescription: "silu", shapes: [[19]]) { $0[0].silu() },
    .init(testDescription: "softplus", shapes: [[7]]) { $0[0].softplus() },
    .init(testDescription: "absolute", shapes: [[7]]) { $0[0].absolute() },
    .init(testDescription: "squared", shapes: [[7]]) { $0[0].squared() },
    .init(testDescription: "reciprocal", shapes: [[7]], signed: false) { $0[0].reciprocal() },
    .init(testDescription: "power", shapes: [[7]], signed: false) { $0[0].power(1.7) },
    .init(testDescription: "sum over the middle axis", shapes: [[2, 3, 4]]) { $0[0].sum(axis: 1) },
    .init(testDescription: "mean over the last axis", shapes: [[2, 3, 4]]) { $0[0].mean(axis: -1, keepingAxis: true) },
    .init(testDescription: "mean over two axes", shapes: [[2, 3, 4]]) { $0[0].mean(axes: [0, 2]) },
    .init(testDescription: "variance", shapes: [[5, 3]]) { $0[0].variance(axis: 0) },
    .init(testDescription: "variance over two axes", shapes: [[3, 2, 4]]) { $0[0].variance(axes: [0, 2], unbiased: false) },
    .init(testDescription: "maximum along an axis", shapes: [[4, 3]]) { $0[0].maximum(axis: 0) },
    .init(testDescription: "minimum along an axis", shapes: [[4, 3]]) { $0[0].minimum(axis: 1) },
    .init(testDescription: "norm", shapes: [[4, 3]]) { $0[0].norm(axis: 1) },
    .init(testDescription: "normalized", shapes: [[4, 3]]) { $0[0].normalized() },
    .init(testDescription: "softmax", shapes: [[4, 3]]) { $0[0].softmax() },
    .init(testDescription: "softmax along the first axis", shapes: [[4, 3]]) { $0[0].softmax(axis: 0) },
    .init(testDescription: "log-softmax", shapes: [[4, 3]]) { $0[0].logSoftmax() },
    .init(testDescription: "log-sum-exp", shapes: [[4, 3]]) { $0[0].logSumExp() },
    .init(testDescription: "cross-entropy with labels", shapes: [[4, 3]]) { $0[0].crossEntropy(labels: [0, 2, 1, 1]) },
    .init(testDescription: "cross-entropy of both sides", shapes: [[4, 3], [4, 3]]) { $0[0].crossEntropy(targets: $0[1]) },
    .init(testDescription: "matrix product", shapes: [[3, 4], [4, 2]]) { $0[0].matmul($0[1]) },
    .init(testDescription: "transposed matrix product", shapes: [[4, 3], [2, 4]]) {
        $0[0].matmul($0[1], transposingLeft: true, transposingRight: true)
    },
    .init(testDescription: "batched matrix product with broadcasting", shapes: [[2, 1, 3, 4], [3, 4, 2]]) { $0[0].matmul($0[1]) },
    .init(testDescription: "batched product, right transposed", shapes: [[2, 3, 4], [2, 5, 4]]) {
        $0[0].matmul($0[1], transposingRight: true)
    },
    .init(testDescription: "matrix times vector", shapes: [[3, 4], [4]]) { $0[0].matmul($0[1]) },
    .init(testDescription: "linear", shapes: [[2, 3, 4], [5, 4], [5]]) { $0[0].linear(weight: $0[1], bias: $0[2]) },
    .init(testDescription: "reshaped and permuted", shapes: [[2, 3, 4]]) { $0[0].permuted([2, 0, 1]).reshaped([4, 6]) },
    .init(testDescription: "transposed", shapes: [[2, 3, 4]]) { $0[0].transposed() },
    .init(testDescription: "expanded", shapes: [[3, 1]]) { $0[0].expanded(to: [2, 3, 4]) },
    .init(testDescription: "slice of an inner axis", shapes: [[2, 5, 3]]) { $0[0].slice(axis: 1, 1..<4) },
    .init(testDescription: "slice of the first axis", shapes: [[5, 3]]) { $0[0][1..<4] },
    .init(testDescription: "gathering with repetition", shapes: [[4, 3]]) { $0[0].gathering(rows: [2, 0, 2, 3]) },
    .init(testDescription: "gathering an inner axis", shapes: [[2, 4, 3]]) { $0[0].gathering(axis: 1, [3, 3, 1]) },
    .init(testDescription: "subsampled", shapes: [[2, 5, 3]]) { $0[0].subsampled(axis: 1, by: 2) },
    .init(testDescription: "picking", shapes: [[4, 3]]) { $0[0].picking([2, 0, 1, 1]) },
    .init(testDescription: "concatenated", shapes: [[2, 3], [2, 4]]) { Tensor.concatenated($0, axis: 1) },
    .init(testDescription: "stacked", shapes: [[2, 3], [2, 3]]) { Tensor.stacked($0, axis: 1) },
    .init(testDescription: "Cholesky", shapes: [[4, 4]]) { spd($0[0]).cholesky() },
    .init(testDescription: "log-determinant", shapes: [[4, 4]]) { spd($0[0]).logDeterminant() },
    .init(testDescription: "log-absolute-determinant", shapes: [[4, 4]]) {
        ($0[0] - Tensor.identity(4) * 3).logAbsoluteDeterminant().logarithm
    },
    .init(testDescription: "inverse", shapes: [[3, 3]]) { spd($0[0]).inverse() },
    .init(testDescription: "solve", shapes: [[4, 4], [4, 2]]) { spd($0[0]).solve($0[1]) },
    .init(testDescription: "1-D convolution", shapes: [[2, 7, 3], [4, 3, 3], [4]]) {
        $0[0].convolved(weight: $0[1], bias: $0[2], stride: [2], padding: [1])
    },
    .init(testDescription: "2-D convolution in groups", shapes: [[2, 5, 4, 4], [6, 2, 3, 3]]) {
        $0[0].convolved(weight: $0[1], padding: [1, 1], groups: 2)
    },
    .init(testDescription: "3-D convolution", shapes: [[1, 4, 3, 3, 2], [3, 2, 3, 1, 1]]) {
        $0[0].convolved(weight: $0[1], padding: [1, 0, 0])
    },
    .init(testDescription: "strided convolution over one step", shapes: [[2, 7, 3], [4, 3, 1], [4]]) {
        $0[0].convolved(weight: $0[1], bias: $0[2], stride: [2])
    },
    .init(testDescription: "dilated convolution", shapes: [[1, 8, 2], [3, 2, 3]]) { $0[0].convolved(weight: $0[1], dilation: [2]) },
    .init(testDescription: "maximum pooling", shapes: [[2, 7, 3]]) { $0[0].maxPooled(window: [3], stride: [2], padding: [1]) },
    .init(testDescription: "average pooling", shapes: [[1, 5, 6, 2]]) { $0[0].averagePooled(window: [2, 3], padding: [1, 1]) },
    .init(testDescription: "adaptive average pooling", shapes: [[2, 5, 4, 3]]) { $0[0].averagePooled(to: [3, 2]) },
    .init(testDescription: "mean pooling", shapes: [[2, 3, 4, 5]]) { $0[0].meanPooled() },
    .init(testDescription: "batch normalization", shapes: [[4, 3, 5], [5], [5]]) {
        $0[0].batchNormalized(weight: $0[1], bias: $0[2]).output
    },
    .init(testDescription: "batch normalization with given statistics", shapes: [[4, 5], [5], [5]]) {
        $0[0].batchNormalized(weight: $0[1], bias: $0[2], mean: .full(0.3, [5]), variance: .full(1.7, [5]))
    },
    .init(testDescription: "layer normalization", shapes: [[3, 6], [6], [6]]) { $0[0].layerNormalized(weight: $0[1], bias: $0[2]) },
    .init(testDescription: "layer normalization over two axes", shapes: [[3, 2, 4]]) { $0[0].layerNormalized(axes: 2) },
]

private func spd(_ x: Tensor) -> Tensor { x.matmul(x, transposingRight: true) + Tensor.identity(x.shape[0]) }

@Suite struct GradientTests {
    @Test("gradients agree with central differences", arguments: operations)
    func agreesWithDifferences(_ operation: OperationCase) {
        let inputs = operation.shapes.enumerated().map { sample($1, "input \($0)", signed: operation.signed) }
        expectGradientsAgree(of: operation.function, at: inputs)
    }

    @Test("a variable used twice receives the sum of both gradients")
    func sharedVariable() {
        let x = Tensor([3], shape: [1]).tracked()
        #expect(gradients(of: (x * x + x).sum(), with: [x])[0]?.values == [7])
    }

    @Test("no gradient passes a detached tensor")
    func detached() {
        let x = Tensor([3], shape: [1]).tracked()
        #expect(gradients(of: (x * x.detached()).sum(), with: [x])[0]?.values == [3])
    }

    @Test("nothing is recorded inside withoutGradients")
    func unrecorded() {
        let x = Tensor([3], shape: [1]).tracked()
        #expect(!withoutGradients { x * x }.isTracked)
        #expect((x * x).isTracked)
    }

    @Test("a variable that the scalar does not depend on has no gradient")
    func unreachable() {
        let (x, y) = (Tensor(2).tracked(), Tensor(3).tracked())
        let found = gradients(of: x * 2, with: [x, y])
        #expect(found[0]?.item == 2)
        #expect(found[1] == nil)
    }

    @Test("a kept record can be walked twice")
    func keptRecord() {
        let x = Tensor(2).tracked()
        let y = x * x
        #expect(gradients(of: y, with: [x], keepingGraph: true)[0]?.item == 4)
        #expect(gradients(of: y, with: [x])[0]?.item == 4)
    }

    @Test("an intermediate result can be asked for its gradient")
    func intermediate() {
        let x = Tensor(2).tracked()
        let y = x * 3
        let found = gradients(of: y * y, with: [y, x])
        #expect(found[0]?.item == 12)
        #expect(found[1]?.item == 36)
    }

    @Test("a variable that is asked for twice has its gradient in both places")
    func repeatedVariable() {
        let x = Tensor([1, -2], shape: [2]).tracked()
        #expect(gradients(of: x.squared().sum(), with: [x, Tensor(1), x]).map { $0?.values } == [[2, -4], nil, [2, -4]])
    }

    @Test("a pullback may take gradients of its own with respect to a variable that has gathered a part of its gradient")
    func nestedWalk() {
        let x = Tensor([1, 2], shape: [2]).tracked()
        var inner: [Float]?
        let y = x.squared()
        let z = Tensor.custom(y.sum(), inputs: [y]) { gradient in
            inner = gradients(of: Recording.$isEnabled.withValue(true) { (x * 3).sum() }, with: [x])[0]?.values
            return [Tensor.full(gradient.item, [2])]
        }
        // d/dxᵢ Σⱼ xⱼ z = z + 2xᵢ Σⱼ xⱼ, with z = 5.
        #expect(gradients(of: (x * z).sum(), with: [x])[0]?.values == [11, 17])
        #expect(inner == [3, 3])
    }

    @Test("the fused ReLU of batch normalization equals one applied afterwards")
    func fusedActivation() throws {
        let x = sample([6, 5, 3])
        let (weight, bias) = (sample([3], "w"), sample([3], "b"))
        func run(_ fused: Bool) throws -> ([Float], [Float]) {
            let variable = x.tracked()
            let normalized = variable.batchNormalized(weight: weight, bias: bias, appliesReLU: fused).output
            let output = fused ? normalized : normalized.relu()
            return (output.values, try #require(gradients(of: output.squared().sum(), with: [variable])[0]).values)
        }
        #expect(try run(true) == run(false))
    }

    @Test("a gradient that a pullback returns in another shape is broadcast to what a product needs")
    func foreignShape() {
        let x = sample([4, 3]).tracked()
        let y = sample([4, 3], "y")
        let output = Tensor.custom(Tensor(1), inputs: [x * y]) { _ in [Tensor([2], shape: [1])] }
        let found = gradients(of: output, with: [x])[0]
        #expect(found?.shape == [4, 3] && found?.values == (2 * y).values)
    }
}
