import Configuration
import Datasets
import Recipes
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("Measurements of a plan")
struct MeasurementPlanTests {
    /// Two modalities `m1` and `m2` of vectors.
    private func text(_ measure: String) -> String {
        """
        \(Sample.recipeHead)
        training: {epochs: 1, batch: 8}
        seeds: [1]
        rows: [Fusion]
        measure: [\(measure)]
        """
    }

    private func messages(_ measure: String) throws -> String { try Sample.messages(text(measure)) }

    @Test("another data set that models can read is opened and belongs to the measurement")
    func otherData() throws {
        let planned = try Sample.planned(text("other-data-detection: {data: {use: co-occurrence, classes: 4, samples: 48, draw: 3}}"))
        let measurement = try #require(planned.cells.first?.measurements.first)
        let other = try #require(measurement.other)
        #expect(planned.otherDatasets[other.plan]?.count == 144)
        #expect(!other.fingerprint.isEmpty)
        #expect(measurement.optionTexts["data"] == "co-occurrence {classes: 4, draw: 3, samples: 48}")
        // It is none of the data that are trained on.
        #expect(planned.datasets.count == 1 && planned.datasets[other.plan] == nil)
        let again = try Sample.planned(text("other-data-detection: {data: {use: co-occurrence, classes: 4, samples: 48, draw: 4}}"))
        #expect(again.cells[0].measurements[0].identity != measurement.identity)
        #expect(again.cells[0].candidates[0].plan.hash == planned.cells[0].candidates[0].plan.hash, "models need not be trained again")
    }

    @Test("the data set that a measurement lacks, or does not need, is said at its line")
    func needed() throws {
        let missing = try messages("other-data-detection")
        #expect(
            missing.contains("r.yaml:8:11: error: measurement other-data-detection compares the target with another data set, and names none"), "\(missing)")
        #expect(missing.contains("other-data-detection: {data: {use: arrays, path: other.npz, modalities: [video, audio]}}"))
        let idle = try messages("scores: {data: watch}")
        #expect(idle.contains("r.yaml:8:26: error: measurement scores uses no other data set than that of the study"), "\(idle)")
        let same = try messages("other-data-detection: {data: {use: co-occurrence, classes: 4, samples: 48}}")
        #expect(same.contains("these are the data that the models are trained on"), "\(same)")
    }

    @Test("another data set without a modality, of other shapes, or that cannot be opened is refused at its line")
    func unfit() throws {
        let names = try messages("other-data-detection: {data: watch}")
        #expect(names.contains("r.yaml:8:40: error: the models read 'm1', which the other data set does not have"), "\(names)")
        #expect(names.contains("these have accelerometer, gyroscope"))
        let shapes = try messages("other-data-detection: {data: {use: co-occurrence, nuisance: 3}}")
        #expect(shapes.contains("samples of 'm1' have the shape"), "\(shapes)")
        let absent = try messages("other-data-detection: {data: {use: arrays, path: absent.npz, modalities: [m1, m2]}}")
        #expect(absent.contains("r.yaml:8:") && absent.contains("absent.npz"), "\(absent)")
    }

    @Test("what no data of the study can give a measurement is said at its line before anything is trained")
    func lacking() throws {
        let unknown = try messages("unknown-class-detection")
        #expect(unknown.contains("r.yaml:8:11: error: measurement unknown-class-detection needs samples of unknown classes"), "\(unknown)")
        #expect(unknown.contains("evaluation: {unknown-classes: [...]}"))
        let corruption = try messages("input-corruption: {kinds: [white-noise, blur]}")
        #expect(corruption.contains("r.yaml:8:37: error: kinds of measurement input-corruption does not fit: found blur"), "\(corruption)")
        #expect(try messages("input-corruption") == "")
        #expect(try messages("dependence") == "")
    }

    @Test("a modality that no data have is refused at its name, one that a row leaves out is not")
    func modalities() throws {
        let message = try messages("representation: {on: [m1, m3]}")
        #expect(message.contains("r.yaml:8:37: error: unknown modality 'm3'"), "\(message)")
        #expect(message.contains("one of: m1, m2, fused"))
        #expect(try messages("representation: {on: [m1, fused]}") == "")
    }
}
