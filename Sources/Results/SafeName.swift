import Foundation

/// Turns any name of a recipe into a file name, so that different names never share one.
///
/// ASCII letters, digits, `+`, `-`, `.` stay, a space becomes `_`, and every other byte of the UTF-8
/// form becomes `~` and two hexadecimal digits: `+ MER` is `+_MER`, `a/b` is `a~2Fb`. A leading `.` or
/// `-` is escaped too, since a file name must be neither hidden nor read as an option. `=`, `,` and `@`
/// are always escaped, which leaves them free to mark what is not a name.
///
/// Names are compared as Swift compares strings: canonically equivalent spellings give one file name.
/// Upper and lower case stay distinct; a file system that ignores case may still merge them.
package enum SafeName {
    /// The path of one or, for a very long name, several nested folders that stands for a name.
    package static func encode(_ name: String) -> String {
        guard !name.isEmpty else { return empty }
        var path = PathText()
        path.append(name)
        return path.text
    }

    /// Values assigned to recipe paths, as one folder name sorted by path: `data.draw=3,data.rel=0.9`.
    package static func encode(_ assignment: [String: String]) -> String {
        var path = PathText()
        for (position, pair) in assignment.sorted(by: { $0.key < $1.key }).enumerated() {
            if position > 0 { path.append(mark: ",") }
            path.append(pair.key)
            path.append(mark: "=")
            path.append(pair.value)
        }
        return path.text
    }

    /// The name that a path made by `encode` stands for; nil for any other path.
    package static func decode(_ path: String) -> String? {
        if path == empty { return "" }
        var bytes: [UInt8] = []
        var rest = Array(path.replacing("~/", with: "").utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "_"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "~"):
                guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                    return nil
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        // Encoding again catches every spelling that `encode` would not have chosen.
        guard let name = String(bytes: bytes, encoding: .utf8), encode(name) == path else { return nil }
        return name
    }

    // No escape looks like it: `em` is not a hexadecimal number.
    private static let empty = "~empty"
}

/// A path under construction.
///
/// File systems limit a file name to 255 bytes. Cutting a long one into nested folders, instead of
/// shortening it by a hash, keeps different names apart for certain: a piece that goes on ends in `~`,
/// and no complete name does.
private struct PathText {
    private var bytes: [UInt8] = []
    private var pieceLength = 0
    private static let longestPiece = 200

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ name: String) {
        // ASCII is composed as it stands. Nearly all names are, and a study of many trials asks for their places again and again.
        let composed = name.utf8.allSatisfy { $0 < 0x80 } ? name : name.precomposedStringWithCanonicalMapping
        for byte in composed.utf8 {
            if pieceLength >= Self.longestPiece {
                bytes += "~/".utf8
                pieceLength = 0
            }
            if !Self.isPlain(byte, first: pieceLength == 0) {
                append(unit: Self.escape(byte).utf8)
            } else {
                append(unit: CollectionOfOne(byte == UInt8(ascii: " ") ? UInt8(ascii: "_") : byte))
            }
        }
    }

    /// Appends a character that no name contains once it is encoded.
    mutating func append(mark: Character) {
        append(unit: mark.utf8)
    }

    private mutating func append(unit: some Collection<UInt8>) {
        bytes += unit
        pieceLength += unit.count
    }

    private static func isPlain(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: " "):
            true
        case UInt8(ascii: "."), UInt8(ascii: "-"): !first
        default: false
        }
    }

    private static func escape(_ byte: UInt8) -> String {
        (byte < 16 ? "~0" : "~") + String(byte, radix: 16, uppercase: true)
    }
}
