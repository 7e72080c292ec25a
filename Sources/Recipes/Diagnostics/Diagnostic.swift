import Configuration

/// One fault of a recipe, shown with its line:
///
/// ```
/// recipes/table13.yaml:14:3: error: unknown key 'optmizer' in training
///    14 |   optmizer: adam
///       |   ^~~~~~~~
///       = expected one of: epochs, steps, check-every, batch, batching, optimizer, schedule, gradient-clip, augmentation-draws, stem-cache
///       = did you mean 'optimizer'?
/// ```
///
/// Its texts may quote anything that stands in a recipe, so each is cut to a length that can be read, and holds nothing that a terminal
/// would act upon.
package struct Diagnostic: Error, Hashable, Sendable {
    /// How the file in which a fault lies came to be read.
    package struct Mention: Hashable, Sendable {
        package enum Verb: String, Hashable, Sendable {
            case included, extended
        }

        package let verb: Verb
        package let location: SourceLocation
    }

    package let location: SourceLocation
    /// What is wrong, without a full stop.
    package let message: String
    /// What would have been right, to be read after "expected".
    package let expected: String?
    /// The nearest thing that would have been right.
    package let suggestion: String?
    /// Where the file was included or extended, the nearest first; empty for the recipe itself.
    package let mentions: [Mention]

    package init(
        _ message: String, at location: SourceLocation, expected: String? = nil, suggestion: String? = nil, mentions: [Mention] = []
    ) {
        self.location = location
        self.message = printable(message, limit: Self.longestText)
        self.expected = expected.map { printable($0, limit: Self.longestText) }
        // A shortened name could not be copied.
        self.suggestion = suggestion.flatMap { $0.utf8.count > Self.longestText ? nil : printable($0, limit: Self.longestText) }
        self.mentions = mentions
    }

    /// Room for the names of all components of a kind.
    private static let longestText = 1000

    /// The same fault with the files through which its own was reached, the nearest first.
    func mentioned(by mentions: [Mention]) -> Diagnostic {
        Diagnostic(message, at: location, expected: expected, suggestion: suggestion, mentions: self.mentions + mentions)
    }
}

extension Diagnostic: CustomStringConvertible {
    package var description: String {
        let gutter = location.origin == .setting ? "--set" : padded(location.line)
        let (text, offset, length) = excerpt
        var lines = [
            "\(location): error: \(message)",
            text.isEmpty ? "\(gutter) |" : "\(gutter) | \(text)",
            "      | " + String(repeating: " ", count: offset) + "^" + String(repeating: "~", count: length - 1),
        ]
        if let expected { lines.append("      = expected \(expected)") }
        if let suggestion { lines.append("      = did you mean '\(suggestion)'?") }
        lines += mentions.map { "      = \($0.verb.rawValue) at \($0.location)" }
        return lines.joined(separator: "\n")
    }

    private func padded(_ number: Int) -> String {
        String(repeating: " ", count: max(0, 5 - String(number).count)) + String(number)
    }

    /// The line, or the part of a very long one around the fault; offset and length of the fault in it.
    private var excerpt: (text: String, offset: Int, length: Int) {
        let widest = 140
        let line = location.lineText
        let count = line.count
        let start = count <= widest ? 0 : max(0, min(location.column - 1 - widest / 3, count - widest))
        let end = min(count, start + widest)
        let shown = printable(String(line.dropFirst(start).prefix(end - start)))
        let text = (start > 0 ? "…" : "") + shown + (end < count ? "…" : "")
        let offset = min(max(0, location.column - 1 - start), widest)
        let length = max(1, min(location.length, end - start - offset))
        return (text, offset + (start > 0 ? 1 : 0), length)
    }
}

/// Everything that is wrong with a recipe, at once, ordered by position.
package struct RecipeError: Error, Hashable, Sendable {
    /// At least one.
    package let diagnostics: [Diagnostic]
    /// How many more there are.
    package let omitted: Int

    /// Orders the faults, and drops those that say the same of the same place.
    package init(_ diagnostics: [Diagnostic], omitted: Int = 0) {
        var seen: Set<Diagnostic> = []
        let distinct = diagnostics.filter { seen.insert($0).inserted }
        // Sorted by index as well, as the standard library's sort does not promise to be stable.
        self.diagnostics = distinct.enumerated()
            .sorted { ($0.element.location, $0.offset) < ($1.element.location, $1.offset) }
            .map(\.element)
        self.omitted = omitted
    }
}

extension RecipeError: CustomStringConvertible {
    /// All faults, an empty line between two of them.
    package var description: String {
        let more = omitted == 0 ? [] : ["… and \(omitted) more"]
        return (diagnostics.map(\.description) + more).joined(separator: "\n\n")
    }
}

/// Takes the faults that are found while a recipe is read, so that reading can go on after each.
final class FaultCollector {
    /// The number of faults that are kept; further ones are only counted. Nobody reads more, and a
    /// recipe may have a fault in every word.
    static let most = 100

    private(set) var diagnostics: [Diagnostic] = []
    /// Faults beyond those.
    private(set) var omitted = 0

    var isEmpty: Bool { diagnostics.isEmpty }

    /// Everything that was reported.
    var error: RecipeError { RecipeError(diagnostics, omitted: omitted) }

    /// Locations whose value is not what was meant, according to a fault that was reported.
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

    /// Ignores what is found at a location from now on, because it follows from a fault that was
    /// already reported.
    func settle(_ location: SourceLocation) { settled.insert(location) }

    func isSettled(_ location: SourceLocation) -> Bool { settled.contains(location) }

    /// A value that does not fit: `epochs cannot be 'abc'`.
    func report(_ fault: OptionFault, name: String, node: YAMLNode) {
        report("\(name) cannot be \(node.phrase)", at: node.location, expected: fault.expected, suggestion: fault.suggestion)
    }

    /// A name that is not known: `unknown domain 'groop-1'`, with the known ones and the nearest.
    func reportUnknown(_ kind: String, _ name: String, at location: SourceLocation, known: [String]) {
        // The nearest name is searched among all names, which is worth the time only for faults that
        // are shown.
        let isShown = !isFull
        report(
            "unknown \(kind) '\(name)'", at: location,
            expected: !isShown ? nil : known.isEmpty ? "none here" : "one of: " + known.joined(separator: ", "),
            suggestion: isShown ? nearestName(to: name, among: known) : nil)
    }
}
