import Testing

@testable import Tensors

/// Convolutions that are computed by Winograd's algorithm, beside their definition in double precision.
@Suite struct WinogradTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let input, weight: Shape
        let padding: [Int]
        var testDescription: String { "\(input) with \(weight), padding \(padding)" }

        static let all = [
            Case(input: [5, 13, 18, 64], weight: [80, 64, 3, 3], padding: [1, 1]),
            Case(input: [6, 15, 17, 80], weight: [64, 80, 3, 3], padding: [0, 0]),
            Case(input: [6, 11, 14, 64], weight: [64, 64, 3, 3], padding: [2, 2]),
            Case(input: [3, 3, 9, 11, 64], weight: [64, 64, 1, 3, 3], padding: [0, 1, 1]),
            Case(input: [2, 7, 5, 7, 64], weight: [80, 64, 3, 1, 1], padding: [1, 0, 0]),
            Case(input: [2, 9, 6, 7, 80], weight: [64, 80, 3, 1, 1], padding: [0, 0, 0]),
        ]

        /// Those with few channels, which are computed so on processors with 512-bit vectors alone.
        static let narrow = [
            Case(input: [4, 13, 18, 16], weight: [32, 16, 3, 3], padding: [1, 1]),
            Case(input: [17, 7, 7, 32], weight: [64, 32, 3, 3], padding: [1, 1]),
            Case(input: [4, 18, 19, 48], weight: [16, 48, 3, 3], padding: [0, 0]),
            Case(input: [2, 3, 13, 14, 112], weight: [48, 112, 1, 3, 3], padding: [0, 1, 1]),
        ]
        var isNarrow: Bool { min(weight[0], weight[1]) < 64 }

        var plan: ConvolutionPlan {
            let ones = padding.map { _ in 1 }
            return Tensor.zeros(input).convolutionPlan(weight, ones, padding, ones, groups: 1, hasBias: false)
        }

        func values(_ seed: UInt64) -> (x: Tensor, weight: Tensor, upstream: Tensor) {
            var stream = RandomSource(seed: seed).stream("x")
            return (stream.normal(input), stream.normal(weight), stream.normal(plan.output))
        }
    }

    /// Output and gradients by the sums that define them.
    private func definition(_ sample: Case, _ x: Tensor, _ weight: Tensor, _ upstream: Tensor) -> (y: [Double], x: [Double], weight: [Double]) {
        let (plan, x, weight, upstream) = (sample.plan, x.values.map(Double.init), weight.values.map(Double.init), upstream.values.map(Double.init))
        // Pictures are clips of one frame.
        func threeAxes(_ extents: [Int], _ filler: Int) -> [Int] { [Int](repeating: filler, count: 3 - extents.count) + extents }
        let input = threeAxes(Array(plan.input.dimensions[1..<(plan.input.rank - 1)]), 1)
        let output = threeAxes(Array(plan.output.dimensions[1..<(plan.output.rank - 1)]), 1)
        let kernel = threeAxes(Array(sample.weight.dimensions[2...]), 1)
        let zeros = threeAxes(sample.padding, 0)
        func place(_ index: Int, _ extents: [Int]) -> [Int] {
            [index / (extents[1] * extents[2]), index / extents[2] % extents[1], index % extents[2]]
        }
        let (inputs, outputs, taps) = (plan.input[-1], plan.output[-1], kernel.reduce(1, *))
        var y = [Double](repeating: 0, count: upstream.count)
        var xGradient = [Double](repeating: 0, count: x.count)
        var weightGradient = [Double](repeating: 0, count: weight.count)
        for target in 0..<(upstream.count / outputs) {
            let (image, made) = target.quotientAndRemainder(dividingBy: output.reduce(1, *))
            for tap in 0..<taps {
                let read = zip(zip(place(made, output), place(tap, kernel)), zeros).map { $0.0 + $0.1 - $1 }
                guard zip(read, input).allSatisfy({ (0..<$1).contains($0) }) else { continue }
                let source = ((image * input[0] + read[0]) * input[1] + read[1]) * input[2] + read[2]
                for output in 0..<outputs {
                    for input in 0..<inputs {
                        let weightPlace = (output * inputs + input) * taps + tap
                        y[target * outputs + output] += x[source * inputs + input] * weight[weightPlace]
                        xGradient[source * inputs + input] += upstream[target * outputs + output] * weight[weightPlace]
                        weightGradient[weightPlace] += upstream[target * outputs + output] * x[source * inputs + input]
                    }
                }
            }
        }
        return (y, xGradient, weightGradient)
    }

    private func deviation(_ found: Tensor, _ wanted: [Double]) -> Double {
        let largest = wanted.reduce(0) { max($0, abs($1)) }
        return zip(found.values, wanted).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / largest
    }

    @Test(arguments: Case.all + Case.narrow)
    func `output and gradients are those of the definition`(sample: Case) throws {
        #expect(sample.plan.winograd?.pays == (!sample.isNarrow || ProcessorKernels.hasFusedVectors))
        let (x, weight, upstream) = sample.values(1)
        let wanted = definition(sample, x, weight, upstream)
        let (input, trained) = (x.tracked(), weight.tracked())
        let y = input.convolved(weight: trained, padding: sample.padding)
        let found = gradients(of: (y * upstream).sum(), with: [input, trained])
        #expect(deviation(y, wanted.y) < 2e-5)
        #expect(deviation(try #require(found[0]), wanted.x) < 2e-5)
        #expect(deviation(try #require(found[1]), wanted.weight) < 2e-5)
    }

    @Test func `a bias is added, and its gradient is the sum over places`() throws {
        let sample = Case.all[0]
        let (x, weight, upstream) = sample.values(2)
        var stream = RandomSource(seed: 3).stream("bias")
        let bias = stream.normal([weight.shape[0]]).tracked()
        let y = x.convolved(weight: weight, bias: bias, padding: sample.padding)
        let plain = x.convolved(weight: weight, padding: sample.padding)
        #expect(deviation(y, (plain + bias).values.map(Double.init)) < 1e-6)
        let found = try #require(gradients(of: (y * upstream).sum(), with: [bias])[0])
        let rows = upstream.reshaped([upstream.elementCount / weight.shape[0], weight.shape[0]])
        #expect(deviation(found, rows.sum(axis: 0).values.map(Double.init)) < 1e-5)
    }

    @Test func `a fused convolution adds bias and what is there, and rectifies`() {
        let sample = Case.all[3]
        let (x, weight, there) = sample.values(4)
        var stream = RandomSource(seed: 5).stream("bias")
        let bias = stream.normal([weight.shape[0]])
        let fused = FusedConvolution(
            weight: weight, bias: bias, stride: [1, 1, 1], padding: sample.padding, dilation: [1, 1, 1], for: x, addsToOutput: true,
            appliesReLU: true)
        let plain = x.convolved(weight: weight, padding: sample.padding) + bias
        // Tiles are divided among threads, and products of fewer of them may be summed in another order.
        #expect(deviation(fused(x, appliesReLU: false), plain.values.map(Double.init)) < 2e-5)
        var sum = there
        fused.add(x, to: &sum, appliesReLU: true)
        #expect(deviation(sum, (plain + there).relu().values.map(Double.init)) < 2e-5)
        // One sample alone has too few tiles to be worth it, and is still convolved with the same weights.
        let one = x[0..<1]
        #expect(fused.fits(one, addsToOutput: false, appliesReLU: false))
        #expect(deviation(fused(one, appliesReLU: false), plain[0..<1].values.map(Double.init)) < 2e-5)
    }

    @Test(arguments: [[13, 18], [8, 8], [7, 9], [2, 3], [5, 21]], [(16, 32), (64, 64), (3, 16)])
    func `a fused convolution that halves pictures makes what a maximum pooling makes of it`(sides: [Int], channels: (Int, Int)) {
        func values(_ seed: UInt64, _ shape: Shape) -> Tensor {
            var stream = RandomSource(seed: seed).stream("values")
            return stream.normal(shape)
        }
        var x = values(1, Shape([40] + sides + [channels.0]))
        // One number that is none reaches the places around it.
        let middle = x.elementCount / 2
        x.withUnsafeMutableValues { $0[middle] = .nan }
        let (weight, bias) = (values(2, [channels.1, channels.0, 3, 3]), values(3, [channels.1]))
        let fused = FusedConvolution(
            weight: weight, bias: bias, stride: [1, 1], padding: [1, 1], dilation: [1, 1], for: x, addsToOutput: false, appliesReLU: true)
        let (found, wanted) = (fused.halved(x), fused(x, appliesReLU: true).maxPooled(window: [2, 2]))
        #expect(found.shape == wanted.shape)
        #expect(found.values.contains { $0.isNaN })
        #expect(zip(found.values, wanted.values).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
    }

    @Test(arguments: [1, 2, 3, 5])
    func `work is split into parts that cover everything once`(threads: Int) {
        Threads.use(threads)
        defer { Threads.use(1) }
        for count in [0, 1, 2, 7, 1000] {
            let visits = UnsafeMutablePointer<Int>.allocate(capacity: count + 1)
            visits.initialize(repeating: 0, count: count + 1)
            Threads.split(count) { range in for index in range { visits[index] += 1 } }
            #expect((0..<count).allSatisfy { visits[$0] == 1 })
            visits.deallocate()
        }
    }

    @Test(.enabled(if: ProcessorKernels.hasFusedVectors))
    func `a fused convolution of few channels keeps its weights for one sample alone`() {
        let sample = Case.narrow[1]
        let (x, weight, _) = sample.values(7)
        let bias = Tensor.zeros([weight.shape[0]])
        let fused = FusedConvolution(
            weight: weight, bias: bias, stride: [1, 1], padding: sample.padding, dilation: [1, 1], for: x, addsToOutput: false, appliesReLU: true)
        let plain = x.convolved(weight: weight, padding: sample.padding).relu()
        #expect(deviation(fused(x, appliesReLU: true), plain.values.map(Double.init)) < 2e-5)
        let one = x[0..<1]
        #expect(fused.fits(one, addsToOutput: false, appliesReLU: true))
        #expect(deviation(fused(one, appliesReLU: true), plain[0..<1].values.map(Double.init)) < 2e-5)
    }

    @Test(.enabled(if: ProcessorKernels.hasFusedVectors), arguments: Case.narrow)
    func `with few channels the bits do not depend on the number of threads`(sample: Case) throws {
        let (x, weight, upstream) = sample.values(8)
        let runs = try [1, 2, 3].map { threads in
            Threads.use(threads)
            defer { Threads.use(1) }
            let (input, trained) = (x.tracked(), weight.tracked())
            let y = input.convolved(weight: trained, padding: sample.padding)
            let found = gradients(of: (y * upstream).sum(), with: [input, trained])
            return try [y.values, #require(found[0]).values, #require(found[1]).values]
        }
        #expect(runs[0] == runs[1] && runs[0] == runs[2])
    }

    @Test func `two threads give what one gives`() throws {
        let sample = Case.all[0]
        let (x, weight, upstream) = sample.values(6)
        func results(_ threads: Int) -> [Tensor?] {
            Threads.use(threads)
            defer { Threads.use(1) }
            let (input, trained) = (x.tracked(), weight.tracked())
            let y = input.convolved(weight: trained, padding: sample.padding)
            return [y.detached()] + gradients(of: (y * upstream).sum(), with: [input, trained])
        }
        for (one, two) in zip(results(1), results(2)) {
            #expect(deviation(try #require(two), try #require(one).values.map(Double.init)) < 1e-5)
        }
    }
}
