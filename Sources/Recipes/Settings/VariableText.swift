/// A text cut at its `${name}`s.
struct VariableText {
    struct Piece {
        let text: String
        /// The variable's name, for `${name}`.
        let name: String?
        /// In characters.
        let offset: Int
    }

    private(set) var pieces: [Piece] = []
    /// Where a `${` stands that nothing closes.
    private(set) var unclosed: Int?

    init(_ text: String) {
        var rest = text[...]
        var offset = 0
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                unclosed = offset + rest.distance(from: rest.startIndex, to: start.lowerBound)
                break
            }
            add(rest[..<start.lowerBound], name: nil, &offset)
            let name = rest[start.upperBound..<end].drop { $0 == " " }
            let trimmed = String(name.reversed().drop { $0 == " " }.reversed())
            let after = rest.index(after: end)
            add(rest[start.lowerBound..<after], name: trimmed, &offset)
            rest = rest[after...]
        }
        add(rest, name: nil, &offset)
    }

    private mutating func add(_ text: Substring, name: String?, _ offset: inout Int) {
        guard !text.isEmpty else { return }
        pieces.append(Piece(text: String(text), name: name, offset: offset))
        offset += text.count
    }
}
