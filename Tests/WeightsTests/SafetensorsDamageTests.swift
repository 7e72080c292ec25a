import Foundation
import Tensors
import Testing

@testable import Weights

@Suite("Damaged safetensors never stop the program")
struct SafetensorsDamageTests {
    private let whole: Data = {
        var writer = SafetensorsWriter(metadata: ["note": "ünïcode"])
        writer.add("encoder.weight", [1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        writer.add("labels", [1, 2, 3] as [Int], shape: [3])
        writer.add("scalar", [4] as [Int32], shape: [])
        return writer.encoded()
    }()

    /// Opens `data` and reads everything in it in every way; returns whether it was accepted.
    private func readsOrThrows(_ data: Data) -> Bool {
        do {
            let file = try SafetensorsFile(data, named: "damaged")
            for name in file.names {
                _ = try? file.floats(name, convertingIntegers: true)
                _ = try? file.integers(name)
                _ = try? file.tensor(name, convertingIntegers: true)
            }
            return true
        } catch {
            #expect(error.description.hasPrefix("damaged: "))
            return false
        }
    }

    @Test("Cut at any byte, a file is refused")
    func truncation() {
        for count in 0..<whole.count {
            #expect(!readsOrThrows(whole.prefix(count)), "accepted with \(count) of \(whole.count) bytes")
        }
        #expect(readsOrThrows(whole))
        #expect(!readsOrThrows(whole + [0]))
    }

    @Test("A tensor without elements may have any other extents, whose product nobody can count")
    func uncountable() throws {
        let huge = [Int(Int32.max), Int(Int32.max), Int(Int32.max)]
        for shape in [huge + [0], [0] + huge] {
            var writer = SafetensorsWriter(metadata: [:])
            writer.add("empty", .float32, shape: shape, bytes: Data())
            let file = try SafetensorsFile(writer.encoded(), named: "empty")
            #expect(try file.tensor("empty").elementCount == 0)
            let array = try ArrayFile(writer.encoded(), named: "empty").array("empty")
            #expect(array.elementCount == 0 && array.shape == shape)
            #expect(try shape[0] == 0 ? array.bytes(rows: 0..<0).isEmpty : array.rowSize == 0)
        }
    }

    @Test("With any one bit flipped, a file is refused or read")
    func singleBits() {
        for byte in whole.indices {
            for bit in 0..<8 {
                var data = whole
                data[byte] ^= 1 << UInt8(bit)
                _ = readsOrThrows(data)
            }
        }
    }

    @Test("With random bytes replaced, a file is refused or read", arguments: 0..<8)
    func randomBytes(round: Int) {
        var stream = RandomSource(seed: 17).stream("damage", step: round)
        for _ in 0..<500 {
            var data = whole
            for _ in 0..<Int.random(in: 1...6, using: &stream) {
                data[Int.random(in: 0..<data.count, using: &stream)] = UInt8.random(in: 0...255, using: &stream)
            }
            _ = readsOrThrows(data)
        }
    }

    @Test("A slice of larger data is read at its own offsets")
    func slices() throws {
        let framed = Data([1, 2, 3]) + whole + Data([4, 5])
        let file = try SafetensorsFile(framed.dropFirst(3).dropLast(2), named: "slice")
        #expect(try file.integers("labels") == [1, 2, 3])
    }
}
