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
