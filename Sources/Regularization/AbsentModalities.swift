import Networks
import Tensors

extension Embeddings {
    /// What takes the place of a modality that is left out.
    public enum Absence: String, CaseIterable, Sendable {
        /// Embeddings of 0.
        case zero
        /// The mean embedding of the samples that have the modality.
        case mean
    }

    /// The embeddings as if some modalities were absent, pooled vectors and tokens alike. What a sample
    /// really lacks stays missing.
    ///
    /// - Parameters:
    ///   - absent: the modalities to be left out.
    ///   - absence: what takes their place; no gradient flows into it.
    public func leavingOut(_ absent: [Modality], as absence: Absence = .zero) -> Embeddings {
        mapEmbeddings { modality, embedding in
            absent.contains(modality) ? embedding.standIn(absence).repeated(like: embedding).cleared() : embedding
        }
    }
}

extension Embedding {
    /// One sample whose modality is left out.
    fileprivate func standIn(_ absence: Embeddings.Absence) -> Embedding {
        func row(_ array: Tensor, counts: [Int]) -> Tensor {
            guard absence == .mean else { return .zeros(Shape([1] + array.shape.dimensions.dropFirst())) }
            guard !presence.isWhole else { return array.detached().mean(axis: 0, keepingAxis: true) }
            let divisors = Tensor(counts.map { 1 / Float(max($0, 1)) }, shape: Shape([1, counts.count] + (array.rank == 3 ? [1] : [])))
            return array.detached().sum(axis: 0, keepingAxis: true) * divisors
        }
        let cleared = cleared()
        let tokens = cleared.tokens.map { tokens in
            let lengths = tokenLengths(of: tokens)
            return row(tokens, counts: (0..<tokens.shape[1]).map { place in lengths.count { $0 > place } })
        }
        return Embedding(pooled: row(cleared.pooled, counts: [rows.count]), tokens: tokens)
    }

    /// The one sample as often as another embedding has samples, there where those are.
    fileprivate func repeated(like other: Embedding) -> Embedding {
        Embedding(
            pooled: pooled.expanded(to: other.pooled.shape), tokens: tokens.map { $0.expanded(to: other.tokens?.shape ?? $0.shape) },
            presence: other.presence)
    }
}

/// What each modality predicts by itself, through the model's own fusion.
///
///     o_m = fuse(z_m, rest) − (1 − 1/M)·fuse(rest)         rest: what takes the place of absent modalities
///
/// What the fusion predicts without any modality is shared out evenly. For a linear fusion `Σ_m W_m z_m
/// + b` and a rest of 0 this is `o_m = W_m z_m + b/M`, the rule of the program of OGM-GE (Peng et al.
/// 2022) for concatenated embeddings. In general `Σ_m o_m` need not be the prediction.
///
/// A modality is evaluated on the samples that have it. Nothing is recorded for gradients. Cost: `M +
/// 1` passes through the fusion.
public struct UnimodalPredictions {
    /// The compared modalities that at least one sample has, in order.
    public let modalities: [Modality]

    /// `o_m` of each modality, `P×K` for the `P` samples that have it.
    public let logits: [Tensor]

    /// Of each the samples that have it; nil for all.
    private let rows: [[Int]?]

    /// - Parameters:
    ///   - players: the modalities that are compared; by default all of the model's.
    ///   - embeddings: of all of the model's modalities.
    ///   - absence: what takes the place of an absent modality.
    ///   - model: whose fusion is asked.
    ///   - pass: one of evaluation, so that no running statistics change.
    public init(
        of players: [Modality]? = nil, _ embeddings: Embeddings, absence: Embeddings.Absence = .zero, model: any MultimodalModel, pass: Pass
    ) {
        let present = (players ?? embeddings.modalities).filter { embeddings[$0]?.rows.isEmpty == false }
        let found: [(rows: [Int]?, logits: Tensor)] = withoutGradients {
            let rest = embeddings.leavingOut(embeddings.modalities, as: absence)
            // Where the same modalities are present in every sample, a single row holds for all of them.
            let sample = embeddings.presences.isEmpty ? rest.gathering(rows: embeddings.batchSize > 0 ? [0] : []) : rest
            let shared = model.fuse(sample, pass: pass).logits * Float(1 - 1 / Double(embeddings.count))
            return present.map { player in
                let alone = rest.mapEmbeddings { modality, absent in modality == player ? embeddings[modality] ?? absent : absent }
                let rows = embeddings[player]?.presence.rows
                let all = model.fuse(rows.map { alone.gathering(rows: $0) } ?? alone, pass: pass).logits
                return (rows, all - (rows.map { shared.gathering(rows: $0) } ?? shared))
            }
        }
        modalities = present
        rows = found.map(\.rows)
        logits = found.map(\.logits)
    }

    /// The mean probability of the true class, for each of ``modalities``, over the samples that have
    /// it.
    ///
    /// - Parameter labels: the classes of all samples of the batch.
    public func probabilities(of labels: [Int]) -> [Double] { means(labels) { $0.softmax() } }

    /// The mean logarithm of the probability of the true class, for each of ``modalities``, over the
    /// samples that have it.
    ///
    /// - Parameter labels: the classes of all samples of the batch.
    public func logProbabilities(of labels: [Int]) -> [Double] { means(labels) { $0.logSoftmax() } }

    private func means(_ labels: [Int], _ transform: (Tensor) -> Tensor) -> [Double] {
        zip(logits, rows).map { logits, rows in
            let values = transform(logits).picking(rows.map { $0.map { labels[$0] } } ?? labels).values
            return values.reduce(0) { $0 + Double($1) } / Double(values.count)
        }
    }
}

extension TrainingStep {
    /// The embeddings of all of the model's modalities: those that the term sees, and the others, which
    /// are encoded once more without gradients.
    public func completeEmbeddings(_ pass: Pass) -> Embeddings {
        guard Set(embeddings.modalities) != Set(model.modalities) else { return embeddings }
        return withoutGradients { encoded(pass) }.replacing(with: embeddings)
    }
}
