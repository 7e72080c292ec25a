import Tensors

/// What the learning rate is multiplied by for a part of a model.
package struct PartRate: Hashable, Sendable {
    /// The beginning of its parameters' names, whole words of them: `encoders`, `encoders.audio`, `fusion.head`.
    package let part: String
    /// 0 leaves the part as it is.
    package let factor: Double

    package init(part: String, factor: Double) {
        self.part = part
        self.factor = factor
    }

    /// Whether a parameter belongs to the part.
    package func contains(_ name: String) -> Bool { name == part || name.hasPrefix(part + ".") }
}

/// One optimizer for each rate: parameters of the same factor share one, as groups of parameters do in PyTorch.
///
/// Where several parts contain a parameter, the one of the longest name counts. What an optimizer does beside the rate, such as decay that
/// is multiplied by it, follows its group's rate.
package final class PartOptimizers {
    private struct Group {
        let factor: Float
        /// Places of its parameters among all.
        let places: [Int]
        let optimizer: any Optimizer
    }

    private let groups: [Group]

    /// - Parameter make: makes the optimizer of some of the parameters.
    package init<Fault: Error>(
        _ parameters: [NamedParameter], rates: [PartRate], make: ([NamedParameter]) throws(Fault) -> any Optimizer
    ) throws(Fault) {
        func factor(_ name: String) -> Double {
            rates.filter { $0.contains(name) }.max { $0.part.utf8.count < $1.part.utf8.count }?.factor ?? 1
        }
        let factors = parameters.map { factor($0.name) }
        var groups: [Group] = []
        for factor in Set(factors).sorted() {
            let places = factors.indices.filter { factors[$0] == factor }
            groups.append(Group(factor: Float(factor), places: places, optimizer: try make(places.map { parameters[$0] })))
        }
        // A model without parameters has an optimizer all the same.
        if groups.isEmpty { groups = [Group(factor: 1, places: [], optimizer: try make([]))] }
        self.groups = groups
    }

    /// Makes one step: see ``Optimizer/update(gradients:learningRate:)``.
    package func update(gradients: [Tensor?], learningRate: Float) {
        for group in groups {
            group.optimizer.update(gradients: group.places.map { gradients[$0] }, learningRate: group.factor * learningRate)
        }
    }

    /// Everything that a continued training needs; the names of a single group are the optimizer's own, those of several begin with the
    /// group's number.
    package func state() -> [(name: String, value: Tensor)] {
        guard groups.count > 1 else { return groups[0].optimizer.state() }
        return groups.enumerated().flatMap { number, group in group.optimizer.state().map { (name: "\(number).\($0.name)", value: $0.value) } }
    }

    /// Continues from a saved state.
    ///
    /// - Throws: ``StateMismatch`` when names or shapes differ.
    package func load(_ state: [String: Tensor]) throws {
        guard groups.count > 1 else { return try groups[0].optimizer.load(state) }
        for (number, group) in groups.enumerated() {
            let own = state.filter { $0.key.hasPrefix("\(number).") }.map { (String($0.key.dropFirst("\(number).".count)), $0.value) }
            try group.optimizer.load(Dictionary(own) { first, _ in first })
        }
    }
}
