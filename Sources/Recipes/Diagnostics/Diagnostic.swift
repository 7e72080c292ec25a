/// One fault of a recipe, shown with its line:
///
/// ```
/// recipes/table13.yaml:14:3: error: unknown key 'optmizer' in training
///    14 |   optmizer: adam
///       |   ^~~~~~~~
///       = expected one of: epochs, batch, batching, optimizer, schedule, gradient-clip, augmentation-draws, stem-cache
///       = did you mean 'optimizer'?
/// ```
package struct Diagnostic: Error, Hashable, Sendable {
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
        self.message = message
        self.expected = expected
        self.suggestion = suggestion
        self.mentions = mentions
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
        let line = Array(printable(location.lineText))
        let start = line.count <= widest ? 0 : max(0, min(location.column - 1 - widest / 3, line.count - widest))
        let end = min(line.count, start + widest)
        let text = (start > 0 ? "…" : "") + String(line[start..<end]) + (end < line.count ? "…" : "")
        let offset = max(0, location.column - 1 - start)
        let length = max(1, min(location.length, end - start - offset))
        return (text, offset + (start > 0 ? 1 : 0), length)
    }
}
