import Testing

@testable import Tensors

/// Compares recorded gradients with central differences along every coordinate.
///
/// The function's output is weighted with fixed random numbers, so that every output element takes part.
func expectGradientsAgree(
    of function: ([Tensor]) -> Tensor, at inputs: [Tensor], step: Float = 1e-2, tolerance: Float = 2e-2,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    var stream = RandomSource(seed: 99).stream("weights")
    let weights = stream.uniform(function(inputs).shape, in: 0.5..<1.5)
    func scalar(_ inputs: [Tensor]) -> Tensor { (function(inputs) * weights).sum() }

    let variables = inputs.map { $0.tracked() }
    let analytic = gradients(of: scalar(variables), with: variables)
    for (position, input) in inputs.enumerated() {
        guard let gradient = analytic[position] else {
            Issue.record("input \(position) has no gradient", sourceLocation: sourceLocation)
            continue
        }
        #expect(gradient.shape == input.shape, sourceLocation: sourceLocation)
        for index in 0..<input.elementCount {
            func shifted(_ amount: Float) -> Float {
                var moved = inputs
                moved[position].withUnsafeMutableValues { $0[index] += amount }
                return scalar(moved).item
            }
            let difference = (shifted(step) - shifted(-step)) / (2 * step)
            let found = gradient.values[index]
            #expect(
                abs(found - difference) <= tolerance * max(1, abs(difference)),
                "input \(position), element \(index): gradient \(found), difference \(difference)", sourceLocation: sourceLocation)
        }
    }
}

/// Seeded values away from 0, so that kinks such as ReLU's lie further off than a difference's step.
func sample(_ shape: Shape, _ name: String = "sample", in range: Range<Float> = 0.2..<1.2, signed: Bool = true) -> Tensor {
    var stream = RandomSource(seed: 7).stream(name + shape.description)
    let magnitudes = stream.uniform(shape, in: range)
    return signed ? magnitudes * (stream.bernoulli(shape, keeping: 0.5) * 2 - 1) : magnitudes
}
