extension Diagnostic {
    /// How the file in which a fault lies came to be read.
    package struct Mention: Hashable, Sendable {
        package enum Verb: String, Hashable, Sendable {
            case included, extended
        }

        package let verb: Verb
        package let location: SourceLocation
    }

    /// The same fault with the way to its file, the nearest mention first.
    func mentioned(by mentions: [Mention]) -> Diagnostic {
        Diagnostic(message, at: location, expected: expected, suggestion: suggestion, mentions: self.mentions + mentions)
    }
}
