import Foundation
import Testing

@testable import PluginLibraries

@Suite("ELF files are read without trusting them")
struct ELFFileTests {
    /// A shared library that is certainly there: the one that holds the C library's math.
    private static let library = try? Data(contentsOf: URL(fileURLWithPath: mathLibraryPath))

    private static var mathLibraryPath: String {
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        return maps.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }.first { $0.contains("/libm.so") }
            ?? "/lib/x86_64-linux-gnu/libm.so.6"
    }

    private func library() throws -> Data { try #require(Self.library) }

    private func reason(_ data: Data) -> String? {
        do throws(ELFFile.Fault) {
            _ = try ELFFile(library: data)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("a system library has its sections and its symbols")
    func system() throws {
        let file = try ELFFile(library: try library())
        #expect(file.section(".text") != nil)
        #expect(file.section(".regulus") == nil)
        #expect(try file.defines("cos"))
        #expect(try !file.defines("regulus_register"))
    }

    @Test("a library that is cut short anywhere is refused")
    func truncated() throws {
        let whole = try library()
        for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 300)) {
            #expect(reason(whole.prefix(count)) != nil, "cut to \(count) of \(whole.count) bytes")
        }
        #expect(reason(whole.dropLast(1)) != nil)
    }

    @Test("no change of a byte in the headers makes the reader crash")
    func mutated() throws {
        let whole = try library()
        var generator = SystemRandomNumberGenerator()
        let table = whole[40..<48].reversed().reduce(0) { $0 << 8 | Int($1) }
        for _ in 0..<3000 {
            var data = whole
            let place = Bool.random() ? Int.random(in: 4..<800) : Int.random(in: table..<whole.count)
            data[place] = UInt8.random(in: 0...255, using: &generator)
            guard let file = try? ELFFile(library: data) else { continue }
            _ = file.section(".regulus")
            _ = try? file.defines("regulus_register")
        }
    }

    @Test("numbers that point beyond every end are refused", arguments: [32, 40, 54, 56, 58, 60, 62])
    func enormous(place: Int) throws {
        var data = try library()
        let count = place < 54 ? 8 : 2
        data.replaceSubrange(place..<place + count, with: Array(repeating: 0xFF, count: count))
        #expect(reason(data) != nil)
    }

    @Test("what is no ELF file is called that", arguments: ["", "#!/bin/sh\necho hello\n", "\u{7F}EL"])
    func text(_ text: String) {
        let reason = reason(Data(text.utf8))
        #expect(reason == (text.isEmpty ? "is empty" : "is not a shared library (it does not begin as an ELF file does)"))
    }

    @Test("a library for another processor, an object file and a program are told apart")
    func kinds() throws {
        var data = try library()
        data[18] = 40
        #expect(reason(data)?.contains("is for another processor (ELF machine 40") == true)
        data = try library()
        data[4] = 1
        #expect(reason(data)?.contains("another kind of processor") == true)
        data = try library()
        data[16] = 1
        #expect(reason(data) == "is an object file, not a shared library")
        let program = try Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"))
        #expect(reason(program) == "is a program, not a shared library")
    }

    @Test("random bytes behind a right beginning are refused")
    func random() throws {
        let start = try library().prefix(20)
        for _ in 0..<200 {
            let data = start + Data((0..<4096).map { _ in UInt8.random(in: 0...255) })
            #expect(reason(data) != nil)
        }
    }
}
