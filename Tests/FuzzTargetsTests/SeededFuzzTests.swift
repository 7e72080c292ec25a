import Foundation
import Testing

@testable import FuzzTargets

/// A short pass over every parser of foreign bytes, the same each time: the kept inputs and changes of them that a seeded generator makes.
///
/// What libFuzzer does for hours with AddressSanitizer (`make fuzz`) needs a build of its own. Swift's own checks, of bounds, of arithmetic and of
/// memory that has one owner, are on here too, and a parser that breaks one of them ends the tests.
@Suite("Parsers of foreign bytes, on inputs that nobody has written")
struct SeededFuzzTests {
    private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
    /// Changed inputs for each parser: fewer of recipes, each of which is read with all that it includes, written and read again, and of descriptions
    /// of models, which are made.
    private static func count(of target: String) -> Int {
        ProcessInfo.processInfo.environment["REGULUS_FUZZ_COUNT"].flatMap { Int($0) } ?? (["recipe", "setting", "model"].contains(target) ? 200 : 1_000)
    }

    /// Files that a parser reads, from the smallest.
    private static func seeds(of target: String) -> [Data] {
        let fixtures = [
            "checkpoint": "checkpoints", "weights": "checkpoints", "frame": "frames", "arrays": "arrays", "safetensors": "ce",
        ]
        let folders =
            ["Fuzzing/Seeds/\(target)"] + (fixtures[target].map { ["Tests/Fixtures/\($0)"] } ?? []) + (target == "recipe" ? ["recipes"] : [])
        let files = folders.flatMap { folder in
            let path = root.appendingPathComponent(folder).path
            return ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted().map { "\(path)/\($0)" }
        }
        let contents = files.compactMap { try? Data(contentsOf: URL(fileURLWithPath: $0)) }.filter { !$0.isEmpty && $0.count <= 65_536 }
        return contents.sorted { $0.count < $1.count }
    }

    private static func dictionary(of target: String) -> [Data] {
        let names = [
            "recipe": "recipe", "setting": "recipe", "argument": "recipe", "checkpoint": "pickle", "weights": "pickle", "frame": "pickle", "arrays": "pickle",
            "sentiment": "pickle", "samples": "samples",
        ]
        guard let name = names[target],
            let text = try? String(contentsOf: root.appendingPathComponent("Fuzzing/Dictionaries/\(name).dict"), encoding: .utf8)
        else { return [] }
        return text.split(separator: "\n").compactMap { DictionaryLine($0)?.bytes }
    }

    @Test("are refused or read, and end nothing", arguments: FuzzTarget.all.keys.sorted())
    func survive(_ target: String) throws {
        let parse = try #require(FuzzTarget.all[target])
        let seeds = Self.seeds(of: target)
        for seed in seeds { parse(seed) }
        var mutation = Mutation(seed: UInt64(target.utf8.reduce(7) { $0 &* 31 &+ Int($1) }), tokens: Self.dictionary(of: target))
        let known = seeds.isEmpty ? [Data("a: 1\n".utf8)] : seeds
        for _ in 0..<Self.count(of: target) {
            let input = mutation.change(of: known)
            // Where this one ends the process, it is there to be looked at.
            let place = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-fuzz-input-\(target)-\(getpid())")
            try input.write(to: place)
            parse(input)
            try? FileManager.default.removeItem(at: place)
        }
    }
}

/// Changes of inputs, as functions of a seed.
private struct Mutation {
    private var state: UInt64
    private let tokens: [Data]

    init(seed: UInt64, tokens: [Data]) {
        state = seed
        self.tokens = tokens
    }

    /// Some input with one to eight changes.
    mutating func change(of inputs: [Data]) -> Data {
        var bytes = [UInt8](inputs[below(inputs.count)])
        for _ in 0...below(8) { change(&bytes, inputs) }
        return Data(bytes.prefix(65_536))
    }

    private mutating func change(_ bytes: inout [UInt8], _ inputs: [Data]) {
        let place = below(bytes.count + 1)
        switch below(8) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
        case 1 where place < bytes.count: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF, UInt8(below(256))][below(6)]
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
        case 3: bytes.insert(contentsOf: (0...below(8)).map { _ in UInt8(below(256)) }, at: place)
        case 4:
            // A number that a length or an offset may be.
            let extreme = [0, 1, Int.max, Int.min, -1, 1 << 31, 1 << 32, Int(Int32.max)][below(8)]
            let width = [1, 2, 4, 8][below(4)]
            let little = withUnsafeBytes(of: extreme.littleEndian) { Array($0.prefix(width)) }
            replace(at: place, with: below(2) == 0 ? little : little.reversed(), in: &bytes)
        case 5 where !tokens.isEmpty: bytes.insert(contentsOf: tokens[below(tokens.count)], at: place)
        case 6:
            let other = [UInt8](inputs[below(inputs.count)])
            let start = below(other.count + 1)
            replace(at: place, with: Array(other[start..<min(other.count, start + 1 + below(64))]), in: &bytes)
        default:
            // A piece of the input once more.
            let end = min(bytes.count, place + 1 + below(32))
            bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count + 1))
        }
    }

    private func replace(at place: Int, with piece: [UInt8], in bytes: inout [UInt8]) {
        bytes.replaceSubrange(place..<min(bytes.count, place + piece.count), with: piece)
    }

    private mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(max(bound, 1))).high) }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A line of a dictionary in libFuzzer's form: `"text"` or `name="text"`, with `\xHH`, `\\` and `\"`.
private struct DictionaryLine {
    let bytes: Data

    init?(_ line: Substring) {
        guard !line.hasPrefix("#"), let start = line.firstIndex(of: "\""), let end = line.lastIndex(of: "\""), start < end else { return nil }
        var bytes = Data()
        var rest = line[line.index(after: start)..<end].utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            if rest.first == UInt8(ascii: "x"), let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else if let escaped = rest.popFirst() {
                bytes.append(escaped)
            }
        }
        self.bytes = bytes
    }
}
