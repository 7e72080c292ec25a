import Foundation
import TestSupport
import Testing
import Weights

@Suite("evaluate, embed, predict")
struct EvaluateTests {
    private static let checkpoint = "out/trials/Fusion/d3/1/checkpoint.safetensors"

    private static func trained() async throws -> RecipeFolder {
        let folder = try RecipeFolder(("seeds: [1, 2]", "seeds: [1]"))
        let outcome = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(outcome.code == 0, "\(outcome.messages)")
        return folder
    }

    private static func object(_ data: Data) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("a checkpoint alone gives the accuracy that its trial reported")
    func sameAccuracy() async throws {
        let folder = try await Self.trained()
        let outcome = try await folder.regulus("evaluate", Self.checkpoint, "--domains", "d3", "--json")
        #expect(outcome.code == 0, "\(outcome.messages)")
        let found = try Self.object(Data(outcome.output.utf8))
        let scores = try #require((found["scores-by-class"] as? [String: Any])?["numbers"] as? [[String: Any]])
        let accuracy = try #require(scores.first { $0["name"] as? String == "accuracy" }?["value"] as? Double)
        let result = try Self.object(folder.data("out/trials/Fusion/d3/1/result.json"))
        #expect(accuracy == result["targetScore"] as? Double)
        let text = try await folder.regulus("evaluate", Self.checkpoint, "--measure", "modality-reliance")
        #expect(text.code == 0 && text.output.contains("shapley (m1)"))
        // Samples of training among those that are scored are no score of an unseen domain.
        #expect(text.messages.contains("training samples included; held out: d3 (--domains d3)"))
        #expect(!outcome.messages.contains("training samples included"))
    }

    @Test("other data of the same modalities can be scored, others are refused with what differs")
    func otherData() async throws {
        let folder = try await Self.trained()
        let other = try await folder.regulus("evaluate", Self.checkpoint, "--data", "{use: co-occurrence, classes: 4, samples: 30, draw: 5}")
        #expect(other.code == 0, "\(other.messages)")
        #expect(other.output.contains("90 samples"))
        // Options of a measurement, and the data set that it sets these against.
        let against = try await folder.regulus(
            "evaluate", Self.checkpoint, "--domains", "d3", "--measure", "corruption: {sigmas: [2], on: m2}", "--measure",
            "other-data-detection: {data: {use: co-occurrence, classes: 4, samples: 30, draw: 5}}")
        #expect(against.code == 0, "\(against.messages)")
        #expect(against.output.contains("accuracy (m2, noise 2.0)") && !against.output.contains("accuracy (m1,"), "\(against.output)")
        #expect(against.output.contains("msp-auroc"))
        let cases: [([String], String)] = [
            (["--measure", "other-data-detection: {data: watch}"], "its model reads 'm1'"), (["--measure", "scores: {on: m3}"], "no modality 'm3'"),
            (["--data", "watch"], "its model reads 'm1'"), (["--data", "wach"], "did you mean 'watch'?"),
            (["--domains", "d9"], "the data have no domain 'd9'"),
            (["--data", "{use: co-occurrence, classes: 8, samples: 30}"], "its model"), (["--measure", "calibratoin"], "calibration"),
        ]
        for (arguments, message) in cases {
            let outcome = try await folder.regulus.run(["evaluate", Self.checkpoint] + arguments)
            #expect(outcome.code == 2, "\(arguments): \(outcome.output)")
            #expect(outcome.messages.contains(message), "\(arguments): \(outcome.messages)")
        }
    }

