import Testing

@testable import Weights

@Suite("JSON as headers and sidecars use it")
struct JSONValueTests {
    @Test("Every kind of value is read, and members keep their order")
    func values() throws {
        let text = #" {"b": [1, -2.5, 1e3, true, false, null], "a": {"x": "é\n\u00e9\ud83d\ude00"}, "": {}, "e": []} "#
        let value = try JSONValue(parsing: text.utf8)
        #expect(value.members.map(\.key) == ["b", "a", "", "e"])
        #expect(value["b"] == .array([.integer(1), .number(-2.5), .number(1000), .bool(true), .bool(false), .null]))
        #expect(value["a"]?["x"]?.text == "é\né😀")
        #expect(value["b"]?.elements?[2].whole == 1000)
        #expect(value["b"]?.elements?[1].whole == nil)
        #expect(value["b"]?.elements?[1].double == -2.5)
    }

    @Test(
        "Faults say what was found and where",
        arguments: [
            ("", "byte 0: expected a value, found the end of the text"),
            ("{\"a\":1,\"a\":2}", "byte 7: the key \"a\" appears twice"),
            ("{\"a\" 1}", "byte 5: expected ':' after the key, found '1'"),
            ("{\"a\":1 \"b\":2}", "byte 7: expected ',' or '}', found '\"'"),
            ("{a:1}", "byte 1: expected a key in quotes, found 'a'"),
            ("[1 2]", "byte 3: expected ',' or ']', found '2'"),
            ("[1] x", "byte 4: unexpected 'x' after the value"),
            ("[01]", "byte 2: expected ',' or ']', found '1'"),
            ("[1.]", "byte 3: expected a digit, found ']'"),
            ("[1e999]", "byte 1: the number 1e999 is out of range"),
            ("\"abc", "byte 0: the string does not end"),
            ("\"\\x\"", "byte 2: an unknown escape in a string"),
            ("\"\\ud800\"", "byte 3: half of a surrogate pair in a string"),
            ("\"\u{1}\"", "byte 1: a control character inside a string"),
            ("tru", "byte 0: expected a value, found 't'"),
            (String(repeating: "[", count: 100_000), "byte 64: nested more than 64 levels deep"),
        ])
    func faults(text: String, message: String) {
        let fault = #expect(throws: JSONFault.self) { try JSONValue(parsing: text.utf8) }
        #expect(fault?.description == message)
    }

    @Test("A string that is not UTF-8 is refused")
    func notUTF8() {
        let fault = #expect(throws: JSONFault.self) { try JSONValue(parsing: [0x22, 0xff, 0x22]) }
        #expect(fault?.description == "byte 0: the string is not UTF-8")
    }

    @Test("A quoted text is read back as it was", arguments: ["", "a\"b\\c", "tab\tline\nend\r", "\u{1}\u{1f}", "×😀"])
    func quoting(text: String) throws {
        #expect(try JSONValue(parsing: JSONValue.quoted(text).utf8) == .string(text))
    }
}
