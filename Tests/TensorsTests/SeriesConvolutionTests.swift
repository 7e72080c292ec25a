import Testing

@testable import Tensors

/// Convolutions over one axis with few channels, which are products of overlapping rows, beside their definition in double precision.
@Suite(.enabled(if: ProcessorKernels.hasWideVectors)) struct SeriesConvolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let samples, steps, inputs, outputs, kernel, stride, padding: Int
        var testDescription: String {
            "\(samples)×\(steps)×\(inputs) to \(outputs) channels, kernel \(kernel), stride \(stride), padding \(padding)"
        }
        var made: Int { (steps + 2 * padding - kernel) / stride + 1 }

        static let all = [
            Case(samples: 5, steps: 40, inputs: 6, outputs: 16, kernel: 7, stride: 2, padding: 3),
            Case(samples: 3, steps: 23, inputs: 64, outputs: 64, kernel: 3, stride: 1, padding: 1),
            Case(samples: 7, steps: 45, inputs: 16, outputs: 32, kernel: 3, stride: 2, padding: 1),
            Case(samples: 2, steps: 30, inputs: 32, outputs: 48, kernel: 1, stride: 1, padding: 0),
            Case(samples: 4, steps: 17, inputs: 16, outputs: 80, kernel: 4, stride: 3, padding: 2),
            // A kernel that reaches over both ends, and outputs that read nothing but zeros.
            Case(samples: 13, steps: 2, inputs: 16, outputs: 16, kernel: 7, stride: 2, padding: 3),
            Case(samples: 3, steps: 5, inputs: 16, outputs: 16, kernel: 3, stride: 1, padding: 4),
            // Steps that no kernel reads.
            Case(samples: 3, steps: 9, inputs: 16, outputs: 16, kernel: 2, stride: 4, padding: 0),
        ]

        func values(_ seed: UInt64) -> (x: Tensor, weight: Tensor, upstream: Tensor) {
            var stream = RandomSource(seed: seed).stream("x")
            return (
                stream.normal([samples, steps, inputs]), stream.normal([outputs, inputs, kernel]), stream.normal([samples, made, outputs])
            )
        }
    }

    /// Output and gradients by the sums that define them.
    private func definition(_ sample: Case, _ x: Tensor, _ weight: Tensor, _ upstream: Tensor) -> (y: [Double], x: [Double], weight: [Double]) {
        let (x, weight, upstream) = (x.values.map(Double.init), weight.values.map(Double.init), upstream.values.map(Double.init))
        var y = [Double](repeating: 0, count: upstream.count)
        var xGradient = [Double](repeating: 0, count: x.count)
        var weightGradient = [Double](repeating: 0, count: weight.count)
        for series in 0..<sample.samples {
            for made in 0..<sample.made {
                for tap in 0..<sample.kernel {
                    let step = made * sample.stride - sample.padding + tap
                    guard (0..<sample.steps).contains(step) else { continue }
                    for output in 0..<sample.outputs {
                        let target = (series * sample.made + made) * sample.outputs + output
                        for input in 0..<sample.inputs {
                            let source = (series * sample.steps + step) * sample.inputs + input
                            let place = (output * sample.inputs + input) * sample.kernel + tap
                            y[target] += x[source] * weight[place]
                            xGradient[source] += upstream[target] * weight[place]
                            weightGradient[place] += upstream[target] * x[source]
                        }
                    }
                }
            }
        }
        return (y, xGradient, weightGradient)
    }

    private func deviation(_ found: Tensor, _ wanted: [Double]) -> Double {
        let largest = wanted.reduce(0) { max($0, abs($1)) }
        return zip(found.values, wanted).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / max(largest, 1e-30)
    }

    private func plan(_ sample: Case) -> ConvolutionPlan {
        Tensor.zeros([sample.samples, sample.steps, sample.inputs]).convolutionPlan(
            [sample.outputs, sample.inputs, sample.kernel], [sample.stride], [sample.padding], [1], groups: 1, hasBias: false)
    }

    @Test(arguments: Case.all)
    func `output and gradients are those of the definition`(sample: Case) throws {
        #expect(SeriesConvolution(plan(sample)) != nil)
        let (x, weight, upstream) = sample.values(1)
        let wanted = definition(sample, x, weight, upstream)
        let (input, trained) = (x.tracked(), weight.tracked())
        let y = input.convolved(weight: trained, stride: [sample.stride], padding: [sample.padding])
        let found = gradients(of: (y * upstream).sum(), with: [input, trained])
        #expect(deviation(y, wanted.y) < 2e-6)
        #expect(deviation(try #require(found[0]), wanted.x) < 2e-6)
        #expect(deviation(try #require(found[1]), wanted.weight) < 2e-6)
    }

    @Test(arguments: Case.all)
    func `the bits depend neither on the number of threads nor on the other samples`(sample: Case) throws {
        let (x, weight, upstream) = sample.values(2)
        let runs = try [1, 2, 3].map { threads in
            Threads.use(threads)
            defer { Threads.use(1) }
            let (input, trained) = (x.tracked(), weight.tracked())
            let y = input.convolved(weight: trained, stride: [sample.stride], padding: [sample.padding])
            let found = gradients(of: (y * upstream).sum(), with: [input, trained])
            return try [y.values, #require(found[0]).values, #require(found[1]).values]
        }
        #expect(runs[0] == runs[1] && runs[0] == runs[2])
        let one = x[0..<1].convolved(weight: weight, stride: [sample.stride], padding: [sample.padding])
        #expect(one.values == Array(runs[0][0].prefix(one.elementCount)))
    }

    @Test(arguments: Case.all)
    func `a fused convolution adds bias and what is there, rectifies, and keeps NaN`(sample: Case) {
        let (x, weight, there) = sample.values(3)
        var stream = RandomSource(seed: 4).stream("bias")
        let bias = stream.normal([sample.outputs])
        let fused = FusedConvolution(
            weight: weight, bias: bias, stride: [sample.stride], padding: [sample.padding], dilation: [1], for: x, addsToOutput: false,
            appliesReLU: true)
        let plain = x.convolved(weight: weight, stride: [sample.stride], padding: [sample.padding]) + bias
        #expect(deviation(fused(x, appliesReLU: true), plain.relu().values.map(Double.init)) < 2e-6)
        #expect(fused.fits(x[0..<1], addsToOutput: true, appliesReLU: true))
        var sum = there
        fused.add(x, to: &sum, appliesReLU: true)
        #expect(deviation(sum, (plain + there).relu().values.map(Double.init)) < 2e-6)
        var spoiled = x
        spoiled.withUnsafeMutableValues { $0[0] = .nan }
        let (found, wanted) = (fused(spoiled, appliesReLU: true), spoiled.convolved(weight: weight, stride: [sample.stride], padding: [sample.padding]))
        #expect(found.values.map(\.isNaN) == wanted.values.map(\.isNaN))
    }

    @Test func `a bias is added, and its gradient is the sum over places`() throws {
        let sample = Case.all[2]
        let (x, weight, upstream) = sample.values(5)
        var stream = RandomSource(seed: 6).stream("bias")
        let bias = stream.normal([sample.outputs]).tracked()
        let y = x.convolved(weight: weight, bias: bias, stride: [2], padding: [1])
        let plain = x.convolved(weight: weight, stride: [2], padding: [1])
        #expect(deviation(y, (plain + bias).values.map(Double.init)) < 2e-6)
        let found = try #require(gradients(of: (y * upstream).sum(), with: [bias])[0])
        let rows = upstream.reshaped([upstream.elementCount / sample.outputs, sample.outputs])
        #expect(deviation(found, rows.sum(axis: 0).values.map(Double.init)) < 2e-6)
    }

    @Test func `other convolutions are left to oneDNN`() {
        func suits(_ input: Shape, _ weight: Shape, dilation: Int = 1, groups: Int = 1) -> Bool {
            let plan = Tensor.zeros(input).convolutionPlan(
                weight, Array(repeating: 1, count: input.rank - 2), Array(repeating: 1, count: input.rank - 2),
                Array(repeating: dilation, count: input.rank - 2), groups: groups, hasBias: false)
            return SeriesConvolution(plan) != nil
        }
        #expect(suits([2, 9, 16], [16, 16, 3]))
        #expect(!suits([2, 9, 16], [12, 16, 3]))
        #expect(!suits([2, 9, 16], [16, 16, 3], dilation: 2))
        #expect(!suits([2, 9, 16], [16, 8, 3], groups: 2))
        #expect(!suits([2, 9, 512], [16, 512, 3]))
        #expect(!suits([2, 9, 16], [512, 16, 3]))
        #expect(!suits([2, 9, 9, 16], [16, 16, 3, 3]))
    }
}
