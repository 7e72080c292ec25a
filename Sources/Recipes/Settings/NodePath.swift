import Configuration

/// The path to a value of a recipe: `training.epochs`, `rows[+ MER].regularizers.mer.weight`,
/// `rows.2.name`.
///
/// Names are joined by dots; a name that itself contains dots or other signs is put in brackets. Items
/// of a list are addressed by their name (rows, regularizers) or by their number, from 0.
struct NodePath {
    struct Component {
        let name: String
        let location: SourceLocation
    }

    /// At least one.
    let components: [Component]
    /// As written.
    let text: String

    /// Reads a path that stands at `location`.
    ///
    /// - Throws: what is wrong with it.
    init(_ text: String, at location: SourceLocation) throws(Diagnostic) {
        var components: [Component] = []
        let characters = Array(text)
        var index = 0
        // Where quotes or escapes stand in between, offsets would point to the wrong character.
        let isVerbatim = location.length == characters.count
        func place(_ start: Int, _ length: Int) -> SourceLocation {
            isVerbatim ? location.part(offset: start, length: max(1, length)) : location
        }
        while index < characters.count {
            let isBracketed = characters[index] == "["
            let start = isBracketed ? index + 1 : index
            let ends: [Character] = isBracketed ? ["]"] : [".", "["]
            let end = characters[start...].firstIndex { ends.contains($0) } ?? characters.count
            if isBracketed && end == characters.count {
                throw Diagnostic("the path '\(printable(text))' lacks a ']'", at: place(index, 1))
            }
            let name = String(characters[start..<end])
            guard !name.isEmpty else {
                throw Diagnostic(
                    "the path '\(printable(text))' has an empty name", at: place(start, 1), expected: "a path such as training.epochs")
            }
            components.append(Component(name: name, location: place(start, end - start)))
            index = isBracketed ? end + 1 : end
            if index < characters.count && characters[index] == "." {
                index += 1
                if index == characters.count {
                    throw Diagnostic("the path '\(printable(text))' ends with a dot", at: place(index - 1, 1))
                }
            } else if isBracketed && index < characters.count && characters[index] != "[" {
                throw Diagnostic("the path '\(printable(text))' needs a dot here", at: place(index, 1))
            }
        }
        guard !components.isEmpty else {
            throw Diagnostic("a path is empty", at: location, expected: "a path such as training.epochs")
        }
        guard components.count <= LibYAML.deepestNesting else {
            throw Diagnostic(
                "a path has \(components.count) names", at: location,
                expected: "at most \(LibYAML.deepestNesting), as deep as a recipe may be nested")
        }
        self.components = components
        self.text = text
    }
}

/// A `--set path=value` argument.
struct Setting {
    let path: NodePath
    let value: YAMLNode

    /// Reads the `number`th argument, counted from 1; nil where it is at fault.
    init?(_ argument: String, number: Int, faults: FaultCollector) {
        guard let equals = Self.separator(in: argument) else {
            faults.report(
                "a setting needs a path and a value",
                at: SourceLocation(.setting, line: number, column: 1, length: argument.count, lineText: argument),
                expected: "path=value, such as training.epochs=10")
            return nil
        }
        let pathText = String(argument[..<equals])
        let value = String(argument[argument.index(after: equals)...])
        let location = SourceLocation(.setting, line: number, column: 1, length: pathText.count, lineText: argument)
        do throws(Diagnostic) {
            path = try NodePath(pathText, at: location)
        } catch {
            faults.report(error)
            return nil
        }
        let source = SourceText(setting: number, prefix: pathText + "=", value: value)
        guard let node = YAMLParser.parse(setting: value, source: source, faults: faults) else { return nil }
        self.value = node
    }

    /// The first `=` outside brackets.
    private static func separator(in argument: String) -> String.Index? {
        var depth = 0
        return argument.indices.first { index in
            switch argument[index] {
            case "[": depth += 1
            case "]": depth -= 1
            default: break
            }
            return argument[index] == "=" && depth <= 0
        }
    }
}

extension YAMLNode {
    /// Puts a value where a path leads. Sections that are missing on the way are made, as a misspelt one is found when the
    /// recipe is read.
    ///
    /// - Throws: where the way leads into a single value, or to an item that a list does not have.
    mutating func set(_ value: YAMLNode, at path: NodePath) throws(Diagnostic) {
        try set(value, at: path.components[...])
    }

