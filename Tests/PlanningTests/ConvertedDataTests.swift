import Datasets
import Foundation
import Results
import Tensors
import TestSupport
import Testing
import Weights

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("Data that were converted to one file")
struct ConvertedDataTests {
    /// The first trial of a study on some data, and the data.
    private func train(_ data: String) throws -> (result: TrialResult, data: any Dataset) {
        let planned = try Sample.planned(
            """
            \(data)
            model: {encoder: {use: vector-mlp, hidden: [8], embedding: 4}, fusion: {use: late, hidden: 8}}
            training: {epochs: 2, batch: 4}
            seeds: [1]
            rows: [ERM]
            """)
        let cell = try #require(planned.cells.all.first)
        let plan = cell.candidates[0].plan
        let dataset = try #require(planned.datasets[plan.data])
        Threads.use(1)
        return (try Trial(plan, key: cell.key(seed: 1), dataset: dataset, components: Sample.components()).run().result, dataset)
    }

    @Test("train to the same bits, where rows lack a modality too")
    func sameBits() throws {
        let folder = try TemporaryFolder()
        var writer = SafetensorsWriter()
        let rows = 36
        func values(_ width: Int) -> [Float] { (0..<rows * width).map { Float(sin(Double(7 * $0))) } }
        writer.add("motion", values(3), shape: [rows, 3])
        writer.add("sound", values(2), shape: [rows, 2])
        writer.add("heard", (0..<rows).map { $0 % 5 == 0 ? 0 : 1 }, shape: [rows])
        writer.add("labels", (0..<rows).map { $0 % 2 }, shape: [rows])
        writer.add("domains", (0..<rows).map { $0 / 12 }, shape: [rows])
        try writer.write(to: folder("in.safetensors"))
        let original = try train("data: {use: arrays, path: \(folder("in.safetensors")), modalities: [motion, sound], present: [sound=heard]}")
        let conversion = try SafetensorsConversion(original.data)
        try conversion.write(to: folder("out.safetensors"))
        let converted = try train(conversion.recipe(path: folder("out.safetensors")))
        for trial in [original, converted] {
            #expect(trial.result.status == .finished && trial.result.epochs.count == 2)
            #expect(try trial.data.presence([0, 1, 5], modality: "sound").samples == [false, true, false])
        }
        let losses = [original, converted].map { trial in trial.result.epochs.map { $0.trainingLoss } }
        #expect(losses[0] == losses[1])
        #expect(original.result.sourceValidationScore == converted.result.sourceValidationScore)
        #expect(original.result.targetScore != nil && original.result.targetScore == converted.result.targetScore)
    }
}
