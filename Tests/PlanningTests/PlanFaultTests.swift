import Datasets
import Foundation
import Recipes
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("What does not fit is said at its place")
struct PlanFaultTests {
    /// Two modalities of vectors, three domains of 48 samples, of which a fifth validates.
    private let text = """
        \(Sample.recipeHead)
        training: {epochs: 2, batch: 8}
        seeds: [1]
        rows:
          - Fusion
          - {name: A, regularizers: [mer]}

        """

    /// The messages about the recipe with a passage replaced; empty where there are none.
    private func messages(_ passage: String, _ replacement: String, set overrides: [String] = []) throws -> String {
        try #require(text.contains(passage))
        return try Sample.messages(text.replacing(passage, with: replacement), overrides: overrides)
    }

    @Test("an encoder that cannot read the samples, for each modality")
    func encoders() throws {
        let message = try messages("{use: vector-mlp, hidden: [16], embedding: 8}", "image-cnn")
        #expect(message.contains("r.yaml:3:12: error: encoder image-cnn cannot read 'm1': found "))
        #expect(message.contains("r.yaml:3:12: error: encoder image-cnn cannot read 'm2': found "))
    }

    @Test("a file of weights that is missing, is a folder or holds something else: that it cannot be read, and why")
    func weights() throws {
        let encoder = "{use: vector-mlp, hidden: [16], embedding: 8}"
        func message(_ path: String) throws -> String { try messages(encoder, encoder.dropLast() + ", weights: \(path)}") }
        let missing = try message("/nowhere/a.pth")
        #expect(missing.contains("r.yaml:3:67: error: weights of encoder vector-mlp cannot be read: /nowhere/a.pth: No such file or directory\n"), "\(missing)")
        #expect(missing.contains("= expected a readable file of weights"))
        let folder = try TemporaryFolder()
        try Data("no weights".utf8).write(to: URL(fileURLWithPath: folder("checkpoint.safetensors")))
        let inside = try message(folder.path)
        #expect(inside.contains("weights of encoder vector-mlp cannot be read: \(folder.path): "), "\(inside)")
        #expect(inside.contains("did you mean '\(folder("checkpoint.safetensors"))'?"))
        let other = try message(folder("checkpoint.safetensors"))
        #expect(other.contains("weights of encoder vector-mlp cannot be read: \(folder("checkpoint.safetensors")): "), "\(other)")
    }

