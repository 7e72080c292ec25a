import Testing

@testable import Tensors

@Suite("Convolutions") struct ConvolutionTests {
    @Test("with few and with more channels they agree with sums in double precision, alone and with bias and ReLU", arguments: [1, 3, 4, 5, 17], [1, 2])
    func fewChannels(inputs: Int, stride: Int) {
        let (samples, side, outputs) = (3, 9, 18)
        let (x, weight) = (sample([samples, side, side, inputs], "x"), sample([outputs, inputs, 3, 3], "weight"))
        let bias = sample([outputs], "bias")
        let made = (side - 1) / stride + 1
        let (read, taps) = (x.values, weight.values)
        var expected: [Double] = []
        for place in 0..<samples * made * made {
            let (picture, row, column) = (place / (made * made), place / made % made * stride, place % made * stride)
            for output in 0..<outputs {
                var sum = 0.0
                for tap in 0..<9 {
                    let (i, j) = (row + tap / 3 - 1, column + tap % 3 - 1)
                    guard (0..<side).contains(i), (0..<side).contains(j) else { continue }
                    for channel in 0..<inputs {
                        sum += Double(read[((picture * side + i) * side + j) * inputs + channel]) * Double(taps[(output * inputs + channel) * 9 + tap])
                    }
                }
                expected.append(sum)
            }
        }
        let found = x.convolved(weight: weight, stride: [stride, stride], padding: [1, 1])
        #expect(found.shape == [samples, made, made, outputs])
        #expect(zip(found.values, expected).allSatisfy { abs(Double($0) - $1) < 1e-4 })
        let fused = FusedConvolution(
            weight: weight, bias: bias, stride: [stride, stride], padding: [1, 1], dilation: [1, 1], for: x, addsToOutput: false, appliesReLU: true)
        #expect(zip(fused(x, appliesReLU: true).values, (found + bias).relu().values).allSatisfy { abs($0 - $1) < 1e-4 })
    }
}
