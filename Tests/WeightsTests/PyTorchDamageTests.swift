import Foundation
import Tensors
import Testing

@testable import Weights

@Suite("Damaged checkpoints never stop the program")
struct PyTorchDamageTests {
    static let files = ["handmade_zip.pth", "deflated_zip.pth", "state_dict_legacy.pth"]

    /// Opens `data` and reads every tensor; returns whether it was accepted.
    private func readsOrThrows(_ data: Data) -> Bool {
        // What a flipped length may ask for is kept small, so that many files are read in little time.
        var limits = ReadingLimits()
        limits.repeatedBytes = 1 << 20
        limits.expandedBytes = 1 << 22
        do {
            let checkpoint = try PyTorchCheckpoint(data, named: "damaged", limits: limits)
            for name in checkpoint.names { _ = try checkpoint.bytes(name) }
            return true
        } catch {
            #expect("\(error)".hasPrefix("damaged: "))
            return false
        }
    }

    @Test("Cut at any byte, a file is refused", arguments: files)
    func truncation(name: String) throws {
        let whole = try CheckpointCase.data(name)
        for count in 0..<whole.count {
            #expect(!readsOrThrows(whole.prefix(count)), "accepted with \(count) of \(whole.count) bytes")
        }
        #expect(readsOrThrows(whole))
    }

    @Test("With any one bit flipped, a file is refused or read", arguments: files)
    func singleBits(name: String) throws {
        let whole = try CheckpointCase.data(name)
        for byte in whole.indices {
            for bit in 0..<8 {
                var data = whole
                data[byte] ^= 1 << UInt8(bit)
                _ = readsOrThrows(data)
            }
        }
    }

    @Test("With random bytes replaced, a file is refused or read", arguments: files, 0..<4)
    func randomBytes(name: String, round: Int) throws {
        let whole = try CheckpointCase.data(name)
        var stream = RandomSource(seed: 23).stream(name, step: round)
        for _ in 0..<2000 {
            var data = whole
            for _ in 0..<Int.random(in: 1...6, using: &stream) {
                data[Int.random(in: 0..<data.count, using: &stream)] = UInt8.random(in: 0...255, using: &stream)
            }
            _ = readsOrThrows(data)
        }
    }

    @Test("A slice of larger data is read at its own offsets", arguments: files)
    func slices(name: String) throws {
        let whole = try CheckpointCase.data(name)
        let framed = Data([1, 2, 3]) + whole + Data([4, 5])
        let slice = try PyTorchCheckpoint(framed.dropFirst(3).dropLast(2), named: "slice")
        let plain = try PyTorchCheckpoint(whole, named: "whole")
        #expect(slice.names == plain.names)
        for name in plain.names { #expect(try slice.bytes(name) == plain.bytes(name)) }
    }

    @Test("A bit that flips in a tensor of an archive is noticed")
    func checksums() throws {
        var data = try CheckpointCase.data("handmade_zip.pth")
        let value = try #require(data.firstRange(of: Data([0, 0, 0xa0, 0x40])))
        data[value.lowerBound] ^= 1
        let fault = #expect(throws: WeightsFault.self) { try PyTorchCheckpoint(data, named: "t") }
        #expect(fault?.place == "my model/data/0")
        #expect(fault?.reason.contains("CRC-32") == true)
    }
}