    mutating func set(_ value: YAMLNode, at path: ArraySlice<NodePath.Component>) throws(Diagnostic) {
        guard let step = path.first else {
            self = keepingCommonKeys(in: value)
            return
        }
        switch content {
        case .map(var entries):
            // Emptied while the entry changes, so that the tree below it is not copied.
            content = .map([])
            defer { content = .map(entries) }
            if let index = entries.firstIndex(where: { $0.key == step.name }) {
                try entries[index].value.set(value, at: path.dropFirst())
            } else if let terms = Self.termsIndex(in: entries, with: step.name) {
                try entries[terms].value.set(value, at: path)
            } else {
                var made = YAMLNode(.map([]), at: step.location)
                try made.set(value, at: path.dropFirst())
                entries.append(Entry(key: step.name, keyLocation: step.location, value: made))
            }
        case .list(var items):
            let index = try Self.index(of: step, in: items)
            content = .list([])
            defer { content = .list(items) }
            try items[index].setInItem(value, at: path.dropFirst())
        case .scalar(let scalar):
            switch scalar.value {
            case .null: self = YAMLNode(.map([]), at: location)
            case .string: self = asComponent
            default:
                throw Diagnostic(
                    "there is no '\(step.name)' in the single value '\(scalar.text)'", at: step.location,
                    expected: "a path that ends before it")
            }
            try set(value, at: path)
        }
    }

    /// The value at a path; nil where there is none.
    func value(at path: ArraySlice<NodePath.Component>) -> YAMLNode? {
        guard let step = path.first else { return self }
        switch content {
        case .map(let entries):
            if let own = self[step.name] { return own.value(at: path.dropFirst()) }
            return Self.termsIndex(in: entries, with: step.name).flatMap { entries[$0].value.value(at: path) }
        case .list(let items):
            guard let item = try? items[Self.index(of: step, in: items)] else { return nil }
            let rest = path.dropFirst()
            return !rest.isEmpty && item.isShortForm ? item.entries?.first?.value.value(at: rest) : item.value(at: rest)
        case .scalar: return nil
        }
    }

    /// Where the list with the named term of a sum is: a path names terms as it names the sum's own
    /// keys.
    private static func termsIndex(in entries: [Entry], with name: String) -> Int? {
        entries.firstIndex { entry in
            entry.key == "terms" && entry.value.items?.contains { $0.itemName == name } == true
        }
    }

    /// Keys beside `use` that belong to the section and not to the component that it names.
    private static let commonKeys: Set<String> = ["learning-rate", "standardize", "modalities"]

    /// This section with another component's name: what belongs to all components alike stays. `--set
    /// training.optimizer=sgd` changes the optimizer and not its learning rate.
    private func keepingCommonKeys(in value: YAMLNode) -> YAMLNode {
        guard self["use"] != nil, value.scalar?.value.isText == true else { return value }
        let kept = (entries ?? []).filter { Self.commonKeys.contains($0.key) }
        guard !kept.isEmpty, let use = value.asComponent.entries else { return value }
        return YAMLNode(.map(use + kept), at: value.location)
    }

    /// `adam` as `{use: adam}`, so that options can be added.
    var asComponent: YAMLNode {
        guard isScalar else { return self }
        return YAMLNode(.map([Entry(key: "use", keyLocation: location, value: self)]), at: location)
    }

    private mutating func setInItem(_ value: YAMLNode, at path: ArraySlice<NodePath.Component>) throws(Diagnostic) {
        if !path.isEmpty, isShortForm, case .map(var entries) = content {
            try entries[0].value.set(value, at: path)
            content = .map(entries)
        } else {
            try set(value, at: path)
        }
    }

    /// Whether this is an item of the form `name: {option: value}`.
    var isShortForm: Bool {
        guard let entries, entries.count == 1, entries[0].key != "use" else { return false }
        return entries[0].value.entries != nil || entries[0].value.isNull
    }

    /// The name by which a path addresses an item of a list, where it has one.
    var itemName: String? {
        if isShortForm, let entry = entries?.first { return entry.value["name"]?.nameText ?? entry.key }
        return nameText ?? self["name"]?.nameText ?? self["use"]?.nameText
    }

    static func index(of step: NodePath.Component, in items: [YAMLNode]) throws(Diagnostic) -> Int {
        if let index = items.firstIndex(where: { $0.itemName == step.name }) { return index }
        if let number = Int(step.name), items.indices.contains(number) { return number }
        let names = items.compactMap(\.itemName)
        let numbers = items.isEmpty ? "nothing, as the list is empty" : "a number from 0 to \(items.count - 1)"
        throw Diagnostic(
            "there is no '\(step.name)' in the list", at: step.location,
            expected: names.isEmpty ? numbers : "one of: " + names.joined(separator: ", "),
            suggestion: nearestName(to: step.name, among: names))
    }
}
