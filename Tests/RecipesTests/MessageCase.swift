import Testing

/// A change of the sample recipe and the full text of what is said about it; no text where nothing is wrong.
struct MessageCase: Sendable, CustomTestStringConvertible {
    let title: String
    let passage: String
    let replacement: String
    let message: String

    init(_ title: String, _ passage: String, _ replacement: String, _ message: String) {
        self.title = title
        self.passage = passage
        self.replacement = replacement
        self.message = message
    }

    var testDescription: String { title }
}
