internal import CYAML

/// The one place that touches libyaml's structures: text to events, events to text.
enum LibYAML {
    /// Deeper nesting is refused: no recipe needs it, and everything that walks a tree is recursive.
    static let deepestNesting = 40

    /// All events of a stream up to its end or its first problem. The bytes are valid UTF-8 without a byte order mark.
    static func events(in bytes: [UInt8]) throws(YAMLProblem) -> [YAMLEvent] {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw outOfMemory }
        defer { yaml_parser_delete(parser) }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        // libyaml keeps the pointer, and asserts that it is not null even for no bytes at all.
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count + 1)
        defer { input.deallocate() }
        _ = input.initialize(from: bytes + [UInt8(ascii: "\n")])
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)

        var events: [YAMLEvent] = []
        var depth = 0
        while true {
            var raw = yaml_event_t()
            guard yaml_parser_parse(parser, &raw) == 1 else { throw problem(of: parser.pointee, in: bytes) }
            defer { yaml_event_delete(&raw) }
            if raw.type == YAML_STREAM_END_EVENT { return events }
            guard let event = event(raw) else { continue }
            switch event.kind {
            case .listStart, .mapStart: depth += 1
            case .listEnd, .mapEnd: depth -= 1
            default: break
            }
            if depth > deepestNesting {
                throw YAMLProblem(message: "nested deeper than \(deepestNesting) levels", mark: event.start)
            }
            events.append(event)
        }
    }

    private static var outOfMemory: YAMLProblem {
        YAMLProblem(message: "out of memory", mark: YAMLMark(line: 0, column: 0))
    }

    private static func event(_ raw: yaml_event_t) -> YAMLEvent? {
        func made(
            _ kind: YAMLEvent.Kind, _ anchor: UnsafeMutablePointer<UInt8>?, _ tag: UnsafeMutablePointer<UInt8>?
        ) -> YAMLEvent {
            YAMLEvent(
                kind: kind, anchor: anchor.map { String(cString: $0) }, tag: tag.map { String(cString: $0) },
                start: mark(raw.start_mark), end: mark(raw.end_mark))
        }
        switch raw.type {
        case YAML_DOCUMENT_START_EVENT:
            return made(.documentStart, nil, nil)
        case YAML_ALIAS_EVENT:
            return made(.alias(raw.data.alias.anchor.map { String(cString: $0) } ?? ""), nil, nil)
        case YAML_SCALAR_EVENT:
            let scalar = raw.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return made(.scalar(text: text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), scalar.anchor, scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            return made(.listStart, raw.data.sequence_start.anchor, raw.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            return made(.mapStart, raw.data.mapping_start.anchor, raw.data.mapping_start.tag)
        case YAML_SEQUENCE_END_EVENT:
            return made(.listEnd, nil, nil)
        case YAML_MAPPING_END_EVENT:
            return made(.mapEnd, nil, nil)
        default:
            return nil
        }
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(line: Int(mark.line), column: Int(mark.column))
    }

    private static func problem(of parser: yaml_parser_t, in bytes: [UInt8]) -> YAMLProblem {
        let message = parser.problem.map { String(cString: $0) } ?? "unreadable text"
        guard parser.error != YAML_READER_ERROR else {
            // The reader knows only the byte.
            return YAMLProblem(message: message, mark: SourceText.mark(ofByte: Int(parser.problem_offset), in: bytes))
        }
        let context = parser.context.map { " " + String(cString: $0) } ?? ""
        return YAMLProblem(message: message + context, mark: mark(parser.problem_mark))
    }
}

extension LibYAML {
    /// The tree as a YAML document: sections as blocks, lists of single values in brackets.
    static func text(of node: YAMLNode) -> String {
        let emitter = UnsafeMutablePointer<yaml_emitter_t>.allocate(capacity: 1)
        defer { emitter.deallocate() }
        guard yaml_emitter_initialize(emitter) == 1 else { return "" }
        defer { yaml_emitter_delete(emitter) }
        let output = Output()
        yaml_emitter_set_output(
            emitter,
            { context, buffer, size in
                guard let context, let buffer else { return 0 }
                let output = Unmanaged<Output>.fromOpaque(context).takeUnretainedValue()
                output.bytes.append(contentsOf: UnsafeBufferPointer(start: buffer, count: size))
                return 1
            }, Unmanaged.passUnretained(output).toOpaque())
        yaml_emitter_set_unicode(emitter, 1)
        yaml_emitter_set_width(emitter, -1)

        emit(to: emitter) { yaml_stream_start_event_initialize(&$0, YAML_UTF8_ENCODING) }
        emit(to: emitter) { yaml_document_start_event_initialize(&$0, nil, nil, nil, 1) }
        emit(node, to: emitter)
        emit(to: emitter) { yaml_document_end_event_initialize(&$0, 1) }
        emit(to: emitter) { yaml_stream_end_event_initialize(&$0) }
        return withExtendedLifetime(output) { String(decoding: output.bytes, as: UTF8.self) }
    }

    private final class Output {
        var bytes: [UInt8] = []
    }

    private static func emit(
        to emitter: UnsafeMutablePointer<yaml_emitter_t>, _ initialize: (inout yaml_event_t) -> Int32
    ) {
        var event = yaml_event_t()
        // The emitter takes the event over, also where it fails.
        if initialize(&event) == 1 { yaml_emitter_emit(emitter, &event) }
    }

    private static func emit(_ node: YAMLNode, to emitter: UnsafeMutablePointer<yaml_emitter_t>) {
        switch node.content {
        case .scalar(let scalar):
            emit(scalar, to: emitter)
        case .list(let items):
            let style = items.allSatisfy(\.isScalar) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE
            emit(to: emitter) { yaml_sequence_start_event_initialize(&$0, nil, nil, 1, style) }
            for item in items { emit(item, to: emitter) }
            emit(to: emitter) { yaml_sequence_end_event_initialize(&$0) }
        case .map(let entries):
            emit(to: emitter) { yaml_mapping_start_event_initialize(&$0, nil, nil, 1, YAML_BLOCK_MAPPING_STYLE) }
            for entry in entries {
                emit(YAMLScalar(quoted: entry.key), to: emitter)
                emit(entry.value, to: emitter)
            }
            emit(to: emitter) { yaml_mapping_end_event_initialize(&$0) }
        }
    }

    /// Without quotes where every reader understands that.
    private static func emit(_ scalar: YAMLScalar, to emitter: UnsafeMutablePointer<yaml_emitter_t>) {
        let plain = scalar.plainText
        var text = plain ?? scalar.text
        text.withUTF8 { bytes in
            let start = bytes.baseAddress ?? UnsafePointer(emptyText)
            emit(to: emitter) {
                yaml_scalar_event_initialize(
                    &$0, nil, nil, start, Int32(bytes.count), 1, 1,
                    plain == nil ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE)
            }
        }
    }

    /// libyaml wants an address even for no characters.
    nonisolated(unsafe) private static let emptyText: UnsafeMutablePointer<UInt8> = {
        let byte = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return byte
    }()
}

/// One step through a YAML stream.
struct YAMLEvent {
    enum Kind {
        case documentStart
        case scalar(text: String, isPlain: Bool)
        case alias(String)
        case listStart, listEnd
        case mapStart, mapEnd
    }

    let kind: Kind
    /// The anchor in front of a node.
    var anchor: String?
    /// The explicit tag in front of a node.
    var tag: String?
    let start: YAMLMark
    let end: YAMLMark
}

/// A position as libyaml gives it: from 0, columns in Unicode scalars.
struct YAMLMark {
    let line: Int
    let column: Int
}

/// Why a text is not valid YAML.
struct YAMLProblem: Error {
    let message: String
    let mark: YAMLMark
}
