import Configuration
import Regularization
import Tensors

/// Each embedding in two dimensions, to be looked at: by domain and by class.
///
/// Validation and target samples are projected together onto the first two principal components of
/// their embeddings, which are centered and not scaled. Each component is turned so that its largest
/// entry is positive, as the sign of a component means nothing. It reports `explained` for each
/// embedding and for the fused representation: the share of the total variance that the picture shows,
/// between 0 and 1.
///
/// Samples that lack a modality are not in its picture. With fewer than three samples in all or fewer
/// than two features, where all samples have the same embedding, and where one value is not finite,
/// `explained` says why there is no picture. Where no classes are learned the picture is by domain
/// alone.
package struct EmbeddingMap: MeasurementPlugin {
    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The most samples of each set that are shown, spread evenly over it; 150 by default.
        package var samples = 150
        package init() {}
        package static var fields: [OptionField<Options>] {
            [.integer("samples", \.samples, in: 3...5000, "at most this many samples of each set are shown, evenly spread over it")]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "embedding-map", summary: "each embedding in two dimensions, colored by domain and by class",
            formula: "the first two principal components of source validation and target samples together",
            source: "Pearson 1901", options: Options.descriptions,
            notes: [
                "explained is the share of the variance that the picture shows; where it is small, groups that look mixed may be separate.",
                "The report draws the first trial of each row. Axes of different rows are not comparable.",
                "Principal components only; for t-SNE or UMAP, pass the file of `regulus embed` to another program.",
            ])
    }

    private let options: Options

    package init(options: Options) { self.options = options }

    package var reads: Set<SampleSet> { [.validation, .target] }

    /// - Throws: `Undefined` where one of the two sets is empty.
    package func measure(_ model: TrainedModel) throws -> Findings {
        let parts = try [SampleSet.validation, .target].map { try model.outputs(on: $0).thinned(to: options.samples) }
        var findings = Findings()
        findings.note("\(parts[0].count) source validation and \(parts[1].count) target samples")
        for (own, other) in zip(parts[0].representations, parts[1].representations) {
            let found = Result<(SampleMatrix, Double), Undefined>.attempt {
                let samples = try SampleMatrix(Tensor.concatenated([own.values, other.values], axis: 0), minimum: 3)
                let coordinates = try samples.principalComponents(2)
                let (shown, all) = (coordinates.norm, samples.centered.norm)
                guard all > 0 else { throw Undefined("all samples have the same embedding") }
                return (coordinates, shown * shown / (all * all))
            }
            findings.add("explained", of: own.modality) { try found.get().1 }
            guard let (coordinates, _) = try? found.get() else { continue }
            let labels = own.labels + other.labels
            findings.maps.append(
                Findings.Map(
                    "principal components", modality: own.modality.name, xAxis: "first component", yAxis: "second component",
                    x: coordinates.column(0), y: coordinates.column(1),
                    groupings: [.init("domain", names: model.domains, members: own.domains + other.domains)]
                        + (labels.isEmpty ? [] : [.init("class", names: model.classes, members: labels)])))
        }
        return findings
    }
}

extension SampleMatrix {
    /// A column, with the sign that makes its largest entry positive: the sign of a principal component
    /// means nothing, and is the library's choice.
    fileprivate func column(_ index: Int) -> [Double] {
        let values = (0..<rows).map { self[$0, index] }
        let largest = values.max { abs($0) < abs($1) } ?? 0
        return largest < 0 ? values.map { -$0 } : values
    }
}
