import Foundation
import Testing

@testable import Weights

/// Pickles written by hand, instruction by instruction, and files of the older format around them.
private enum Pickle {
    static func text(_ text: String) -> [UInt8] { [0x58] + bytes(UInt32(text.utf8.count)) + Array(text.utf8) }
    static func integer(_ value: Int) -> [UInt8] { [0x8a, 8] + bytes(Int64(value)) }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func tuple(_ elements: [[UInt8]]) -> [UInt8] { Array("(".utf8) + elements.joined() + Array("t".utf8) }
    static func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] {
        Array("}(".utf8) + items.flatMap { text($0.0) + $0.1 } + Array("u".utf8)
    }

    static func tensor(key: String = "0", count: Int = 6, offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
        let storage = tuple([text("storage"), global("torch", "FloatStorage"), text(key), text("cpu"), integer(count)]) + Array("Q".utf8)
        return global("torch._utils", "_rebuild_tensor_v2")
            + tuple([storage, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89], Array("}".utf8)])
            + Array("R".utf8)
    }

    static func program(_ body: [UInt8]) -> [UInt8] { [0x80, 2] + body + Array(".".utf8) }

    /// A file of the older format with one storage, "0", of the floats 0 to 5.
    static func file(_ object: [UInt8]) -> Data {
        let magic: [UInt8] = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
        let floats: [Float] = [0, 1, 2, 3, 4, 5]
        return Data(
            program(magic) + program([0x4d, 0xe9, 0x03]) + program(dictionary([("little_endian", [0x88])])) + program(object)
                + program(Array("](".utf8) + text("0") + Array("e".utf8)) + bytes(Int64(6))
                + floats.flatMap { bytes($0.bitPattern) })
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

@Suite("Pickles of checkpoints")
struct PyTorchPickleTests {
    private let plain = Pickle.tensor(shape: [2, 3], strides: [3, 1])

    private func reason(_ object: [UInt8], limits: ReadingLimits = ReadingLimits()) -> String {
        do {
            _ = try PyTorchCheckpoint(Pickle.file(object), named: "t", limits: limits)
            return ""
        } catch {
            return error.reason
        }
    }

    @Test("Views become row-major whatever their strides")
    func views() throws {
        let object = Pickle.dictionary([
            ("plain", plain), ("transposed", Pickle.tensor(shape: [3, 2], strides: [1, 3])),
            ("every other", Pickle.tensor(offset: 1, shape: [3], strides: [2])),
            ("repeated", Pickle.tensor(offset: 4, shape: [2, 1, 3], strides: [1, 999, 0])),
            ("one", Pickle.tensor(offset: 5, shape: [], strides: [])), ("none", Pickle.tensor(shape: [0, 3], strides: [3, 1])),
        ])
        let file = try PyTorchCheckpoint(Pickle.file(object), named: "t")
        #expect(try file.floats("plain") == [0, 1, 2, 3, 4, 5])
        #expect(try file.floats("transposed") == [0, 3, 1, 4, 2, 5])
        #expect(try file.floats("every other") == [1, 3, 5])
        #expect(try file.floats("repeated") == [4, 4, 4, 5, 5, 5])
        #expect(try file.tensor("one").item == 5)
        #expect(try file.tensor("none").shape == [0, 3])
    }

    @Test("A view that leaves its storage, or cannot be counted, is refused")
    func bounds() {
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(shape: [7], strides: [1]))])).contains("reaches element 6"))
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(offset: 5, shape: [2], strides: [1]))])).contains("reaches element 6"))
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(offset: -1, shape: [2], strides: [1]))])).contains("negative"))
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(shape: [2], strides: [-1]))])).contains("negative"))
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(shape: [.max, .max], strides: [0, 0]))])).contains("counted"))
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(shape: [3], strides: [.max]))])).contains("counted"))
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(shape: [1 << 40], strides: [0]))])).contains("repeat"))
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(count: 7, shape: [7], strides: [1]))])).contains("6 elements, but 7"))
        #expect(reason(Pickle.dictionary([("x", Pickle.tensor(key: "../0", shape: [1], strides: [1]))])).contains("storage key"))
        let two = Pickle.dictionary([("x", plain), ("y", Pickle.tensor(count: 5, shape: [1], strides: [1]))])
        #expect(reason(two).contains("two ways"))
    }

    @Test("Empty tensors may have any other extent")
    func emptyTensors() throws {
        let object = Pickle.dictionary([("x", plain), ("y", Pickle.tensor(shape: [.max, .max, 0], strides: [0, 0, 1]))])
        let file = try WeightsFile(Pickle.file(object), named: "t")
        #expect(try file.bytes("y").isEmpty)
        #expect(try file.safetensors().encoded().count > 0)
        #expect(throws: WeightsFault.self) { try file.tensor("y") }
    }

    @Test("A name that is not known is refused where nothing else is there, called or not")
    func names() {
        // A tensor that is made and dropped: the file has a storage, but nothing that could be taken.
        let dropped = plain + Array("0".utf8)
        let names = [("os", "system"), ("torch", "load"), ("torch.nn", "Linear"), ("collections", "deque"), ("torch", "StringStorage")]
        for (module, name) in names {
            let called = Pickle.global(module, name) + Pickle.tuple([Pickle.text("x")]) + Array("R".utf8)
            #expect(reason(dropped + Pickle.dictionary([("x", Pickle.global(module, name))])).contains("\(module).\(name)"))
            #expect(reason(dropped + Pickle.dictionary([("x", called)])).contains("what \(module).\(name) would return"))
            #expect(reason(dropped + called).contains("\(module).\(name)"))
        }
        #expect(reason(Pickle.dictionary([("x", Pickle.global("torch", "FloatStorage") + Array(")R".utf8))])).contains("would call"))
        #expect(reason(Pickle.dictionary([("x", Array(")})R".utf8))])).contains("would call a dictionary"))
        #expect(reason(Pickle.dictionary([("x", Array("N}b".utf8))])).contains("would set the state of None"))
    }

    /// An object of a class that only its own package knows, with items, elements and a state.
    private func foreign(_ module: String, _ name: String) -> [UInt8] {
        Pickle.global(module, name) + Array(")".utf8) + [0x81] + Array("(".utf8) + Pickle.text("k") + Pickle.integer(1) + Array("uNa}b".utf8)
    }

    @Test("What is not needed stays opaque, and is listed with its type and its path")
    func opaqueValues() throws {
        let scalar =
            Pickle.global("numpy.core.multiarray", "scalar")
            + Pickle.tuple([
                Pickle.global("numpy", "dtype") + Pickle.tuple([Pickle.text("f8"), [0x89], [0x88]]) + Array("R".utf8)
                    + Pickle.tuple([Pickle.integer(3), Pickle.text("<")]) + Array("b".utf8),
                Pickle.global("_codecs", "encode") + Pickle.tuple([Pickle.text("\0\0\0\0\0\0\u{e0}?"), Pickle.text("latin1")])
                    + Array("R".utf8),
            ]) + Array("R".utf8)
        let object = Pickle.dictionary([
            ("state_dict", Pickle.dictionary([("w", plain)])),
            ("message_hub", Pickle.dictionary([("loss", foreign("mmengine.logging.history_buffer", "HistoryBuffer"))])),
            (
                "args",
                Pickle.global("copy_reg", "_reconstructor")
                    + Pickle.tuple([Pickle.global("argparse", "Namespace"), Pickle.global("__builtin__", "object"), Array("N".utf8)])
                    + Array("R}b".utf8)
            ),
            ("best_acc", scalar),
            ("when", Pickle.global("datetime", "datetime") + Pickle.tuple([Pickle.integer(1)]) + Array("R".utf8)),
        ])
        let file = try WeightsFile(Pickle.file(object), named: "t")
        #expect(
            file.opaque.map { "\($0.name): \($0.kind)" } == [
                "message_hub.loss: an object of mmengine.logging.history_buffer.HistoryBuffer", "args: an object of argparse.Namespace",
                "when: what datetime.datetime would return",
            ])
        #expect(file.metadata.map(\.text) == ["0.5"])
        #expect(try file.taken(by: KeyMapping(dictionary: "state_dict")).map(\.name) == ["w"])
        #expect(try file.taken(by: KeyMapping()).map(\.name) == ["state_dict.w"])
    }

    @Test("What stands in a state dictionary and cannot be read is named with the way out, unless another dictionary is taken")
    func opaqueParameters() throws {
        let state = Pickle.dictionary([("w", plain), ("b", foreign("mine", "Tensor"))])
        let file = try WeightsFile(Pickle.file(Pickle.dictionary([("ema", Pickle.dictionary([("w", plain)])), ("model", state)])), named: "t")
        let fault = #expect(throws: WeightsFault.self) { try file.taken(by: KeyMapping(dictionary: "model")) }
        #expect(fault?.description.hasPrefix(#"t: value "model.b": stands among tensors and is an object of mine.Tensor, which is not read"#) == true)
        #expect(fault?.reason.contains("torch.save(") == true)
        #expect(try file.taken(by: KeyMapping(dictionary: "ema")).count == 1)
        let needed = #expect(throws: WeightsFault.self) {
            try file.state(for: [("w", [2, 3]), ("b", [1])], mapping: KeyMapping(dictionary: "model"))
        }
        #expect(needed?.reason.contains("mine.Tensor") == true)
    }

    @Test("A small file cannot ask for much: expanded views are bounded")
    func expandedViews() {
        let wide = Pickle.tensor(count: 6, shape: [1 << 28], strides: [0])
        #expect(reason(Pickle.dictionary([("x", wide)])).contains("repeat the storages'"))
        let some = Pickle.tensor(count: 6, shape: [1 << 20], strides: [0])
        #expect(reason(Pickle.dictionary((0..<8).map { ("x\($0)", some) })).contains("repeat the storages'"))
    }

    @Test("Allowed constructors give plain values")
    func constructors() throws {
        let pairs = Array("](".utf8) + Pickle.tuple([Pickle.text("w"), plain]) + Array("e".utf8)
        let object = Pickle.dictionary([
            ("ordered", Pickle.global("collections", "OrderedDict") + Pickle.tuple([pairs]) + Array("R".utf8)),
            ("size", Pickle.global("torch", "Size") + Pickle.tuple([Pickle.tuple([[0x4b, 2], [0x4b, 3]])]) + Array("R".utf8)),
            ("device", Pickle.global("torch", "device") + Pickle.tuple([Pickle.text("cuda"), [0x4b, 0]]) + Array("R".utf8)),
            ("type", Pickle.global("torch", "float32")),
            ("history", Array("](".utf8) + [UInt8](repeating: UInt8(ascii: "N"), count: 600_000) + Array("e".utf8)),
        ])
        let file = try PyTorchCheckpoint(Pickle.file(object), named: "t")
        #expect(try file.floats("ordered.w") == [0, 1, 2, 3, 4, 5])
        #expect(file.values.map(\.text) == ["(2, 3)", "cuda", "torch.float32", "a list of 600000 values"])
    }

    @Test("Nesting, sharing without end and self-reference are bounded")
    func limits() {
        // Lists in lists without a mark, each given to the one before it.
        var deep = Array("]".utf8)
        for _ in 0..<5000 { deep += Array("]".utf8) }
        deep += [UInt8](repeating: UInt8(ascii: "a"), count: 5000)
        #expect(reason(Pickle.dictionary([("x", plain), ("y", deep)])).contains("levels deep"))
        #expect(reason([UInt8](repeating: UInt8(ascii: "("), count: 5000)).contains("levels deep"))
        // 2⁶⁰ references to one list.
        var wide = Array("]".utf8)
        for _ in 0..<60 { wide += [0x71, 0] + Array("0](h".utf8) + [0] + Array("h".utf8) + [0] + Array("e".utf8) }
        #expect(reason(Pickle.dictionary([("x", plain), ("y", wide)])).contains("more than 500000 values"))
        let itself = Array("}q".utf8) + [0] + Pickle.text("me") + Array("h".utf8) + [0] + Array("s".utf8)
        #expect(reason(Pickle.dictionary([("x", plain), ("y", itself)])).contains("contains itself"))
        let long = String(repeating: "k", count: 600)
        #expect(reason(Pickle.dictionary([(long, Pickle.dictionary([(long, plain)]))])).contains("longer than 1000 bytes"))
        #expect(reason(Pickle.dictionary([(long + long, plain)])).contains("longer than 1000 bytes"))
        var limits = ReadingLimits()
        limits.pickleBytes = 100
        #expect(reason(Pickle.dictionary([("x", plain)]), limits: limits).contains("longer than 100 bytes"))
    }

    @Test("Two tensors of one name are refused")
    func equalNames() {
        #expect(reason(Pickle.dictionary([("a.b", plain), ("a", Pickle.dictionary([("b", plain)]))])).contains("two tensors"))
    }
}
