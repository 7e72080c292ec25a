/// The way to a value of a recipe: `training.epochs`, `rows[+ MER].regularizers.mer.weight`, `rows.2.name`.
///
/// Names are joined by dots; a name with dots or other signs of its own stands in brackets. Items of a list go by their
/// name (rows, regularizers) or by their number, from 0.
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
