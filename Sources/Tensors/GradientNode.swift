/// One recorded operation: how the gradient of its output becomes the gradients of its inputs.
final class GradientNode {
    enum Pullback {
        /// A variable: gradients end here.
        case leaf
        /// One function for each input, called only where that input is tracked.
        case separate([(input: GradientNode, pullback: (Tensor) -> Tensor)])
        /// One function for all inputs at once.
        case joint([GradientNode?], (Tensor) -> [Tensor?])
        /// A record that was already used and freed.
        case released
    }

    /// One more than the largest depth among the inputs: processing by falling depth visits every output before its inputs.
    let depth: Int
    var pullback: Pullback
    /// The gradient gathered so far, during one backward walk.
    var pending: Tensor?
    var isVisited = false
    /// Whether a gradient that was taken earlier is among what the output depends on. Walking back stops there as at a constant, which
    /// would be wrong without a word.
    let dependsOnGradient: Bool

    /// - Parameter isGradient: whether the output itself is a gradient whose record was kept.
    init(depth: Int, pullback: Pullback, isGradient: Bool = false) {
        self.depth = depth
        self.pullback = pullback
        dependsOnGradient =
            isGradient
            || {
                switch pullback {
                case .leaf, .released: false
                case .separate(let edges): edges.contains { $0.input.dependsOnGradient }
                case .joint(let inputs, _): inputs.contains { $0?.dependsOnGradient ?? false }
                }
            }()
    }

    var isLeaf: Bool { if case .leaf = pullback { true } else { false } }

    func forEachInput(_ body: (GradientNode) -> Void) {
        switch pullback {
        case .leaf, .released: break
        case .separate(let edges): for edge in edges { body(edge.input) }
        case .joint(let inputs, _): for input in inputs { if let input { body(input) } }
        }
    }

    /// Adds to the pending gradient, in place where nobody else holds it.
    func accumulate(_ gradient: Tensor) {
        guard pending != nil else {
            pending = gradient
            return
        }
        pending?.add(gradient)
    }
}

/// Whether operations are recorded at present.
enum Recording {
    @TaskLocal static var isEnabled = true
}

/// Runs `body` without recording any operation: for evaluation and for changing parameters.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Recording.$isEnabled.withValue(false, operation: body)
}

extension Tensor {
    /// Whether operations on this tensor are recorded.
    public var isTracked: Bool { node != nil }

    /// Whether a gradient is among what this tensor was computed from, so that it cannot be differentiated; see
    /// ``gradients(of:with:keepingGraph:)``.
    public var dependsOnGradient: Bool { node?.dependsOnGradient ?? false }

    /// Whether this tensor stands for the same step of the same record as another one, or both for none.
    package func sharesRecord(with other: Tensor) -> Bool { node === other.node }

    /// The same values as a variable that gradients may be asked for.
    public func tracked() -> Tensor {
        var result = detached()
        result.node = GradientNode(depth: 0, pullback: .leaf)
        return result
    }

    /// The same values without a record: gradients stop here.
    public func detached() -> Tensor { viewed(as: shape) }

    func recorded(_ input: Tensor, _ pullback: @escaping (Tensor) -> Tensor) -> Tensor {
        guard let node = input.node, Recording.isEnabled else { return self }
        var result = self
        result.node = GradientNode(depth: node.depth + 1, pullback: .separate([(node, pullback)]))
        return result
    }

    func recorded(
        _ left: Tensor, _ leftPullback: @escaping (Tensor) -> Tensor,
        _ right: Tensor, _ rightPullback: @escaping (Tensor) -> Tensor
    ) -> Tensor {
        guard left.node != nil || right.node != nil, Recording.isEnabled else { return self }
        var edges: [(input: GradientNode, pullback: (Tensor) -> Tensor)] = []
        if let node = left.node { edges.append((node, leftPullback)) }
        if let node = right.node { edges.append((node, rightPullback)) }
        var result = self
        result.node = GradientNode(depth: 1 + max(left.node?.depth ?? 0, right.node?.depth ?? 0), pullback: .separate(edges))
        return result
    }

    /// An operation with a gradient of its own.
    ///
    /// - Parameters:
    ///   - output: the operation's value, computed without a record.
    ///   - inputs: the tensors that it depends on.
    ///   - pullback: from the gradient of the output (its shape) to one gradient for each input (that input's shape), nil where
    ///     the output does not depend on it. Called at most once, and only if some input is tracked.
    public static func custom(_ output: Tensor, inputs: [Tensor], pullback: @escaping (_ outputGradient: Tensor) -> [Tensor?]) -> Tensor {
        guard Recording.isEnabled, inputs.contains(where: \.isTracked) else { return output.detached() }
        var result = output.detached()
        let depth = inputs.reduce(0) { max($0, $1.node?.depth ?? 0) }
        result.node = GradientNode(depth: depth + 1, pullback: .joint(inputs.map(\.node), pullback))
        return result
    }
}
