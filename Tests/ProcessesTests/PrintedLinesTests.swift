import Foundation
import TestSupport
import Testing

@testable import Processes

@Suite("What another program printed, as messages quote it")
struct PrintedLinesTests {
    @Test("the last lines are quoted, and blank ones do not count")
    func last() {
        #expect(PrintedLines.last(2, of: "one\ntwo\n\nthree\r\n\n") == ["two", "three"])
        #expect(PrintedLines.last(3, of: "\n\n").isEmpty)
    }

    @Test("nothing that a terminal would obey is quoted, nor more than 300 characters of a line")
    func printable() {
        #expect(PrintedLines.last(1, of: "\u{1B}[31mred\u{7}\t!") == ["[31mred!"])
        #expect(PrintedLines.last(1, of: String(repeating: "é", count: 1000)) == [String(repeating: "é", count: 300)])
    }

    @Test("of a file only the end is read, and nothing before a given position")
    func file() throws {
        let folder = try TemporaryFolder()
        let text = (0..<2000).map { "line \($0)\n" }.joined()
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder("log")))
        #expect(PrintedLines.last(2, ofFile: folder("log")) == ["line 1998", "line 1999"])
        #expect(PrintedLines.last(2000, ofFile: folder("log")).count < 500)
        let start = UInt64(text.utf8.count)
        #expect(PrintedLines.last(2, ofFile: folder("log"), from: start - 10) == ["line 1999"])
        #expect(PrintedLines.last(2, ofFile: folder("log"), from: start).isEmpty)
        // A log that was begun anew is shorter than it was.
        #expect(PrintedLines.last(2, ofFile: folder("log"), from: start + 100).isEmpty)
        #expect(PrintedLines.last(2, ofFile: folder("absent")).isEmpty)
    }
}
