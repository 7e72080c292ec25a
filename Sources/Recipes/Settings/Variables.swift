import Configuration

/// Values that a recipe names once and uses in several places:
///
/// ```yaml
/// variables: {lambda: 3, sensors: [gyroscope]}
/// rows:
///   - name: + MER
///     regularizers:
///       - mer: {weight: "${lambda}", on: "${sensors}"}
/// ```
///
/// A value that is `${name}` as a whole becomes the variable's value, of whatever kind; inside a longer text the value's text takes its
/// place. A variable may use others. A replaced value keeps the location of the variable's value, where a fault of it is mended.
struct Variables {
    static let key = "variables"

    /// More nodes or characters from variables are refused: variables that use variables can grow
    /// without bound.
    static let mostReplaced = 1 << 20

    /// Longer chains of variables that use each other are refused.
    static let longestChain = 32

    private let entries: [YAMLNode.Entry]
    private let values: [String: YAMLNode]
    private let faults: FaultCollector

    /// The variables of a tree.
    ///
    /// - Parameter tree: after `--set`; a variable that only a setting has is a misspelt one.
    init(of tree: YAMLNode, faults: FaultCollector) {
        self.faults = faults
        var given: [YAMLNode.Entry] = []
        if let entry = tree.entry(Self.key),
            let section = SectionReader(entry.value, name: Self.key, at: entry.keyLocation, faults: faults)
        {
            given = section.node.entries ?? []
        }
        entries = given.filter { $0.keyLocation.origin != .setting }
        values = Dictionary(entries.map { ($0.key, $0.value) }) { first, _ in first }
        for entry in given where entry.keyLocation.origin == .setting { reportUnknown(entry.key, at: entry.keyLocation) }
    }

    /// The variables that some paths lead to; an unknown one is reported.
    func names(in paths: [NodePath]) -> Set<String> {
        var names: Set<String> = []
        for component in paths.compactMap(Self.variable) {
            if values[component.name] != nil {
                names.insert(component.name)
            } else {
                reportUnknown(component.name, at: component.location)
            }
        }
        return names
    }

    /// The variable that a path leads to.
    static func variable(of path: NodePath) -> NodePath.Component? {
        path.components.count > 1 && path.components[0].name == key ? path.components[1] : nil
    }

    /// The tree with values in place of variables.
    ///
    /// - Parameter open: variables that get their values later, as a sweep sets them. They, and what uses them, stay as they are.
    func replaced(in tree: YAMLNode, keeping open: Set<String> = []) -> YAMLNode {
        var replacement = VariableReplacement(values: values, kept: kept(by: open), faults: faults)
        var tree = tree
        let variables = tree.removeEntry(Self.key)
        tree = replacement.replaced(tree)
        guard !replacement.kept.isEmpty, let variables, case .map(var all) = tree.content else { return tree }
        let remaining = entries.filter { replacement.kept.contains($0.key) }.map { entry in
            YAMLNode.Entry(key: entry.key, keyLocation: entry.keyLocation, value: replacement.replaced(entry.value))
        }
        let value = YAMLNode(.map(remaining), at: variables.value.location)
        all.append(YAMLNode.Entry(key: Self.key, keyLocation: variables.keyLocation, value: value))
        tree.content = .map(all)
        return tree
    }

    /// The open variables and those that use them.
    private func kept(by open: Set<String>) -> Set<String> {
        guard !open.isEmpty else { return [] }
        var users: [String: [String]] = [:]
        for entry in entries {
            for used in Self.uses(in: entry.value) { users[used, default: []].append(entry.key) }
        }
        var kept = open
        var next = Array(open)
        while let name = next.popLast() {
            for user in users[name] ?? [] where kept.insert(user).inserted { next.append(user) }
        }
        return kept
    }

    private static func uses(in node: YAMLNode) -> Set<String> {
        switch node.content {
        case .scalar(let scalar): Set(VariableText(scalar.text).pieces.compactMap(\.name))
        case .list(let items): items.reduce(into: []) { $0.formUnion(uses(in: $1)) }
        case .map(let entries): entries.reduce(into: []) { $0.formUnion(uses(in: $1.value)) }
        }
    }

    private func reportUnknown(_ name: String, at location: SourceLocation) {
        faults.reportUnknown("variable", printable(name), at: location, known: entries.map(\.key))
    }
}

