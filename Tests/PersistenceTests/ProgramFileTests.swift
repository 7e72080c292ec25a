import Foundation
import TestSupport
import Testing

@testable import Persistence

@Suite("What an executable file says of itself")
struct ProgramFileTests {
    /// An ELF file of one table entry, which points at these notes.
    private func program(notes: [UInt8], entries: UInt16 = 1, length: UInt64? = nil) -> Data {
        func bytes<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
            (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1] + [UInt8](repeating: 0, count: 26) + bytes(UInt64(64))
        file += [UInt8](repeating: 0, count: 14) + bytes(UInt16(56)) + bytes(entries) + [UInt8](repeating: 0, count: 6)
        file += bytes(UInt32(4)) + bytes(UInt32(4)) + bytes(UInt64(120)) + bytes(UInt64(0)) + bytes(UInt64(0))
        file += bytes(length ?? UInt64(notes.count)) + bytes(UInt64(0)) + bytes(UInt64(4))
        return Data(file + notes)
    }

    private let identifier: [UInt8] = [4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4E, 0x55, 0, 0xAB, 0x01, 0xFF, 0]

    @Test("The linker's identifier is found, also behind another note")
    func found() {
        let other: [UInt8] = [4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0x47, 0x4E, 0x55, 0, 9, 9, 9, 9]
        #expect(ProgramFile.buildIdentifier(in: program(notes: identifier)) == "ab01ff")
        #expect(ProgramFile.buildIdentifier(in: program(notes: other + identifier)) == "ab01ff")
    }

    @Test("A file without one, of another kind, or cut off anywhere has none")
    func missing() {
        let whole = program(notes: identifier)
        #expect(ProgramFile.buildIdentifier(in: Data("#!/bin/sh\n".utf8)) == nil)
        #expect(ProgramFile.buildIdentifier(in: program(notes: [])) == nil)
        #expect(ProgramFile.buildIdentifier(in: program(notes: identifier, entries: 0)) == nil)
        #expect(ProgramFile.buildIdentifier(in: program(notes: identifier, length: .max)) == nil)
        for length in 0..<whole.count - 1 { #expect(ProgramFile.buildIdentifier(in: whole.prefix(length)) == nil) }
    }

    @Test("What cannot be read has none")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        #expect(ProgramFile.buildIdentifier(of: folder("none")) == nil)
    }
}
