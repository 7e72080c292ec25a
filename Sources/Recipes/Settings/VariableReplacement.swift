import Configuration

/// One walk through a tree that puts values in place of variables.
struct VariableReplacement {
    let entries: [YAMLNode.Entry]
    /// Names that stay.
    let kept: Set<String>
    let faults: FaultCollector
    private var known: [String: YAMLNode] = [:]
    /// The variables whose values are being worked out, outermost first.
    private var open: [String] = []
    private var size = 0

    init(entries: [YAMLNode.Entry], kept: Set<String>, faults: FaultCollector) {
        (self.entries, self.kept, self.faults) = (entries, kept, faults)
    }

    mutating func replaced(_ node: YAMLNode) -> YAMLNode {
        switch node.content {
        case .scalar(let scalar):
            return scalar.text.contains("${") && !faults.isSettled(node.location) ? replaced(scalar, at: node.location) : node
        case .list(let items):
            return YAMLNode(.list(items.map { replaced($0) }), at: node.location)
        case .map(let entries):
            let entries = entries.map { entry in
                YAMLNode.Entry(key: entry.key, keyLocation: entry.keyLocation, value: replaced(entry.value))
            }
            return YAMLNode(.map(entries), at: node.location)
        }
    }

    private mutating func replaced(_ scalar: YAMLScalar, at location: SourceLocation) -> YAMLNode {
        let text = VariableText(scalar.text)
        if let start = text.unclosed {
            faults.report("'${' without a '}'", at: place(start, 2, of: scalar, at: location), expected: "${name}")
            return unchanged(scalar, at: location)
        }
        if text.pieces.count == 1, let name = text.pieces[0].name, !kept.contains(name) {
            return value(of: name, at: place(0, scalar.text.count, of: scalar, at: location)) ?? unchanged(scalar, at: location)
        }
        var result = ""
        for piece in text.pieces {
            guard let name = piece.name, !kept.contains(name) else {
                result += piece.text
                continue
            }
            let here = place(piece.offset, piece.text.count, of: scalar, at: location)
            guard let value = value(of: name, at: here) else { return unchanged(scalar, at: location) }
            guard let inner = value.scalar, inner.value != .null else {
                faults.report(
                    "the variable '\(name)' is \(value.phrase), and stands inside a text", at: here,
                    expected: "a variable with a single value")
                return unchanged(scalar, at: location)
            }
            result += inner.text
        }
        guard grows(by: result.utf8.count, at: location) else { return unchanged(scalar, at: location) }
        return YAMLNode(.scalar(YAMLScalar(quoted: result)), at: location)
    }

    /// A text with a fault that was reported.
    private func unchanged(_ scalar: YAMLScalar, at location: SourceLocation) -> YAMLNode {
        faults.settle(location)
        return YAMLNode(.scalar(scalar), at: location)
    }

    private mutating func value(of name: String, at location: SourceLocation) -> YAMLNode? {
        guard let entry = entries.first(where: { $0.key == name }) else {
            faults.reportUnknown("variable", printable(name), at: location, known: entries.map(\.key))
            return nil
        }
        if open.contains(name) {
            let circle = (open.drop { $0 != name } + [name]).joined(separator: " → ")
            faults.report("the variable '\(name)' is made of itself: \(circle)", at: location)
            return nil
        }
        let value: YAMLNode
        if let found = known[name] {
            value = found
        } else {
            open.append(name)
            value = replaced(entry.value)
            open.removeLast()
            known[name] = value
        }
        return grows(by: value.size, at: location) ? value : nil
    }

    private mutating func grows(by amount: Int, at location: SourceLocation) -> Bool {
        let wasWithin = size <= Variables.mostReplaced
        size += amount
        guard size > Variables.mostReplaced else { return true }
        if wasWithin { faults.report("variables make the recipe too large", at: location) }
        return false
    }

    /// A part of a scalar; the whole of one that is written in quotes or over several lines.
    private func place(_ offset: Int, _ length: Int, of scalar: YAMLScalar, at location: SourceLocation) -> SourceLocation {
        switch location.length - scalar.text.count {
        case 0: location.part(offset: offset, length: length)
        case 2: location.part(offset: offset + 1, length: length)
        default: location
        }
    }
}

extension YAMLNode {
    /// Nodes and characters below and with this one.
    fileprivate var size: Int {
        switch content {
        case .scalar(let scalar): 1 + scalar.text.utf8.count
        case .list(let items): items.reduce(1) { $0 + $1.size }
        case .map(let entries): entries.reduce(1) { $0 + $1.key.utf8.count + $1.value.size }
        }
    }
}
