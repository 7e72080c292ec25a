import Analysis
import Configuration
import Networks
import Regularization
import Tensors

/// A trained model that was never trained: embeddings that are given, and a fusion that adds up linear
/// maps of them.
///
/// Everything is computed sample by sample, so that its outputs do not depend on the batch to the last
/// bit.
package struct SampleModel: Sendable {
    /// What is peculiar about it.
    package enum Kind: String, CaseIterable, Sendable {
        /// More samples than features, two source domains, three classes, two modalities.
        case ordinary
        case threeModalities = "three modalities"
        case oneModality = "one modality"
        case fewSamples = "fewer samples than features"
        case oneSample = "one sample in each set"
        case oneClass = "one class"
        case oneDomain = "one source domain"
        case constantEmbeddings = "constant embeddings"
        case constantColumns = "constant features beside others"
        case repeatedSamples = "the same sample over and over"
        case equalLogits = "equal logits"
        case saturatedLogits = "logits so far apart that softmax is 1"
        case allRight = "every sample classified correctly"
        case notFinite = "embeddings and logits that are not finite"
        case noValidation = "no validation samples"
        case noRepresentation = "no fused representation"
        case missing = "samples without a modality"

        /// Kinds for which everything should have a value.
        package var isOrdinary: Bool { self == .ordinary || self == .threeModalities }
    }

    package let kind: Kind
    /// Samples that are handed over at once.
    package let batch: Int

    package init(_ kind: Kind, batch: Int = 16) {
        self.kind = kind
        self.batch = batch
    }

    private var names: [Modality] {
        switch kind {
        case .oneModality: ["video"]
        case .threeModalities: ["video", "audio", "flow"]
        default: ["video", "audio"]
        }
    }

    private var classes: [String] { kind == .oneClass ? ["put"] : ["put", "take", "open"] }

    private func width(of modality: Modality) -> Int { (modality == "video" ? 6 : 5) * (kind == .fewSamples ? 10 : 1) }

    private func count(_ set: SampleSet) -> Int {
        switch (kind, set) {
        case (.oneSample, _): 1
        case (.fewSamples, _): 24
        case (.noValidation, .validation): 0
        case (_, .training): 90
        case (_, .validation): 66
        case (_, .target): 75
        case (_, .unknown): 36
        case (_, .other): 48
        }
    }

    /// The model as a measurement sees it.
    package func trained() -> TrainedModel {
        let (names, classes, batch) = (names, classes, batch)
        let fusion = names.map { fusionWeight(of: $0) }
        let sets = Dictionary(uniqueKeysWithValues: SampleSet.allCases.map { ($0, samples($0)) })
        let (kind, hasRepresentation) = (kind, kind != .noRepresentation)
        return TrainedModel(
            modalities: names, targets: TargetFacts(.classes, names: classes), domains: ["D1", "D2", "D3"],
            encode: { inputs, chosen in
                Embeddings(
                    names.filter(chosen.contains).compactMap { name in
                        inputs[name].map { (modality: name, embedding: Embedding(pooled: $0, presence: inputs.presence(of: name)).cleared()) }
                    })
            },
            fuse: { embeddings in
                let count = embeddings.batchSize
                var logits = [Float](repeating: 0, count: count * classes.count)
                for (weight, part) in zip(fusion, embeddings) {
                    let (values, width) = (part.embedding.pooled.values, part.embedding.width)
                    for row in 0..<count {
                        for c in 0..<classes.count {
                            var sum: Float = 0
                            for column in 0..<width {
                                let (value, factor) = (values[row * width + column], weight[column * classes.count + c])
                                sum += value * factor
                            }
                            logits[row * classes.count + c] += sum
                        }
                    }
                }
                if kind == .equalLogits { logits = logits.map { _ in 0 } }
                if kind == .saturatedLogits { logits = logits.map { $0 * 200 } }
                if kind == .allRight { logits = logits.map { $0 * 0.001 } }
                let joined = hasRepresentation ? Tensor.concatenated(embeddings.map { $0.embedding.pooled }, axis: 1) : nil
                // The first feature of each modality holds the class where every sample is to be right; noise may take it past the last one.
                if kind == .allRight, let first = embeddings.first?.embedding.pooled.values {
                    let width = embeddings[0].embedding.width
                    for row in 0..<count {
                        let label = Int(min(max(first[row * width].rounded(), 0), Float(classes.count - 1)))
                        logits[row * classes.count + label] += 10
                    }
                }
                return Prediction(logits: Tensor(logits, shape: [count, classes.count]), representation: joined)
            },
            forEachBatch: { set, body in
                guard let samples = sets[set] else { return }
                var start = 0
                while start < samples.labels.count {
                    let rows = start..<min(samples.labels.count, start + batch)
                    var inputs = Inputs([:], presences: kind == .missing ? ["video": Presence(samples: rows.map { $0 % 4 != 1 })] : [:])
                    for (name, values) in samples.embeddings {
                        let width = values.count / samples.labels.count
                        inputs[name] = Tensor(Array(values[rows.lowerBound * width..<rows.upperBound * width]), shape: [rows.count, width])
                    }
                    try body(
                        TrainedModel.Batch(
                            rows: rows.map { $0 + samples.firstRow }, inputs: inputs, targets: .classes(Array(samples.labels[rows]), of: classes.count),
                            domains: Array(samples.domains[rows])))
                    start = rows.upperBound
                }
            })
    }

    private struct Samples {
        let firstRow: Int
        let labels: [Int]
        let domains: [Int]
        let embeddings: [Modality: [Float]]
    }

    /// Embeddings that hold the class, the domain and something that the modalities share, with noise.
    private func samples(_ set: SampleSet) -> Samples {
        let count = count(set)
        let firstRow = [SampleSet.training: 0, .validation: 1000, .target: 2000, .unknown: 3000, .other: 4000][set] ?? 0
        let labels = (0..<count).map { $0 % classes.count }
        let domains = (0..<count).map { set == .target || set == .unknown ? 2 : kind == .oneDomain ? 0 : $0 / 3 % 2 }
        var embeddings: [Modality: [Float]] = [:]
        for (index, name) in names.enumerated() {
            let width = width(of: name)
            var stream = RandomSource(seed: 5).child(set.rawValue).stream(name.name)
            var shared = RandomSource(seed: 5).child(set.rawValue).stream("shared")
            var values: [Float] = []
            for row in 0..<count {
                let common = shared.normal()
                for column in 0..<width {
                    var value = stream.normal() * 0.7 + (column == index % width ? common : 0)
                    if column % classes.count == labels[row] { value += 1 }
                    if column == width - 1 { value += Float(domains[row]) }
                    values.append(value)
                }
            }
            embeddings[name] = changed(values, width: width, labels: labels)
        }
        return Samples(firstRow: firstRow, labels: labels, domains: domains, embeddings: embeddings)
    }

    private func changed(_ values: [Float], width: Int, labels: [Int]) -> [Float] {
        guard !values.isEmpty else { return values }
        switch kind {
        // 0.1 has no exact binary form, so that means of it may differ from it.
        case .constantEmbeddings: return values.map { _ in 0.1 }
        case .constantColumns: return values.enumerated().map { $0.offset % width == 1 ? 0.1 : $0.element }
        case .repeatedSamples: return values.indices.map { values[$0 % width] }
        case .notFinite: return values.enumerated().map { $0.offset == width + 1 ? .nan : $0.element }
        // What stands where nothing is must not matter.
        case .missing: return values.enumerated().map { width == self.width(of: "video") && $0.offset / width % 4 == 1 ? 1e6 : $0.element }
        case .allRight: return values.enumerated().map { $0.offset % width == 0 ? Float(labels[$0.offset / width]) : $0.element }
        default: return values
        }
    }

    /// `D×K`, row-major.
    private func fusionWeight(of modality: Modality) -> [Float] {
        let width = width(of: modality)
        var stream = RandomSource(seed: 6).stream(modality.name)
        return (0..<width * classes.count).map { index in
            let (column, c) = (index / classes.count, index % classes.count)
            return (column % classes.count == c ? 0.6 : -0.2) + 0.3 * stream.normal()
        }
    }
}
