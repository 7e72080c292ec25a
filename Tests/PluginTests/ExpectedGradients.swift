import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// Expects that the gradient of a penalty reaches everything that the regularizer owns and the model's parameters under some prefixes, and none
/// of those under others.
func expectGradients(
    of plugin: some AddsPenalty, reach reached: [String], andNot spared: [String], of model: LinearModel, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let penalty = try #require(try plugin.penalty(.sample(of: model)), sourceLocation: sourceLocation)
    func parameters(_ prefixes: [String]) -> [Tensor] {
        model.namedParameters.filter { parameter in prefixes.contains { parameter.name.hasPrefix($0) } }.map(\.parameter.value)
    }
    let touched = plugin.parts.namedParameters.map(\.parameter.value) + parameters(reached)
    let left = parameters(spared)
    #expect(!touched.isEmpty && !left.isEmpty, sourceLocation: sourceLocation)
    let found = gradients(of: penalty.value, with: touched + left)
    #expect(found.prefix(touched.count).allSatisfy { $0 != nil }, sourceLocation: sourceLocation)
    #expect(found.suffix(left.count).allSatisfy { $0 == nil }, sourceLocation: sourceLocation)
}
