import Configuration
import Regularization
import Tensors

/// The task's first score, such as accuracy, when the inputs of one modality are corrupted, over
/// severities.
///
/// On each set of samples it reports the score `clean` and, for every modality and every kind of
/// corruption that suits its samples, the score under `<kind> <severity>`. From these follow two
/// numbers and a curve:
///
/// - `relative-robustness`: the area under the score over severities from 0 (clean) to the largest, by
///   trapezoids, divided by the largest severity: the mean score.
/// - `change`: the mean over severities of score − clean score, negative where corruption hurts a score
///   of which higher is better.
///
/// Where the score at one severity cannot be computed, the numbers that need it say why and no curve is
/// drawn. A modality whose encoder has a stored frozen part has no inputs to corrupt: a number under
/// `corrupted` says so. An empty set is one number that says so. Which noise a sample gets depends on
/// the seed and its row alone, so every model meets the same samples. Cost: for each modality one pass over the samples, in which its own
/// encoder runs once for each kind and severity and the others once.
package struct InputCorruption: MeasurementPlugin {
    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The corruptions, by the names of ``Corruption``; all of them by default. One that does not
        /// suit a modality's samples is left out for that modality.
        package var kinds: [String] = []
        /// Severities from 1 to 5, rising; 1, 3 and 5 by default.
        package var severities = [1.0, 3, 5]
        /// Whether source validation samples are corrupted as well as target samples; false by default.
        package var inDomain = false
        /// The seed of the noise; 0 by default.
        package var seed = 0
        package init() {}
        package static var fields: [OptionField<Options>] {
            [
                .texts(
                    "kinds", \.kinds,
                    "kinds of corruption, out of \(Corruption.allCases.map(\.rawValue).joined(separator: ", ")); by default all kinds that suit a modality"
                ),
                .numbers("severities", \.severities, in: 1...5, "severities: whole numbers from 1 to 5, in rising order"),
                .flag("in-domain", \.inDomain, "whether source validation samples are corrupted too"),
                .integer("seed", \.seed, in: 0...1_000_000_000, "seed of the corruption"),
            ]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "input-corruption", summary: "score when the inputs of one modality are corrupted, at several severities",
            formula: "relative-robustness: area under score(severity), over the range;  change: mean over severities of score − clean score",
            source: "MultiBench, Liang et al. 2021; MMDG-Bench", options: Options.descriptions,
            notes: [
                "All rows of a table are scored on the same corrupted samples. The difference of two rows in `change` is MultiBench's effective robustness per severity.",
                "For each kind and severity, the encoder of the corrupted modality and the fusion process all samples once more.",
            ])
    }

    /// The corruptions to apply, all where the options name none.
    private let kinds: [Corruption]
    private let severities: [Int]
    private let options: Options

    /// - Throws: `OptionFault` for a kind that does not exist or is named twice, and for severities
    ///   that are not different whole numbers from 1 to 5 in rising order.
    package init(options: Options) throws(OptionFault) {
        var kinds: [Corruption] = []
        for name in options.kinds {
            guard let kind = Corruption(rawValue: name), !kinds.contains(kind) else {
                let all = Corruption.allCases.map(\.rawValue)
                throw OptionFault(
                    option: "kinds", expected: "different ones of: \(all.joined(separator: ", "))", found: name,
                    suggestion: kinds.contains { $0.rawValue == name } ? nil : nearestName(to: name, among: all))
            }
            kinds.append(kind)
        }
        let severities = options.severities.map { Int($0) }
        guard !severities.isEmpty, zip(severities, options.severities).allSatisfy({ Double($0) == $1 }),
            zip(severities, severities.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw OptionFault(option: "severities", expected: "different whole numbers from 1 to 5 in rising order", found: "\(options.severities)")
        }
        self.kinds = kinds.isEmpty ? Corruption.allCases : kinds
        self.severities = severities
        self.options = options
    }

    /// Each kind that the recipe names has to suit a modality of the data. Where it names none, those that suit one are applied.
    ///
    /// - Throws: `OptionFault` for a kind that suits none, with all that suit one.
    package func check(against data: DatasetFacts) throws(OptionFault) {
        for kind in kinds where !options.kinds.isEmpty && !data.modalities.contains(where: { kind.suits($0.sampleShape) }) {
            let suitable = Corruption.allCases.filter { kind in data.modalities.contains { kind.suits($0.sampleShape) } }
            throw OptionFault(
                option: "kinds", expected: "what suits a modality of the data: \(suitable.map(\.rawValue).joined(separator: ", "))", found: kind.rawValue)
        }
    }

    /// Target samples; validation samples too with `in-domain`.
    ///
    /// Scores without corruption are taken from the outputs that other measurements read as well.
    package var reads: Set<SampleSet> { options.inDomain ? [.validation, .target] : [.target] }

    package func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        let seed = UInt64(options.seed)
        for set in options.inDomain ? [SampleSet.validation, .target] : [.target] {
            try findings.onEach(set, of: model) { findings, outputs in
                let clean = model.score(of: outputs.logits, for: outputs)
                findings.add(model.task.score.name, of: nil, on: set, under: "clean", clean)
                for modality in model.modalities {
                    guard !model.frozenInputs.contains(modality) else {
                        let reason = "the output of the encoder's frozen part is stored, so its inputs are not read; train without stem-cache"
                        findings.add(model.task.score.name, of: modality.name, on: set, under: "corrupted", .failure(Undefined(reason)))
                        continue
                    }
                    guard let shape = try model.inputShape(of: modality, on: set) else { continue }
                    let suitable = kinds.filter { $0.suits(shape) }
                    let changes = suitable.flatMap { kind in
                        severities.map { InputChange.corrupting(kind, severity: $0, of: modality, seed: seed) }
                    }
                    let scores = try model.logits(on: set, under: changes).map { model.score(of: $0, for: outputs) }
                    for (index, kind) in suitable.enumerated() {
                        let own = scores[index * severities.count..<(index + 1) * severities.count]
                        add(kind, clean, Array(own), of: modality, on: set, model, to: &findings)
                    }
                }
            }
        }
        return findings
    }

    /// Adds the scores of one kind of corruption on one modality, with what follows from them.
    ///
    /// - Parameters:
    ///   - clean: the score without corruption.
    ///   - scores: one for each severity, in the order of `severities`.
    ///   - findings: what was found so far.
    private func add(
        _ kind: Corruption, _ clean: Quantity, _ scores: [Quantity], of modality: Modality, on set: SampleSet, _ model: TrainedModel,
        to findings: inout Findings
    ) {
        let score = model.task.score
        for (severity, value) in zip(severities, scores) {
            findings.add(score.name, of: modality.name, on: set, under: "\(kind.rawValue) \(severity)", value)
        }
        let levels = [0] + severities.map(Double.init)
        let values = Result<[Double], Undefined>.attempt { try ([clean] + scores).map { try $0.get() } }
        findings.add("relative-robustness", of: modality, on: set, under: kind.rawValue) {
            try RobustnessCurve(levels: levels, performance: values.get()).relative / (levels[levels.count - 1] - levels[0])
        }
        findings.add("change", of: modality, on: set, under: kind.rawValue) {
            let all = try values.get()
            return all.dropFirst().reduce(0) { $0 + $1 - all[0] } / Double(severities.count)
        }
        guard let values = try? values.get() else { return }
        findings.curves.append(
            Findings.Curve(
                "\(score.title) under \(kind.rawValue)", modality: modality.name, samples: set.rawValue, xAxis: "severity", yAxis: score.title,
                x: levels, y: values))
    }
}