    @Test("a checkpoint is a start of other encoders; what does not fit is named at its line, and what it has seen of held-out domains is said")
    func start() async throws {
        let folder = try await Self.trained()
        let plain = "encoder: {use: vector-mlp, hidden: [16], embedding: 8}"
        for (name, hidden, more) in [("good", 16, ""), ("narrow", 15, ""), ("other", 16, ", weights-of: m3")] {
            let encoder = "encoder: {use: vector-mlp, hidden: [\(hidden)], embedding: 8, weights: \(Self.checkpoint)\(more)}"
            try folder.write(RecipeFolder.recipe.replacing(plain, with: encoder), to: name + ".yaml")
        }
        let good = try await folder.regulus("run", "good.yaml", "--out", "second", "--targets", "d3", "--rows", "Fusion")
        #expect(good.code == 0, "\(good.messages)")
        #expect(good.messages.contains("m1: vector-mlp from") && good.messages.contains("4 matched, 0 missing"))
        #expect(good.messages.contains("trained on these data without holding out d1, d2: figures for these domains are not for unseen samples"))
        let narrow = try await folder.regulus("check", "narrow.yaml")
        #expect(narrow.code == 2 && narrow.messages.contains("narrow.yaml:4:") && narrow.messages.contains("expected 15"), "\(narrow.messages)")
        let other = try await folder.regulus("check", "other.yaml")
        #expect(other.code == 2 && other.messages.contains("other.yaml:4:") && other.messages.contains("did you mean 'm1'?"), "\(other.messages)")
    }

    @Test("what is no checkpoint is refused with the reason")
    func noCheckpoint() async throws {
        let folder = try await Self.trained()
        try folder.write("text", to: "bad.safetensors")
        #expect(try await folder.regulus("evaluate", "bad.safetensors").code == 2)
        #expect(try await folder.regulus("embed", "absent.safetensors", "--out", "e.safetensors").code == 2)
        let bytes = try folder.data(Self.checkpoint)
        try folder.write(bytes.prefix(bytes.count - 100), to: "cut.safetensors")
        #expect(try await folder.regulus("predict", "cut.safetensors").code == 2)
        #expect(!folder.files.contains("e.safetensors"))
    }

