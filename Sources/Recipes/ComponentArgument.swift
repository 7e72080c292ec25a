import Configuration

/// A component with options, as an argument of the command line gives it in the words of a recipe: `dependence: {samples: 500}`.
package struct ComponentArgument: Sendable {
    /// The component's name.
    package let name: String
    /// What is said about it. Whether the component has such options shows when they are decoded.
    package let options: [String: OptionValue]

    /// - Parameter text: `name`, `name: {option: value}` or `{use: name, option: value}`.
    /// - Throws: where the text is none of these.
    package init(_ text: String) throws(RecipeError) {
        let faults = FaultCollector()
        let source = SourceText(setting: 1, prefix: "", value: text)
        guard let node = YAMLParser.parse(setting: text, source: source, faults: faults),
            let item = ComponentItem(node, kind: "a component", faults: faults)
        else { throw faults.error }
        var options: [String: OptionValue] = [:]
        for entry in item.body.entries ?? [] where entry.key != "use" {
            guard let value = entry.value.optionValue else {
                faults.report("the option \(printable(entry.key)) cannot be a section", at: entry.value.location, expected: "a value or a list of values")
                continue
            }
            options[entry.key] = value
        }
        if item.body.entries == nil { faults.report("options cannot be \(item.body.phrase)", at: item.body.location, expected: "{option: value}") }
        guard faults.isEmpty else { throw faults.error }
        (name, self.options) = (item.name, options)
    }
}
