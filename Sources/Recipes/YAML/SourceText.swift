/// A text that YAML is read from, and the way from libyaml's positions to a reader's.
struct SourceText {
    let origin: SourceLocation.Origin
    /// The number of the text's first line.
    private let firstLine: Int
    private let lines: [Line]
    /// Characters of the shown line in front of the text: those of a `--set` argument's path and sign.
    private let prefixLength: Int

    /// A whole file.
    init(file: String, text: String) {
        origin = .file(file)
        firstLine = 1
        prefixLength = 0
        lines = Self.lines(of: text).map { Line($0) }
    }

    /// The value of the `number`th `--set` argument, which stands behind `prefix`.
    init(setting number: Int, prefix: String, value: String) {
        origin = .setting
        firstLine = number
        prefixLength = prefix.count
        lines = [Line(value, prefix: prefix)]
    }

    /// From one mark to another; only the first line of what spans several.
    func location(from start: YAMLMark, to end: YAMLMark) -> SourceLocation {
        // A setting is one line to its reader, whatever breaks it contains.
        if origin == .setting && start.line > 0 { return whole }
        let line = lines.indices.contains(start.line) ? lines[start.line] : Line("")
        let column = line.characters(inScalars: start.column)
        let endColumn = end.line == start.line ? line.characters(inScalars: end.column) : line.count
        return SourceLocation(
            origin, line: firstLine + (origin == .setting ? 0 : start.line), column: prefixLength + column + 1,
            length: endColumn - column, lineText: line.shown)
    }

    func location(at mark: YAMLMark) -> SourceLocation { location(from: mark, to: mark) }

    /// The first line.
    private var whole: SourceLocation {
        SourceLocation(origin, line: firstLine, column: prefixLength + 1, length: lines[0].count, lineText: lines[0].shown)
    }

    /// The file's very beginning, or a setting's value.
    var start: SourceLocation {
        origin == .setting ? whole : SourceLocation(origin, line: 1, column: 1, length: 1, lineText: lines[0].shown)
    }

    /// A line, in which positions are looked up rather than counted: a recipe may be one line of a hundred thousand values.
    private struct Line {
        /// The text, with what stands in front of it.
        let shown: String
        /// In characters.
        let count: Int
        /// The scalars at which characters begin; nil where each character is one scalar.
        private let starts: [Int]?

        init(_ text: String, prefix: String = "") {
            shown = prefix.isEmpty ? text : prefix + text
            // Of these no two make one character: only a carriage return joins the sign behind it.
            if text.utf8.allSatisfy({ $0 < 0x80 && $0 != 0x0D }) {
                (count, starts) = (text.utf8.count, nil)
                return
            }
            var starts: [Int] = []
            var position = 0
            for character in text {
                starts.append(position)
                position += character.unicodeScalars.count
            }
            (count, self.starts) = (starts.count, starts)
        }

        /// How many characters the first scalars of the line make up, the last of which may be incomplete.
        func characters(inScalars scalars: Int) -> Int {
            guard let starts else { return min(scalars, count) }
            var (low, high) = (0, starts.count)
            while low < high {
                let middle = (low + high) / 2
                if starts[middle] < scalars { low = middle + 1 } else { high = middle }
            }
            return low
        }
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
