import Configuration
import MeasurementTesting
import Regularization
import Tensors
import Testing

@testable import Analysis

@Suite("Measurements") struct MeasurementTests {
    static let names = (try? MeasurementRegistry.standard().names) ?? []

    @Test("every measurement that comes with Regulus keeps the contract")
    func contract() {
        #expect(MeasurementContract.violations(of: Representation.self) == [])
        #expect(MeasurementContract.violations(of: SourceTargetSimilarity.self) == [])
        #expect(MeasurementContract.violations(of: DomainSeparability.self) == [])
        #expect(MeasurementContract.violations(of: ClassSeparability.self) == [])
        #expect(MeasurementContract.violations(of: ModalityDependence.self) == [])
        #expect(MeasurementContract.violations(of: EmbeddingMap.self) == [])
        #expect(MeasurementContract.violations(of: EmbeddingCorruption.self) == [])
        #expect(MeasurementContract.violations(of: InputCorruption.self) == [])
        #expect(MeasurementContract.violations(of: ModalityReliance.self) == [])
        #expect(MeasurementContract.violations(of: Misclassification.self) == [])
        #expect(MeasurementContract.violations(of: ShiftDetection.self) == [])
        #expect(MeasurementContract.violations(of: UnknownClassDetection.self) == [])
        #expect(MeasurementContract.violations(of: OtherDataDetection.self) == [])
        #expect(MeasurementContract.violations(of: ConfidenceCalibration.self) == [])
        #expect(MeasurementContract.violations(of: TaskScores.self) == [])
        #expect(MeasurementContract.violations(of: ScoresByClass.self) == [])
        #expect(Self.names.count == 16)
    }

