import Foundation
import GoldenFixtures
import Persistence
import TestSupport
import Testing

@testable import Weights

@Suite("Rows that lie in one piece")
struct PackedRowsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Whole numbers that every type holds: 12 rows.
    private func values(_ width: Int) -> [Float] { (0..<12 * width).map { Float($0 % 128) } }

    /// A file with the same 12 rows in several types, and with so many bytes more that it stays open, or not.
    private func file(_ name: String, width: Int = 12, filledUpTo size: Int) throws -> ArrayFile {
        let values = values(width)
        var writer = SafetensorsWriter()
        writer.add("f4", values, shape: [12, width])
        writer.add("f8", .float64, shape: [12, width], bytes: values.map { Double($0) }.withUnsafeBytes { Data($0) })
        writer.add("f2", .float16, shape: [12, width], bytes: values.map { Float16($0) }.withUnsafeBytes { Data($0) })
        writer.add("i8", .int8, shape: [12, width], bytes: values.map { Int8($0) }.withUnsafeBytes { Data($0) })
        writer.add("zz", .uint8, shape: size < 4096 ? [size] : [size / 4096, 4096], bytes: Data(count: size))
        try writer.write(to: folder.path + "/" + name)
        return try ArrayFile(folder.path + "/" + name)
    }

    @Test(
        "A row of any type and length has the bits of the whole array, as a whole and in part, out of a file that stays open and out of memory",
        arguments: [1, 2 << 20], [12, PackedRows.leastRead])
    func bits(size: Int, width: Int) throws {
        let file = try file("rows.safetensors", width: width, filledUpTo: size)
        let values = values(width)
        for key in ["f4", "f8", "f2", "i8"] {
            let array = try file.array(key)
            let rows = try #require(array.packedRows)
            let isOpen = MappedFile.holding(try array.bytes(rows: 0..<12)) != nil
            #expect(isOpen == (size >= MappedFile.smallest), "\(key)")
            for row in [11, 0, 5, 5] {
                var whole = [Float](repeating: -1, count: width)
                try whole.withUnsafeMutableBufferPointer { try rows.read(row, into: $0) }
                #expect(whole.map(\.bitPattern) == values[row * width..<(row + 1) * width].map(\.bitPattern), "\(key) \(row)")
                var part = [Float](repeating: -1, count: 3)
                try part.withUnsafeMutableBufferPointer { try rows.read(row, 4..<7, into: $0) }
                #expect(part.map(\.bitPattern) == values[row * width + 4..<row * width + 7].map(\.bitPattern), "\(key) \(row)")
            }
        }
    }

    @Test("A file that another program cuts short while it is open is named, and the program goes on")
    func cutShort() throws {
        let file = try file("rows.safetensors", filledUpTo: 2 << 20)
        let array = try file.array("zz")
        let rows = try #require(array.packedRows)
        #expect(truncate(folder.path + "/rows.safetensors", 1 << 20) == 0)
        var row = [Float](repeating: -1, count: 4096)
        let fault = #expect(throws: WeightsFault.self) { try row.withUnsafeMutableBufferPointer { try rows.read(511, into: $0) } }
        #expect(
            fault?.description
                == "\(folder.path)/rows.safetensors: array \"zz\": a row is no longer in the file, which another program has shortened")
        try row.withUnsafeMutableBufferPointer { try rows.read(0, into: $0) }
        #expect(row == [Float](repeating: 0, count: 4096))
    }

    @Test("Rows that lie in other orders of bytes or axes are not in one piece")
    func others() throws {
        let file = try ArrayFile(Fixtures.path("arrays/numpy-2.npz"))
        #expect(try file.array("f4").packedRows != nil)
        for key in ["big", "columns"] { #expect(try file.array(key).packedRows == nil, "\(key)") }
    }

    @Test("A file stays open as long as it is mapped, and pieces of its mapping are found in it")
    func closed() throws {
        let path = folder.path + "/bytes"
        try Data(count: 2 << 20).write(to: URL(fileURLWithPath: path))
        func timesOpen() throws -> Int {
            let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            return numbers.count { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)) == path }
        }
        do {
            let data = try FileContents.mapped(path)
            #expect(try timesOpen() == 1)
            #expect(MappedFile.holding(data[(1 << 20)..<(1 << 20) + 100])?.offset == 1 << 20)
            #expect(MappedFile.holding(Data(count: 2 << 20)) == nil, "memory that is of no file")
        }
        #expect(try timesOpen() == 0)
    }
}
