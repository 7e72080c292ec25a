/// A text that YAML is read from, and the way from libyaml's positions to a reader's.
struct SourceText {
    let origin: SourceLocation.Origin
    /// The number of the text's first line.
    private let firstLine: Int
    private let lines: [String]
    /// Characters of the shown line in front of the text: the path of a `--set` argument.
    private let prefix: String

    /// A whole file.
    init(file: String, text: String) {
        origin = .file(file)
        firstLine = 1
        prefix = ""
        lines = Self.lines(of: text)
    }

    /// The value of the `number`th `--set` argument, which stands behind `prefix`.
    init(setting number: Int, prefix: String, value: String) {
        origin = .setting
        firstLine = number
        self.prefix = prefix
        lines = [value]
    }

    /// From one mark to another; only the first line of what spans several.
    func location(from start: YAMLMark, to end: YAMLMark) -> SourceLocation {
        // A setting is one line to its reader, whatever breaks it contains.
        if origin == .setting && start.line > 0 { return whole }
        let line = lines.indices.contains(start.line) ? lines[start.line] : ""
        let column = Self.characters(of: line, scalars: start.column)
        var endColumn = end.line == start.line ? Self.characters(of: line, scalars: end.column) : line.count
        if origin == .setting { endColumn = min(endColumn, line.count) }
        return SourceLocation(
            origin, line: firstLine + (origin == .setting ? 0 : start.line), column: prefix.count + column + 1,
            length: endColumn - column, lineText: prefix + line)
    }

    func location(at mark: YAMLMark) -> SourceLocation { location(from: mark, to: mark) }

    /// The first line.
    private var whole: SourceLocation {
        let line = lines.first ?? ""
        return SourceLocation(
            origin, line: firstLine, column: prefix.count + 1, length: line.count, lineText: prefix + line)
    }

    /// The file's very beginning, or a setting's value.
    var start: SourceLocation {
        origin == .setting ? whole : SourceLocation(origin, line: 1, column: 1, length: 1, lineText: lines.first ?? "")
    }

    /// How many characters the first `scalars` Unicode scalars of a line make up.
    private static func characters(of line: String, scalars: Int) -> Int {
        String(line.unicodeScalars.prefix(scalars)).count
    }

    /// Split where YAML 1.1, and so libyaml, sees line breaks.
    static func lines(of text: String) -> [String] {
        var lines: [String] = []
        var current = String.UnicodeScalarView()
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where last == "\r":
                break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                lines.append(String(current))
                current = String.UnicodeScalarView()
            default:
                current.append(scalar)
            }
            last = scalar
        }
        lines.append(String(current))
        return lines
    }

    /// The position of a byte: lines and scalars in front of it.
    static func mark(ofByte offset: Int, in bytes: [UInt8]) -> YAMLMark {
        let lines = lines(of: String(decoding: bytes.prefix(max(0, offset)), as: UTF8.self))
        return YAMLMark(line: lines.count - 1, column: lines.last?.unicodeScalars.count ?? 0)
    }
}
