import GoldenFixtures
import Testing

@testable import Tensors

/// Values that are not finite, which a fault in training shows itself by: no operation may turn them into ordinary numbers.
@Suite struct NonFiniteTests {
    private static let spoilers: [Float] = [.nan, .infinity, -.infinity]

    private func spoiled(_ shape: Shape, at index: Int, with value: Float) -> Tensor {
        var x = sample(shape)
        x.withUnsafeMutableValues { $0[index] = value }
        return x
    }

    // MARK: NaN and infinities pass

    @Test(arguments: [1, 7, 8, 19])
    func `NaN passes through every elementwise function, in whole lanes and in the rest`(count: Int) {
        let functions: [(String, (Tensor) -> Tensor)] = [
            ("exp", { $0.exp() }), ("log", { $0.log() }), ("sqrt", { $0.sqrt() }), ("tanh", { $0.tanh() }), ("sigmoid", { $0.sigmoid() }),
            ("absolute", { $0.absolute() }), ("squared", { $0.squared() }), ("reciprocal", { $0.reciprocal() }),
            ("power", { $0.power(1.5) }), ("relu", { $0.relu() }), ("gelu", { $0.gelu() }), ("approximateGELU", { $0.approximateGELU() }),
            ("silu", { $0.silu() }), ("softplus", { $0.softplus() }), ("clamped", { $0.clamped(lower: -1, upper: 1) }),
            ("maximum", { Tensor.maximum($0, .zeros($0.shape)) }), ("minimum", { Tensor.minimum(.zeros($0.shape), $0) }),
            ("rectifiedSum", { Tensor.rectifiedSum($0, .zeros($0.shape)) }), ("product", { $0 * 0 }), ("quotient", { 1 / $0 }),
        ]
        for (name, function) in functions {
            let y = function(spoiled([count], at: count - 1, with: .nan))
            #expect(y.values[count - 1].isNaN, "\(name) of \(count) elements")
        }
    }

    @Test func `reductions, softmaxes and products of matrices pass NaN on`() {
        let x = spoiled([3, 5], at: 7, with: .nan)
        #expect(x.sum().item.isNaN && x.mean(axis: 0).values[2].isNaN && x.sum(axis: 1).values[1].isNaN)
        #expect(x.variance(axis: 1).values[1].isNaN && x.norm(axis: 1).values[1].isNaN && x.normalized().values[5].isNaN)
        #expect(x.maximum(axis: 1).values[1].isNaN && x.minimum(axis: 0).values[2].isNaN)
        #expect(x.argmax(axis: 1)[1] == 2)
        #expect(x.softmax().values[5..<10].allSatisfy(\.isNaN) && x.logSoftmax().values[5].isNaN && x.logSumExp().values[1].isNaN)
        #expect(x.crossEntropy(labels: [0, 1, 0]).item.isNaN)
        #expect(x.matmul(sample([5, 4])).values[4..<8].allSatisfy { $0.isNaN })
        #expect(x.layerNormalized().values[5..<10].allSatisfy { $0.isNaN })
    }