    @Test("an option of a fusion that does not fit another one")
    func fusion() throws {
        #expect(
            try messages("{use: late, hidden: 16}", "{use: cross-attention, width: 10, heads: 3}").contains(
                "r.yaml:4:"))
    }

    @Test("a model, or a term's own layers, whose parameters do not fit into the memory: each width by itself is one that may be")
    func sizes() throws {
        func message(_ passage: String, _ replacement: String) throws -> String {
            let components = try Sample.components()
            let changed = text.replacing(passage, with: replacement)
            let study = try RecipeLoader.load(file: "r.yaml", text: changed, overrides: [], catalogue: components.catalogue)
            do {
                _ = try PlannedStudy(study, components: PlannedComponents(components, memory: 1 << 30), threads: 1)
                return ""
            } catch {
                return "\(error)"
            }
        }
        let model = try message("hidden: [16]", "hidden: [60000, 60000]")
        #expect(model.contains("r.yaml:") && model.contains("error: the model is too large: found 72"), "\(model)")
        #expect(model.contains("expected no more than the 1024 MiB of memory that are available here"))
        let term = try message("[mer]", "[mer: {at: projection, projection: {hidden: [65536, 65536], width: 65536}}]")
        #expect(term.contains("r.yaml:9:") && term.contains("MiB with their gradients"), "\(term)")
        // What a term keeps counts too: an average of the weights for each epoch that may be gone back to.
        #expect(try message("[mer]", "[swad: {patience: 1000}]").isEmpty)
        let heads = try message("[mer]", "[representation-flattening: {hidden: [65536], width: 65536}]")
        #expect(heads.contains("r.yaml:9:") && heads.contains("values that are kept, which take"), "\(heads)")
        #expect(try message("hidden: [16]", "hidden: [32]").isEmpty)
    }

    @Test("an option that repeats the samples of a batch more often than memory has room for, with the largest number that it has")
    func repeats() throws {
        let recipe = text.replacing("embedding: 8", with: "embedding: 60000")
            .replacing("[mer]", with: "[jigsaw: {pieces: 4, orders: 4096, width: 8}]")
        let fault = #expect(throws: RecipeError.self) { try Sample.planned(recipe) }
        let message = fault.map { "\($0)" } ?? ""
        #expect(message.contains("error: orders of regularizer 'jigsaw' in row 'A' does not fit: found 4096"), "\(message)")
        #expect(message.contains("expected at most 279 for batches of 8 samples with 120000 features"), "\(message)")
        #expect(message.contains("did you mean '279'?"))
    }

    @Test("a modality that the model or a sum does not have, at the name itself")
    func modalities() throws {
        #expect(
            try messages("[mer]", "[mer: {on: [m1, m3]}]") == """
                r.yaml:9:45: error: on of regularizer 'mer' in row 'A' does not fit: found m3
                    9 |   - {name: A, regularizers: [mer: {on: [m1, m3]}]}
                      |                                             ^~
                      = expected modalities of the model: m1, m2
                      = did you mean 'm1'?
                """)
        #expect(
            try messages("[mer]", "[mer, sum: {on: m1, terms: [dropout, noise: {on: m2, sigma: 0.1}]}]").contains(
                "on of regularizer 'noise' in row 'A' does not fit: found m2"))
    }

    @Test("a place that a regularizer cannot act at, and modalities beside all of them together")
    func places() throws {
        let dropout = try messages("[mer]", "[dropout: {at: projection}]")
        #expect(dropout.contains("r.yaml:9:44: error: at of regularizer 'dropout' in row 'A' does not fit: found projection"))
        let fused = try messages("[mer]", "[mer: {at: fused, on: m1}]")
        #expect(fused.contains("error: on of regularizer 'mer' in row 'A' does not fit: found m1"))
        #expect(fused.contains("= expected nothing beside `at: fused`"))
        let sum = try messages("[mer]", "[sum: {on: m1, terms: [mer: {at: fused}]}]")
        #expect(sum.contains("error: at of regularizer 'mer' in row 'A' does not fit: found fused"))
    }

    @Test("a point that no encoder has, one that is frozen, and points where there can be none, at the name itself")
    func points() throws {
        let pictures = text.replacing("use: co-occurrence, classes: 4, samples: 48", with: "use: digits, shape: pictures")
        func messages(_ encoder: String, _ terms: String) -> String {
            let recipe = pictures.replacing("{use: vector-mlp, hidden: [16], embedding: 8}", with: encoder).replacing("[mer]", with: terms)
            let fault = #expect(throws: RecipeError.self) { try Sample.planned(recipe) }
            return fault.map { "\($0)" } ?? ""
        }
        let (cnn, resnet) = ("{use: image-cnn, stages: 2}", "{use: resnet18, width: 2, blocks: [1, 1, 1, 1], train: last-stage}")
        #expect(
            messages(cnn, "[dsu: {points: [conv1, convv2]}]") == """
                r.yaml:9:52: error: points of regularizer 'dsu' in row 'A' does not fit: found convv2
                    9 |   - {name: A, regularizers: [dsu: {points: [conv1, convv2]}]}
                      |                                                    ^~~~~~
                      = expected points of the encoders: conv1, conv2
                      = did you mean 'conv2'?
                """)
        #expect(messages(resnet, "[dsu: {points: layer2}]").contains("= expected points that are not frozen: layer3, layer4"))
        #expect(messages(cnn, "[mer: {points: conv1}]").contains("= expected none for mer, which changes no feature maps"))
        #expect(messages(cnn, "[dsu: {part: shared}]").contains("part of regularizer 'dsu' in row 'A' does not fit: found shared"))
        #expect(messages(cnn, "[dsu: {points: []}]").contains("points cannot be an empty list"))
        #expect(messages(cnn, "[sum: {points: conv1, terms: [dsu]}]").contains("'points' belongs to the terms of a sum"))
        let vectors = try self.messages("[mer]", "[dsu]")
        #expect(vectors.contains("regularizer 'dsu' in row 'A' cannot be made: found none among those of m1, m2"))
        #expect(try self.messages("[mer]", "[dsu: {on: m1}]").contains("on of regularizer 'dsu' in row 'A' does not fit: found m1"))
    }

    @Test("two terms of one name, in the words of the documentation")
    func namedTwice() throws {
        let article = try Repository.text("Sources/Regulus/Regulus.docc/WhatGoesWrong.md")
        let line = try #require(try messages("[mer]", "[mer, mer]").split(separator: "\n").first?.split(separator: "error: ").last)
        #expect(article.split(separator: "\n").contains(line), "\(line)")
    }

    @Test("a schedule that ends before it starts")
    func schedule() throws {
        let message = try messages("[mer]", "[mer: {schedule: {start: 0.9, end: 0.1}}]")
        #expect(message.contains("error: schedule of regularizer 'mer' in row 'A' does not fit: found start 0.9, end 0.1"))
    }

    @Test("a term that would cease to act before it begins, also inside a sum and also where that takes the number of steps")
    func moments() throws {
        #expect(
            try messages("[mer]", "[sum: {terms: [noise: {sigma: 0.1, after: 2 epochs, until: 9 steps}]}]") == """
                r.yaml:9:88: error: until of regularizer 'noise' in row 'A' does not fit: found 9 steps
                    9 |   - {name: A, regularizers: [sum: {terms: [noise: {sigma: 0.1, after: 2 epochs, until: 9 steps}]}]}
                      |                                                                                        ^~~~~~~
                      = expected a moment that does not come before 'after: 2 epochs'
                """)
    }

    @Test("a batch that is too small for a regularizer, as balancing leaves it")
    func smallBatch() throws {
        #expect(
            try messages("batch: 8", "batch: 1, batching: shuffled") == """
                r.yaml:5:30: error: a batch of 1 is too small for the regularizer 'mer'
                    5 | training: {epochs: 2, batch: 1, batching: shuffled}
                      |                              ^
                      = expected at least 2
                """)
        let sum = try messages("[mer]", "[sum: {terms: [mer]}]", set: ["training.batch=1", "training.batching=shuffled"])
        #expect(sum.contains("a batch of 1 is too small for the regularizer 'mer'"))
        #expect(try messages("batch: 8", "batch: 1").contains("error: a batch of 1 cannot have rows of each of 2 source domains"))
    }

    @Test("a batch is refused where the real division cannot fill it, and never else")
    func largeBatch() throws {
        // Of 48 rows a domain, whole groups of each class validate.
        let division = try Sample.planned(text).cells[0].candidates[0].plan.makeSplit(of: Sample.dataset()).training.count
        #expect(try messages("batch: 8", "batch: \(division), batching: shuffled") == "")
        #expect(
            try messages("batch: 8", "batch: \(division + 1), batching: shuffled").contains(
                "a batch of \(division + 1) needs \(division + 1) training rows, but the source domains have \(division)"))
    }

    @Test("every fault of every variant at once, and each once")
    func together() throws {
        let message = try messages(
            "[mer]", "[mer: {on: m3}]}\n  - {name: B, regularizers: [mer: {on: m4}]", set: ["sweep={training.epochs: [1, 2]}"])
        #expect(message.components(separatedBy: "error:").count == 3)
    }

    @Test("a way through a recipe is spelled as a setting is")
    func paths() {
        #expect(RecipePath.row(2)["regularizers"][0]["on"].description == "rows[2].regularizers[0].on")
        #expect(RecipePath("model", "encoders")["video"]["width"].description == "model.encoders.video.width")
    }
}
