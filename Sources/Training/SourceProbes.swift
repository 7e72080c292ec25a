import Analysis
import Networks
import Regularization
import Tensors

/// What held-back samples tell beyond how well a model does on them: how good each modality is alone, and what is left of a prediction when modalities come from
/// different samples.
///
/// The embeddings of the samples are kept while they are evaluated, and only fused again: that takes no encoder.
struct SourceProbes {
    private struct Part {
        let embeddings: Embeddings
        let targets: Targets
        let domains: [Int]
    }

    /// More numbers than this are not kept: of larger sets, evenly spread samples stand for all.
    private static let mostValues = 1 << 27

    private let samples: Int
    private var parts: [Part] = []
    private var seen = 0

    /// - Parameter samples: how many there will be.
    init(samples: Int) { self.samples = samples }

    /// Keeps the embeddings of a batch.
    mutating func add(_ embeddings: Embeddings, _ batch: Batch) {
        let count = batch.targets.count
        let width = embeddings.reduce(0) { sum, element in
            sum + element.embedding.width + (element.embedding.tokens.map { $0.shape[1] * $0.shape[2] } ?? 0)
        }
        let (values, overflow) = width.multipliedReportingOverflow(by: samples)
        let stride = overflow ? samples : values / Self.mostValues + 1
        let rows = (0..<count).filter { (seen + $0).isMultiple(of: stride) }
        seen += count
        guard !rows.isEmpty else { return }
        let isWhole = rows.count == count
        parts.append(
            Part(
                embeddings: isWhole ? embeddings : embeddings.gathering(rows: rows),
                targets: isWhole ? batch.targets : batch.targets.gathering(rows: rows), domains: rows.map { batch.domains[$0] }))
    }

    private var modalities: [Modality] { parts.first?.embeddings.modalities ?? [] }

    // MARK: Each modality alone

    /// The task's first score by each modality alone; empty for a single modality. A sample counts for the modalities that it has.
    ///
    /// - Parameter fuse: the model's prediction for some embeddings, `N×K`.
    func alone(_ task: any TaskPlugin, fuse: (Embeddings) throws -> Tensor) rethrows -> [String: Double] {
        guard modalities.count > 1 else { return [:] }
        let means = modalities.map(mean)
        var scores: [String: Double] = [:]
        for (position, modality) in modalities.enumerated() {
            var (outputs, targets): ([Tensor], [Targets]) = ([], [])
            for part in parts {
                let rows = part.embeddings[position].embedding.rows
                guard !rows.isEmpty else { continue }
                let own = part.embeddings.gathering(rows: rows)
                let silenced = Embeddings(
                    own.enumerated().map { index, element in
                        (element.modality, index == position ? element.embedding : means[index].repeated(like: element.embedding))
                    })
                outputs.append(try fuse(silenced))
                targets.append(part.targets.gathering(rows: rows))
            }
            guard let targets = Targets.concatenated(targets) else { continue }
            scores[modality.name] = task.allScores(Tensor.concatenated(outputs, axis: 0), targets)[0].number ?? .nan
        }
        return scores
    }

    /// The mean embedding of the samples that have a modality, as one sample.
    private func mean(of modality: Modality) -> Embedding {
        let embeddings = parts.compactMap { $0.embeddings[modality] }
        let width = embeddings.first?.width ?? 0
        var (sum, count) = ([Double](repeating: 0, count: width), 0)
        let places = embeddings.compactMap(\.tokens).map { $0.shape[1] }.max() ?? 0
        let tokenWidth = embeddings.lazy.compactMap(\.tokens).first.map { $0.shape[2] } ?? 0
        var tokenSums = [Double](repeating: 0, count: places * tokenWidth)
        var tokenCounts = [Int](repeating: 0, count: places)
        for embedding in embeddings {
            let rows = embedding.rows
            count += rows.count
            embedding.pooled.withUnsafeValues { values in
                for row in rows { for index in 0..<width { sum[index] += Double(values[row * width + index]) } }
            }
            guard let tokens = embedding.tokens else { continue }
            let (lengths, own) = (embedding.tokenLengths(of: tokens), tokens.shape[1])
            tokens.withUnsafeValues { values in
                for row in rows {
                    for place in 0..<min(lengths[row], own) {
                        tokenCounts[place] += 1
                        for index in 0..<tokenWidth { tokenSums[place * tokenWidth + index] += Double(values[(row * own + place) * tokenWidth + index]) }
                    }
                }
            }
        }
        let pooled = Tensor(sum.map { Float($0 / Double(max(count, 1))) }, shape: [1, width])
        guard places > 0 else { return Embedding(pooled: pooled) }
        let tokens = tokenSums.indices.map { Float(tokenSums[$0] / Double(max(tokenCounts[$0 / tokenWidth], 1))) }
        return Embedding(pooled: pooled, tokens: Tensor(tokens, shape: [1, places, tokenWidth]))
    }

