import Foundation
import Tensors
import Testing

@testable import Weights

@Suite("Writing safetensors")
struct SafetensorsWriterTests {
    private func sample(reversed: Bool = false) -> SafetensorsWriter {
        var writer = SafetensorsWriter(metadata: ["b": "2", "a": "one \"quoted\""])
        let steps: [(inout SafetensorsWriter) -> Void] = [
            { $0.add("w", [1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]) },
            { $0.add("labels", [7, -8] as [Int], shape: [2]) },
            { $0.add("a", [9] as [Int32], shape: []) },
        ]
        for step in reversed ? steps.reversed() : steps { step(&writer) }
        return writer
    }

    @Test("What is written comes back")
    func roundTrip() throws {
        let file = try SafetensorsFile(sample().encoded(), named: "t")
        #expect(try file.floats("w") == [1, 2, 3, 4, 5, 6])
        #expect(try file.integers("labels") == [7, -8])
        #expect(try file.integers("a") == [9])
        #expect(file.metadata == ["a": "one \"quoted\"", "b": "2"])
        #expect(file["w"]?.shape == [2, 3])
        #expect(file.names == ["labels", "a", "w"])
    }

    @Test("The bytes do not depend on the order of adding, and every tensor is aligned")
    func deterministic() throws {
        #expect(sample().encoded() == sample(reversed: true).encoded())
        let file = try SafetensorsFile(sample().encoded(), named: "t")
        #expect(file.entries.allSatisfy { $0.bytes.lowerBound % $0.type.size == 0 })
    }

    @Test("A file on disk is the same as in memory, and empty files are legal")
    func onDisk() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try sample().write(to: path)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == sample().encoded())
        #expect(try SafetensorsFile(path).integers("labels") == [7, -8])
        #expect(try SafetensorsFile(SafetensorsWriter().encoded(), named: "t").entries.isEmpty)
    }

    @Test("Tensors keep shape and bits, NaN and signed zero too")
    func tensors() throws {
        let values: [Float] = [0, -0.0, .nan, .infinity, .leastNonzeroMagnitude, -1.5]
        var writer = SafetensorsWriter()
        writer.add("x", Tensor(values, shape: [3, 1, 2]))
        writer.add("s", Tensor(2.5))
        let file = try SafetensorsFile(writer.encoded(), named: "t")
        let tensor = try file.tensor("x")
        #expect(tensor.shape == [3, 1, 2])
        #expect(tensor.values.map(\.bitPattern) == values.map(\.bitPattern))
        #expect(try file.tensor("s").item == 2.5)
        #expect(try Set(file.tensors().keys) == ["x", "s"])
    }

    @Test("A shape beyond what a tensor can have is a fault, not a trap")
    func beyondTensors() throws {
        let deep = safetensors(#"{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0])
        let deepFault = #expect(throws: WeightsFault.self) { try SafetensorsFile(deep, named: "t").tensor("x") }
        #expect(
            deepFault?.description
                == #"t: tensor "x": byte 78: shape 1×1×1×1×1×1×1×1×1 is beyond 8 axes of 2147483647 elements"#)
        let wide = safetensors(#"{"x":{"dtype":"F32","shape":[0,3000000000],"data_offsets":[0,0]}}"#)
        #expect(throws: WeightsFault.self) { try SafetensorsFile(wide, named: "t").tensor("x") }
    }
}
