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

    @Test(
        "what a measurement lacks stands in the place of its numbers",
        arguments: [
            (SampleModel.Kind.oneClass, "class-probe", "all samples are of one class"),
            (.oneModality, "dependence", "there is one modality only"),
            (.oneSample, "representation", "it needs at least 2 samples"),
            (.oneSample, "dependence", "it needs at least 2 samples"),
            (.oneSample, "source-target-similarity", "it has 1 source and 1 target samples"),
            (.oneSample, "embedding-map", "it needs at least 3 samples"),
            (.constantEmbeddings, "representation", "all samples have the same embedding"),
            (.constantEmbeddings, "dependence", "all samples have the same first embedding"),
            (.constantEmbeddings, "source-target-similarity", "all samples have the same embedding"),
            (.constantEmbeddings, "embedding-map", "all samples have the same embedding"),
            (.allRight, "misclassification-detection", "every sample is classified correctly"),
        ])
    func lacking(kind: SampleModel.Kind, name: String, reason: String) throws {
        let findings = try SampleModel(kind).trained().measure(with: MeasurementRegistry.standard().make(name))
        #expect(findings.numbers.contains { $0.value == nil && $0.reason?.contains(reason) == true }, "\(findings.numbers)")
    }

    @Test(
        "no number that rests on a value which is not finite has one itself, but for the accuracy, in which such a prediction is wrong",
        arguments: names.filter { !["scores", "corruption", "input-corruption", "modality-reliance"].contains($0) })
    func notFinite(name: String) throws {
        let findings = try SampleModel(.notFinite).trained().measure(with: MeasurementRegistry.standard().make(name))
        #expect(findings.numbers.contains { $0.value == nil }, "\(findings.numbers)")
        #expect(findings.numbers.allSatisfy { $0.value?.isFinite != false })
    }

    @Test("data of one class, of one domain and of one modality are refused by what would tell them apart, and left out of 'all'")
    func refused() throws {
        func facts(_ modalities: [String], _ domains: [String], _ classes: [String]) -> DatasetFacts {
            DatasetFacts(
                modalities: modalities.map { .init(name: $0, sampleShape: [4]) }, domains: domains, classes: classes,
                samplesPerDomain: domains.map { _ in 9 })
        }
        let registry = try MeasurementRegistry.standard()
        let whole = facts(["video", "audio"], ["D1", "D2"], ["put", "take"])
        for (name, lacking) in [
            ("class-probe", facts(["video", "audio"], ["D1", "D2"], ["put"])), ("domain-probe", facts(["video", "audio"], ["D1"], ["put", "take"])),
            ("dependence", facts(["video"], ["D1", "D2"], ["put", "take"])),
        ] {
            let measurement = try registry.make(name)
            try measurement.check(against: whole)
            let fault = #expect(throws: OptionFault.self) { try measurement.check(against: lacking) }
            #expect(fault?.expected.hasSuffix("or more") == true)
            #expect(registry.names(for: whole, hasUnknownClasses: false).contains(name))
            #expect(!registry.names(for: lacking, hasUnknownClasses: false).contains(name))
        }
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

    @Test("findings that no report could show are a fault", arguments: Unshowable.moods)
    func unshowable(mood: String, text: String) throws {
        let model = SampleModel(.ordinary).trained()
        let fault = #expect(throws: MeasurementFault.self) { try model.measure(with: Unshowable(mood)) }
        #expect(fault?.description == text)
    }

    @Test("an error of a measurement's own is its fault; one of reading the samples is not")
    func errors() throws {
        struct Unreadable: Error {}
        let fault = #expect(throws: MeasurementFault.self) { try SampleModel(.ordinary).trained().measure(with: Unshowable("error")) }
        #expect(fault?.description == "it throws BadMood()")
        let model = TrainedModel(
            modalities: ["video"], targets: TargetFacts(.classes, names: ["a", "b"]), domains: ["d"], encode: { _, _ in Embeddings([]) },
            fuse: { _ in Prediction(logits: Tensor.zeros([1, 2])) }, forEachBatch: { _, _ in throw Unreadable() })
        #expect(throws: Unreadable.self) { try model.measure(with: Unshowable("reads")) }
        // It is forgotten with the measurement that met it.
        #expect(throws: MeasurementFault.self) { try model.measure(with: Unshowable("error")) }
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

    @Test("where inputs of one modality change, the others are encoded once, and predictions are those of encoding everything")
    func encodedOnce() throws {
        var encoded: [String: Int] = [:]
        let values = Samples.normal(10, 4)
        let model = TrainedModel(
            modalities: ["audio", "video"], targets: TargetFacts(.classes, names: ["put", "take"]), domains: ["D1"],
            encode: { inputs, chosen in
                Embeddings(
                    [Modality("audio"), "video"].filter(chosen.contains).compactMap { modality in
                        encoded[modality.name, default: 0] += 1
                        return inputs[modality].map { (modality: modality, embedding: Embedding(pooled: $0 * 3)) }
                    })
            },
            change: { embeddings in embeddings.mapPooled { modality, values in modality == "audio" ? values + 1 : values } },
            fuse: { embeddings in
                Prediction(logits: (embeddings[0].embedding.pooled * embeddings[1].embedding.pooled).matmul(Samples.normal(4, 2, seed: 2)))
            },
            forEachBatch: { _, body in
                for rows in [0..<6, 6..<10] {
                    let part = Tensor(Array(values.values[rows.lowerBound * 4..<rows.upperBound * 4]), shape: [rows.count, 4])
                    try body(
                        TrainedModel.Batch(
                            rows: Array(rows), inputs: ["audio": part, "video": part * part], targets: .classes(rows.map { $0 % 2 }, of: 2),
                            domains: rows.map { _ in 0 }))
                }
            })
        let changes = (1...3).map { InputChange.corrupting(.whiteNoise, severity: $0, of: "video", seed: 0) } + [.none]
        let found = try model.logits(on: .target, under: changes)
        // Two batches: three changes of the video in each, which is also encoded as it is, for the one that changes nothing.
        #expect(encoded == ["audio": 2, "video": 8])
        let whole = try model.logits(on: .target, under: changes.map { change in InputChange { change.apply($0, $1) } })
        #expect(zip(found, whole).allSatisfy { $0.values == $1.values })
        #expect(Set(found.map(\.values)).count == 4)
        // What was encoded for the outputs is fused again where embeddings are changed.
        let changed = try model.logits(on: .target, under: [.dropping(["video"]), .none])
        encoded = [:]
        #expect(try model.outputs(on: .target).logits.values == changed[1].values)
        let again = try model.logits(on: .target, under: [.dropping(["video"]), .none])
        #expect(encoded == ["audio": 2, "video": 2])
        #expect(zip(again, changed).allSatisfy { $0.values == $1.values })
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

private struct BadMood: Error {}

/// Sets its findings to what no report could show.
private struct Unshowable: MeasurementPlugin {
    static let moods = [
        ("nan", "it returns 'x' with the value nan"), ("nameless", "it returns a number without a name"),
        ("many", "it returns 20001 numbers, more than 20000"), ("curve", "it returns a curve 'c' with 2 and 1 coordinates"),
        ("infinite curve", "it returns a curve 'c' with coordinates that are not finite"),
        ("grid", "it returns a grid 'g' without a count for each of its 1 rows and 2 columns"),
        ("negative grid", "it returns a grid 'g' with -1, which is no count"),
        ("large grid", "it returns a grid 'g' with 9223372036854775807, which is no count"),
        ("map", "it returns a map 'm' without two coordinates and a group for each point"),
        ("stranger", "it returns a map 'm' with a point in the group 1 of 1 by domain"),
    ]
    static var description: ComponentDescription { ComponentDescription(name: "unshowable", summary: "breaks its word") }
    var reads: Set<SampleSet> { [.target] }
    private let mood: String
    init(options: Nothing) { mood = "" }
    init(_ mood: String) { self.mood = mood }

    func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        findings.numbers = [Findings.Number("x", value: 1)]
        var curve = Findings.Curve("c", xAxis: "x", yAxis: "y", x: [1, 2], y: [1, 2])
        func grid(_ values: [Int]) -> Findings.Grid {
            Findings.Grid("g", rowAxis: "r", columnAxis: "c", rows: ["a"], columns: ["a", "b"], values: [values])
        }
        func map(_ y: [Double], _ members: [Int]) -> Findings.Map {
            Findings.Map("m", xAxis: "x", yAxis: "y", x: [0, 1], y: y, groupings: [.init("domain", names: ["d"], members: members)])
        }
        switch mood {
        case "reads": _ = try model.outputs(on: .target)
        case "nan": findings.numbers[0].value = .nan
        case "nameless": findings.numbers[0].name = ""
        case "many": findings.numbers = (0...20_000).map { Findings.Number("\($0)", value: 1) }
        case "curve":
            curve.y = [1]
            findings.curves = [curve]
        case "infinite curve":
            curve.y = [1, .infinity]
            findings.curves = [curve]
        case "grid": findings.grids = [grid([1])]
        case "negative grid": findings.grids = [grid([1, -1])]
        case "large grid": findings.grids = [grid([.max, 0])]
        case "map": findings.maps = [map([1], [0, 0])]
        case "stranger": findings.maps = [map([1, 2], [0, 1])]
        default: throw BadMood()
        }
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
