import Planning
import Results
import Testing

@testable import TrainingSupport

@Suite("What is kept of rows and data for a report")
struct RowDescriptionPlanTests {
    private let text = """
        \(Sample.recipeHead)
        training: {epochs: 1, batch: 8}
        seeds: [1]
        rows:
          - Fusion
          - name: + MER
            regularizers: [mer: {weight: 0.3, on: [m1]}]
            training: {epochs: 2}
          - name: + Tuned
            regularizers: [label-smoothing]
            tune: {label-smoothing.epsilon: [0.1, 0.2]}

        """

    @Test("values that were given, defaults, and what is tuned")
    func rows() throws {
        let variant = try Sample.planned(text).settings.variants[0]
        #expect(variant.descriptions["Fusion"] == ["no regularizer"])
        let mer = try #require(variant.descriptions["+ MER"])
        #expect(mer.count == 2 && mer[0].hasPrefix("mer: weight 0.3, on m1, ") && mer[0].contains("(default)"), "\(mer)")
        #expect(mer[1].hasPrefix("training: 2 epochs, batch 8 (balanced), adam ("))
        #expect(variant.descriptions["+ Tuned"]?.first?.contains("tuned") == true, "\(variant.descriptions["+ Tuned"] ?? [])")
    }

    @Test("samples of each class and domain")
    func samples() throws {
        let samples = try #require(try Sample.planned(text).settings.variants[0].samples)
        #expect(samples.domains == ["d1", "d2", "d3"] && samples.counts == .init(repeating: [12, 12, 12], count: 4) && !samples.digest.isEmpty)
    }
}
