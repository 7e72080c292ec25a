import Foundation
import TestSupport
import Testing

@testable import Persistence

@Suite("Files of JSON lines")
struct JSONLinesFileTests {
    struct Record: Codable, Equatable {
        var epoch: Int
        var name: String
    }

    @Test("Appended values come back in order")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let file = JSONLinesFile(folder("metrics.jsonl"))
        let records = (0..<5).map { Record(epoch: $0, name: "line\nbreak \($0)") }
        for record in records { try file.append(record) }
        #expect(try file.read(as: Record.self) == records)
        #expect(try FileContents.text(file.path).hasPrefix(#"{"epoch":0,"name":"line\nbreak 0"}"# + "\n"))
    }

    @Test("An unfinished last line is skipped, and cut off by the next append", arguments: [1, 10, 5000])
    func unfinishedLine(length: Int) throws {
        let folder = try TemporaryFolder()
        let file = JSONLinesFile(folder("metrics.jsonl"))
        try file.append(Record(epoch: 1, name: "whole"))
        let whole = try FileContents.text(file.path)
        try AtomicFile.write(whole + String(repeating: "{", count: length), to: file.path)
        #expect(try file.read(as: Record.self).count == 1)
        try file.append(Record(epoch: 2, name: "next"))
        #expect(try file.read(as: Record.self).map(\.epoch) == [1, 2])
    }

    @Test("A file that is nothing but an unfinished line starts over")
    func onlyUnfinished() throws {
        let folder = try TemporaryFolder()
        let file = JSONLinesFile(folder("metrics.jsonl"))
        try AtomicFile.write("{\"epoch\"", to: file.path)
        try file.append(Record(epoch: 3, name: ""))
        #expect(try file.read(as: Record.self).map(\.epoch) == [3])
    }

    @Test("A value without a JSON form is refused and nothing is written")
    func notANumber() throws {
        let folder = try TemporaryFolder()
        let file = JSONLinesFile(folder("metrics.jsonl"))
        let fault = #expect(throws: FileFault.self) { try file.append(["loss": Double.nan]) }
        #expect(fault?.description.hasPrefix("cannot append to \(file.path): the value has no JSON form: ") == true)
        #expect(folder.names.isEmpty)
    }

    @Test("A line of another form is named by its number")
    func wrongLine() throws {
        let folder = try TemporaryFolder()
        let file = JSONLinesFile(folder("metrics.jsonl"))
        try AtomicFile.write("{\"epoch\":1,\"name\":\"\"}\n[1]\n", to: file.path)
        let fault = #expect(throws: FileFault.self) { try file.read(as: Record.self) }
        #expect(fault?.description.hasPrefix("cannot read line 2 of \(file.path): not the expected JSON: ") == true)
    }

    @Test("Concurrent appends keep every line whole")
    func concurrent() async throws {
        let folder = try TemporaryFolder()
        let file = JSONLinesFile(folder("metrics.jsonl"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for epoch in 0..<40 {
                group.addTask { try file.append(Record(epoch: epoch, name: String(repeating: "x", count: 300))) }
            }
            try await group.waitForAll()
        }
        #expect(Set(try file.read(as: Record.self).map(\.epoch)) == Set(0..<40))
    }
}