    @Test(arguments: [1, 3, 8, 16, 17, 64], spoilers)
    func `batch normalization with and without ReLU makes NaN of a channel that holds a value that is not finite`(
        channels: Int, spoiler: Float
    ) {
        let x = spoiled([4, 6, channels], at: 5 * channels, with: spoiler)
        for appliesReLU in [false, true] {
            let y = x.batchNormalized(weight: .ones([channels]), bias: .zeros([channels]), appliesReLU: appliesReLU).output.values
            for (index, value) in y.enumerated() { #expect(value.isNaN == (index % channels == 0)) }
        }
    }

    @Test func `a variance that overflows is not taken for a constant`() {
        let y = Tensor([3e38, -3e38, 1, 2], shape: [2, 2]).batchNormalized(weight: .ones([2]), bias: .zeros([2]), appliesReLU: true).output
        #expect(y.values[0].isNaN && y.values[2].isNaN || y.values.allSatisfy(\.isNaN))
    }

    @Test(arguments: [1, 3, 8, 16, 17, 64])
    func `batch normalization with given statistics passes NaN on, with and without ReLU`(channels: Int) {
        for (appliesReLU, isTracked) in [(false, false), (true, false), (false, true), (true, true)] {
            let x = spoiled([2, 3, channels], at: channels, with: .nan)
            let y = (isTracked ? x.tracked() : x).batchNormalized(
                weight: .ones([channels]), bias: .zeros([channels]), mean: .zeros([channels]), variance: .ones([channels]),
                appliesReLU: appliesReLU)
            for (index, value) in y.values.enumerated() { #expect(value.isNaN == (index == channels)) }
        }
    }

    @Test(arguments: [1, 3, 8, 16, 17, 64])
    func `maximum pooling gives NaN where the window holds one, and −∞ where there is nothing else`(channels: Int) {
        let x = spoiled([1, 6, 6, channels], at: 7 * channels, with: .nan).tracked()
        let y = x.maxPooled(window: [2, 2])
        for (index, value) in y.values.enumerated() { #expect(value.isNaN == (index == 0)) }
        let slopes = gradients(of: y.sum(), with: [x])[0]?.values
        #expect(slopes?[7 * channels] == 1 && slopes?.reduce(0, +) == Float(9 * channels))
        #expect(Tensor.full(-.infinity, [1, 4, channels]).maxPooled(window: [2]).values.allSatisfy { $0 == -.infinity })
        #expect(spoiled([1, 4, channels], at: 0, with: .infinity).maxPooled(window: [2]).values[0] == .infinity)
    }

    @Test(arguments: [([7], [3], [2], [1]), ([5, 6], [2, 3], [1, 2], [1, 1]), ([4, 5, 3], [2, 2, 3], [2, 1, 1], [0, 1, 1])])
    func `maximum pooling beside values that are not finite gives what it gives without them`(
        space: [Int], window: [Int], stride: [Int], padding: [Int]
    ) {
        let shape = Shape([2] + space + [3])
        let clean = sample(shape).tracked()
        // The last sample is spoiled, which the first must not notice.
        let x = spoiled(shape, at: shape.elementCount - 1, with: .nan).tracked()
        let (one, other) = (clean.maxPooled(window: window, stride: stride, padding: padding), x.maxPooled(window: window, stride: stride, padding: padding))
        #expect(one[0..<1].values == other[0..<1].values)
        let (first, second) = (gradients(of: one[0..<1].sum(), with: [clean])[0], gradients(of: other[0..<1].sum(), with: [x])[0])
        #expect(first != nil && first?.values == second?.values)
    }

    @Test(arguments: [1, 3, 8, 16, 17, 64], spoilers)
    func `average pooling passes on what is not finite`(channels: Int, spoiler: Float) {
        for countsPadding in [false, true] {
            let y = spoiled([1, 6, 6, channels], at: 7 * channels, with: spoiler)
                .averagePooled(window: [2, 2], padding: [1, 1], countingPadding: countsPadding)
            #expect(y.values.count { !$0.isFinite } == 1)
        }
        #expect(spoiled([1, 6, channels], at: 0, with: spoiler).averagePooled(to: [3]).values.count { !$0.isFinite } == 1)
    }

    @Test(arguments: [(1, 1), (3, 8), (16, 16), (17, 5), (64, 64)], spoilers)
    func `convolutions spoil every output that reads a spoiled input, and no other`(channels: (inputs: Int, outputs: Int), spoiler: Float) {
        let x = spoiled([1, 9, 9, channels.inputs], at: 0, with: spoiler)
        let y = x.convolved(weight: sample([channels.outputs, channels.inputs, 1, 1])).values
        for (index, value) in y.enumerated() { #expect(value.isFinite == (index >= channels.outputs)) }
    }

    @Test(arguments: [(1, 1, 1), (3, 8, 3), (16, 16, 1), (64, 64, 3), (64, 64, 1)])
    func `a fused convolution with ReLU keeps NaN, alone and added to what is there`(inputs: Int, outputs: Int, kernel: Int) {
        let weight = sample([outputs, inputs, kernel, kernel])
        let clean = sample([1, 14, 14, inputs])
        let fused = FusedConvolution(
            weight: weight, bias: sample([outputs]), stride: [1, 1], padding: [kernel / 2, kernel / 2], dilation: [1, 1], for: clean,
            addsToOutput: false, appliesReLU: true)
        #expect(fused(clean, appliesReLU: true).values.allSatisfy { $0.isFinite && $0 >= 0 })
        let x = spoiled([1, 14, 14, inputs], at: 0, with: .nan)
        #expect(fused(x, appliesReLU: true).values[0..<outputs].allSatisfy { $0.isNaN })
        // One that overflows within: ∞ − ∞.
        let huge = fused(clean * 1e38 * 1e2, appliesReLU: true).values
        #expect(huge.contains { !$0.isFinite })
        guard fused.fits(clean, addsToOutput: true, appliesReLU: true) else { return }
        var sum = spoiled([1, 14, 14, outputs], at: 3 % outputs, with: .nan)
        fused.add(clean, to: &sum, appliesReLU: true)
        #expect(sum.values[3 % outputs].isNaN && sum.values.count(where: \.isNaN) == 1)
        // What is known of magnitudes is forgotten when values are written.
        var output = fused(clean, appliesReLU: true)
        #expect(output.storage.bound != nil)
        output.withUnsafeMutableValues { $0[0] = .nan }
        #expect(output.storage.bound == nil)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 40])
    func `the largest magnitude is that of a negative number too, and NaN wins over infinity`(count: Int) {
        var values = (0..<count).map { Float($0) * 0.5 - 9 }
        func largest() -> Float { values.withUnsafeBufferPointer { $0.baseAddress.map { Lanes.largestMagnitude($0, count: count) } ?? 0 } }
        #expect(largest() == values.map(abs).max() ?? 0)
        guard count > 1 else { return }
        values[0] = -.infinity
        #expect(largest() == .infinity)
        values[count - 1] = .nan
        #expect(largest().isNaN)
    }

    // MARK: 0 · ∞

    @Test func `the cross-entropy of a class of probability zero counts nothing where its target is zero`() throws {
        func entropy(_ logits: [Float], _ label: Int) throws -> (Float, [Float]) {
            let x = Tensor(logits, shape: [1, logits.count]).tracked()
            let value = x.crossEntropy(labels: [label])
            return (value.item, try #require(gradients(of: value, with: [x])[0]).values)
        }
        let (value, gradient) = try entropy([-.infinity, 0, 0], 2)
        #expect(abs(value - 0.693147) < 1e-6 && gradient == [0, 0.5, -0.5])
        #expect(try entropy([-.infinity, 0], 1) == (0, [0, 0]))
        #expect(try entropy([-.infinity, 0], 0).0 == .infinity)
        let smoothed = Tensor([0.1, 0.9], shape: [1, 2])
        #expect(Tensor([-.infinity, 0], shape: [1, 2]).crossEntropy(targets: smoothed).item == .infinity)
        #expect(Tensor([.nan, 0], shape: [1, 2]).crossEntropy(targets: Tensor([0, 1], shape: [1, 2])).item.isNaN)
    }

    @Test func `a gradient of zero stays zero where the slope is infinite`() throws {
        let functions: [(String, Float, (Tensor) -> Tensor)] = [
            ("sqrt", 0, { $0.sqrt() }), ("log", 0, { $0.log() }), ("reciprocal", 0, { $0.reciprocal() }), ("power", 0, { $0.power(0.5) }),
            ("exp", .infinity, { $0.exp() }), ("squared", .infinity, { $0.squared() }), ("quotient", 0, { 1 / $0 }),
            ("quotient of tensors", 0, { Tensor.ones($0.shape) / $0 }), ("product", 1, { $0 * Tensor.full(.infinity, $0.shape) }),
            ("logSumExp", -.infinity, { $0.reshaped([2, 1]).logSumExp(axis: 1) }), ("norm", 0, { $0.reshaped([2, 1]).norm(axis: 1) }),
        ]
        for (name, place, function) in functions {
            let x = Tensor([place, 2], shape: [2]).tracked()
            let masked = Tensor.select(Tensor([0, 1], shape: [2]), function(x), .zeros([2]))
            let gradient = try #require(gradients(of: masked.sum(), with: [x])[0]).values
            #expect(gradient[0] == 0 && !gradient[1].isNaN, "\(name): \(gradient)")
        }
    }

    @Test func `x⁰ has the gradient zero, at zero too`() throws {
        let x = Tensor([0, 3], shape: [2]).tracked()
        let y = x.power(0)
        #expect(y.values == [1, 1] && gradients(of: y.sum(), with: [x])[0]?.values == [0, 0])
    }

    @Test func `smooth activations have their limits at infinity, and slopes that are finite for every finite argument`() throws {
        let x = Tensor([-.infinity, .infinity, -3e38, 3e38, -1e20, 1e20], shape: [6]).tracked()
        for (name, function) in [
            ("gelu", { $0.gelu() }), ("approximateGELU", { $0.approximateGELU() }), ("silu", { $0.silu() }),
        ] as [(String, (Tensor) -> Tensor)] {
            let y = function(x)
            #expect(y.values.map { $0 == 0 ? 0 : $0 } == [0, .infinity, 0, 3e38, 0, 1e20], "\(name): \(y.values)")
            let slopes = try #require(gradients(of: y.slice(axis: 0, 2..<6).sum(), with: [x], keepingGraph: true)[0]).values
            #expect(areClose(slopes, [0, 0, 0, 1, 0, 1] as [Float], within: 1e-6), "\(name): \(slopes)")
            let atInfinity = try #require(gradients(of: y.slice(axis: 0, 0..<2).sum(), with: [x])[0]).values
            #expect(abs(atInfinity[0]) < 1e-6 && abs(atInfinity[1] - 1) < 1e-6, "\(name): \(atInfinity)")
        }
    }

    @Test func `a quotient's gradient does not overflow where the slope is finite`() throws {
        let x = Tensor([1e25], shape: [1]).tracked()
        let gradient = try #require(gradients(of: (Tensor([1e30], shape: [1]) / x).sum(), with: [x])[0]).item
        #expect(abs(gradient / -1e-20 - 1) < 1e-5)
    }

    // MARK: Sums

    @Test(arguments: [63, 64, 65, 1000, 300_000])
    func `sums along any axis keep within their documented bound`(count: Int) {
        let x = sample([count, 3], in: 0.05..<0.15, signed: false)
        let values = x.values
        let exact = (0..<3).map { column in (0..<count).reduce(0.0) { $0 + Double(values[$1 * 3 + column]) } }
        for sums in [x.sum(axis: 0).values, x.transposed().sum(axis: 1).values] {
            for (sum, exact) in zip(sums, exact) { #expect(abs(Double(sum) - exact) <= 4.1e-6 * exact) }
        }
    }
}
