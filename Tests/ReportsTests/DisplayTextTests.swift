import SampleResults
import Testing

@testable import Reports

@Suite("Text in columns")
struct DisplayTextTests {
    @Test(
        "Width counts columns, not characters or bytes",
        arguments: [("± 1", 3), ("cafe\u{301}", 4), ("東京", 4), ("", 0), ("→ –", 3)] as [(String, Int)])
    func width(text: String, columns: Int) {
        #expect(DisplayText.width(text) == columns)
    }

    @Test("What is cut is marked, within the width")
    func truncation() {
        #expect(DisplayText.truncated("regularizer", to: 6) == "regul…")
        #expect(DisplayText.truncated("東京都", to: 4) == "東…")
        #expect(DisplayText.truncated("fits", to: 4) == "fits")
        #expect(DisplayText.truncated("fits", to: 0) == "")
    }

    @Test("Control characters become spaces")
    func control() {
        #expect(DisplayText.singleLine("a\nb\u{1B}[31mc") == "a b [31mc")
    }

    @Test("Lines break at spaces, with later lines indented")
    func wrapping() {
        #expect(DisplayText.wrapped("one two three four", to: 9, indent: "  ") == "one two\n  three\n  four")
        #expect(DisplayText.wrapped("immeasurable one 東京 two", to: 9, indent: " ") == "immeasurable\n one 東京\n two")
        #expect(DisplayText.wrapped("", to: 8) == "")
    }

    @Test(
        "Numbers carry one decimal, differences their sign",
        arguments: [(0.0123, "+1.2"), (-0.004, "−0.4"), (0.0004, "0.0"), (-0.0004, "0.0")] as [(Double, String)])
    func signed(difference: Double, text: String) {
        #expect(NumberText.signedPercent(difference) == text)
    }
}
