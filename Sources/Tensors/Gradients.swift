/// The gradient of a scalar with respect to each of some variables.
///
/// - Parameters:
///   - scalar: a recorded scalar.
///   - variables: tensors made by `tracked()`, or results of recorded operations.
///   - keepingGraph: whether the record may be walked again; by default it is freed while it is walked, which keeps memory low.
/// - Returns: one gradient for each variable in its shape, nil where the scalar does not depend on the variable. There are no second
///   derivatives: with `keepingGraph`, what is computed from these gradients cannot be differentiated in turn, unless they are
///   `detached()` first, which makes them constants by intent. Inside `withoutGradients` they are constants.
/// - Precondition: `scalar` has one element, and does not depend on a gradient that was taken with `keepingGraph`.
public func gradients(of scalar: Tensor, with variables: [Tensor], keepingGraph: Bool = false) -> [Tensor?] {
    require(scalar.elementCount == 1, "gradients are taken of a scalar, not of a tensor of shape \(scalar.shape)")
    guard let root = scalar.node else { return variables.map { _ in nil } }
    require(!root.dependsOnGradient, "the scalar depends on a gradient, and gradients cannot be differentiated again")
    let marks = keepingGraph && Recording.isEnabled
    return withoutGradients {
        let order = reachableNodes(from: root)
        // A variable in the middle of the record must keep its gradient after its inputs have used it.
        let wanted = Set(variables.compactMap { $0.node.map(ObjectIdentifier.init) })
        var kept: [ObjectIdentifier: Tensor] = [:]
        root.pending = Tensor.ones(scalar.shape)
        for node in order {
            node.isVisited = false
            guard let gradient = node.pending else { continue }
            node.pending = nil
            if wanted.contains(ObjectIdentifier(node)) { kept[ObjectIdentifier(node)] = gradient }
            node.propagate(gradient)
            if !keepingGraph && !node.isLeaf { node.pullback = .released }
        }
        return variables.map { variable in
            guard var gradient = variable.node.flatMap({ kept[ObjectIdentifier($0)] }) else { return nil }
            if marks { gradient.node = GradientNode(depth: 0, pullback: .leaf, isGradient: true) }
            return gradient
        }
    }
}

/// Every node that the root depends on, the root first, each before all of its inputs.
private func reachableNodes(from root: GradientNode) -> [GradientNode] {
    var found = [root]
    root.isVisited = true
    var next = 0
    while next < found.count {
        found[next].forEachInput { input in
            if !input.isVisited {
                input.isVisited = true
                found.append(input)
            }
        }
        next += 1
    }
    // Equal depths keep their order of discovery, so sums of gradients are formed in the same order every time.
    return found.enumerated().sorted { ($1.element.depth, $0.offset) < ($0.element.depth, $1.offset) }.map(\.element)
}

extension GradientNode {
    fileprivate func propagate(_ gradient: Tensor) {
        switch pullback {
        case .leaf: break
        case .released: stop("this record was already used; ask for `keepingGraph: true` the first time")
        case .separate(let edges):
            for edge in edges { edge.input.accumulate(edge.pullback(gradient)) }
        case .joint(let inputs, let pullback):
            for (input, gradient) in zip(inputs, pullback(gradient)) {
                if let input, let gradient { input.accumulate(gradient) }
            }
        }
    }
}
