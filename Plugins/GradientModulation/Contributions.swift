import Glibc
import Networks
import Regularization
import Tensors

/// How well each modality predicts a batch by itself, through the model's own fusion.
///
///     o_m = fuse(z_m, rest) − (1 − 1/M)·fuse(rest)         rest: what stands for an absent modality
///
/// What the fusion says without any modality is shared out evenly. For a linear fusion `Σ_m W_m z_m + b` and a rest of 0 this is
/// `o_m = W_m z_m + b/M`, the rule of OGM-GE's program for concatenated embeddings; in general `Σ_m o_m` need not be the prediction.
///
/// What a sample really lacks stays missing in all of these, and a modality is scored on the samples that have it.
struct Contributions {
    /// Those of the players that some sample has, in the order of the embeddings.
    let modalities: [Modality]

    /// The mean probability of the true class over the samples that have the modality, for each of these.
    let probabilities: [Double]

    /// The mean logarithm of that probability.
    let logProbabilities: [Double]

    /// - Parameters:
    ///   - embeddings: of all of the model's modalities.
    ///   - players: those that are compared.
    ///   - absence: what stands for an absent modality.
    init(
        _ embeddings: Embeddings, players: [Modality], absence: GradientModulation.Absence, labels: [Int], model: any MultimodalModel,
        pass: Pass
    ) {
        modalities = players.filter { embeddings[$0]?.rows.isEmpty == false }
        let isWhole = embeddings.presences.isEmpty
        let scores: [(Double, Double)] = withoutGradients { [modalities] in
            // One row stands for all where it is the same for each sample: where none differs in what is there.
            let rest = embeddings.mapEmbeddings { _, embedding in
                let row = Self.standIn(for: embedding, absence)
                return isWhole ? row : Self.repeated(row, like: embedding).cleared()
            }
            let shared = model.fuse(rest, pass: pass).logits * Float(1 - 1 / Double(embeddings.count))
            return modalities.map { player in
                let alone = rest.mapEmbeddings { modality, absent in
                    guard let present = embeddings[modality] else { return absent }
                    guard modality != player else { return present }
                    return isWhole ? Self.repeated(absent, like: present) : absent
                }
                let rows = embeddings[player]?.presence.rows
                let all = model.fuse(rows.map { alone.gathering(rows: $0) } ?? alone, pass: pass).logits
                let logits = all - (rows.map { shared.gathering(rows: $0) } ?? shared)
                let likelihoods = logits.logSoftmax().picking(rows.map { $0.map { labels[$0] } } ?? labels).values.map { Double($0) }
                let count = Double(likelihoods.count)
                return (likelihoods.reduce(0) { $0 + exp($1) } / count, likelihoods.reduce(0, +) / count)
            }
        }
        probabilities = scores.map(\.0)
        logProbabilities = scores.map(\.1)
    }

    /// One sample whose modality is absent: zeros, or what the samples have on average that have it.
    private static func standIn(for embedding: Embedding, _ absence: GradientModulation.Absence) -> Embedding {
        func row(_ array: Tensor, counts: [Int]) -> Tensor {
            guard absence == .mean else { return .zeros(Shape([1] + array.shape.dimensions.dropFirst())) }
            guard !embedding.presence.isWhole else { return array.mean(axis: 0, keepingAxis: true) }
            let divisors = Tensor(counts.map { 1 / Float(max($0, 1)) }, shape: Shape([1, counts.count] + (array.rank == 3 ? [1] : [])))
            return array.sum(axis: 0, keepingAxis: true) * divisors
        }
        let cleared = embedding.cleared()
        let tokens = cleared.tokens.map { tokens in
            let lengths = embedding.tokenLengths(of: tokens)
            return row(tokens, counts: (0..<tokens.shape[1]).map { place in lengths.count { $0 > place } })
        }
        return Embedding(pooled: row(cleared.pooled, counts: [embedding.rows.count]), tokens: tokens)
    }

    /// The one sample as often as another embedding has samples, there where those are.
    private static func repeated(_ row: Embedding, like other: Embedding) -> Embedding {
        Embedding(
            pooled: row.pooled.expanded(to: other.pooled.shape),
            tokens: row.tokens.map { $0.expanded(to: other.tokens?.shape ?? $0.shape) }, presence: other.presence)
    }
}
