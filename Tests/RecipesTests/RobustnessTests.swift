import Configuration
import Testing

@testable import Recipes

@Suite("Anything that is not a recipe is answered with messages")
struct RobustnessTests {
    /// A recipe with every kind of construct.
    private static let rich =
        Sample.recipe + """
            evaluation: {protocol: multi-source, domains: [group-1], validation: 0.1}
            tuning: {seeds: [3], epochs: 2}
            sweep: {training.batch: [32, 64]}
            repeat: {data.draw: [1, 2]}
            regularizers:
              - {use: noise, name: "n\\u00e9", sigma: 1e-1, schedule: {shape: window, start: 0.1}}

            """

    private func load(_ bytes: [UInt8], _ overrides: [String] = []) {
        do throws(RecipeError) {
            _ = try RecipeLoader.load(file: "r.yaml", bytes: bytes, overrides: overrides, catalogue: Sample.catalogue)
        } catch {
            #expect(!error.diagnostics.isEmpty)
            #expect(!error.description.isEmpty)
        }
    }

    @Test("the sample itself is right")
    func whole() {
        #expect(Sample.messages(Self.rich) == "")
    }

    @Test("cut off at any byte")
    func truncated() {
        let bytes = Array(Self.rich.utf8)
        for end in bytes.indices { load(Array(bytes[..<end])) }
    }

    @Test("with any byte replaced")
    func replaced() {
        let bytes = Array(Self.rich.utf8)
        let wrong: [UInt8] = [0x00, 0xFF, 0x7B, 0x3A, 0x0A, 0x2D, 0x5D, 0x27]
        for index in bytes.indices {
            var changed = bytes
            changed[index] = wrong[index % wrong.count]
            load(changed)
        }
    }

    @Test("with any line left out or moved in")
    func lines() {
        let lines = Self.rich.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for index in lines.indices {
            var changed = lines
            let line = changed.remove(at: index)
            load(Array(changed.joined(separator: "\n").utf8))
            changed.insert("  " + line, at: index)
            load(Array(changed.joined(separator: "\n").utf8))
        }
    }

    @Test("with every value replaced by every kind of value")
    func kinds() {
        let paths = [
            "name", "data", "data.standardize", "evaluation", "evaluation.domains", "model", "model.encoder", "model.encoders",
            "model.encoders.gyroscope", "model.modalities", "model.fusion", "training", "training.batch", "training.optimizer",
            "training.optimizer.use", "training.schedule", "regularizers", "regularizers.0", "regularizers.0.on",
            "regularizers.0.projection", "regularizers.0.schedule", "rows", "rows.0", "rows.1.name", "rows.1.regularizers",
            "rows.1.regularizers.mer", "rows.1.training", "rows.1.tune", "rows.1.tune.a", "baseline", "seeds", "tuning",
            "tuning.seeds", "sweep", "sweep.x", "repeat", "repeat.rows",
        ]
        let values = [
            "", "1", "-1", "1e400", "x", "[]", "{}", "[[]]", "[{}]", "[1, [2, {a: b}]]", "{a: 1}", "{use: 1}", "{use: {}}", "[~]",
        ]
        for path in paths {
            for value in values { load(Array(Self.rich.utf8), ["\(path)=\(value)"]) }
        }
    }

    @Test("settings cut off at any character")
    func settings() {
        let setting = "rows[+ MER].regularizers.mer={weight: 3, on: [gyroscope], schedule: {shape: 'cosine'}}"
        for end in setting.indices { load(Array(Self.rich.utf8), [String(setting[..<end])]) }
    }
}