    // MARK: Recombined pairs

    /// The task's first score where a sample's one modality meets the others of another sample of its class from another domain, averaged over
    /// which modality that is; nil without classes, with one modality, and where there are no such pairs.
    ///
    /// The partners of a sample are taken in turn, so that each is used about equally often.
    func recombined(_ task: any TaskPlugin, fuse: (Embeddings) throws -> Tensor) rethrows -> Double? {
        let classes = parts.compactMap(\.targets.classes)
        guard modalities.count > 1, classes.count == parts.count, let targets = Targets.concatenated(parts.map(\.targets)) else { return nil }
        let (labels, domains) = (classes.flatMap { $0 }, parts.flatMap(\.domains))
        let complete = rowsOfWholeSamples
        let byClass = Dictionary(grouping: complete) { labels[$0] }
        struct Stratum: Hashable {
            let label: Int
            let domain: Int
        }
        // The possible partners are the same for all samples of a class and domain.
        var others: [Stratum: [Int]] = [:]
        var (rows, partners): ([Int], [Int]) = ([], [])
        var turns: [Int: Int] = [:]
        for row in complete {
            let stratum = Stratum(label: labels[row], domain: domains[row])
            let found = others[stratum] ?? (byClass[stratum.label] ?? []).filter { domains[$0] != stratum.domain }
            others[stratum] = found
            guard !found.isEmpty else { continue }
            let turn = turns[labels[row], default: 0]
            turns[labels[row]] = turn + 1
            rows.append(row)
            partners.append(found[turn % found.count])
        }
        guard !rows.isEmpty else { return nil }
        let joined = modalities.map(joined)
        var scores: [Double] = []
        for position in modalities.indices {
            var outputs: [Tensor] = []
            for start in stride(from: 0, to: rows.count, by: 256) {
                let places = start..<min(start + 256, rows.count)
                let pair = Embeddings(
                    modalities.indices.map { index in
                        (modalities[index], joined[index].gathering(rows: places.map { index == position ? rows[$0] : partners[$0] }))
                    })
                outputs.append(try fuse(pair))
            }
            scores.append(task.allScores(Tensor.concatenated(outputs, axis: 0), targets.gathering(rows: rows))[0].number ?? .nan)
        }
        return scores.reduce(0, +) / Double(scores.count)
    }

    private var rowsOfWholeSamples: [Int] {
        var (rows, start): ([Int], Int) = ([], 0)
        for part in parts {
            rows += (part.embeddings.completeRows ?? Array(0..<part.targets.count)).map { start + $0 }
            start += part.targets.count
        }
        return rows
    }

    /// A modality's embeddings of all parts.
    private func joined(_ modality: Modality) -> Embedding {
        let embeddings = parts.compactMap { $0.embeddings[modality] }
        let pooled = Tensor.concatenated(embeddings.map(\.pooled), axis: 0)
        let tokens = embeddings.compactMap(\.tokens)
        guard !tokens.isEmpty, tokens.count == embeddings.count else { return Embedding(pooled: pooled) }
        let places = tokens.map { $0.shape[1] }.max() ?? 0
        // Batches are padded to their own longest sample.
        let padded = tokens.map { tokens in
            let missing = places - tokens.shape[1]
            return missing == 0
                ? tokens : Tensor.concatenated([tokens, Tensor.zeros([tokens.shape[0], missing, tokens.shape[2]])], axis: 1)
        }
        let lengths = zip(embeddings, tokens).flatMap { $0.tokenLengths(of: $1) }
        let isPadded = lengths.contains { $0 < places }
        return Embedding(pooled: pooled, tokens: Tensor.concatenated(padded, axis: 0), presence: Presence(samples: nil, lengths: isPadded ? lengths : nil))
    }
}

extension Embedding {
    /// This one sample's embedding for each sample of another, which has as many tokens.
    fileprivate func repeated(like other: Embedding) -> Embedding {
        let rows = [Int](repeating: 0, count: other.pooled.shape[0])
        let places = other.tokens.map { $0.shape[1] }
        return Embedding(
            pooled: pooled.gathering(rows: rows),
            tokens: tokens.flatMap { tokens in places.map { tokens.slice(axis: 1, 0..<$0).gathering(rows: rows) } })
    }
}
