import Foundation
import Testing

@testable import Weights

/// A zip archive written field by field, so that tests can break any rule.
private struct Zip {
    struct File {
        var name: String
        var method: UInt16 = 0
        var flags: UInt16 = 0
        var size: UInt32
        var stored: [UInt8]
        /// Where the directory says that the local header is; nil for the truth.
        var header: UInt32?
        var localName: String?

        init(_ name: String, _ stored: [UInt8]) {
            (self.name, self.stored, size) = (name, stored, UInt32(stored.count))
        }
    }

    var files: [File]
    var comment: [UInt8] = []
    var announced: UInt16?

    var data: Data {
        var body: [UInt8] = []
        var directory: [UInt8] = []
        for file in files {
            let place = UInt32(body.count)
            let sum = Inflation.checksum(Data(file.stored))
            let local = file.localName ?? file.name
            body += bytes(0x0403_4b50 as UInt32) + bytes(20 as UInt16) + bytes(file.flags) + bytes(file.method) + bytes(0 as UInt32)
            body += bytes(sum) + bytes(UInt32(file.stored.count)) + bytes(file.size) + bytes(UInt16(local.utf8.count)) + bytes(0 as UInt16)
            body += Array(local.utf8) + file.stored
            directory += bytes(0x0201_4b50 as UInt32) + bytes(20 as UInt16) + bytes(20 as UInt16) + bytes(file.flags) + bytes(file.method)
            directory += bytes(0 as UInt32) + bytes(sum) + bytes(UInt32(file.stored.count)) + bytes(file.size)
            directory += bytes(UInt16(file.name.utf8.count)) + [UInt8](repeating: 0, count: 12) + bytes(file.header ?? place)
            directory += Array(file.name.utf8)
        }
        let count = announced ?? UInt16(files.count)
        let end = bytes(0x0605_4b50 as UInt32) + bytes(0 as UInt32) + bytes(count) + bytes(count) + bytes(UInt32(directory.count))
        return Data(body + directory + end + bytes(UInt32(body.count)) + bytes(UInt16(comment.count)) + comment)
    }

    private func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

@Suite("Zip archives")
struct PyTorchZipTests {
    private func reason(_ zip: Zip) -> String {
        do {
            let archive = try ZipArchive(zip.data)
            for entry in archive.entries { _ = try archive.contents(of: entry) }
            return ""
        } catch {
            return error.reason
        }
    }

    @Test("Stored files come back, also before a comment")
    func reading() throws {
        let archive = try ZipArchive(Zip(files: [.init("a", [1, 2, 3]), .init("b/c", [])], comment: Array("PK\u{5}\u{6} note".utf8)).data)
        #expect(archive.entries.map(\.name) == ["a", "b/c"])
        #expect(try archive.contents(of: #require(archive["a"])) == Data([1, 2, 3]))
        #expect(try archive.contents(of: #require(archive["b/c"])).isEmpty)
    }

    @Test("The checksum is the one of the standard")
    func checksum() {
        #expect(Inflation.checksum(Data("123456789".utf8)) == 0xcbf4_3926)
        #expect(Inflation.checksum(Data()) == 0)
    }

    @Test("Deflated data have to give exactly the announced bytes")
    func inflation() {
        // One stored block of three bytes, the last.
        let block = Data([1, 3, 0, 0xfc, 0xff, 7, 8, 9])
        #expect(Inflation.inflate(block, count: 3) == Data([7, 8, 9]))
        #expect(Inflation.inflate(block, count: 2) == nil)
        #expect(Inflation.inflate(block, count: 4) == nil)
        #expect(Inflation.inflate(block + [0], count: 3) == nil)
        #expect(Inflation.inflate(block.dropLast(), count: 3) == nil)
        #expect(Inflation.inflate(Data(), count: 0) == nil)
    }

    @Test("Archives that contradict themselves are refused")
    func contradictions() {
        let file = Zip.File("a", [1, 2, 3])
        func changed(_ change: (inout Zip.File) -> Void) -> Zip {
            var other = Zip.File("b", [4, 5])
            change(&other)
            return Zip(files: [file, other])
        }
        #expect(reason(changed { $0.name = "a" }) == "appears twice in the directory")
        #expect(reason(changed { $0.localName = "c" }).contains("another name"))
        #expect(reason(changed { $0.header = 0 }).contains("another name"))
        #expect(reason(changed { $0.header = 9 }).contains("no local header"))
        #expect(reason(changed { $0.flags = 1 }) == "is encrypted")
        #expect(reason(changed { $0.method = 12 }).contains("method 12"))
        #expect(reason(changed { $0.size = 9 }) == "has 9 bytes, but 2 are stored")
        #expect(reason(changed { ($0.method, $0.size) = (8, 4_000_000_000) }).contains("impossible"))
        #expect(reason(changed { ($0.method, $0.size) = (8, .max) }).contains("64-bit"))
        #expect(reason(Zip(files: [file], announced: 2)).contains("2 are announced"))
        #expect(reason(Zip(files: [file, file], announced: 1)).contains("belong to no entry"))
    }

    @Test("An archive without data.pkl is no checkpoint, and numbers have to be little-endian")
    func checkpoints() {
        let other = #expect(throws: WeightsFault.self) { try PyTorchCheckpoint(Zip(files: [.init("a", [1])]).data, named: "t") }
        #expect(other?.description == "t: directory: there is no data.pkl: not a PyTorch checkpoint")
        let files: [Zip.File] = [.init("r/data.pkl", [0x80, 2, 0x7d, 0x2e]), .init("r/byteorder", Array("big".utf8))]
        let big = #expect(throws: WeightsFault.self) { try PyTorchCheckpoint(Zip(files: files).data, named: "t") }
        #expect(big?.description == "t: r/byteorder: numbers are not stored little-endian")
        let several = Zip(files: [files[0], .init("s/data.pkl", [0x80, 2, 0x7d, 0x2e])])
        #expect(throws: WeightsFault.self) { try PyTorchCheckpoint(several.data, named: "t") }
    }
}
