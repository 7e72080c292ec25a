import Foundation
import Testing

@Suite("weights apply, bench")
struct ApplyWeightsTests {
    /// A safetensors file with one tensor of 32-bit floats.
    private func safetensors(_ name: String, shape: [Int]) throws -> Data {
        let count = shape.reduce(1, *)
        let header = Data(#"{"\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[0,\#(4 * count)]}}"#.utf8)
        var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header
        for index in 0..<count { withUnsafeBytes(of: Float(index % 17) / 8 - 1) { file.append(contentsOf: $0) } }
        return file
    }

    @Test("an encoder gives the same embeddings from the weights that it exported")
    func roundTrip() async throws {
        let folder = try RecipeFolder()
        try folder.write(safetensors("x", shape: [2, 33, 40, 1]), to: "x.safetensors")
        let first = try await folder.regulus(
            "weights", "apply", "resnet18", "--inputs", "x.safetensors", "--outputs", "a.safetensors", "--export", "w.safetensors")
        #expect(first.code == 0 && first.messages.isEmpty)
        #expect(first.lines == ["a.safetensors: z 2×512"])
        let again = try await folder.regulus(
            "weights", "apply", "resnet18", "--inputs", "x.safetensors", "--outputs", "b.safetensors", "--weights", "w.safetensors")
        #expect(again.code == 0)
        #expect(try folder.data("a.safetensors") == folder.data("b.safetensors"))
    }

    @Test("inputs without a tensor x, and encoders without weights, are refused with exit code 2")
    func refusals() async throws {
        let folder = try RecipeFolder()
        try folder.write(safetensors("y", shape: [2, 33, 40, 1]), to: "y.safetensors")
        let nothing = try await folder.regulus("weights", "apply", "resnet18", "--inputs", "y.safetensors", "--outputs", "z.safetensors")
        #expect(nothing.code == 2 && nothing.messages.contains("x") && nothing.messages.contains("y.safetensors"))
        try folder.write(safetensors("x", shape: [2, 5]), to: "x.safetensors")
        let wrong = try await folder.regulus("weights", "apply", "resnet18", "--inputs", "x.safetensors", "--outputs", "z.safetensors")
        #expect(wrong.code == 2 && wrong.messages.contains("height×width×channels"))
        let unknown = try await folder.regulus("weights", "apply", "resnet19", "--inputs", "x.safetensors", "--outputs", "z.safetensors")
        #expect(unknown.code == 2 && unknown.messages.contains("resnet18"))
        #expect(!folder.files.contains("z.safetensors"))
    }

    @Test("bench convolution prints a line of figures for each direction")
    func convolution() async throws {
        let outcome = try await RecipeFolder().regulus(
            "bench", "convolution", "1x2x6x6x3:4x3x1x3x3:1x2x2:0x1x1", "--threads", "1", "--warmup", "0", "--repeats", "1", "--json")
        #expect(outcome.code == 0)
        let figures = try outcome.lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(figures.compactMap { $0["name"] as? String }.map { $0.split(separator: "-").last } == ["forward", "backward"])
        #expect(figures.allSatisfy { ($0["median_ms"] as? Double ?? 0) > 0 && ($0["peak_mib"] as? Double ?? 0) > 0 })
    }

    @Test("bench step times one form in a process of its own, so that its first step is the process's first")
    func step() async throws {
        let outcome = try await RecipeFolder().regulus(
            "bench", "step", "--only", "step-mer", "--batch", "2", "--threads", "1", "--warmup", "0", "--repeats", "1", "--json")
        #expect(outcome.code == 0 && outcome.lines.count == 1)
        let figures = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(figures["name"] as? String == "step-mer" && figures["first_step_s"] as? Double ?? 0 > 0)
    }

    @Test("bench convolution refuses shapes that do not fit together", arguments: ["1x6x6x3", "1x6x6x3:4x2x3x3:1x1:1x1", "1x2x2x3:4x3x3x3:1x1:0x0"])
    func wrongConvolution(shapes: String) async throws {
        let outcome = try await RecipeFolder().regulus("bench", "convolution", shapes)
        #expect(outcome.code == 2 && outcome.output.isEmpty)
    }
}
