import Configuration
import Regularization
import Tensors

/// How much the embeddings of two modalities say about each other: the mechanism that fusion
/// overfitting is supposed to work by.
///
/// For each pair of modalities, on validation and on target samples, it reports `canonical-correlation`
/// (the mean of the largest), `hsic` and `distance-correlation` (both bias-corrected),
/// `mutual-information` of the first principal components in nats, and `prediction`, the R² of
/// predicting the second embedding from the first linearly, with `prediction-reversed` for the other
/// direction. Each is measured over all samples and, for tasks with classes, as the mean within
/// classes, which takes out what both modalities share because both know the class.
///
/// Memory and time grow with the square of `samples`.
package struct ModalityDependence: MeasurementPlugin {
    /// The options, with their defaults.
    package struct Options: Configuration.Options {
        /// The largest number of samples of a set that are used, spread evenly over it.
        package var samples = 1000
        /// The ridge of the canonical correlations and of the prediction, on standardized features.
        package var ridge = 0.1
        /// The number of canonical correlations that are averaged.
        package var correlations = 5
        /// The number of principal components whose mutual information is estimated.
        package var dimensions = 2
        /// The number of neighbors of that estimate.
        package var neighbors = 3
        /// Whether dependence within classes is measured too.
        package var withinClasses = true
        package init() {}
        package static var fields: [OptionField<Options>] {
            [
                .integer("samples", \.samples, in: 8...100_000, "at most this many samples of each set are used, evenly spread over it"),
                .number("ridge", \.ridge, in: 1e-6...100, "ridge for the canonical correlations and for the prediction; features are standardized"),
                .integer("correlations", \.correlations, in: 1...1000, "how many of the largest canonical correlations are averaged"),
                .integer("dimensions", \.dimensions, in: 1...10, "number of principal components whose mutual information is estimated"),
                .integer("neighbors", \.neighbors, in: 1...50, "number of neighbors in the estimate of the mutual information"),
                .flag("within-classes", \.withinClasses, "whether dependence within each class, averaged over classes, is measured too"),
            ]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "dependence", summary: "dependence between the embeddings of every two modalities, overall and within classes",
            formula: "mean of the k largest canonical correlations; HSIC and distance correlation (bias-corrected); I(PCA x; PCA y); R² of predicting",
            source: "Hotelling 1936; Song et al. 2007; Székely and Rizzo 2013; Kraskov et al. 2004", options: Options.descriptions,
            notes: [
                "Features are standardized first. Except for the bias-corrected ones, all values grow with the number of features and fall with that of samples: "
                    + "compare rows on the same samples.",
                "Within classes, dependence that comes from the class itself is removed. This part is left out if the task has no classes.",
            ])
    }

    private let options: Options

    package init(options: Options) { self.options = options }

    package var reads: Set<SampleSet> { [.validation, .target] }

    /// Dependence is between two. Data of one modality are refused; a row whose model reads one of several says so in its own cell.
    ///
    /// - Throws: `OptionFault` for data of one modality.
    package func check(against data: DatasetFacts) throws(OptionFault) {
        guard data.modalities.count < 2 else { return }
        throw OptionFault(option: nil, expected: "data with two modalities or more", found: data.modalityNames.joined(separator: ", "))
    }

    /// - Throws: `Undefined` for a model with one modality. A measure that a pair of embeddings has no
    ///   value of, because too few samples have both or one side is constant, says why in its place.
    package func measure(_ model: TrainedModel) throws -> Findings {
        guard model.modalities.count > 1 else { throw Undefined("there is one modality only") }
        var findings = Findings()
        for set in [SampleSet.validation, .target] {
            try findings.onEach(set, of: model) { findings, outputs in
                let outputs = outputs.thinned(to: options.samples)
                findings.note("\(set.rawValue): \(outputs.count) samples")
                let classes = rowsByClass(outputs.labels).sorted { $0.key < $1.key }.map(\.value)
                for (first, second) in Self.pairs(outputs.embeddings) {
                    let name = "\(first.modality), \(second.modality)"
                    let places = outputs.places(of: [first.modality, second.modality])
                    if places.count < outputs.count { findings.note("\(set.rawValue): \(places.count) of them have \(name)") }
                    let shared = Set(places)
                    let classes = places.count == outputs.count ? classes : classes.map { $0.filter(shared.contains) }.filter { !$0.isEmpty }
                    func paired(_ rows: [Int]) -> Paired { Paired(first.values, second.values, rows, options) }
                    let all = paired(places)
                    for measure in Measure.allCases {
                        let quantity = Quantity.attempt { () throws(Undefined) in try measure.value(of: all) }
                        findings.add(measure.rawValue, of: name, on: set, quantity)
                    }
                    guard options.withinClasses, model.targets.kind == .classes else { continue }
                    let parts = classes.map(paired)
                    for measure in Measure.allCases {
                        let quantity = Quantity.attempt { () throws(Undefined) in try measure.meanValue(of: parts) }
                        findings.add(measure.rawValue, of: name, on: set, under: "within classes", quantity)
                    }
                }
            }
        }
        return findings
    }

    private typealias Part = (modality: Modality, values: Tensor)

    /// Each two modalities, in order.
    private static func pairs(_ parts: [Part]) -> [(Part, Part)] {
        parts.indices.flatMap { first in ((first + 1)..<max(parts.count, first + 1)).map { (parts[first], parts[$0]) } }
    }

    /// Two embeddings on some rows, with what more than one measure starts from.
    private struct Paired {
        let x, y: Tensor
        let rows: [Int]
        let options: Options
        /// Each feature brought to mean 0 and variance 1, a constant one to 0, so that no unit and no scale of an encoder counts; deviations
        /// are those of the population, `1/N`.
        let standardized: Result<(x: Tensor, y: Tensor), Undefined>
        /// Distances between the standardized samples.
        let distances: Result<(x: PairDistances, y: PairDistances), Undefined>

        init(_ x: Tensor, _ y: Tensor, _ rows: [Int], _ options: Options) {
            (self.x, self.y, self.rows, self.options) = (x, y, rows, options)
            func scaled(_ embeddings: Tensor) throws(Undefined) -> Tensor {
                Standardizing(try SampleMatrix(embeddings.selectingRows(rows), minimum: 2)).training.tensor
            }
            let standardized = Result { () throws(Undefined) in (x: try scaled(x), y: try scaled(y)) }
            self.standardized = standardized
            distances = Result { () throws(Undefined) in
                let (x, y) = try standardized.get()
                return (PairDistances(try SampleMatrix(x, "the first embeddings")), PairDistances(try SampleMatrix(y, "the second embeddings")))
            }
        }
    }

    /// The measures, named as in findings.
    private enum Measure: String, CaseIterable {
        case canonicalCorrelation = "canonical-correlation"
        case hsic
        case distanceCorrelation = "distance-correlation"
        case mutualInformation = "mutual-information"
        case prediction
        case predictionReversed = "prediction-reversed"

        /// - Throws: `Undefined` where the two embeddings have no such value.
        func value(of paired: Paired) throws(Undefined) -> Double {
            let options = paired.options
            switch self {
            case .prediction: return try ModalityDependence.predicted(paired.x, paired.y, paired.rows, options)
            case .predictionReversed: return try ModalityDependence.predicted(paired.y, paired.x, paired.rows, options)
            case .canonicalCorrelation:
                let (x, y) = try paired.standardized.get()
                let found = try CanonicalCorrelations(x, y, ridge: options.ridge)
                return try found.mean(ofLargest: min(options.correlations, found.values.count))
            case .hsic:
                let (x, y) = try paired.distances.get()
                return try HSIC(x, y).unbiased.get()
            case .distanceCorrelation:
                let (x, y) = try paired.distances.get()
                return try DistanceCorrelation(x, y).corrected.get()
            case .mutualInformation:
                let (x, y) = try paired.standardized.get()
                return try MutualInformation(principalComponentsOf: x, y, dimensions: options.dimensions, neighbors: options.neighbors).value
            }
        }

        /// The mean over the classes that have enough samples.
        ///
        /// - Parameter classes: the rows of each class.
        /// - Throws: `Undefined` where no class has enough samples for the measure.
        func meanValue(of classes: [Paired]) throws(Undefined) -> Double {
            let values = classes.compactMap { own in Quantity.attempt { () throws(Undefined) in try value(of: own) }.number }
            return try mean(values.filter(\.isFinite), orBecause: "no class has samples enough")
        }
    }

    /// The R² on every second row of a linear prediction that was fitted on the others.
    ///
    /// - Parameter options: `ridge` is relative to the number of training rows.
    /// - Throws: `Undefined` with fewer than two rows in either half, or where one side is constant.
    private static func predicted(_ x: Tensor, _ y: Tensor, _ rows: [Int], _ options: Options) throws(Undefined) -> Double {
        let training = rows.indices.filter { $0.isMultiple(of: 2) }.map { rows[$0] }
        let test = rows.indices.filter { !$0.isMultiple(of: 2) }.map { rows[$0] }
        return try CrossPrediction(from: x, to: y, training: training, test: test, lambda: options.ridge).score
    }
}