    @Test("an ordinary model has a value for every number", arguments: names, SampleModel.Kind.allCases.filter(\.isOrdinary))
    func ordinary(name: String, kind: SampleModel.Kind) throws {
        let findings = try SampleModel(kind).trained().measure(with: MeasurementRegistry.standard().make(name))
        #expect(!findings.numbers.isEmpty)
        for number in findings.numbers { #expect(number.value != nil, "\(number)") }
    }

    @Test("what a measurement says of a model without validation samples is why", arguments: names)
    func empty(name: String) throws {
        let measurement = try MeasurementRegistry.standard().make(name)
        let findings = try SampleModel(.noValidation).trained().measure(with: measurement)
        guard measurement.reads.contains(.validation) else { return }
        #expect(findings.numbers.contains { $0.reason == "there are no validation samples" }, "\(findings.numbers)")
    }

    @Test("samples of another data set come from the model that is given for the one measurement, and from none before and after it")
    func otherData() throws {
        func values(_ findings: Findings) -> [String: Double] {
            Dictionary(findings.numbers.compactMap { number in number.value.map { (number.name, $0) } }) { first, _ in first }
        }
        let (model, measurement) = (SampleModel(.ordinary).trained(), OtherDataDetection(options: .init()))
        let own = try values(model.measure(with: measurement))
        // Equal logits are the least confident that there are.
        let other = try values(model.measure(with: measurement, against: SampleModel(.equalLogits).trained()))
        #expect(other["msp-auroc"] == 1 && other["msp-fpr"] == 0 && other["msp-fpr-out"] == 0)
        #expect(try values(model.measure(with: measurement)) == own && own["msp-auroc"] != 1)
    }

    @Test("a measurement about some modalities finds nothing about the others, and says so where the model reads none of them")
    func on() throws {
        let model = SampleModel(.threeModalities).trained()
        let one = try model.measure(with: Representation(options: .init()), on: ["audio"])
        #expect(Set(one.numbers.map(\.modality)) == ["audio"])
        let fused = try model.measure(with: Representation(options: .init()), on: ["fused"])
        #expect(Set(fused.numbers.map(\.modality)) == ["fused"])
        let pair = try model.measure(with: ModalityDependence(options: .init()), on: ["flow", "video"])
        #expect(Set(pair.numbers.map(\.modality)) == ["video, flow"])
        let none = try model.measure(with: Representation(options: .init()), on: ["touch"])
        #expect(none.numbers.map(\.reason) == ["the model does not read touch"])
        // What was left out is there again for the next measurement.
        #expect(try Set(model.measure(with: Representation(options: .init())).numbers.map(\.modality)) == ["video", "audio", "flow", "fused"])
    }

    @Test("reading a set that was not named is a fault, and so are findings that cannot be told apart")
    func faults() throws {
        #expect(throws: MeasurementFault.self) { try SampleModel(.ordinary).trained().measure(with: Overreaching(options: .init())) }
        #expect(throws: MeasurementFault.self) { try SampleModel(.ordinary).trained().measure(with: Repeating(options: .init())) }
        #expect(MeasurementContract.violations(of: Overreaching.self).contains { $0.contains("training") })
        #expect(MeasurementContract.violations(of: Repeating.self).contains { $0.contains("twice") })
        #expect(MeasurementContract.violations(of: Unsteady.self).contains { $0.contains("differ") })
    }

    @Test("noise on embeddings is a function of the seed and the row, not of the batch or of other rows")
    func noise() throws {
        let change = EmbeddingChange.noise(0.5, on: "video", seed: 3)
        func noised(_ rows: [Int]) -> [Float] {
            let embeddings = Embeddings([(modality: "video", embedding: Embedding(pooled: Tensor.zeros([rows.count, 4])))])
            return change.apply(embeddings, rows)[0].embedding.pooled.values
        }
        let (together, apart) = (noised([4, 9]), noised([9]))
        #expect(Array(together[4...]) == apart)
        #expect(Array(together[..<4]) != apart)
        let other = EmbeddingChange.noise(0.5, on: "video", seed: 4)
        let embeddings = Embeddings([(modality: "video", embedding: Embedding(pooled: Tensor.zeros([1, 4])))])
        #expect(other.apply(embeddings, [9])[0].embedding.pooled.values != apart)
        let untouched = Embeddings([(modality: "audio", embedding: Embedding(pooled: Tensor.ones([1, 4])))])
        #expect(other.apply(untouched, [9])[0].embedding.pooled.values == [1, 1, 1, 1])
    }

    @Test("noise has the deviation that was asked for, and dropping leaves zeros")
    func deviation() throws {
        let rows = Array(0..<2000)
        let embeddings = Embeddings([(modality: "video", embedding: Embedding(pooled: Tensor.ones([2000, 4])))])
        let values = EmbeddingChange.noise(0.5, on: "video", seed: 0).apply(embeddings, rows)[0].embedding.pooled.values.map { Double($0) - 1 }
        let square = values.reduce(0) { $0 + $1 * $1 } / 8000
        #expect(abs(square.squareRoot() - 0.5) < 0.02)
        #expect(EmbeddingChange.dropping(["video"]).apply(embeddings, rows)[0].embedding.pooled.values.allSatisfy { $0 == 0 })
    }

    @Test("accuracy without any change is the clean one, and Shapley values add up to what all modalities gain")
    func reliance() throws {
        let corruption = try SampleModel(.ordinary).trained().measure(with: EmbeddingCorruption(options: .init()))
        let scores = try SampleModel(.ordinary).trained().measure(with: ScoresByClass(options: .init()))
        let reliance = try SampleModel(.ordinary).trained().measure(with: ModalityReliance(options: .init()))
        func value(_ findings: Findings, _ name: String, _ condition: String? = nil, _ modality: String? = nil) -> Double? {
            findings.numbers.first { $0.name == name && $0.samples == "target" && $0.condition == condition && $0.modality == modality }?.value
        }
        let clean = try #require(value(corruption, "accuracy", "clean"))
        #expect(clean == value(scores, "accuracy"))
        #expect(clean == value(reliance, "accuracy", "only video + audio"))
        let none = try #require(value(reliance, "accuracy", "only none"))
        let sum = try #require(value(reliance, "shapley", nil, "video")) + (try #require(value(reliance, "shapley", nil, "audio")))
        #expect(abs(sum - (clean - none)) < 1e-12)
        #expect(value(corruption, "accuracy", "dropped", "audio") == value(reliance, "accuracy", "only video"))
    }

    @Test("options that do not fit each other are refused with the option's name")
    func options() throws {
        let registry = try MeasurementRegistry.standard()
        #expect(throws: OptionFault.self) { try registry.make("corruption", options: ["sigmas": .list([.number(1), .number(0.5)])]) }
        do throws(OptionFault) {
            _ = try registry.make("dependense")
            Issue.record("made")
        } catch {
            #expect(error.suggestion == "dependence")
        }
    }
}

private struct Nothing: Options {
    static var fields: [OptionField<Nothing>] { [] }
}

/// Reads what it does not name.
private struct Overreaching: MeasurementPlugin {
    static var description: ComponentDescription { ComponentDescription(name: "overreaching", summary: "reads the training samples") }
    var reads: Set<SampleSet> { [.target] }
    init(options: Nothing) {}
    func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        let count = try model.outputs(on: .training).count
        findings.add("count") { Double(count) }
        return findings
    }
}

/// Says two things under one name.
private struct Repeating: MeasurementPlugin {
    static var description: ComponentDescription { ComponentDescription(name: "repeating", summary: "the same name twice") }
    var reads: Set<SampleSet> { [.target] }
    init(options: Nothing) {}
    func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        for value in [1.0, 2.0] { findings.add("value") { value } }
        return findings
    }
}

/// Says something else every time.
private struct Unsteady: MeasurementPlugin {
    static var description: ComponentDescription { ComponentDescription(name: "unsteady", summary: "a random number") }
    var reads: Set<SampleSet> { [.target] }
    init(options: Nothing) {}
    func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        findings.add("value") { Double.random(in: 0..<1) }
        return findings
    }
}
