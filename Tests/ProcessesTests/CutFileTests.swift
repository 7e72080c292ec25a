import Foundation
import TestSupport
import Testing

@testable import Processes

@Suite("A mapped file that is cut short while it is read") struct CutFileTests {
    /// Maps the two pages of a file that has them.
    private static func mapped(_ path: String) throws -> UnsafeMutableRawPointer {
        try Data(repeating: 1, count: 8192).write(to: URL(fileURLWithPath: path))
        let file = open(path, O_RDONLY)
        defer { close(file) }
        return try #require(mmap(nil, 8192, PROT_READ, MAP_PRIVATE, file, 0))
    }

    @Test("the file is found by any address in it, and none by an address of memory alone")
    func path() throws {
        let folder = try TemporaryFolder()
        let memory = try Self.mapped(folder("a file.npy"))
        defer { munmap(memory, 8192) }
        let line = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 16)
        defer { line.deallocate() }
        for offset in [0, 4095, 8191] {
            let path = CutFile.path(at: UInt(bitPattern: memory + offset), in: line)
            #expect(path.map { String(decoding: $0, as: UTF8.self) } == folder("a file.npy"))
        }
        #expect(CutFile.path(at: UInt(bitPattern: line.baseAddress), in: line) == nil)
    }

    @Test("ends the process with the file's name and the exit code of wrong input")
    func end() async throws {
        let outcome = try #require(
            await #expect(processExitsWith: .exitCode(2), observing: [\.standardErrorContent]) {
                let folder = try TemporaryFolder()
                let memory = try CutFileTests.mapped(folder("cut.npy"))
                CutFile.watch()
                truncate(folder("cut.npy"), 100)
                // The rest of the page that the file ends in is zeros, and the next one is none.
                print(memory.load(fromByteOffset: 5000, as: UInt8.self))
            })
        let said = String(decoding: outcome.standardErrorContent, as: UTF8.self)
        #expect(said.contains("error: cannot read /") && said.contains("/cut.npy: it was cut short while it was in use"), "\(said)")
    }
}
