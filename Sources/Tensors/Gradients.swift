/// One step of the record: how the gradient of an operation's output becomes the gradients of its
/// inputs.
///
/// Nodes form a graph from outputs to inputs. They are freed with the tensors that hold them, or while
/// the record is walked.
final class GradientNode {
    /// How a gradient moves from the output to the inputs.
    enum Pullback {
        /// A variable: gradients end here.
        case leaf
        /// One function for the only input that is part of the record.
        case one(GradientNode, (Tensor) -> Tensor)
        /// One function for each of two inputs.
        case two(GradientNode, (Tensor) -> Tensor, GradientNode, (Tensor) -> Tensor)
        /// One function for all inputs at once; nil for inputs that are constants.
        case joint([GradientNode?], (Tensor) -> [Tensor?])
        /// A record that was already walked and freed.
        case released
    }

    /// One more than the largest depth among the inputs. Processing by falling depth visits every
    /// output before its inputs.
    let depth: Int
    /// How the gradient moves on; released once it was used.
    var pullback: Pullback
    /// The gradient gathered so far during a backward walk.
    var pending: Tensor?
    /// Whether the walk that is being planned has met this node.
    fileprivate var isVisited = false
    /// Which variable's gradient the walk that is being planned finds here, if any.
    fileprivate var slot: Int?
    /// Whether the output was computed from a gradient that was taken earlier. Walking back would treat
    /// that gradient as a constant, which would be silently wrong.
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
                case .one(let input, _): input.dependsOnGradient
                case .two(let first, _, let second, _): first.dependsOnGradient || second.dependsOnGradient
                case .joint(let inputs, _): inputs.contains { $0?.dependsOnGradient ?? false }
                }
            }()
    }

    /// Whether it is a variable.
    var isLeaf: Bool { if case .leaf = pullback { true } else { false } }

    /// Calls `body` with each input that is part of the record.
    func forEachInput(_ body: (GradientNode) -> Void) {
        switch pullback {
        case .leaf, .released: break
        case .one(let input, _): body(input)
        case .two(let first, _, let second, _):
            body(first)
            body(second)
        case .joint(let inputs, _): for input in inputs { if let input { body(input) } }
        }
    }

    /// Adds to the pending gradient, in place where nothing else holds it.
    func accumulate(_ gradient: Tensor) {
        guard pending != nil else {
            pending = gradient
            return
        }
        pending?.add(gradient)
    }
}

/// Whether operations are currently recorded, for the running task.
enum Recording {
    /// True unless the task is within ``withoutGradients(_:)``.
    @TaskLocal static var isEnabled = true
}

/// Runs `body` without recording any operation: for evaluation, and for changing parameters.
///
/// Tensors that are computed inside are constants afterwards.
///
/// ```swift
/// let accuracy = withoutGradients { model(x, .evaluation).argmax() }
/// ```
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Recording.$isEnabled.withValue(false, operation: body)
}

extension Tensor {
    /// Whether operations on this tensor are recorded: it is a variable, or was computed from one.
    public var isTracked: Bool { node != nil }

    /// Whether this tensor was computed from a gradient and can therefore not be differentiated; see
    /// ``gradients(of:with:keepingGraph:)``.
    public var dependsOnGradient: Bool { node?.dependsOnGradient ?? false }

    /// Whether both tensors are the same step of the same record, or both constants.
    package func sharesRecord(with other: Tensor) -> Bool { node === other.node }

    /// The same values as a new variable that gradients can be asked for. Its memory is shared until
    /// one of the two is written to.
    ///
    /// ```swift
    /// let x = Tensor(3).tracked()
    /// gradients(of: x * x, with: [x])[0]?.item        // 6
    /// ```
    public func tracked() -> Tensor {
        var result = detached()
        result.node = GradientNode(depth: 0, pullback: .leaf)
        return result
    }

    /// The same values as a constant: gradients stop here. Memory is shared.
    public func detached() -> Tensor { viewed(as: shape) }

    /// This value as the result of an operation on one tensor.
    func recorded(_ input: Tensor, _ pullback: @escaping (Tensor) -> Tensor) -> Tensor {
        guard let node = input.node, Recording.isEnabled else { return self }
        var result = self
        result.node = GradientNode(depth: node.depth + 1, pullback: .one(node, pullback))
        return result
    }

    /// This value as the result of an operation on two tensors.
    func recorded(
        _ left: Tensor, _ leftPullback: @escaping (Tensor) -> Tensor,
        _ right: Tensor, _ rightPullback: @escaping (Tensor) -> Tensor
    ) -> Tensor {
        guard let first = left.node else { return recorded(right, rightPullback) }
        guard let second = right.node else { return recorded(left, leftPullback) }
        guard Recording.isEnabled else { return self }
        var result = self
        result.node = GradientNode(depth: 1 + max(first.depth, second.depth), pullback: .two(first, leftPullback, second, rightPullback))
        return result
    }

    /// An operation with a gradient of its own.
    ///
    /// ```swift
    /// let value = x.values.reduce(0) { $0 + $1 * $1 }
    /// return Tensor.custom(Tensor(value), inputs: [x]) { upstream in [x.detached() * (2 * upstream.item)] }
    /// ```
    ///
    /// - Parameters:
    ///   - output: the operation's value, computed without a record.
    ///   - inputs: the tensors that it depends on.
    ///   - pullback: maps the gradient of the output, in its shape, to one gradient for each input, in
    ///     that input's shape; nil where the output does not depend on the input. It is called at most
    ///     once per walk, and only where some input is tracked.
    public static func custom(_ output: Tensor, inputs: [Tensor], pullback: @escaping (_ outputGradient: Tensor) -> [Tensor?]) -> Tensor {
        guard Recording.isEnabled, inputs.contains(where: \.isTracked) else { return output.detached() }
        var result = output.detached()
        let depth = inputs.reduce(0) { max($0, $1.node?.depth ?? 0) }
        result.node = GradientNode(depth: depth + 1, pullback: .joint(inputs.map(\.node), pullback))
        return result
    }
}

