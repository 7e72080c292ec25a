import Configuration
import Regularization
import Tensors

/// The task's first score, such as accuracy, under noise on embeddings and without an encoder (the
/// paper's Table 14, MMDG-Bench's missing modality).
///
/// On validation and on target samples it reports the score `clean`, under `noise σ` on each modality,
/// and with each modality `dropped` (its embeddings set to zero), and for each modality
/// `relative-robustness`, the mean score over the levels of noise by trapezoids. The noise is a
/// function of the seed and the row, so that all rows of a table meet the same noise.
///
/// Each sample is encoded once, however many levels there are. `change` is the mean over levels of
/// score − clean score. `relative-robustness`, `change` and the curve of a modality are left out where
/// one of its scores cannot be computed, where there is no level, and where the lowest is 0.
package struct EmbeddingCorruption: MeasuresEachSet {
    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The standard deviations of the noise, rising.
        package var sigmas = [0.5, 1]
        /// Whether the score without each modality is measured.
        package var drop = true
        /// The seed of the noise.
        package var seed = 0
        package init() {}
        package static var fields: [OptionField<Options>] {
            [
                .numbers("sigmas", \.sigmas, in: 0...1000, "standard deviations of the noise that is added to the embeddings of one modality, in rising order"),
                .flag("drop", \.drop, "whether the score is also measured with the embeddings of each modality set to zero"),
                .integer("seed", \.seed, in: 0...1_000_000_000, "seed of the noise"),
            ]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "corruption", summary: "score with noise on the embeddings of one modality, and without this modality",
            formula: "z + σ·N(0, 1), the noise a function of (seed, row);  dropped: z = 0;  change: mean over σ of score − clean score",
            source: "MER-DG, Table 14", options: Options.descriptions,
            notes: [
                "All rows of a table get the same noise. The scale of embeddings differs between rows: the same σ means more where they are small.",
                "The difference of two rows in `change` is MultiBench's effective robustness per level.",
            ])
    }

    private let options: Options

    /// - Throws: `OptionFault` for deviations that are not different or do not rise.
    package init(options: Options) throws(OptionFault) {
        guard options.sigmas == options.sigmas.sorted(), Set(options.sigmas).count == options.sigmas.count else {
            throw OptionFault(option: "sigmas", expected: "different deviations in rising order", found: "\(options.sigmas)")
        }
        self.options = options
    }

    /// Adds the scores of one set: clean, under each level of noise, and without each modality.
    package func measure(_ outputs: ModelOutputs, on set: SampleSet, of model: TrainedModel, into findings: inout Findings) throws {
        let noisy = model.modalities.flatMap { modality in options.sigmas.map { (modality: modality, sigma: $0) } }
        let seed = UInt64(options.seed)
        var changes = [EmbeddingChange.none] + noisy.map { .noise(Float($0.sigma), on: $0.modality, seed: seed) }
        if options.drop { changes += model.modalities.map { .dropping([$0]) } }
        let score = model.task.score
        let scores = try model.logits(on: set, under: changes).map { model.score(of: $0, for: outputs) }
        findings.add(score.name, of: nil, on: set, under: "clean", scores[0])
        for (index, noise) in noisy.enumerated() {
            findings.add(score.name, of: noise.modality.name, on: set, under: "noise \(noise.sigma)", scores[index + 1])
        }
        for (index, modality) in (options.drop ? model.modalities : []).enumerated() {
            findings.add(score.name, of: modality.name, on: set, under: "dropped", scores[noisy.count + 1 + index])
        }
        for modality in model.modalities {
            let own = [scores[0]] + noisy.indices.filter { noisy[$0].modality == modality }.map { scores[$0 + 1] }
            let levels = [0] + options.sigmas
            let values = own.compactMap(\.number)
            guard values.count == levels.count, levels.count > 1, levels[1] > 0 else { continue }
            findings.curves.append(
                Findings.Curve(
                    "\(score.title) under noise", modality: modality.name, samples: set.rawValue, xAxis: "σ", yAxis: score.title, x: levels, y: values))
            findings.add("relative-robustness", of: modality, on: set) {
                try RobustnessCurve(levels: levels, performance: values).relative / (levels[levels.count - 1] - levels[0])
            }
            findings.add("change", of: modality, on: set) {
                values.dropFirst().reduce(0) { $0 + $1 - values[0] } / Double(values.count - 1)
            }
        }
    }
}

/// On which modalities the model relies: the task's first score, such as accuracy, of every subset, and
/// exact Shapley values.
///
/// On validation and on target samples it reports the score with `only` each subset of the modalities,
/// the others set to zero, `shapley` for each modality, and `interaction` for each two. The Shapley
/// values add up to the score with all modalities minus that with none. The number of evaluations is 2
/// to the number of modalities, of which there may be 10.
///
/// With one modality its Shapley value is the whole gain over a model that sees nothing, and there are
/// no interactions. Where the score of one subset cannot be computed, all Shapley values and
/// interactions say why.
package struct ModalityReliance: MeasurementPlugin {
    package static var description: ComponentDescription {
        ComponentDescription(
            name: "modality-reliance", summary: "score with every subset of the modalities, and their Shapley values",
            formula: "φ_m = Σ_S |S|!(M−|S|−1)!/M! · (v(S+m) − v(S)),  v(S) = the score with the other embeddings set to zero",
            source: "Shapley 1953; Hu et al. 2022",
            notes: ["The values add up to the score with all modalities minus the score with none, which is measured too."])
    }

    package init(options: NoOptions) {}

    package var reads: Set<SampleSet> { [.validation, .target] }

    /// - Throws: `Undefined` for more than 10 modalities.
    package func measure(_ model: TrainedModel) throws -> Findings {
        let modalities = model.modalities
        guard modalities.count <= 10 else { throw Undefined("\(modalities.count) modalities have too many subsets") }
        let subsets = (0..<(1 << modalities.count)).map { mask in modalities.indices.filter { mask & 1 << $0 != 0 }.map { modalities[$0] } }
        var findings = Findings()
        for set in [SampleSet.validation, .target] {
            try findings.onEach(set, of: model) { findings, outputs in
                let changes = subsets.map { kept in EmbeddingChange.dropping(modalities.filter { !kept.contains($0) }) }
                let scores = try model.logits(on: set, under: changes).map { model.score(of: $0, for: outputs) }
                for (subset, score) in zip(subsets, scores) {
                    let name = subset.isEmpty ? "none" : subset.map(\.name).joined(separator: " + ")
                    findings.add(model.task.score.name, of: nil, on: set, under: "only \(name)", score)
                }
                let shapley = Result<ModalityShapley, Undefined>.attempt {
                    var values: [Double] = []
                    for score in scores { values.append(try score.get()) }
                    return try ModalityShapley(scores: values)
                }
                for (index, modality) in modalities.enumerated() {
                    findings.add("shapley", of: modality, on: set) { try shapley.get().values[index] }
                }
                for first in modalities.indices {
                    for second in modalities.indices where second > first {
                        findings.add(
                            "interaction", of: "\(modalities[first]), \(modalities[second])", on: set,
                            .attempt { try shapley.get().interactions[first][second] })
                    }
                }
            }
        }
        return findings
    }
}
