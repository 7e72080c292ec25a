import Foundation
import TestSupport
import Testing

@testable import Persistence

@Suite("A log of sealed lines")
struct SealedLogTests {
    private struct Entry: Codable, Hashable {
        var number: Int
        var text = "a \"line\""
    }

    private func lines(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func reasons(_ log: SealedLog) throws -> [String] { try log.read(as: Entry.self).damages.map { "\($0.line) \($0.reason)" } }

    /// A log of four entries, with its lines changed.
    private func log(_ folder: TemporaryFolder, _ change: (inout [String]) -> Void) throws -> SealedLog {
        let log = SealedLog(folder("log"))
        for path in [log.path, log.sealPath] { try? FileManager.default.removeItem(atPath: path) }
        for number in 1...4 { try log.append(Entry(number: number)) }
        var lines = try lines(log.path)
        change(&lines)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: log.path))
        return log
    }

    @Test("gives back what was appended, and has no lines where there is no file")
    func whole() throws {
        let folder = try TemporaryFolder()
        #expect(try SealedLog(folder("none")).read(as: Entry.self).values.isEmpty)
        let log = try log(folder) { _ in }
        let found = try log.read(as: Entry.self)
        #expect(found.values == (1...4).map { Entry(number: $0) } && found.damages.isEmpty)
    }

    @Test("names a line that was changed, and reads the others")
    func changed() throws {
        let folder = try TemporaryFolder()
        let log = try log(folder) { $0[1] = $0[1].replacing("\"number\":2", with: "\"number\":7") }
        #expect(try reasons(log) == ["2 is not what was written"])
        #expect(try log.read(as: Entry.self).values.map(\.number) == [1, 3, 4])
    }

    @Test("notices lines that were taken away before others")
    func removed() throws {
        let folder = try TemporaryFolder()
        #expect(try reasons(log(folder) { $0.remove(at: 1) }) == ["2 follows one that is missing"])
        #expect(try reasons(log(folder) { $0.removeFirst() }) == ["1 follows one that is missing"])
    }

    @Test("notices lines that were taken away from its end, all of them too, and does not forget it with what is appended", arguments: 1...4)
    func shortened(by count: Int) throws {
        let folder = try TemporaryFolder()
        let log = try log(folder) { $0.removeLast(count) }
        let missing = "\(5 - count) is missing: there were 4 lines"
        #expect(try reasons(log) == [missing])
        try log.append(Entry(number: 5))
        #expect(try reasons(log) == ["\(5 - count) follows one that is missing"])
        try log.append(Entry(number: 6))
        #expect(try reasons(log) == ["\(5 - count) follows one that is missing"])
    }

    @Test("notices that its file is gone")
    func gone() throws {
        let folder = try TemporaryFolder()
        let log = try log(folder) { _ in }
        unlink(log.path)
        #expect(try reasons(log) == ["1 is missing: there were 4 lines"])
    }

    @Test("may be longer than its seal says, as after a crash between the two, or have none, as an older one")
    func olderSeal() throws {
        let folder = try TemporaryFolder()
        let log = try log(folder) { _ in }
        let seal = try Data(contentsOf: URL(fileURLWithPath: log.sealPath))
        try log.append(Entry(number: 5))
        try seal.write(to: URL(fileURLWithPath: log.sealPath))
        #expect(try reasons(log) == [])
        try log.append(Entry(number: 6))
        #expect(try reasons(log) == [])
        unlink(log.sealPath)
        #expect(try reasons(log) == [])
        try log.append(Entry(number: 7))
        #expect(try reasons(log) == [] && log.read(as: Entry.self).values.map(\.number) == Array(1...7))
    }

    @Test("names a seal of which any byte was changed")
    func everyByteOfSeal() throws {
        let folder = try TemporaryFolder()
        let log = try log(folder) { _ in }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: log.sealPath))
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            try changed.write(to: URL(fileURLWithPath: log.sealPath))
            #expect(try log.read(as: Entry.self).damages.map(\.path) == [log.sealPath], "byte \(place)")
        }
        try log.append(Entry(number: 5))
        #expect(try reasons(log) == [])
    }

    @Test("is not shaken by what a crash left of a line: that line is named, and the next one stands by itself")
    func torn() throws {
        let folder = try TemporaryFolder()
        let log = SealedLog(folder("log"))
        for number in 1...2 { try log.append(Entry(number: number)) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: log.path))
        for cut in [bytes.count - 1, bytes.count - 20, bytes.count - 120] {
            try bytes.prefix(cut).write(to: URL(fileURLWithPath: log.path))
            try log.append(Entry(number: 3))
            let found = try log.read(as: Entry.self)
            #expect(found.values.last?.number == 3)
            #expect(found.damages.map(\.line) == (cut == bytes.count - 1 ? [] : [2]))
        }
    }

    @Test("takes lines of many writers, each whole")
    func writers() async throws {
        let folder = try TemporaryFolder()
        let path = folder("log")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask { for number in 0..<20 { try SealedLog(path).append(Entry(number: writer * 20 + number)) } }
            }
            try await group.waitForAll()
        }
        let found = try SealedLog(path).read(as: Entry.self)
        #expect(found.values.map(\.number).sorted() == Array(0..<160) && found.damages.isEmpty)
    }

    @Test("survives any changed byte: the line is named or, where it is a line break, two are")
    func everyByte() throws {
        let folder = try TemporaryFolder()
        let log = try log(folder) { _ in }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: log.path))
        for place in bytes.indices.dropLast() {
            var changed = bytes
            changed[place] ^= 1
            try changed.write(to: URL(fileURLWithPath: log.path))
            #expect(try !log.read(as: Entry.self).damages.isEmpty, "byte \(place)")
        }
    }

    @Test("holds nothing but an unfinished line: that line is named, and what is appended comes after it")
    func onlyUnfinished() throws {
        let folder = try TemporaryFolder()
        let log = SealedLog(folder("log"))
        try AtomicFile.write("{\"sha256\"", to: log.path)
        try log.append(Entry(number: 3))
        let found = try log.read(as: Entry.self)
        #expect(found.values.map(\.number) == [3] && found.damages.map(\.line) == [1])
    }

    @Test("a last line whose digest was damaged, even to a quotation mark, does not damage the line that is appended", arguments: ["\"", "\\", "é"])
    func damagedDigest(_ mark: String) throws {
        let folder = try TemporaryFolder()
        let log = try log(folder) { lines in
            let digest = lines[3].index(lines[3].startIndex, offsetBy: 20)
            lines[3].replaceSubrange(digest...digest, with: mark)
        }
        try log.append(Entry(number: 5))
        let read = try log.read(as: Entry.self)
        #expect(read.values.map(\.number) == [1, 2, 3, 5] && read.damages.map(\.line) == [4])
    }

    @Test("gives back text with line breaks, each entry on one line")
    func lineBreaks() throws {
        let folder = try TemporaryFolder()
        let log = SealedLog(folder("log"))
        let entries = (0..<3).map { Entry(number: $0, text: "line\nbreak \($0)") }
        for entry in entries { try log.append(entry) }
        #expect(try lines(log.path).count == 3)
        #expect(try log.read(as: Entry.self).values == entries)
    }

    @Test("names a whole line that has another form")
    func otherForm() throws {
        let folder = try TemporaryFolder()
        let log = SealedLog(folder("log"))
        try log.append(Entry(number: 1))
        try log.append([1])
        #expect(try reasons(log) == ["2 is not what this version of the program writes"])
        #expect(try log.read(as: Entry.self).values.map(\.number) == [1])
    }

    @Test("refuses a value without a JSON form, and writes nothing")
    func notANumber() throws {
        let folder = try TemporaryFolder()
        let log = SealedLog(folder("log"))
        let fault = #expect(throws: FileFault.self) { try log.append(["loss": Double.nan]) }
        #expect(fault?.description.hasPrefix("cannot append to \(log.path): the value has no JSON form: ") == true)
        #expect(folder.names.isEmpty)
    }

    @Test("that cannot be written says why")
    func fault() throws {
        let fault = #expect(throws: FileFault.self) { try SealedLog("/proc/log").append(Entry(number: 1)) }
        #expect(fault?.description.hasPrefix("cannot append to /proc/log: ") == true)
    }
}
