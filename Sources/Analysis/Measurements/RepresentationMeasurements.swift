import Configuration
import Regularization
import Tensors

/// How many directions of each embedding are in use (the paper's Eq. 3 and Figure 2).
///
/// On validation and on target samples it reports for each embedding and for the fused representation
/// `rankme`, `effective-rank` (the same of centered embeddings) and `participation`, and draws the
/// `spectrum` of singular values. A rank is at most the smaller of samples and features, so compare
/// rows on the same samples.
///
/// A modality is measured on the samples that have it, whose number is noted where it is smaller. A
/// single sample, or equal ones, have rank 1 and no centered numbers; embeddings that are all 0, or not
/// finite, have no rank, and the number says so.
package struct Representation: MeasuresEachSet {
    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The largest number of samples of a set that are used, spread evenly over it.
        package var samples = 20_000
        package init() {}
        package static var fields: [OptionField<Options>] {
            [.integer("samples", \.samples, in: 2...1_000_000, "at most this many samples of each set are used, evenly spread over it")]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "representation", summary: "rank of each embedding: how many directions it uses",
            formula: "rankme = exp(−Σ p log p), p = σ/Σσ;  effective-rank: the same after centering;  participation = (Σσ²)²/Σσ⁴",
            source: "Garrido et al. 2023; Roy and Vetterli 2007", options: Options.descriptions,
            notes: ["A rank is at most the smaller of samples and features: compare rows on the same samples."])
    }

    private let options: Options

    package init(options: Options) { self.options = options }

    package func measure(_ outputs: ModelOutputs, on set: SampleSet, of model: TrainedModel, into findings: inout Findings) throws {
        let outputs = outputs.thinned(to: options.samples)
        findings.note("\(set.rawValue): \(outputs.count) samples")
        for part in outputs.representations {
            let (modality, values) = (part.modality, part.values)
            if part.places.count < outputs.count { findings.note("\(set.rawValue): \(part.places.count) of them have \(modality)") }
            let (plain, centered) = Spectrum.plainAndCentered(of: values)
            findings.add("rankme", of: modality, on: set) { try plain.get().rank }
            findings.add("effective-rank", of: modality, on: set) { try centered.get().rank }
            findings.add("participation", of: modality, on: set) { try centered.get().participation }
            if let spectrum = try? plain.get() {
                let curve = spectrum.logNormalized
                findings.curves.append(
                    Findings.Curve(
                        "spectrum", modality: modality.name, samples: set.rawValue, xAxis: "singular value", yAxis: "log(σ/σ₁)",
                        x: curve.indices.map { Double($0 + 1) }, y: curve))
            }
        }
    }
}

/// How alike source and target embeddings of the same class are (the paper's Table 1).
///
/// It reports four similarities between 0 and 1 for each embedding, each the mean over the classes:
/// linear CKA, CKA with a Gaussian kernel, Procrustes similarity, and the cosine of the feature Gram
/// matrices. The first three pair the samples of a class in stored order, which the paper leaves open.
///
/// A class with fewer than two samples on one side, or with constant embeddings, is left out of the
/// mean; where no class is left, the number says why. Samples that lack a modality are left out for it.
package struct SourceTargetSimilarity: MeasurementPlugin {
    /// Which source samples are compared with the target's.
    ///
    /// By default those that it was trained on, as in the paper.
    package enum Source: String, CaseIterable, Sendable {
        /// The samples that the model was trained on, as evaluation shows them.
        case training
        /// The samples of training domains that were held back.
        case validation
    }

    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The source samples that are compared with the target's.
        package var source = Source.training
        /// The largest number of samples of a class on each side, spread evenly.
        package var samples = 500
        package init() {}
        package static var fields: [OptionField<Options>] {
            [
                .choice("source", \.source, "which source samples are compared with those of the target"),
                .integer("samples", \.samples, in: 2...100_000, "at most this many samples of a class are used on each side, evenly spread over it"),
            ]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "source-target-similarity", summary: "similarity of source and target embeddings within each class",
            formula: "mean over classes of CKA (linear, RBF), Procrustes similarity and the cosine of the feature Grams",
            source: "Kornblith et al. 2019; MER-DG, Table 1", options: Options.descriptions,
            notes: [
                "CKA and Procrustes pair the samples of a class in stored order, since the paper does not say how; feature-gram needs no pairs."
            ])
    }

    private let options: Options

    package init(options: Options) { self.options = options }

    package static var tasks: [TargetKind] { [.classes] }

    private var source: SampleSet { options.source == .training ? .training : .validation }

    package var reads: Set<SampleSet> { [source, .target] }

    /// - Throws: `Undefined` where one of the two sets is empty.
    package func measure(_ model: TrainedModel) throws -> Findings {
        let source = try model.outputs(on: source).thinnedByClass(to: options.samples)
        let target = try model.outputs(on: .target).thinnedByClass(to: options.samples)
        var findings = Findings()
        findings.note("at most \(options.samples) samples of a class on each side")
        for (own, other) in zip(source.representations, target.representations) {
            let found = Result<[ClassConditionalSimilarity], Undefined>.attempt {
                try ClassConditionalSimilarity.all(
                    Similarity.allCases, source: own.values, sourceLabels: own.labels, target: other.values, targetLabels: other.labels)
            }
            for (index, similarity) in Similarity.allCases.enumerated() {
                findings.add(similarity.rawValue, of: own.modality) { try found.get()[index].mean.get() }
            }
        }
        return findings
    }
}

extension ModelOutputs {
    /// At most `limit` samples of each class, evenly spread over the data set's order.
    func thinnedByClass(to limit: Int) -> ModelOutputs {
        let kept = rowsByClass(labels).values.flatMap { places in
            places.count <= limit ? places : (0..<limit).map { places[$0 * places.count / limit] }
        }
        return kept.count == count ? self : selecting(kept.sorted())
    }
}
