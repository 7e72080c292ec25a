import Configuration
import Foundation
import Results
import Studies
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("Stored stems in recipes")
struct StemRecipeTests {
    private static func recipe(_ training: String = "augmentation-draws: 2, stem-cache: true", audio: String = "resnet18", more: String = "") -> String {
        let shared = "width: 4, blocks: [1, 1, 1, 1], train: last-stage"
        return """
            data: {use: generated-clips}
            model:
              encoders:
                video: {use: slowfast, \(shared), channel-ratio: 2, lateral-kernel: 3}
                flow: {use: slowonly, \(shared)\(more)}
                audio: {use: \(audio)}
              fusion: {use: late, hidden: 8}
            training: {epochs: 2, batch: 4, optimizer: {use: adam, learning-rate: 0.001}, \(training)}
            seeds: [1]
            rows: [{name: Fusion}, {name: + MER, regularizers: [{mer: {weight: 0.1}}]}]
            """
    }

    private static let resnet = "resnet18, width: 4, blocks: [1, 1, 1, 1], train: last-stage"

    private func planned(_ text: String) throws -> PlannedStudy {
        try Sample.planned(text, components: ClipTrials.components())
    }

    @Test("train with all three encoders, and give the same table with the cache as without, up to rounding")
    func endToEnd() throws {
        func losses(_ training: String) throws -> [Double] {
            let planned = try planned(Self.recipe(training, audio: Self.resnet))
            let folder = try TemporaryFolder()
            let results = try StudyRun(
                cells: planned.cells, folder: folder.run, components: ClipTrials.components(),
                pool: WorkerPool(workers: 2, threadsPerWorker: 1), datasets: planned.datasets
            ).run()
            #expect(results.count == 6 && results.allSatisfy(\.isFinished))
            #expect(FileManager.default.fileExists(atPath: folder.run.stems.path) == training.contains("stem-cache"))
            return results.flatMap { $0.epochs.map(\.trainingLoss) }
        }
        let (with, without) = (try losses("augmentation-draws: 2, stem-cache: true"), try losses("augmentation-draws: 2"))
        #expect(!with.isEmpty && with.count == without.count)
        for (one, other) in zip(with, without) { #expect(abs(one - other) < 0.01 * max(1, abs(other))) }
    }

    @Test("say what the cache takes: every clip in every draw, and in evaluation")
    func estimate() throws {
        let planned = try planned(Self.recipe(audio: Self.resnet))
        let stems = try #require(planned.stems)
        #expect(stems.parts.map(\.modality) == ["audio", "flow", "video"])
        // Of 24 clips, all are evaluated by some cell, and all but two of each domain, which always validate, are drawn twice.
        #expect(stems.parts.allSatisfy { $0.outputs == 24 + 2 * 18 })
        #expect(stems.bytes == stems.parts.reduce(0) { $0 + $1.bytes })
        // The fast pathway's map of 8 frames and the slow one's of 2, 2×2 places each, are what a clip of video takes.
        let video = try #require(stems.parts.last)
        #expect(video.bytes == video.outputs * StemFile.recordBytes(values: 2 * 2 * (8 * 2 * 16 + 2 * (4 * 16 + 2 * 2 * 16))))
        let folder = try TemporaryFolder()
        _ = try StudyRun(
            cells: planned.cells, folder: folder.run, components: ClipTrials.components(), pool: WorkerPool(workers: 1, threadsPerWorker: 1),
            datasets: planned.datasets
        ).run()
        let names = FileManager.default.subpaths(atPath: folder.run.stems.path) ?? []
        let found = names.count { $0.hasSuffix(".stems") }
        // One file for each modality and view: two draws and the evaluation.
        #expect(found == 9)
        #expect(stems.shortage(in: folder.url.path) == nil)
        var enormous = stems
        enormous.parts[0].bytes = 1 << 60
        let shortage = try #require(enormous.shortage(in: folder.url.path))
        #expect(shortage.needed > 1 << 59 && shortage.free < shortage.needed)
    }

    @Test("an encoder without a stem beside others is named")
    func mixed() throws {
        let planned = try planned(Self.recipe(audio: "image-cnn"))
        #expect(planned.stems?.others == ["image-cnn (audio)"])
        #expect(planned.stems?.parts.map(\.modality) == ["flow", "video"])
    }

    @Test("a stem that is trained, or whose statistics move, is refused where the recipe says so")
    func refused() throws {
        func message(_ text: String) -> String {
            do {
                _ = try planned(text)
                return ""
            } catch {
                return "\(error)"
            }
        }
        let all = message(Self.recipe(audio: "resnet18, width: 4, blocks: [1, 1, 1, 1], train: all"))
        #expect(all.contains("r.yaml:6:") && all.contains("the audio encoder trains all of its weights"))
        #expect(message(Self.recipe(audio: "resnet18, width: 4, blocks: [1, 1, 1, 1]")).contains("the audio encoder trains all of its weights"))
        let moving = message(Self.recipe(audio: Self.resnet, more: ", batch-norm: training"))
        #expect(moving.contains("r.yaml:5:") && moving.contains("batch-norm of the flow encoder cannot be training"))
        let none = """
            data: {use: co-occurrence, classes: 4, samples: 48}
            model: {encoder: {use: vector-mlp, hidden: [8], embedding: 4}, fusion: late}
            training: {epochs: 1, batch: 16, optimizer: {use: adam, learning-rate: 0.01}, stem-cache: true}
            rows: [{name: Fusion}]
            """
        #expect(message(none).contains("r.yaml:3:") && message(none).contains("no encoder has a stem to store: 'vector-mlp' (m1)"))
    }

    @Test("the number of draws, the cache and the weights' contents are part of the plan's hash")
    func hashed() throws {
        func hash(_ training: String) throws -> String {
            try #require(planned(Self.recipe(training, audio: Self.resnet)).cells.first).candidates[0].plan.hash
        }
        let hashes = try ["batching: balanced", "augmentation-draws: 2", "augmentation-draws: 3", "stem-cache: true"].map(hash)
        #expect(Set(hashes).count == 4)
        #expect(Sample.plan { $0.weightDigests = ["video 1"] }.hash != Sample.plan { $0.weightDigests = ["video 2"] }.hash)
    }
}