/// The gradient of a scalar with respect to each of several variables, by reverse-mode differentiation:
/// its cost is a small multiple of the cost of the operations themselves.
///
/// - Parameters:
///   - scalar: a recorded scalar.
///   - variables: tensors made by ``Tensor/tracked()``, or results of recorded operations.
///   - keepingGraph: whether the record can be walked again. By default it is freed while it is walked,
///     which keeps memory low.
/// - Returns: one gradient for each variable, in its shape; nil where the scalar does not depend on the
///   variable. There are no second derivatives: with `keepingGraph`, what is computed from these
///   gradients cannot be differentiated in turn, unless they are `detached()` first, which makes them
///   constants on purpose. Inside ``withoutGradients(_:)`` they are constants.
/// - Precondition: `scalar` has one element, and does not depend on a gradient that was taken with
///   `keepingGraph`.
///
/// ```swift
/// let losses = [first, second]
/// let each = losses.map { gradients(of: $0, with: parameters, keepingGraph: true) }      // of two losses that share operations
/// ```
public func gradients(of scalar: Tensor, with variables: [Tensor], keepingGraph: Bool = false) -> [Tensor?] {
    require(scalar.elementCount == 1, "gradients are taken of a scalar, not of a tensor of shape \(scalar.shape)")
    guard let root = scalar.node else { return variables.map { _ in nil } }
    require(!root.dependsOnGradient, "the scalar depends on a gradient, and gradients cannot be differentiated again")
    let marks = keepingGraph && Recording.isEnabled
    return withoutGradients {
        let walk = GradientWalk(from: root, to: variables)
        var kept = [Tensor?](repeating: nil, count: variables.count)
        root.pending = Tensor.ones(scalar.shape)
        for (node, slot) in walk.stops {
            guard let gradient = node.pending else { continue }
            node.pending = nil
            // A variable in the middle of the record must keep its gradient after its inputs have used it.
            if let slot { kept[slot] = gradient }
            node.propagate(gradient)
            if !keepingGraph && !node.isLeaf { node.pullback = .released }
        }
        for (node, gradient) in walk.interrupted { node.pending = gradient }
        return walk.slots.map { slot in
            guard let slot, var gradient = kept[slot] else { return nil }
            if marks { gradient.node = GradientNode(depth: 0, pullback: .leaf, isGradient: true) }
            return gradient
        }
    }
}

/// A walk through a record backwards, planned before any pullback is called, since a pullback may take gradients of its own.
private struct GradientWalk {
    /// Every node that the root depends on, the root first, each before all of its inputs; and where the gradient that arrives there is kept, if a variable
    /// asks for it.
    let stops: [(node: GradientNode, slot: Int?)]
    /// Where each variable's gradient is kept; nil for a constant. Variables that are the same node share a place.
    let slots: [Int?]
    /// What nodes had gathered so far in a walk one of whose pullbacks takes this one; they have it again afterwards.
    let interrupted: [(node: GradientNode, gradient: Tensor)]

    init(from root: GradientNode, to variables: [Tensor]) {
        slots = variables.enumerated().map { index, variable in
            guard let node = variable.node else { return nil }
            node.slot = node.slot ?? index
            return node.slot
        }
        var found = [root]
        root.isVisited = true
        // How many nodes there are of each depth, and then where the next of them goes.
        var counts = [Int](repeating: 0, count: root.depth + 1)
        var interrupted: [(node: GradientNode, gradient: Tensor)] = []
        var next = 0
        while next < found.count {
            let node = found[next]
            counts[node.depth] += 1
            next += 1
            if let gradient = node.pending {
                interrupted.append((node, gradient))
                node.pending = nil
            }
            node.forEachInput { input in
                if !input.isVisited {
                    input.isVisited = true
                    found.append(input)
                }
            }
        }
        // The greatest depth comes first. Equal depths keep their order of discovery, so that sums of gradients are formed in the same order every time.
        var place = 0
        for depth in counts.indices.reversed() { (counts[depth], place) = (place, place + counts[depth]) }
        stops = [(node: GradientNode, slot: Int?)](unsafeUninitializedCapacity: found.count) { stops, count in
            for node in found {
                stops.initializeElement(at: counts[node.depth], to: (node, node.slot))
                counts[node.depth] += 1
                node.isVisited = false
            }
            count = found.count
        }
        for variable in variables { variable.node?.slot = nil }
        self.interrupted = interrupted
    }
}

extension GradientNode {
    /// Passes a gradient on to the inputs.
    fileprivate func propagate(_ gradient: Tensor) {
        switch pullback {
        case .leaf: break
        case .released: stop("this record was already used; ask for `keepingGraph: true` the first time")
        case .one(let input, let pullback): input.accumulate(pullback(gradient))
        case .two(let first, let firstPullback, let second, let secondPullback):
            first.accumulate(firstPullback(gradient))
            second.accumulate(secondPullback(gradient))
        case .joint(let inputs, let pullback):
            for (input, gradient) in zip(inputs, pullback(gradient)) {
                if let input, let gradient { input.accumulate(gradient) }
            }
        }
    }
}