    @Test("embeddings, the fused representation and logits are written with their rows, labels and domains")
    func embeddings() async throws {
        let folder = try await Self.trained()
        let outcome = try await folder.regulus("embed", Self.checkpoint, "--domains", "d1,d3", "--out", "e.safetensors")
        #expect(outcome.code == 0, "\(outcome.messages)")
        let file = try SafetensorsFile(folder.url.appendingPathComponent("e.safetensors").path)
        let shapes = try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.entry($0).shape) })
        #expect(shapes["embeddings.m1"] == [96, 8] && shapes["embeddings.m2"] == [96, 8])
        #expect(shapes["logits"] == [96, 4] && shapes["fused"]?.first == 96)
        #expect(Set(try file.integers("domains")) == [0, 2])
        #expect(try file.integers("labels").count == 96)
        #expect(file.metadata["domains"] == "d1\nd2\nd3")
        let archived = try await folder.regulus("embed", Self.checkpoint, "--domains", "d1,d3", "--out", "e.npz")
        #expect(archived.code == 0, "\(archived.messages)")
        let archive = try ArrayFile(folder.url.appendingPathComponent("e.npz").path)
        let plain = try ArrayFile(folder.url.appendingPathComponent("e.safetensors").path)
        #expect(archive.format == "npz" && Set(archive.names) == Set(file.names + ["names", "domain_names"]))
        for name in file.names where !["rows", "labels", "domains"].contains(name) {
            #expect(try archive.array(name).floats(rows: 0..<96) == (try plain.array(name).floats(rows: 0..<96)), "\(name)")
        }
        #expect(try archive.array("labels").integers() == (try file.integers("labels")))
        #expect(try archive.texts("domain_names") == ["d1", "d2", "d3"])
        let other = try await folder.regulus("embed", Self.checkpoint, "--out", "e.csv")
        #expect(other.code == 2 && other.messages.contains("ends with neither"), "\(other.messages)")
        #expect(!folder.files.contains("e.csv"))
    }

    @Test("predictions are a line each, with probabilities that add up to 1")
    func predictions() async throws {
        let folder = try await Self.trained()
        let outcome = try await folder.regulus("predict", Self.checkpoint, "--domains", "d3", "--out", "p.csv")
        #expect(outcome.code == 0, "\(outcome.messages)")
        let lines = try folder.text("p.csv").split(separator: "\r\n").map { $0.split(separator: ",").map(String.init) }
        #expect(lines.count == 49)
        #expect(lines[0].prefix(4) == ["row", "domain", "label", "prediction"])
        for line in lines.dropFirst() {
            let probabilities = line.dropFirst(4).compactMap(Double.init)
            #expect(probabilities.count == 4 && abs(probabilities.reduce(0, +) - 1) < 1e-9)
            #expect(line[1] == "d3" && lines[0][4...].contains(line[3]))
        }
    }

    /// A folder with a trained regression of one value from 36 rows in three domains.
    private static func regression() async throws -> RecipeFolder {
        let folder = try RecipeFolder(
            (
                "{use: co-occurrence, classes: 4, samples: 48}",
                "{use: arrays, path: a.safetensors, modalities: [m1, m2], targets: values, labels: mood}\ntask: regression"
            ),
            ("seeds: [1, 2]", "seeds: [1]"), ("batch: 16", "batch: 8"))
        let inputs = (0..<72).map { Float($0 * 37 % 19) / 9 - 1 }
        var writer = SafetensorsWriter()
        writer.add("m1", inputs, shape: [36, 2])
        writer.add("m2", inputs.map { -$0 * $0 }, shape: [36, 2])
        writer.add("mood", (0..<36).map { inputs[2 * $0] * 2 }, shape: [36])
        writer.add("domains", (0..<36).map { $0 % 3 }, shape: [36])
        try folder.write(writer.encoded(), to: "a.safetensors")
        let outcome = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(outcome.output.contains("Mean absolute error (lower is better) on the held-out domain"))
        return folder
    }

    @Test("a regression's checkpoint gives its trial's error, and predictions beside the values")
    func values() async throws {
        let folder = try await Self.regression()
        let checkpoint = "out/trials/Fusion/2/1/checkpoint.safetensors"
        let outcome = try await folder.regulus("evaluate", checkpoint, "--domains", "2", "--json")
        #expect(outcome.code == 0, "\(outcome.messages)")
        let found = try Self.object(Data(outcome.output.utf8))
        let scores = try #require((found["scores"] as? [String: Any])?["numbers"] as? [[String: Any]])
        let result = try Self.object(folder.data("out/trials/Fusion/2/1/result.json"))
        let error = try #require(scores.first { $0["name"] as? String == "mae" }?["value"] as? Double)
        #expect(error == result["targetScore"] as? Double)
        #expect((result["score"] as? [String: Any])?["name"] as? String == "mae")
        let refused = try await folder.regulus("evaluate", checkpoint, "--measure", "calibration")
        #expect(refused.code == 2 && refused.messages.contains("expected a task of classes, found one of values"))
        let predicted = try await folder.regulus("predict", checkpoint, "--domains", "2")
        #expect(predicted.code == 0, "\(predicted.messages)")
        let lines = predicted.output.split(whereSeparator: \.isNewline).map { $0.split(separator: ",").map(String.init) }
        #expect(lines[0] == ["row", "domain", "value", "predicted value"] && lines.count == 13)
        let distances = lines.dropFirst().compactMap { line in Double(line[2]).flatMap { value in Double(line[3]).map { abs($0 - value) } } }
        #expect(abs(distances.reduce(0, +) / 12 - error) < 1e-6)
    }

    /// A Python with PyTorch and safetensors.
    private static let python = ProcessInfo.processInfo.environment["REGULUS_BENCHMARK_PYTHON"]

    @Test("PyTorch gives the same logits from a checkpoint alone", .enabled(if: python != nil, "REGULUS_BENCHMARK_PYTHON names a Python with PyTorch"))
    func pyTorch() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments = [Repository.url("Benchmarks/load_checkpoint.py").path, "--regulus", Regulus.executable.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && text.contains("they agree"), "\(text)")
    }
}
