import Foundation
import GoldenFixtures
import Testing

@testable import Weights

/// One file of a folder of checkpoints whose `checkpoints.json` says what has to become of it.
struct CheckpointCase: Sendable, CustomTestStringConvertible {
    let folder: String
    let name: String
    let sidecar: JSONValue

    var path: String { "\(folder)/\(name)" }
    var testDescription: String { name }
    var expectation: String { sidecar["expect"]?.text ?? "" }

    /// The beginning of the names of the expected tensors: the part before the first `/`.
    var group: String? {
        guard let content = sidecar["content"]?.text, let match = content.firstMatch(of: /expected tensors ([^\/ ]+)\//) else { return nil }
        return String(match.output.1)
    }

    /// The folders that are there: the repository's own, and the one that `REGULUS_FIXTURES` names.
    static let folders: [String] = {
        let fixtures = [GoldenFixtures.repositoryFolder + "/Tests/Fixtures"] + [ProcessInfo.processInfo.environment["REGULUS_FIXTURES"]].compactMap { $0 }
        let folders = fixtures.map { URL(fileURLWithPath: $0 + "/checkpoints").resolvingSymlinksInPath().path }
        return Set(folders).filter { FileManager.default.fileExists(atPath: $0 + "/checkpoints.json") }.sorted()
    }()

    static let all: [CheckpointCase] = folders.flatMap { folder in
        let data = FileManager.default.contents(atPath: folder + "/checkpoints.json") ?? Data()
        let files = (try? JSONValue(parsing: data))?["files"]?.members ?? []
        return files.map { CheckpointCase(folder: folder, name: $0.key, sidecar: $0.value) }
    }

    static func data(_ name: String) throws -> Data {
        let path = try #require(all.first { $0.name == name }).path
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }
}

@Suite("Reference checkpoints")
struct PyTorchGoldenTests {
    @Test("There are files to accept and files to refuse")
    func present() {
        #expect(CheckpointCase.all.contains { $0.expectation == "accept" })
        #expect(CheckpointCase.all.contains { $0.expectation.hasPrefix("reject") })
    }

    @Test("What PyTorch wrote is read, every tensor to the bit", arguments: CheckpointCase.all.filter { $0.expectation == "accept" })
    func accepted(file: CheckpointCase) throws {
        let checkpoint = try PyTorchCheckpoint(file.path)
        #expect(checkpoint.format == (file.sidecar["format"]?.text == "legacy" ? .legacy : .zip))
        guard let group = file.group else { return }
        let expected = try SafetensorsFile(file.folder + "/expected.safetensors")
        let names = expected.names.filter { $0.hasPrefix(group + "/") && !$0.hasSuffix("@f32") }
        func dotted(_ name: String) -> String { String(name.dropFirst(group.count + 1)).replacing("/", with: ".") }
        #expect(!names.isEmpty)
        #expect(checkpoint.names.sorted() == names.map(dotted).sorted())
        for name in names {
            let entry = try checkpoint.entry(dotted(name))
            #expect(entry.type == expected[name]?.type, "\(name)")
            #expect(entry.shape == expected[name]?.shape, "\(name)")
            #expect(try checkpoint.bytes(entry.name) == expected.bytes(name), "\(name)")
            if expected[name + "@f32"] != nil {
                #expect(try checkpoint.tensor(entry.name).values == expected.floats(name + "@f32"))
            }
        }
    }

    @Test(
        "What is damaged or would run code is refused with the file, the place and the reason",
        arguments: CheckpointCase.all.filter { $0.expectation.hasPrefix("reject") })
    func refused(file: CheckpointCase) throws {
        // Opened and taken as a whole, as weights are: what stands among tensors and is none is refused then.
        let fault = #expect(throws: WeightsFault.self) { try WeightsFile(file.path).taken(by: KeyMapping()) }
        let text = try #require(fault?.description)
        #expect(text.hasPrefix(file.path + ": "))
        #expect(fault?.place != nil || fault?.offset != nil, "\(text)")
    }

    @Test(
        "What may be either is read or refused, and nothing else happens",
        arguments: CheckpointCase.all.filter { $0.expectation != "accept" && !$0.expectation.hasPrefix("reject") })
    func either(file: CheckpointCase) throws {
        do {
            let checkpoint = try PyTorchCheckpoint(file.path)
            for name in checkpoint.names { _ = try checkpoint.bytes(name) }
        } catch {
            #expect(error.description.hasPrefix(file.path + ": "))
        }
    }

    @Test("Deflated entries give what stored ones give", arguments: ["handmade_zip.pth", "deflated_zip.pth"])
    func handmade(name: String) throws {
        let checkpoint = try PyTorchCheckpoint(CheckpointCase.data(name), named: name)
        #expect(try checkpoint.tensor("a").values == [0, 1, 2, 3, 4, 5])
        #expect(try checkpoint.tensor("a_t").values == [0, 3, 1, 4, 2, 5])
        #expect(try checkpoint.tensor("a_tail").values == [4, 5])
        #expect(try checkpoint.floats("n", convertingIntegers: true) == [7, -9])
        #expect(checkpoint["a_t"]?.shape == [3, 2])
    }

    @Test("Values that are no tensors are listed by name")
    func values() throws {
        let checkpoint = try PyTorchCheckpoint(CheckpointCase.data("full_zip.pth.tar"), named: "t")
        let values = Dictionary(checkpoint.values.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        #expect(values["epoch"] == "3")
        #expect(values["best_acc"] == "0.625")
        #expect(values["note"] == "golden \u{e9}")
        #expect(values["flags"] == "[True, None, (1, 2.5)]")
        #expect(values["optimizer.param_groups.0.betas"] == "(0.9, 0.999)")
        #expect(checkpoint.dictionaries.contains("model_state_dict"))
        #expect(!checkpoint.names.contains { $0.contains("_metadata") })
    }

    @Test("A forbidden call is refused by its name")
    func forbiddenNames() throws {
        let expected = [
            "evil_os_system.zip.pth": "posix.system", "evil_inst.zip.pth": "posix.system", "evil_eval.zip.pth": "builtins.eval",
            "evil_py2_builtin.zip.pth": "__builtin__.exec", "evil_os_system.legacy.pth": "posix.system",
        ]
        for (name, callee) in expected {
            let data = try CheckpointCase.data(name)
            let fault = #expect(throws: WeightsFault.self) { try WeightsFile(data, named: name).taken(by: KeyMapping()) }
            #expect(fault?.reason.contains(callee) == true, "\(fault?.description ?? "")")
        }
    }
}
