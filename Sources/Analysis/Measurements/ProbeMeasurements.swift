import Configuration
import Regularization
import Tensors

/// How well a linear classifier tells domains apart by each embedding (the paper's Table 2): the more
/// of the domain is in an embedding, the higher.
///
/// It reports `domain-accuracy` for each embedding and for the fused representation, and `chance`, the
/// share of the most frequent domain. Every second sample of each domain is fitted on, and the others
/// are scored. Source samples are those held back from training.
///
/// A modality is probed on the samples that have it. Where a domain has no samples in one of the
/// halves, or a value is not finite, the number says why.
package struct DomainSeparability: MeasurementPlugin {
    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The strength of the penalty on the weights.
        package var lambda = 0.01
        /// Whether the held-out domain is one of those to be told apart.
        package var target = true
        /// The largest number of samples of a set that are used, spread evenly over it.
        package var samples = 5000
        package init() {}
        package static var fields: [OptionField<Options>] {
            [
                .number("lambda", \.lambda, in: 1e-6...100, "ridge penalty on the weights"),
                .flag("target", \.target, "whether the held-out domain is one of the classes of the probe"),
                .integer("samples", \.samples, in: 4...1_000_000, "at most this many samples of each set are used, evenly spread over it"),
            ]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "domain-probe", summary: "accuracy of a linear classifier that predicts the domain from frozen embeddings",
            formula: "multinomial logistic regression, fitted until it converges to every second sample of each domain, scored on the rest",
            source: "MER-DG, Table 2", options: Options.descriptions,
            notes: ["Compare with chance, the share of the most frequent domain.", "The source samples are those held back from training."])
    }

    private let options: Options

    package init(options: Options) { self.options = options }

    package var reads: Set<SampleSet> { options.target ? [.validation, .target] : [.validation] }

    /// - Throws: `OptionFault` for data of one domain, of which there is nothing to tell.
    package func check(against data: DatasetFacts) throws(OptionFault) {
        guard data.domains.count < 2 else { return }
        throw OptionFault(option: nil, expected: "data with two domains or more", found: data.domains.joined(separator: ", "))
    }

    /// - Throws: `Undefined` where a set is empty, or where all samples are of one domain.
    package func measure(_ model: TrainedModel) throws -> Findings {
        var parts = [try model.outputs(on: .validation).thinned(to: options.samples)]
        if options.target { parts.append(try model.outputs(on: .target).thinned(to: options.samples)) }
        let present = Set(parts.flatMap(\.domains)).sorted()
        guard present.count >= 2 else { throw Undefined("all samples are of one domain") }
        let all = Halves(of: parts.flatMap(\.domains), among: present)
        var findings = Findings()
        findings.note(
            "\(all.training.count) training and \(all.test.count) test samples of \(present.map { model.domains[$0] }.joined(separator: ", "))")
        for index in parts[0].representations.indices {
            let own = parts.map { $0.representations[index] }
            let values = Tensor.concatenated(own.map(\.values), axis: 0)
            // Samples without the modality are in neither half.
            let halves = Halves(of: own.flatMap(\.domains), among: present)
            findings.add("domain-accuracy", of: own[0].modality) {
                let probe = try DomainProbe(
                    on: values.selectingRows(halves.training), domains: halves.trainingDomains, count: present.count, lambda: options.lambda)
                return try probe.accuracy(on: values.selectingRows(halves.test), domains: halves.testDomains)
            }
        }
        findings.add("chance") { try DomainProbe.chance(training: all.trainingDomains, test: all.testDomains) }
        return findings
    }

    /// Every other sample of each domain to train on, the rest to test on.
    private struct Halves {
        let training, test: [Int]
        let trainingDomains, testDomains: [Int]

        /// - Parameters:
        ///   - domains: of each sample.
        ///   - present: the domains that there are; they get the numbers from 0 on.
        init(of domains: [Int], among present: [Int]) {
            let numbers = domains.map { present.firstIndex(of: $0) ?? 0 }
            let ranks = rowsByClass(numbers).values.reduce(into: [Int: Int]()) { ranks, rows in
                for (rank, row) in rows.enumerated() { ranks[row] = rank }
            }
            training = numbers.indices.filter { ranks[$0, default: 0].isMultiple(of: 2) }
            test = numbers.indices.filter { !ranks[$0, default: 0].isMultiple(of: 2) }
            trainingDomains = training.map { numbers[$0] }
            testDomains = test.map { numbers[$0] }
        }
    }
}

