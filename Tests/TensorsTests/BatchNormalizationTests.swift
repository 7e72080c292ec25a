import Testing

@testable import Tensors

@Suite("Batch normalization")
struct BatchNormalizationTests {
    /// Output, mean, variance and the gradients of Σ y·t, in double precision.
    private struct Reference {
        var output, mean, variance, input, weight, bias: [Double]

        init(_ x: [Float], rows: Int, width: Int, weight w: [Float], bias b: [Float], towards t: [Float], relu: Bool) {
            output = Array(repeating: 0, count: x.count)
            input = output
            mean = Array(repeating: 0, count: width)
            (variance, weight, bias) = (mean, mean, mean)
            for channel in 0..<width {
                let places = (0..<rows).map { $0 * width + channel }
                let own = places.map { Double(x[$0]) }
                let m = own.reduce(0, +) / Double(rows)
                let v = own.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(rows)
                (mean[channel], variance[channel]) = (m, v)
                let root = 1 / (v + 1e-5).squareRoot()
                var (sum, along) = (0.0, 0.0)
                var passed = [Double](repeating: 0, count: rows)
                for (row, place) in places.enumerated() {
                    let hat = (Double(x[place]) - m) * root
                    let y = hat * Double(w[channel]) + Double(b[channel])
                    output[place] = relu ? max(y, 0) : y
                    passed[row] = relu && y <= 0 ? 0 : Double(t[place])
                    sum += passed[row]
                    along += passed[row] * hat
                }
                (bias[channel], weight[channel]) = (sum, along)
                for (row, place) in places.enumerated() {
                    let hat = (Double(x[place]) - m) * root
                    input[place] = Double(w[channel]) * root * (passed[row] - sum / Double(rows) - hat * along / Double(rows))
                }
            }
        }
    }

    private func isClose(_ values: [Float]?, _ expected: [Double], within tolerance: Double = 2e-5) -> Bool {
        guard let values, values.count == expected.count else { return false }
        let scale = max(1, expected.map { abs($0) }.max() ?? 1)
        return zip(values, expected).allSatisfy { abs(Double($0) - $1) <= tolerance * scale }
    }

    @Test(arguments: [1, 2, 63, 64, 65, 200], [1, 3, 16, 17, 33, 117])
    func `outputs, statistics and gradients are those of a computation in double precision`(rows: Int, width: Int) {
        let x = sample([rows, width], "x")
        let (weight, bias, towards) = (sample([width], "w"), sample([width], "b"), sample([rows, width], "t"))
        for relu in [false, true] {
            let expected = Reference(
                x.values, rows: rows, width: width, weight: weight.values, bias: bias.values, towards: towards.values, relu: relu)
            let (input, scale, shift) = (x.tracked(), weight.tracked(), bias.tracked())
            let found = input.batchNormalized(weight: scale, bias: shift, appliesReLU: relu)
            #expect(isClose(found.output.values, expected.output))
            #expect(isClose(found.mean.values, expected.mean) && isClose(found.variance.values, expected.variance))
            let slopes = gradients(of: (found.output * towards).sum(), with: [input, scale, shift])
            #expect(isClose(slopes[0]?.values, expected.input, within: 2e-4))
            #expect(isClose(slopes[1]?.values, expected.weight) && isClose(slopes[2]?.values, expected.bias))
        }
    }

    @Test(arguments: [5, 70], [3, 16, 21, 117])
    func `what is added before the ReLU changes nothing beside doing both afterwards`(rows: Int, width: Int) {
        let (x, other) = (sample([rows, width], "x"), sample([rows, width], "other"))
        let (weight, bias, towards) = (sample([width], "w"), sample([width], "b"), sample([rows, width], "t"))
        for relu in [false, true] {
            func run(_ isFused: Bool) -> [[Double]] {
                let tracked = [x, weight, bias, other].map { $0.tracked() }
                let output: Tensor
                if isFused {
                    output = tracked[0].batchNormalized(weight: tracked[1], bias: tracked[2], adding: tracked[3], appliesReLU: relu).output
                } else {
                    let sum = tracked[0].batchNormalized(weight: tracked[1], bias: tracked[2]).output + tracked[3]
                    output = relu ? sum.relu() : sum
                }
                let slopes = gradients(of: (output * towards).sum(), with: tracked)
                return [output.values.map(Double.init)] + slopes.map { $0?.values.map(Double.init) ?? [] }
            }
            let (fused, apart) = (run(true), run(false))
            for (values, expected) in zip(fused, apart) {
                #expect(!expected.isEmpty && isClose(values.map { Float($0) }, expected, within: 1e-6))
            }
        }
    }

