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

/// Why a text is no YAML.
struct YAMLProblem: Error {
    let message: String
    let mark: YAMLMark
}
