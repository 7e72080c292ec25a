/// Where something was written: a stretch of one line of a recipe, or of a `--set` argument.
///
/// It carries the line itself, so that whoever finds a fault later can still show it.
package struct SourceLocation: Hashable, Sendable {
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
        case .file(let name): "\(name):\(line):\(column)"
        case .setting: "--set \(printable(lineText))"
        }
    }
}

/// A text without anything that a terminal would act upon.
func printable(_ text: String) -> String {
    String(text.map { $0.unicodeScalars.contains { $0.value < 32 || $0.value == 127 } ? " " : $0 })
}
