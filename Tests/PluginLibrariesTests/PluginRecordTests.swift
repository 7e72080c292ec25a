import Foundation
import Testing

@testable import PluginLibraries

@Suite("A library's record of its build")
struct PluginRecordTests {
    private let record = PluginRecord(build: String(repeating: "a", count: 64), module: "ShrinkPlugin", compiler: "Swift version 6.3.1")

    @Test("is read as it was written")
    func roundTrip() {
        #expect(PluginRecord(Data(record.text.utf8) + Data([0, 0, 0])) == record)
    }

    @Test("is refused where a line is missing, or is not text")
    func refused() {
        let lines = record.text.split(separator: "\n", omittingEmptySubsequences: false)
        for index in 0..<5 {
            let rest = lines.enumerated().filter { $0.offset != index }.map(\.element).joined(separator: "\n")
            #expect(PluginRecord(Data(rest.utf8)) == nil, "without line \(index + 1)")
        }
        #expect(PluginRecord(Data([0xFF, 0xFE])) == nil)
        #expect(PluginRecord(Data()) == nil)
    }

    @Test("its digest is of every byte but its own")
    func digest() throws {
        let library = Data("before ".utf8) + Data(record.text.utf8) + Data(" after".utf8)
        let section = 7..<library.count - 6
        let sealed = try #require(PluginRecord.sealed(library, section: section))
        let digest = try #require(PluginRecord(sealed[section]))
        #expect(PluginRecord.digest(of: sealed, section: section) == digest.contents)
        for place in [0, 7, section.upperBound - 1, sealed.count - 1] {
            var changed = sealed
            changed[place] ^= 1
            #expect(PluginRecord.digest(of: changed, section: section) != digest.contents)
        }
    }

    @Test("a section too short for a digest has none")
    func short() {
        #expect(PluginRecord.sealed(Data(count: 100), section: 0..<80) == nil)
        #expect(PluginRecord.digest(of: Data(count: 40), section: 0..<200) == nil)
    }
}
