/// Where something was written: a part of one line of a recipe, or of a `--set` argument.
///
/// It carries the line itself, so that it can be shown later. Two locations are equal when they are the
/// same part of the same line; the text of the line, which may be very long, is not compared.
package struct SourceLocation: Sendable {
    package enum Origin: Hashable, Sendable {
        /// A recipe, by the path under which it was opened.
        case file(String)
        /// A `--set` argument; `line` counts the arguments.
        case setting
    }

    package let origin: Origin
    /// From 1.
    package let line: Int
    /// From 1, in characters as a reader counts them.
    package let column: Int
    /// How many characters it spans, at least 1.
    package let length: Int
    /// The whole line; for a setting the argument `path=value`.
    package let lineText: String

    package init(_ origin: Origin, line: Int, column: Int, length: Int, lineText: String) {
        self.origin = origin
        self.line = line
        self.column = max(1, column)
        self.length = max(1, length)
        self.lineText = lineText
    }

    /// A part of this stretch, `offset` characters in.
    func part(offset: Int, length: Int) -> SourceLocation {
        SourceLocation(origin, line: line, column: column + offset, length: length, lineText: lineText)
    }
}

extension SourceLocation: Hashable {
    package static func == (a: SourceLocation, b: SourceLocation) -> Bool {
        (a.line, a.column, a.length, a.origin) == (b.line, b.column, b.length, b.origin)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(line)
        hasher.combine(column)
        hasher.combine(length)
    }
}

extension SourceLocation: Comparable {
    /// Files before the settings and by their paths, then by position.
    package static func < (a: SourceLocation, b: SourceLocation) -> Bool {
        (a.origin == .setting ? 1 : 0, a.file ?? "", a.line, a.column) < (b.origin == .setting ? 1 : 0, b.file ?? "", b.line, b.column)
    }

    /// The file; nil for a setting.
    var file: String? {
        if case .file(let name) = origin { name } else { nil }
    }
}

extension SourceLocation: CustomStringConvertible {
    /// `recipes/table13.yaml:14:7` or `--set training.epochs=10`.
    package var description: String {
        switch origin {
        case .file(let name): "\(printable(name)):\(line):\(column)"
        case .setting: "--set \(printable(lineText))"
        }
    }
}

/// A text for a message: on one line, without anything that a terminal would act upon, and not too
/// long.
///
/// - Parameter limit: the number of characters that are kept. The rest is cut out of the middle,
///   because the end of a path or name often tells more than its beginning.
func printable(_ text: String, limit: Int = 200) -> String {
    var text = text
    // Counting characters walks through the text, so the bytes are asked first.
    if text.utf8.count > limit, text.count > limit {
        text = text.prefix(limit * 2 / 3) + "…" + text.suffix(limit - limit * 2 / 3 - 1)
    }
    return text.isInert ? text : String(text.map { $0.unicodeScalars.allSatisfy(\.isInert) ? $0 : " " })
}

extension String {
    fileprivate var isInert: Bool { unicodeScalars.allSatisfy(\.isInert) }
}

extension Unicode.Scalar {
    /// Whether a terminal only shows it: no control character, and none that changes the direction of what follows.
    fileprivate var isInert: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}
