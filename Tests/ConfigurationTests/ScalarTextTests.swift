import Testing

@testable import Configuration

@Suite("Text in which signs are spelled for other programs")
struct ScalarTextTests {
    @Test("every sign is replaced, also one that a combining mark, a joiner or a line feed makes one character with")
    func signs() {
        let spellings: [Unicode.Scalar: String] = ["'": "Q", "\r": "R", ",": ""]
        for (text, expected) in [
            ("a'b", "aQb"), ("'\u{301}", "Q\u{301}"), ("'\u{200D}'", "Q\u{200D}Q"), ("\r\n", "R\n"), (",\u{338},", "\u{338}"), ("", ""), ("öß", "öß"),
        ] {
            #expect(Array(text.spelling(spellings).unicodeScalars) == Array(expected.unicodeScalars), "\(expected)")
        }
    }

    @Test("what stands in place of a sign is not looked at again")
    func once() {
        #expect("a\"b\\".spelling(["\"": "\\\"", "\\": "\\\\"]) == "a\\\"b\\\\")
    }
}
