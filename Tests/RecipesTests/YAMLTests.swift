import Configuration
import Testing

@testable import Recipes

@Suite("YAML")
struct YAMLTests {
    private func node(_ text: String) throws -> YAMLNode {
        let faults = FaultCollector()
        let node = YAMLParser.parse(Array(text.utf8), file: "t.yaml", faults: faults)
        #expect(faults.diagnostics.map(\.message) == [])
        return try #require(node)
    }

    @Test(
        "values without quotes mean what YAML 1.2's core schema says",
        arguments: [
            ("~", .null), ("null", .null), ("true", .bool(true)), ("False", .bool(false)), ("yes", .string("yes")),
            ("on", .string("on")), ("12", .integer(12)), ("-3", .integer(-3)), ("+4", .integer(4)), ("010", .integer(10)),
            ("0x1F", .integer(31)), ("0o17", .integer(15)), ("0x-1", .string("0x-1")), ("1.5", .number(1.5)),
            ("1e-3", .number(0.001)), (".5", .number(0.5)), ("2.", .number(2)), ("-.inf", .number(-.infinity)),
            ("1_000", .string("1_000")), ("1e", .string("1e")), ("nan", .string("nan")), (".", .string(".")),
            ("99999999999999999999", .number(1e20)), ("+ MER", .string("+ MER")), ("12:30", .string("12:30")),
            ("'12'", .string("12")), ("\"true\"", .string("true")), ("''", .string("")),
        ] as [(String, OptionValue)])
    func scalars(text: String, value: OptionValue) throws {
        #expect(try node("a: \(text)")["a"]?.optionValue == value)
    }

    @Test("positions count characters, not bytes or code points")
    func positions() throws {
        let tree = try node("# é\nä: e\u{301}x\nb:\n  - {日本: 1, c: [2, 3]}\n")
        let text = try #require(tree["ä"]?.location)
        #expect((text.line, text.column, text.length) == (2, 4, 2))
        let inner = try #require(tree["b"]?.items?.first)
        #expect((inner.location.line, inner.location.column, inner.location.length) == (4, 5, 18))
        let key = try #require(inner.entry("c")?.keyLocation)
        #expect((key.line, key.column, key.length) == (4, 13, 1))
        let list = try #require(inner["c"]?.location)
        #expect((list.column, list.length) == (16, 6))
    }

    @Test(
        "what is emitted reads back as the same tree",
        arguments: [
            Sample.recipe,
            "a: 1\nb: '1'\nc: [~, 'null', true, 'true', 1.5, '1.5', '', ' x ', '# y', 'a: b', '- z', \"t\\tn\\n\\u0001é\"]\n",
            "'1': x\n'true': y\n'': z\n': ': {}\n'#k': []\n",
            "- - - a\n    - b: c\n  - []\n- {}\n",
            "text: |\n  two\n  lines\n\nfolded: >\n  one\n  line\n",
            "a: \"\\x85\\u2028\"\n\"k\\nk\": 1\n",
            "3\n", "'x'\n", "a: .nan\nb: [.inf, 1e400]\n",
        ])
    func roundTrip(text: String) throws {
        let tree = try node(text)
        let emitted = LibYAML.text(of: tree)
        #expect(try node(emitted) == tree, "\(emitted)")
        #expect(LibYAML.text(of: try node(emitted)) == emitted)
    }

    @Test("a byte order mark is passed over")
    func byteOrderMark() throws {
        let tree = try node("\u{FEFF}a: 1\n")
        #expect(tree["a"]?.location.column == 4)
        #expect(tree.entries?.map(\.key) == ["a"])
    }

    @Test("bytes that are not UTF-8 are a fault with its place")
    func invalidUTF8() {
        let bytes = Array("a: é\nb: x".utf8) + [0xC3, 0x28] + Array("\n".utf8)
        let error = #expect(throws: RecipeError.self) {
            try RecipeLoader.load(file: "r.yaml", bytes: bytes, catalogue: Sample.catalogue)
        }
        #expect(
            error?.description == """
                r.yaml:2:5: error: not valid UTF-8 here
                    2 | b: x\u{FFFD}(
                      |     ^
                      = expected text in UTF-8
                """)
    }

    @Test("nesting has an end", arguments: ["[", "{a: ", "- "])
    func depth(opening: String) {
        let message = Sample.messages(String(repeating: opening, count: 50_000))
        #expect(message.contains("error: invalid YAML: nested deeper than 40 levels"))
    }

    @Test("a text without a document is empty", arguments: ["", "\n", "# only a comment\n", "---\n", "%YAML 1.2\n---\n"])
    func empty(text: String) {
        #expect(Sample.messages(text).contains("error: "))
    }

    @Test("a text beyond any recipe's size is not read")
    func size() {
        let message = Sample.messages("# " + String(repeating: "x", count: YAMLParser.longestText))
        #expect(message.hasPrefix("r.yaml:1:1: error: the recipe has 1048578 bytes"))
    }

    @Test("a long line is shown around its fault")
    func longLine() {
        let text = "{" + (0..<100).map { "k\($0): 1" }.joined(separator: ", ") + "}"
        // The list of what is expected may be longer.
        let lines = Sample.messages(text).split(separator: "\n").filter { !$0.contains("= expected one of: ") }
        #expect(lines.allSatisfy { $0.count < 200 })
        #expect(lines.contains { $0.contains("…") && $0.contains("k60: 1") })
    }
}
