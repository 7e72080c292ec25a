import Configuration

/// Takes the faults that are found while a recipe is read, so that reading can go on after each.
final class FaultCollector {
    /// Faults that are kept; of further ones only the number is. Nobody reads more, and a recipe may have a fault in every word.
    static let most = 100

    private(set) var diagnostics: [Diagnostic] = []
    /// Faults beyond those.
    private(set) var omitted = 0

    var isEmpty: Bool { diagnostics.isEmpty }

    /// Everything that was reported.
    var error: RecipeError { RecipeError(diagnostics, omitted: omitted) }

    /// Places whose value is not what was meant, as a reported fault says.
    private var settled: Set<SourceLocation> = []

    func report(_ message: String, at location: SourceLocation, expected: String? = nil, suggestion: String? = nil) {
        report(Diagnostic(message, at: location, expected: expected, suggestion: suggestion))
    }

    func report(_ diagnostic: Diagnostic) {
        guard !settled.contains(diagnostic.location) else { return }
        if isFull { omitted += 1 } else { diagnostics.append(diagnostic) }
    }

    /// Takes over what another collector has.
    func take(_ other: FaultCollector, _ changed: (Diagnostic) -> Diagnostic) {
        for fault in other.diagnostics { report(changed(fault)) }
        omitted += other.omitted
    }

    private var isFull: Bool { diagnostics.count == Self.most }

    /// Ignores what is found at a place from now on, as it follows from a fault that is reported already.
    func settle(_ location: SourceLocation) { settled.insert(location) }

    func isSettled(_ location: SourceLocation) -> Bool { settled.contains(location) }

    /// A value that does not fit: `epochs cannot be 'abc'`.
    func report(_ fault: OptionFault, name: String, node: YAMLNode) {
        report("\(name) cannot be \(node.phrase)", at: node.location, expected: fault.expected, suggestion: fault.suggestion)
    }

    /// A name that is not known: `unknown domain 'groop-1'`, with the known ones and the nearest.
    func reportUnknown(_ kind: String, _ name: String, at location: SourceLocation, known: [String]) {
        // The nearest name is searched among all of them, which only those that are shown are worth.
        let isShown = !isFull
        report(
            "unknown \(kind) '\(name)'", at: location,
            expected: !isShown ? nil : known.isEmpty ? "none here" : "one of: " + known.joined(separator: ", "),
            suggestion: isShown ? nearestName(to: name, among: known) : nil)
    }
}