/// One walk through a tree that puts values in place of variables.
private struct VariableReplacement {
    /// A variable's value, in which others have been replaced.
    private struct Value {
        let node: YAMLNode
        /// Nodes and characters.
        let size: Int
        let depth: Int
    }

    let values: [String: YAMLNode]
    /// Names that stay.
    let kept: Set<String>
    let faults: FaultCollector
    private var known: [String: Value] = [:]
    /// The variables whose values are being worked out, outermost first.
    private var open: [String] = []
    /// Nodes and characters that were put in so far.
    private var size = 0
    /// Lists and sections around the node at hand, counted from the tree's or the variable's beginning.
    private var depth = 0

    init(values: [String: YAMLNode], kept: Set<String>, faults: FaultCollector) {
        (self.values, self.kept, self.faults) = (values, kept, faults)
    }

    mutating func replaced(_ node: YAMLNode) -> YAMLNode {
        depth += 1
        defer { depth -= 1 }
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
            let here = place(0, scalar.text.count, of: scalar, at: location)
            guard let value = value(of: name, at: here) else { return unchanged(scalar, at: location) }
            guard depth - 1 + value.depth <= LibYAML.deepestNesting else {
                faults.report("the variable '\(printable(name))' makes this nested deeper than \(LibYAML.deepestNesting) levels", at: here)
                return unchanged(scalar, at: location)
            }
            return value.node
        }
        var result = ""
        for piece in text.pieces {
            guard let name = piece.name, !kept.contains(name) else {
                result += piece.text
                continue
            }
            let here = place(piece.offset, piece.text.count, of: scalar, at: location)
            guard let value = value(of: name, at: here)?.node else { return unchanged(scalar, at: location) }
            guard let inner = value.scalar, inner.value != .null else {
                faults.report(
                    "the variable '\(name)' is \(value.phrase), and is used inside a text", at: here,
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

    private mutating func value(of name: String, at location: SourceLocation) -> Value? {
        guard let written = values[name] else {
            faults.reportUnknown("variable", printable(name), at: location, known: values.keys.sorted())
            return nil
        }
        if open.contains(name) {
            let circle = (open.drop { $0 != name } + [name]).joined(separator: " → ")
            faults.report("the variable '\(name)' refers to itself: \(circle)", at: location)
            return nil
        }
        let value: Value
        if let found = known[name] {
            value = found
        } else {
            guard open.count < Variables.longestChain else {
                faults.report("more than \(Variables.longestChain) variables use each other one after another", at: location)
                return nil
            }
            open.append(name)
            let outside = depth
            depth = 0
            let node = replaced(written)
            depth = outside
            open.removeLast()
            value = Value(node: node, size: node.size, depth: node.depth)
            known[name] = value
        }
        return grows(by: value.size, at: location) ? value : nil
    }

    private mutating func grows(by amount: Int, at location: SourceLocation) -> Bool {
        let wasWithin = size <= Variables.mostReplaced
        size += amount
        guard size > Variables.mostReplaced else { return true }
        if wasWithin {
            faults.report(
                "variables make the recipe too large", at: location,
                expected: "at most \(Variables.mostReplaced) values and characters that come from variables")
        }
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

/// A text cut at its `${name}`s.
private struct VariableText {
    struct Piece {
        let text: String
        /// The variable's name, for `${name}`.
        let name: String?
        /// In characters.
        let offset: Int
    }

    private(set) var pieces: [Piece] = []
    /// Where a `${` stands that nothing closes.
    private(set) var unclosed: Int?

    init(_ text: String) {
        var rest = text[...]
        var offset = 0
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                unclosed = offset + rest.distance(from: rest.startIndex, to: start.lowerBound)
                break
            }
            add(rest[..<start.lowerBound], name: nil, &offset)
            let name = rest[start.upperBound..<end].drop { $0 == " " }
            let trimmed = String(name.reversed().drop { $0 == " " }.reversed())
            let after = rest.index(after: end)
            add(rest[start.lowerBound..<after], name: trimmed, &offset)
            rest = rest[after...]
        }
        add(rest, name: nil, &offset)
    }

    private mutating func add(_ text: Substring, name: String?, _ offset: inout Int) {
        guard !text.isEmpty else { return }
        pieces.append(Piece(text: String(text), name: name, offset: offset))
        offset += text.count
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
