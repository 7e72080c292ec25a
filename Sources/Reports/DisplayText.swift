import Foundation

/// Text on a terminal, where what counts is the number of columns that it takes.
package enum DisplayText {
    /// The text with every control character, line breaks included, replaced by a space, so that a name
    /// from a recipe can neither break a line nor steer a terminal.
    package static func singleLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? " " : $0 }))
    }

    /// How many columns the text takes.
    package static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    /// The text with spaces added to a given width; a longer text stays as it is.
    package static func padded(_ text: String, to width: Int, _ alignment: TextTable.Alignment = .left) -> String {
        let space = String(repeating: " ", count: max(0, width - Self.width(text)))
        return alignment == .left ? text + space : space + text
    }

    /// The text cut to a width, with `…` in place of what was cut.
    package static func truncated(_ text: String, to width: Int) -> String {
        if Self.width(text) <= width { return text }
        if width < 1 { return "" }
        var kept = ""
        var used = 1
        for character in text {
            used += Self.width(character)
            if used > width { break }
            kept.append(character)
        }
        return kept + "…"
    }

    /// The text broken at spaces into lines of at most a width; a longer word gets a line of its own.
    package static func wrapped(_ text: String, to width: Int, indent: String = "") -> String {
        var lines: [String] = []
        var line = ""
        // How wide the line is; nil before its first word.
        var used: Int?
        for word in text.split(separator: " ") {
            let own = Self.width(String(word))
            if let sofar = used, sofar + 1 + own <= width {
                line += " " + word
                used = sofar + 1 + own
                continue
            }
            if used != nil { lines.append(line) }
            let prefix = lines.isEmpty ? "" : indent
            line = prefix + word
            used = Self.width(prefix) + own
        }
        lines.append(line)
        return lines.joined(separator: "\n")
    }

    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        // Most characters, for which no table has to be looked through.
        if scalar.isASCII { return (0x20..<0x7F).contains(scalar.value) ? 1 : 0 }
        if scalar.properties.generalCategory == .nonspacingMark || isControl(scalar) { return 0 }
        return isWide(scalar) ? 2 : 1
    }

    private static func isControl(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    // The blocks that Unicode's East Asian Width names wide, and the pictographs that terminals draw so.
    private static func isWide(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
