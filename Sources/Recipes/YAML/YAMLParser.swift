/// Makes a tree of a YAML document and reports what a recipe must not contain.
struct YAMLParser {
    /// Longer texts are refused unread.
    static let longestText = 1 << 20

    private let source: SourceText
    private let faults: FaultCollector
    private var events: ArraySlice<YAMLEvent>

    /// The document in a file, or nil where it cannot be read on. Faults in its details are reported, and the tree goes on.
    static func parse(_ bytes: [UInt8], file: String, faults: FaultCollector) -> YAMLNode? {
        var bytes = bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        guard bytes.count <= longestText else {
            let start = SourceText(file: file, text: "").start
            faults.report("the recipe has \(bytes.count) bytes", at: start, expected: "at most \(longestText)")
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let source = SourceText(file: file, text: String(decoding: bytes, as: UTF8.self))
            let mark = SourceText.mark(ofByte: validPrefix(of: bytes), in: Array(bytes))
            faults.report("not valid UTF-8 here", at: source.location(at: mark), expected: "text in UTF-8")
            return nil
        }
        return parse(Array(bytes), source: SourceText(file: file, text: text), faults: faults, what: "recipe")
    }

    /// The value of a `--set` argument; an empty one is `null`.
    static func parse(setting value: String, source: SourceText, faults: FaultCollector) -> YAMLNode? {
        if value.allSatisfy(\.isWhitespace) { return YAMLNode(.scalar(YAMLScalar(plain: "")), at: source.start) }
        let text = String(value.trimmed)
        // A shell's word has no comments: `name=run #1` means all of it.
        if text.hasPrefix("#") { return YAMLNode(.scalar(YAMLScalar(plain: text)), at: source.start) }
        guard let node = parse(Array(value.utf8), source: source, faults: faults, what: "value") else { return nil }
        guard value.contains("#"), let rest = rest(of: value, behind: node) else { return node }
        if case .scalar(let scalar) = node.content, !scalar.isQuoted {
            return YAMLNode(.scalar(YAMLScalar(plain: text)), at: source.start)
        }
        faults.report(
            "the value ends before this", at: rest, expected: "the value alone; text that contains ' #' needs quotes")
        return nil
    }

    /// Where a comment stands behind a value of one line.
    private static func rest(of value: String, behind node: YAMLNode) -> SourceLocation? {
        let place = node.location
        let prefix = place.lineText.count - value.count
        let end = place.column - 1 - prefix + place.length
        let rest = value.dropFirst(end)
        guard !value.contains(where: \.isNewline), rest.contains("#"), rest.trimmed.hasPrefix("#") else { return nil }
        let blank = rest.prefix(while: \.isWhitespace).count
        return place.part(offset: place.length + blank, length: rest.count - blank)
    }

    private static func parse(
        _ bytes: [UInt8], source: SourceText, faults: FaultCollector, what: String
    ) -> YAMLNode? {
        do {
            let events = try LibYAML.events(in: bytes)
            var parser = YAMLParser(source: source, faults: faults, events: events[...])
            guard parser.events.popFirst() != nil else {
                faults.report("the \(what) is empty", at: source.start)
                return nil
            }
            let node = parser.node()
            if let second = parser.events.first {
                faults.report("a second document begins here", at: source.location(at: second.start), expected: "one document")
            }
            return node
        } catch {
            let location = source.location(at: error.mark)
            let isTab = location.lineText.dropFirst(location.column - 1).first == "\t"
            faults.report(
                "invalid YAML: \(error.message)", at: location, expected: isTab ? "spaces in place of the tab" : nil)
            return nil
        }
    }

    /// How many bytes from the start are whole, valid characters.
    private static func validPrefix(of bytes: ArraySlice<UInt8>) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var count = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { count += UTF8.width(scalar) }
        return count
    }

    /// The next node. libyaml's events are balanced, so there is always one where this is called.
    private mutating func node() -> YAMLNode {
        guard let event = events.popFirst() else { return YAMLNode(.scalar(YAMLScalar(plain: "")), at: source.start) }
        refuseDecorations(of: event)
        let location = source.location(from: event.start, to: event.end)
        switch event.kind {
        case .scalar(let text, let isPlain):
            return YAMLNode(.scalar(isPlain ? YAMLScalar(plain: text) : YAMLScalar(quoted: text)), at: location)
        case .listStart: return list(from: event)
        case .mapStart: return map(from: event)
        case .alias, .documentStart, .listEnd, .mapEnd:
            return YAMLNode(.scalar(YAMLScalar(plain: "")), at: location)
        }
    }

    private mutating func list(from start: YAMLEvent) -> YAMLNode {
        var items: [YAMLNode] = []
        while let event = events.first {
            if case .listEnd = event.kind {
                events.removeFirst()
                return YAMLNode(.list(items), at: extent(from: start, to: event))
            }
            items.append(node())
        }
        return YAMLNode(.list(items), at: source.location(at: start.start))
    }

    private mutating func map(from start: YAMLEvent) -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        var places: [String: SourceLocation] = [:]
        while let event = events.first {
            if case .mapEnd = event.kind {
                events.removeFirst()
                return YAMLNode(.map(entries), at: extent(from: start, to: event))
            }
            let key = node()
            let value = node()
            guard let text = key.scalar?.text else {
                faults.report("a key cannot be \(key.phrase)", at: key.location, expected: "text")
                continue
            }
            if let first = places[text] {
                faults.report("duplicate key '\(printable(text))'; it is already at \(first)", at: key.location)
                continue
            }
            places[text] = key.location
            entries.append(YAMLNode.Entry(key: text, keyLocation: key.location, value: value))
        }
        return YAMLNode(.map(entries), at: source.location(at: start.start))
    }

    /// Brackets and braces are underlined as a whole, blocks where they start.
    private func extent(from start: YAMLEvent, to end: YAMLEvent) -> SourceLocation {
        start.end.line == start.start.line && start.end.column > start.start.column
            ? source.location(from: start.start, to: end.end) : source.location(at: start.start)
    }

    private func refuseDecorations(of event: YAMLEvent) {
        let location = source.location(from: event.start, to: event.end)
        if case .alias(let name) = event.kind {
            faults.report(
                "'*\(name)' refers to an anchor, which recipes do not have", at: location,
                expected: "the value itself, \"${\(name)}\" with variables: {\(name): …}, or include: with a file of its own")
        }
        if let anchor = event.anchor {
            faults.report(
                "'&\(anchor)' is an anchor, which recipes do not have", at: location,
                expected: "the value alone; a value that is needed in several places can be a variable (variables:) or a file (include:)")
        }
        if let tag = event.tag {
            faults.report("'\(tag)' is a tag, which recipes do not have", at: location, expected: "the value alone")
        }
    }
}

extension StringProtocol {
    /// Without white space at either end.
    fileprivate var trimmed: SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
