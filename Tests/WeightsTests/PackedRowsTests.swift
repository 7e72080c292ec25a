import Foundation
import GoldenFixtures
import Persistence
import TestSupport
import Testing

@testable import Weights

@Suite("Rows that lie in one piece")
struct PackedRowsTests {
    private let folder: TemporaryFolder
    /// Whole numbers that every type holds.
    private let values = (0..<200 * 12).map { Float($0 % 128) }

    init() throws { folder = try TemporaryFolder() }

    /// A file with the same 200 rows of 12 in several types, and with so many bytes more that it stays open, or not.
    private func file(_ name: String, filledUpTo size: Int) throws -> ArrayFile {
        var writer = SafetensorsWriter()
        writer.add("f4", values, shape: [200, 12])
        writer.add("f8", .float64, shape: [200, 12], bytes: values.map { Double($0) }.withUnsafeBytes { Data($0) })
        writer.add("f2", .float16, shape: [200, 12], bytes: values.map { Float16($0) }.withUnsafeBytes { Data($0) })
        writer.add("i8", .int8, shape: [200, 12], bytes: values.map { Int8($0) }.withUnsafeBytes { Data($0) })
        writer.add("zz", .uint8, shape: [size], bytes: Data(count: size))
        try writer.write(to: folder.path + "/" + name)
        return try ArrayFile(folder.path + "/" + name)
    }

    @Test(
        "A row of any type has the bits of the whole array, as a whole and in part, out of a file that stays open and out of memory", arguments: [1, 2 << 20])
    func bits(size: Int) throws {
        let file = try file("rows.safetensors", filledUpTo: size)
        for key in ["f4", "f8", "f2", "i8"] {
            let array = try file.array(key)
            let rows = try #require(array.packedRows)
            let isOpen = MappedFile.holding(try array.bytes(rows: 0..<200)) != nil
            #expect(isOpen == (size >= MappedFile.smallest), "\(key)")
            for row in [199, 0, 57, 57] {
                var whole = [Float](repeating: -1, count: 12)
                try whole.withUnsafeMutableBufferPointer { try rows.read(row, into: $0) }
                #expect(whole.map(\.bitPattern) == values[row * 12..<row * 12 + 12].map(\.bitPattern), "\(key) \(row)")
                var part = [Float](repeating: -1, count: 3)
                try part.withUnsafeMutableBufferPointer { try rows.read(row, 4..<7, into: $0) }
                #expect(part.map(\.bitPattern) == values[row * 12 + 4..<row * 12 + 7].map(\.bitPattern), "\(key) \(row)")
            }
        }
    }

    @Test("A file that another program cuts short while it is open is named, and the program goes on")
    func cutShort() throws {
        let file = try file("rows.safetensors", filledUpTo: 2 << 20)
        let array = try file.array("zz")
        let rows = try #require(array.packedRows)
        #expect(truncate(folder.path + "/rows.safetensors", 1 << 20) == 0)
        var value: [Float] = [-1]
        let fault = #expect(throws: WeightsFault.self) { try value.withUnsafeMutableBufferPointer { try rows.read((2 << 20) - 1, into: $0) } }
        #expect(
            fault?.description
                == "\(folder.path)/rows.safetensors: array \"zz\": a row is no longer in the file, which another program has shortened")
        try value.withUnsafeMutableBufferPointer { try rows.read(0, into: $0) }
        #expect(value == [0])
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
