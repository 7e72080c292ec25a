import ArgumentParser
import Tensors

/// Convolutions one by one, each forward and backward.
struct ConvolutionBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convolution", abstract: "Convolutions of given shapes: the forward pass, and the gradients of data and weights.")

    @OptionGroup var bench: BenchOptions
    @Argument(
        help: ArgumentHelp(
            "Input N×…×C, weight out×in×kernel…, stride and padding, as in 1x56x56x64:64x64x3x3:1x1:1x1.", valueName: "shapes"))
    var convolutions: [Convolved]

    /// One convolution, and what it is called on the command line.
    struct Convolved: ExpressibleByArgument {
        let text: String
        let input, weight: Shape
        let stride, padding: [Int]

        init?(argument: String) {
            let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { part in
                part.split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
            }
            guard parts.count == 4, (3...5).contains(parts[0].count), parts[1].count == parts[0].count,
                parts[2].count == parts[0].count - 2, parts[3].count == parts[0].count - 2,
                (parts[0] + parts[1] + parts[2]).allSatisfy({ (1...65536).contains($0) }), parts[3].allSatisfy({ (0...65536).contains($0) }),
                parts[0].last == parts[1][1],
                zip(parts[0].dropFirst(), zip(parts[1].dropFirst(2), parts[3])).allSatisfy({ $0 + 2 * $1.1 >= $1.0 })
            else { return nil }
            text = argument
            (input, weight) = (Shape(parts[0]), Shape(parts[1]))
            (stride, padding) = (parts[2], parts[3])
        }
    }

    func run() throws {
        Threads.use(bench.threads)
        var stream = RandomSource(seed: 0).stream("bench")
        for shapes in convolutions {
            let x = stream.normal(shapes.input)
            let weight = stream.normal(shapes.weight, mean: 0, deviation: 0.1)
            try bench.measure("\(shapes.text)-forward") { _ = x.convolved(weight: weight, stride: shapes.stride, padding: shapes.padding) }
            let (input, trained) = (x.tracked(), weight.tracked())
            let output = input.convolved(weight: trained, stride: shapes.stride, padding: shapes.padding)
            let upstream = stream.normal(output.shape)
            // A scalar whose gradient is the given one, so that nothing but the convolution is timed.
            let scalar = Tensor.custom(Tensor(0), inputs: [output]) { _ in [upstream] }
            try bench.measure("\(shapes.text)-backward") { _ = gradients(of: scalar, with: [input, trained], keepingGraph: true) }
        }
    }
}
