import Foundation
import Networks
import Persistence
import Tensors
import Testing

@testable import Weights

@Suite("Weights of any format, loaded by name")
struct PyTorchLoadingTests {
    private func file(_ name: String) throws -> WeightsFile { try WeightsFile(CheckpointCase.data(name), named: name) }

    private let parameters: [(name: String, shape: Shape)] = [
        ("conv.weight", [5, 3, 3, 3]), ("conv.bias", [5]), ("bn.weight", [5]), ("bn.bias", [5]), ("bn.running_mean", [5]),
        ("bn.running_var", [5]), ("fc.weight", [3, 4]), ("fc.bias", [3]),
    ]

    @Test(
        "The content tells the format",
        arguments: [
            ("state_dict_zip.pth", "PyTorch zip"), ("state_dict_legacy.pth", "PyTorch legacy"),
        ])
    func formats(name: String, format: String) throws {
        #expect(try file(name).format == format)
        let converted = try WeightsFile(file(name).safetensors().encoded(), named: "t")
        #expect(converted.format == "safetensors")
        #expect(try converted.entries.map(\.name).sorted() == file(name).entries.map(\.name).sorted())
    }

    @Test("Converting keeps types and bits, and strips what it is told to")
    func converting() throws {
        let full = try file("full_zip.pth.tar")
        let kinds = try SafetensorsFile(full.safetensors(KeyMapping(dictionary: "kinds")).encoded(), named: "t")
        #expect(kinds["bf16"]?.type == .bfloat16)
        #expect(kinds["bool"]?.type == .bool)
        for name in kinds.names { #expect(try kinds.bytes(name) == full.bytes("kinds." + name)) }
        let plain = try SafetensorsFile(file("module_prefix_zip.pth").safetensors(KeyMapping(prefix: "module.")).encoded(), named: "t")
        #expect(plain["conv.weight"] != nil)
        #expect(plain.metadata == ["format": "pt"])
    }

    @Test("A prefix or dictionary that is not there, or makes two names equal, is a fault")
    func mappings() throws {
        let full = try file("full_zip.pth.tar")
        #expect(throws: WeightsFault.self) { try full.taken(by: KeyMapping(dictionary: "kind")) }
        #expect(throws: WeightsFault.self) { try full.taken(by: KeyMapping(prefix: "audnet.")) }
        let fault = #expect(throws: KeyMapping.Fault.self) { try KeyMapping(prefix: "a.").names(of: ["a.x", "x"]) }
        #expect(fault?.reason == "'a.x' and 'x' would both become 'x'")
        #expect(throws: KeyMapping.Fault.self) { try KeyMapping(prefix: "x").names(of: ["x", "y"]) }
    }

    @Test("The beginning that all keys share is found, by whole components")
    func prefixes() {
        #expect(KeyMapping.commonPrefix(of: ["module.audnet.a", "module.audnet.b.c"]) == "module.audnet.")
        #expect(KeyMapping.commonPrefix(of: ["conv1.a", "conv2.a"]) == nil)
        #expect(KeyMapping.commonPrefix(of: []) == nil)
    }

    @Test("What fits is loaded; the rest is an error unless it is excepted")
    func loading() throws {
        let mmaction = try file("mmaction_zip.pth")
        let mapping = KeyMapping(dictionary: "state_dict")
        let mismatch = #expect(throws: StateMismatch.self) { try mmaction.state(for: parameters, mapping: mapping) }
        #expect(
            mismatch?.description
                == """
                the saved state does not fit: 8 matched, 0 missing, 1 unexpected, 0 mis-shaped
                  unexpected: bn.num_batches_tracked
                """)
        let (tensors, report) = try mmaction.state(for: parameters, mapping: mapping, exceptions: ["*.num_batches_tracked"])
        #expect(tensors.count == 8)
        #expect(tensors["conv.weight"]?.shape == [5, 3, 3, 3])
        #expect(report.unexpected == ["bn.num_batches_tracked"])
    }

    @Test("An excepted head of another size is left out, not loaded")
    func exceptedShapes() throws {
        var wider = parameters
        wider[6] = ("fc.weight", [8, 4])
        wider.append(("extra", [1]))
        let mapping = KeyMapping(dictionary: "state_dict")
        let file = try file("mmaction_legacy.pth")
        let mismatch = #expect(throws: StateMismatch.self) {
            try file.state(for: wider, mapping: mapping, exceptions: ["*.num_batches_tracked"])
        }
        #expect(
            mismatch?.description
                == """
                the saved state does not fit: 7 matched, 1 missing, 1 unexpected, 1 mis-shaped
                  missing: extra
                  mis-shaped: fc.weight: expected 8×4, found 3×4
                """)
        let loaded = try file.state(for: wider, mapping: mapping, exceptions: ["*.num_batches_tracked", "fc.*", "extra"])
        #expect(loaded.tensors["fc.weight"] == nil)
        #expect(loaded.tensors["fc.bias"] != nil)
    }

    @Test("A file of which nothing fits is an error whatever is excepted")
    func emptyMatch() throws {
        let file = try file("module_prefix_zip.pth")
        let mismatch = #expect(throws: StateMismatch.self) { try file.state(for: parameters, exceptions: ["*"]) }
        #expect(mismatch?.description.hasPrefix("nothing of the saved state fits: 0 matched, 8 missing") == true)
    }

    @Test("A star in an exception stands for any characters")
    func patterns() {
        #expect(LoadReport.matches("fc.weight", "fc.*"))
        #expect(LoadReport.matches("a.b.c", "a*b*c"))
        #expect(LoadReport.matches("x", "*"))
        #expect(!LoadReport.matches("fc", "fc.*"))
        #expect(!LoadReport.matches("aba", "ab*ba"))
        #expect(!LoadReport.matches("fc.weight", "fc"))
    }

    @Test("What is no file of weights is refused by name")
    func wrongFiles() {
        let fault = #expect(throws: WeightsFault.self) { try WeightsFile("/nowhere/at/all.pth") }
        #expect(fault?.description == "/nowhere/at/all.pth: cannot read: No such file or directory")
        #expect(throws: WeightsFault.self) { try WeightsFile(Data("hello world".utf8), named: "t") }
        #expect(throws: WeightsFault.self) { try WeightsFile(Data(), named: "t") }
    }
}