/// How well a linear classifier tells classes apart by each frozen embedding, in and out of the
/// training domains.
///
/// It reports `class-accuracy` of each embedding on validation samples, which are in-domain, and on
/// target samples. The classifier is fitted on training samples in closed form. A modality whose
/// embedding separates classes well here and contributes little to the fused model is hardly
/// used by the fusion.
///
/// Features are standardized by the training samples; a constant feature becomes 0. Where only one
/// class occurs among the training samples, or a value is not finite, the numbers say why they have no
/// value.
package struct ClassSeparability: MeasurementPlugin {
    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The ridge, which is absolute.
        package var lambda = 1.0
        /// The largest number of samples of a set that are used, spread evenly over it.
        package var samples = 20_000
        package init() {}
        package static var fields: [OptionField<Options>] {
            [
                .number(
                    "lambda", \.lambda, in: 1e-9...1e9, "ridge λ, an absolute value: the squares of a standardized feature add up to the number of samples"),
                .integer("samples", \.samples, in: 2...1_000_000, "at most this many samples of each set are used, evenly spread over it"),
            ]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "class-probe", summary: "accuracy of a ridge classifier on each frozen embedding, in and out of domain",
            formula: "W = (ZᵀZ + λI)⁻¹ZᵀY on the training samples, Z standardized", options: Options.descriptions,
            notes: [
                "Scores on validation samples are in-domain, those on target samples out-of-domain.",
                "It shows what can be read from the embeddings linearly; training each encoder alone would measure something else.",
            ])
    }

    private let options: Options

    package init(options: Options) { self.options = options }

    package static var tasks: [TargetKind] { [.classes] }

    package var reads: Set<SampleSet> { [.training, .validation, .target] }

    /// - Throws: `OptionFault` for data of one class, of which there is nothing to tell.
    package func check(against data: DatasetFacts) throws(OptionFault) {
        guard data.classes.count < 2 else { return }
        throw OptionFault(option: nil, expected: "data with two classes or more", found: data.classes.joined(separator: ", "))
    }

    /// - Throws: `Undefined` where there are no training samples.
    package func measure(_ model: TrainedModel) throws -> Findings {
        let training = try model.outputs(on: .training).thinned(to: options.samples)
        var findings = Findings()
        findings.note("\(training.count) training samples, which the classifiers are fitted to")
        var others: [SampleSet: [RepresentedSamples]] = [:]
        for (index, own) in training.representations.enumerated() {
            let probe = Result<StandardizedProbe, Undefined>.attempt {
                try StandardizedProbe(on: own.values, labels: own.labels, classes: model.classes.count, lambda: options.lambda)
            }
            for set in [SampleSet.validation, .target] {
                try findings.onEach(set, of: model) { findings, outputs in
                    let representations = others[set] ?? outputs.thinned(to: options.samples).representations
                    others[set] = representations
                    findings.add("class-accuracy", of: own.modality, on: set) {
                        let other = representations[index]
                        return try probe.get().accuracy(on: other.values, labels: other.labels)
                    }
                }
            }
        }
        return findings
    }

    /// A ridge classifier on features that are standardized by the training samples.
    private struct StandardizedProbe {
        let scale: Standardizing
        let probe: RidgeProbe

        /// - Parameters:
        ///   - embeddings: `N×D`, at least two samples.
        ///   - labels: `N` classes in `0..<classes`.
        ///   - lambda: the ridge, absolute.
        /// - Throws: `Undefined` as ``RidgeProbe``.
        init(on embeddings: Tensor, labels: [Int], classes: Int, lambda: Double) throws(Undefined) {
            scale = Standardizing(try SampleMatrix(embeddings, minimum: 2))
            probe = try RidgeProbe(on: scale.training, labels: labels, classes: classes, lambda: lambda)
        }

        /// The share of `M×D` embeddings whose class is predicted, scaled as the training samples were.
        func accuracy(on embeddings: Tensor, labels: [Int]) throws(Undefined) -> Double {
            try probe.accuracy(on: scale(SampleMatrix(embeddings)), labels: labels)
        }
    }
}