    @Test(arguments: [1, 64, 70], [false, true])
    func `the bits of a channel do not depend on how many there are, so not on the width of the vectors either`(rows: Int, relu: Bool) {
        let (x, other, towards) = (sample([rows, 149], "x"), sample([rows, 149], "other"), sample([rows, 149], "t"))
        let (weight, bias) = (sample([149], "w"), sample([149], "b"))
        // Output, mean, variance, and the gradients of input, weight, bias and what is added, each of the given channels alone.
        func run(_ channels: Range<Int>, adds: Bool) -> [Tensor] {
            let tracked = [x, weight, bias, other].map { $0.slice(axis: $0.rank - 1, channels).tracked() }
            let found = tracked[0].batchNormalized(weight: tracked[1], bias: tracked[2], adding: adds ? tracked[3] : nil, appliesReLU: relu)
            let sum = (found.output * towards.slice(axis: 1, channels)).sum()
            return [found.output, found.mean, found.variance] + gradients(of: sum, with: tracked).compactMap(\.self)
        }
        for adds in [false, true] {
            let (all, few) = (run(0..<149, adds: adds), [0..<3, 3..<14, 14..<40, 40..<149].map { ($0, run($0, adds: adds)) })
            #expect(all.count == (adds ? 7 : 6))
            for (channels, own) in few {
                for (whole, part) in zip(all, own) { #expect(whole.slice(axis: whole.rank - 1, channels).values == part.values) }
            }
        }
    }

    @Test(arguments: [3, 16, 21, 32, 117], [[2, 2], [5, 7], [8, 6]])
    func `halving in the same pass gives every bit of normalizing first and halving afterwards, and the same gradients`(width: Int, sides: [Int]) {
        defer { Threads.use(1) }
        let (inside, halves) = (Shape([3] + sides + [width]), Shape([3] + sides.map { $0 / 2 } + [width]))
        let (weight, bias, towards) = (sample([width], "w"), sample([width], "b"), sample(halves, "t"))
        var spoiled = sample(inside, "x")
        spoiled.withUnsafeMutableValues { $0[width + 1] = .nan }
        // A row whose gradient the ReLU stops everywhere, too.
        var hidden = sample(inside, "x")
        hidden.withUnsafeMutableValues { values in for index in 0..<values.count / 3 { values[index] = -100 } }
        for (x, threads) in [(sample(inside, "x"), 1), (sample(inside, "x"), 2), (hidden, 1), (spoiled, 1)] {
            Threads.use(threads)
            func run(_ isFused: Bool) -> (made: [[UInt32]], slopes: [[Float]]) {
                let tracked = [x, weight, bias].map { $0.tracked() }
                var found = (output: x, mean: x, variance: x)
                if isFused {
                    found = tracked[0].batchNormalizedAndHalved(weight: tracked[1], bias: tracked[2])
                } else {
                    found = tracked[0].batchNormalized(weight: tracked[1], bias: tracked[2], appliesReLU: true)
                    found.output = found.output.maxPooled(window: [2, 2])
                }
                let slopes = gradients(of: (found.output * towards).sum(), with: tracked)
                // 0 and −0 are the same number, and so is every NaN.
                let made = [found.output, found.mean, found.variance].map {
                    $0.values.map { $0.isNaN ? Float.nan.bitPattern : ($0 + 0).bitPattern }
                }
                return (made, slopes.compactMap { $0?.values })
            }
            let (fused, apart) = (run(true), run(false))
            #expect(fused.made == apart.made)
            #expect(fused.slopes.count == 3)
            for (ours, theirs) in zip(fused.slopes, apart.slopes) {
                #expect(zip(ours, theirs).allSatisfy { $0.isNaN && $1.isNaN || abs($0 - $1) <= 1e-5 * (1 + abs($1)) })
            }
        }
    }

    @Test func `a mean far from zero costs no digits of the variance`() {
        let near = sample([300, 5], "x")
        let far = near + 4096
        // What the sum has kept of the digits is what the statistics are of.
        let kept = far + (-4096)
        let (one, ones, zeros) = (Tensor.ones([5]), Tensor.ones([5]), Tensor.zeros([5]))
        let expected = kept.batchNormalized(weight: ones, bias: zeros).variance.values.map(Double.init)
        #expect(isClose(far.batchNormalized(weight: one, bias: zeros).variance.values, expected, within: 1e-5))
    }

    @Test func `a channel that is constant gives its bias, and has variance 0`() {
        let x = Tensor.full(7.3, [90, 2])
        let found = x.batchNormalized(weight: .ones([2]), bias: Tensor([0.5, -2], shape: [2]))
        #expect(found.variance.values == [0, 0])
        #expect(found.output.values == (0..<90).flatMap { _ in [Float(0.5), -2] })
    }

    @Test func `the bits do not depend on the number of threads`() {
        defer { Threads.use(1) }
        let x = sample([1000, 19], "x")
        let runs = [1, 2, 3].map { threads -> [[Float]] in
            Threads.use(threads)
            let input = x.tracked()
            let found = input.batchNormalized(weight: sample([19], "w"), bias: sample([19], "b"), appliesReLU: true)
            let slope = gradients(of: found.output.squared().sum(), with: [input])[0]
            return [found.output.values, found.mean.values, found.variance.values, slope?.values ?? []]
        }
        #expect(runs[0][3].count == 19_000 && runs.allSatisfy { $0 == runs[0] })
    }
}
