import Foundation
import TestSupport
import Testing

@testable import Training
@testable import TrainingSupport
@testable import Weights

/// A checkpoint may come from anywhere, and a model is made from what its header says.
@Suite("Descriptions of models in checkpoints from elsewhere")
struct ModelDescriptionTests {
    /// As a run writes it, of two modalities with a scale for each channel.
    private static let text = """
        {"version": 2, "inputs": [{"name": "m1", "shape": [32]}, {"name": "m2", "shape": [2, 3]}],
         "task": {"use": "classification", "options": {}}, "targets": {"kind": "classes", "names": ["a", "b"]},
         "encoders": {"m1": {"use": "vector-mlp", "options": {"hidden": [8], "embedding": 8}}},
         "fusion": {"use": "late", "options": {"hidden": 8}},
         "standardization": {"scales": {"m1": {"means": [0.5], "deviations": [2]}, "m2": {"means": [0, 0, 0], "deviations": [1, 1, 1]}}},
         "data": {"use": "co-occurrence", "options": {"classes": 4}}, "heldOut": [0]}
        """

    /// What opening a checkpoint with this description ends with.
    private func fault(_ text: String) throws -> String {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("checkpoint.safetensors").path
        try SafetensorsWriter(metadata: [ModelDescription.key: text]).write(to: path)
        let components = try Sample.components()
        do throws(CheckpointFault) {
            _ = try SavedModel(path, components: components)
            return "none"
        } catch {
            return error.reason
        }
    }

    @Test("one that a run wrote is read; then the weights are missing in this file")
    func whole() throws { #expect(try fault(Self.text).contains("it does not hold the model that it describes")) }

    @Test("a file that is not there, and one that is no checkpoint, are named once")
    func path() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("checkpoint.safetensors").path
        let components = try Sample.components()
        func message() -> String {
            do throws(CheckpointFault) {
                _ = try SavedModel(path, components: components)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(message() == "\(path): cannot read: No such file or directory")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
        #expect(message().hasPrefix("\(path): ") && message().components(separatedBy: path).count == 2, "\(message())")
    }

    @Test(
        "numbers and names that no model can have are refused with what is wrong",
        arguments: [
            (#""shape": [32]"#, #""shape": [-1]"#, "samples of m1 have the shape [-1]"),
            (#""shape": [32]"#, #""shape": [4611686018427387904, 4]"#, "samples of m1 have the shape [4611686018427387904, 4]"),
            (#""shape": [32]"#, #""shape": [2147483648]"#, "samples of m1 have the shape [2147483648]"),
            (#""shape": [2, 3]"#, #""shape": [1, 1, 1, 1, 1, 1, 1, 3]"#, "samples of m2 have the shape [1, 1, 1, 1, 1, 1, 1, 3]"),
            (#""shape": [2, 3]"#, #""shape": [2, 4]"#, "m2 of shape [2, 4] is scaled by 3 channels"),
            (#""name": "m2""#, #""name": "m1""#, "an input is listed twice"),
            (#"["a", "b"]"#, "[]", "it predicts nothing"),
            (#"{"m1": {"use": "vector-mlp", "options": {"hidden": [8], "embedding": 8}}}"#, "{}", "it reads no modality"),
            (#""encoders": {"m1""#, #""encoders": {"m3""#, "it reads m3, which is no input"),
        ])
    func impossible(_ found: String, _ replacement: String, _ reason: String) throws {
        #expect(try fault(Self.text.replacing(found, with: replacement)).contains(reason))
    }

    @Test("a model of more parameters than any memory holds is refused for what the file lacks, and takes no memory")
    func sizes() throws {
        let layers = Array(repeating: "65536", count: 50).joined(separator: ", ")
        #expect(try fault(Self.text.replacing(#""hidden": [8], "embedding""#, with: #""hidden": [\#(layers)], "embedding""#)).contains("missing"))
    }

    @Test("fewer deviations than means are refused: they are read side by side")
    func scales() throws {
        #expect(try fault(Self.text.replacing(#""deviations": [1, 1, 1]"#, with: #""deviations": [1]"#)).contains("cannot be read"))
        #expect(try fault(Self.text.replacing(#""means": [0.5], "deviations": [2]"#, with: #""means": [], "deviations": []"#)).contains("cannot be read"))
    }

    @Test("whatever stands in the place of a value, opening the file ends with a message")
    func extremes() throws {
        let tree = try JSONSerialization.jsonObject(with: Data(Self.text.utf8))
        let values: [Any] = [0, -1, Int.max, Int.min, 1 << 31, 1e300, "x", [Any](), [String: Any](), NSNull()]
        for path in paths(in: tree) {
            for value in values {
                let changed = replacing(path[...], in: tree, by: value)
                guard JSONSerialization.isValidJSONObject(changed) else { continue }
                #expect(try fault(String(decoding: JSONSerialization.data(withJSONObject: changed), as: UTF8.self)) != "none")
            }
        }
    }

    private enum Step {
        case key(String)
        case place(Int)
    }

    private func paths(in tree: Any) -> [[Step]] {
        switch tree {
        case let map as [String: Any]: [[]] + map.flatMap { key, value in paths(in: value).map { [.key(key)] + $0 } }
        case let list as [Any]: [[]] + list.enumerated().flatMap { place, value in paths(in: value).map { [.place(place)] + $0 } }
        default: [[]]
        }
    }

    private func replacing(_ path: ArraySlice<Step>, in tree: Any, by value: Any) -> Any {
        switch (path.first, tree) {
        case (.key(let key), var map as [String: Any]):
            map[key] = replacing(path.dropFirst(), in: map[key] ?? NSNull(), by: value)
            return map
        case (.place(let place), var list as [Any]):
            list[place] = replacing(path.dropFirst(), in: list[place], by: value)
            return list
        default: return value
        }
    }
}
