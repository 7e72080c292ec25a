import Configuration
import Regularization
import Tensors

/// Each embedding in two dimensions, to be looked at: by domain and by class.
package struct EmbeddingMap: MeasurementPlugin {
    package struct Options: Configuration.Options {
        package var samples = 150
        package init() {}
        package static var fields: [OptionField<Options>] {
            [.integer("samples", \.samples, in: 3...5000, "most samples of a set that are shown, evenly spread")]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "embedding-map", summary: "each embedding in two dimensions, colored by domain and by class",
            formula: "the first two principal components of source validation and target samples together",
            source: "Pearson 1901", options: Options.descriptions,
            notes: [
                "explained is the share of the variance that the picture shows; where it is small, what looks mixed need not be.",
                "The report draws the first trial of each row. Axes of different rows are not comparable.",
            ])
    }

    private let options: Options

    package init(options: Options) { self.options = options }

    package var reads: Set<SampleSet> { [.validation, .target] }

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
