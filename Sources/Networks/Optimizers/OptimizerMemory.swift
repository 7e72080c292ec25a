import Tensors

/// What an optimizer remembers: for every parameter the number of its steps, and for every slot (such
/// as `first-moment`) one value per trained value.
///
/// Each slot is one block of memory for all parameters, so that a step goes through plain memory
/// without array or reference-count overhead.
public final class OptimizerMemory {
    /// The parameters, in the order in which gradients are given.
    public let parameters: [NamedParameter]
    /// The names of the slots.
    public let slots: [String]
    private let blocks: [UnsafeMutablePointer<Float>]
    private let offsets: [Int]
    private let count: Int
    private var steps: [Int]

    /// Makes a memory of zeros, with no step counted.
    ///
    /// - Parameters:
    ///   - parameters: in the order in which gradients will be given.
    ///   - slots: names, unique; empty for an optimizer that remembers nothing but its steps.
    public init(_ parameters: [NamedParameter], slots: [String]) {
        self.parameters = parameters
        self.slots = slots
        var offsets: [Int] = []
        var count = 0
        for (_, parameter) in parameters {
            offsets.append(count)
            count += parameter.elementCount
        }
        self.offsets = offsets
        self.count = count
        steps = Array(repeating: 0, count: parameters.count)
        blocks = slots.map { _ in
            let block = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
            block.initialize(repeating: 0, count: max(count, 1))
            return block
        }
    }

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// What one parameter's step works on. All pointers hold ``count`` values.
    public struct Step {
        /// The parameter's values, to be changed in place.
        public let values: UnsafeMutablePointer<Float>
        /// The gradient of the parameter.
        public let gradient: UnsafePointer<Float>
        /// The number of values of the parameter.
        public let count: Int
        /// The parameter's number of axes.
        public let rank: Int
        /// The number of this step for this parameter, from 1.
        public let number: Int
        fileprivate let blocks: [UnsafeMutablePointer<Float>]
        fileprivate let offset: Int

        /// The parameter's part of a slot, given by its position in ``slots``.
        public func slot(_ index: Int) -> UnsafeMutablePointer<Float> { blocks[index] + offset }
    }

    /// Counts a step for every parameter that has a gradient and lets `body` work on it.
    ///
    /// - Precondition: one gradient or `nil` per parameter, of the parameter's shape.
    public func forEachStep(_ gradients: [Tensor?], _ body: (Step) -> Void) {
        require(
            gradients.count == parameters.count,
            "Optimizer: \(gradients.count) gradients for \(parameters.count) parameters")
        for index in parameters.indices {
            guard let gradient = gradients[index] else { continue }
            let (name, parameter) = parameters[index]
            require(
                gradient.shape == parameter.shape,
                "Optimizer: the gradient of \(name) has shape \(gradient.shape), expected \(parameter.shape)")
            steps[index] += 1
            let rank = gradient.rank
            gradient.withUnsafeValues { gradient in
                parameter.withUnsafeMutableValues { values in
                    guard let values = values.baseAddress, let start = gradient.baseAddress else { return }
                    body(
                        Step(
                            values: values, gradient: start, count: gradient.count, rank: rank,
                            number: steps[index], blocks: blocks, offset: offsets[index]))
                }
            }
        }
    }

    /// Forgets everything: no step has been made, and all slots are 0.
    package func forget() {
        steps = Array(repeating: 0, count: parameters.count)
        for block in blocks { block.update(repeating: 0, count: count) }
    }

    private static let stepsName = "steps"

    private var layout: [(name: String, shape: Shape)] {
        var layout = [(name: Self.stepsName, shape: Shape([parameters.count]))]
        for slot in slots {
            layout += parameters.map { (name: "\(slot).\($0.name)", shape: $0.parameter.shape) }
        }
        return layout
    }

    /// `steps` (one count per parameter; exact up to 16 777 216) and `<slot>.<parameter>` for every
    /// slot and parameter.
    public func state() -> [(name: String, value: Tensor)] {
        var pieces = [Tensor(steps.map(Float.init), shape: [steps.count])]
        for block in blocks {
            for (offset, (_, parameter)) in zip(offsets, parameters) {
                pieces.append(
                    Tensor(shape: parameter.shape) { values in
                        values.baseAddress?.update(from: block + offset, count: values.count)
                    })
            }
        }
        return zip(layout, pieces).map { (name: $0.name, value: $1) }
    }

    /// Continues from a saved state.
    ///
    /// - Throws: ``StateMismatch`` where names or shapes differ; nothing has been changed then.
    public func load(_ state: [String: Tensor]) throws {
        if let mismatch = StateMismatch(expected: layout, found: state) { throw mismatch }
        steps = state[Self.stepsName]?.values.map { Int($0.rounded()) } ?? steps
        for (slot, block) in zip(slots, blocks) {
            for (offset, (name, parameter)) in zip(offsets, parameters) {
                state["\(slot).\(name)"]?.withUnsafeValues { values in
                    guard let start = values.baseAddress else { return }
                    (block + offset).update(from: start, count: parameter.elementCount)
                }
            }
        }
    }
}
