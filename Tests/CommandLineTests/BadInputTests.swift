import Foundation
import Testing

@Suite("Wrong input: everything at once, with place and remedy, exit code 2, nothing written")
struct BadInputTests {
    /// The messages of `run` for a recipe with a change; expects exit code 2 and an untouched folder.
    private func messages(_ passage: String, _ replacement: String, _ arguments: String...) async throws -> String {
        let folder = try RecipeFolder((passage, replacement))
        let outcome = try await folder.regulus.run(["run", "r.yaml", "--out", "out"] + arguments)
        #expect(outcome.code == 2)
        #expect(outcome.output.isEmpty)
        #expect(folder.files == ["r.yaml"])
        #expect(!FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("out").path))
        return outcome.messages
    }

    @Test("two faults of one recipe are shown together")
    func two() async throws {
        let folder = try RecipeFolder(("epochs: 2", "epoch: 2"), ("- mer: {weight: 0.3}", "- mre: {weight: 0.3}"))
        let outcome = try await folder.regulus("run", "r.yaml", "--out", "out")
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(folder.files == ["r.yaml"])
        let known = try await folder.regulus("list", "regularizers").lines.compactMap { $0.split(separator: " ").first }
        #expect(
            outcome.messages == """
                r.yaml:6:1: error: training lacks the required key 'epochs'
                    6 | training:
                      | ^~~~~~~~
                      = expected a whole number from 1 to 1000000: passes over the training samples

                r.yaml:7:3: error: unknown key 'epoch' in training
                    7 |   epoch: 2
                      |   ^~~~~
                      = expected one of: epochs, steps, check-every, batch, batching, optimizer, schedule, gradient-clip, augmentation-draws, stem-cache
                      = did you mean 'epochs'?

                r.yaml:16:9: error: unknown regularizer 'mre'
                   16 |       - mre: {weight: 0.3}
                      |         ^~~
                      = expected one of: \(known.joined(separator: ", "))
                      = did you mean 'mer'?

                3 faults; nothing was run

                """)
    }

    @Test("a modality that the model lacks")
    func modality() async throws {
        #expect(
            try await messages("weight: 0.3", "weight: 0.3, on: [m3]") == """
                r.yaml:16:33: error: on of regularizer 'mer' in row '+ MER' does not fit: found m3
                   16 |       - mer: {weight: 0.3, on: [m3]}
                      |                                 ^~
                      = expected modalities of the model: m1, m2
                      = did you mean 'm1'?

                1 fault; nothing was run

                """)
    }

    @Test("a batch smaller than MER needs")
    func batch() async throws {
        #expect(
            try await messages("batch: 16", "batch: 1", "--set", "training.batching=shuffled") == """
                r.yaml:8:10: error: a batch of 1 is too small for the regularizer 'mer'
                    8 |   batch: 1
                      |          ^
                      = expected at least 2

                1 fault; nothing was run

                """)
    }

    @Test("an unknown domain")
    func domain() async throws {
        #expect(
            try await messages("seeds: [1, 2]", "seeds: [1, 2]\nevaluation: {domains: [d1, d33]}") == """
                r.yaml:11:28: error: unknown domain 'd33'
                   11 | evaluation: {domains: [d1, d33]}
                      |                            ^~~
                      = expected one of: d1, d2, d3
                      = did you mean 'd3'?

                1 fault; nothing was run

                """)
    }

    @Test("a data file that is not there")
    func dataFile() async throws {
        let message = try await messages(
            "data: {use: co-occurrence, classes: 4, samples: 48}", "data: {use: tensors, path: [absent.safetensors], modalities: [x]}")
        // The path is the whole one, wherever the test's folder is.
        #expect(message.hasPrefix("r.yaml:2:28: error: /"))
        #expect(
            message.hasSuffix(
                """
                /absent.safetensors: cannot read: No such file or directory
                    2 | data: {use: tensors, path: [absent.safetensors], modalities: [x]}
                      |                            ^~~~~~~~~~~~~~~~~~~~

                1 fault; nothing was run

                """))
    }

    @Test("a data file that is damaged")
    func damagedDataFile() async throws {
        let folder = try RecipeFolder(
            ("data: {use: co-occurrence, classes: 4, samples: 48}", "data: {use: tensors, path: [cut.safetensors], modalities: [x]}"))
        try folder.write(Data([9, 0, 0, 0, 0, 0, 0, 0, 123]), to: "cut.safetensors")
        let outcome = try await folder.regulus("check", "r.yaml")
        #expect(outcome.code == 2)
        #expect(outcome.messages.hasPrefix("r.yaml:2:28: error: "))
        #expect(outcome.messages.contains("cut.safetensors"))
    }

    @Test("a wrong --set, shown as it was written")
    func setting() async throws {
        #expect(
            try await messages("name: small", "name: small", "--set", "training.epochs=ten", "--set", "training.epoch=1") == """
                --set training.epochs=ten: error: epochs cannot be 'ten'
                --set | training.epochs=ten
                      |                 ^~~
                      = expected a whole number from 1 to 1000000

                --set training.epoch=1: error: unknown key 'epoch' in training
                --set | training.epoch=1
                      |          ^~~~~
                      = expected one of: epochs, steps, check-every, batch, batching, optimizer, schedule, gradient-clip, augmentation-draws, stem-cache
                      = did you mean 'epochs'?

                2 faults; nothing was run

                """)
    }

    @Test("no validation samples")
    func validation() async throws {
        #expect(
            try await messages("name: small", "name: small", "--set", "evaluation.validation=0").contains(
                "error: no rows are left for validation in the source domains (d2, d3)"))
    }

    @Test("a recipe that cannot be read", arguments: ["absent.yaml", "folder", "empty.yaml", "binary.yaml"])
    func unreadable(_ name: String) async throws {
        let folder = try RecipeFolder()
        try folder.makeFolder("folder")
        try folder.write("", to: "empty.yaml")
        try folder.write(Data([0x61, 0xff, 0x00, 0xfe, 0x0a]), to: "binary.yaml")
        let outcome = try await folder.regulus("run", name)
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(outcome.messages.contains("error: "))
        #expect(outcome.messages.contains(name))
        #expect(folder.files == ["binary.yaml", "empty.yaml", "r.yaml"])
    }

    @Test(
        "arguments that are wrong",
        arguments: [
            ["run"], ["run", ""], ["run", "r.yaml", "--threads", "0"],
            ["run", "r.yaml", "--threads", "many"], ["run", "r.yaml", "--threads", "-1"],
            ["run", "r.yaml", "--threads", "2", "--threads-per-trial", "3"], ["run", "r.yaml", "--out", ""], ["run", "r.yaml", "other.yaml"],
            ["run", "r.yaml", "--output", "x"], ["describe"], ["list", "things"],
        ])
    func arguments(_ arguments: [String]) async throws {
        let folder = try RecipeFolder()
        let outcome = try await folder.regulus.run(arguments)
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(outcome.messages.contains("Usage: regulus"))
        #expect(folder.files == ["r.yaml"])
    }
}
