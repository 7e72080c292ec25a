import Configuration

/// A value that a sweep, a repetition or a tuning grid puts at a path.
struct Assignment {
    let path: NodePath
    let node: YAMLNode
    let value: OptionValue
}

/// Paths with lists of values, as `sweep:`, `repeat:` and `tune:` have them, and all their combinations.
struct Expansion {
    struct Axis {
        let path: NodePath
        let location: SourceLocation
        let values: [Assignment]
    }

    /// More combinations are refused: they are more likely a mistake than a plan.
    static let mostCombinations = 10_000

    private(set) var axes: [Axis] = []

    /// - Parameter name: the key, for messages.
    init(_ node: YAMLNode?, name: String, at location: SourceLocation, faults: FaultCollector) {
        guard let node, !node.isNull else { return }
        guard let entries = node.entries else {
            faults.report("\(name) cannot be \(node.phrase)", at: node.location, expected: "paths, each with a list of values")
            return
        }
        for entry in entries {
            guard let axis = Self.axis(entry, of: name, faults: faults) else { continue }
            axes.append(axis)
        }
        if count > Double(Self.mostCombinations) {
            faults.report(
                "\(name) makes \(OptionValue.number(count)) combinations", at: location,
                expected: "at most \(Self.mostCombinations)")
            axes = []
        }
    }

    /// How many combinations there are.
    var count: Double { axes.reduce(1) { $0 * Double($1.values.count) } }

    private static func axis(_ entry: YAMLNode.Entry, of name: String, faults: FaultCollector) -> Axis? {
        let path: NodePath
        do throws(Diagnostic) {
            path = try NodePath(entry.key, at: entry.keyLocation)
        } catch {
            faults.report(error)
            return nil
        }
        guard let items = entry.value.items, !items.isEmpty else {
            let suggestion = entry.value.optionValue.flatMap { $0 == .null || $0 == .list([]) ? nil : "[\($0)]" }
            let phrase = entry.value.items == nil ? entry.value.phrase : "an empty list"
            faults.report(
                "\(entry.key) cannot be \(phrase)", at: entry.value.location, expected: "a list of values to try",
                suggestion: suggestion)
            return nil
        }
        var values: [Assignment] = []
        var seen: Set<OptionValue> = []
        for item in items {
            // What is tuned is a value; what is swept may be a whole section, which is named by its text.
            guard let value = item.optionValue ?? (name == "tune" ? nil : .string(item.flowText)) else {
                faults.report("a value to try cannot be a section", at: item.location, expected: "a single value or a list")
                continue
            }
            guard seen.insert(value).inserted else {
                faults.report("the value \(item.phrase) of \(printable(entry.key)) appears here twice", at: item.location)
                continue
            }
            values.append(Assignment(path: path, node: item, value: value))
        }
        return values.isEmpty ? nil : Axis(path: path, location: entry.keyLocation, values: values)
    }

    /// Reports a `--set` value that no variant would use, because this expansion replaces it in every
    /// one.
    static func refuseOverwritten(_ value: YAMLNode?, by path: NodePath, key: String, faults: FaultCollector) {
        guard let value, value.location.origin == .setting else { return }
        // A variable's value may serve elsewhere as well.
        guard Variables.variable(of: path) != nil || !value.location.lineText.hasPrefix(Variables.key) else { return }
        faults.report(
            "this value would never be used, as the recipe gives a list for it", at: value.location,
            expected: "\(key)[\(path.text)]=[…] instead")
    }

    /// Every combination of one value per path, the last path changing fastest; one empty combination
    /// without any path.
    var combinations: [[Assignment]] {
        axes.reduce([[]]) { combinations, axis in
            combinations.flatMap { combination in axis.values.map { combination + [$0] } }
        }
    }
}
