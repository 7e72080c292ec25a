import Networks
import Tensors

extension Embeddings {
    /// What stands for a modality that is left out.
    public enum Absence: String, CaseIterable, Sendable {
        /// Embeddings of 0.
        case zero
        /// What the samples have on average that have the modality.
        case mean
    }

    /// The embeddings as if some modalities were not there, pooled vectors and tokens alike. What a sample really lacks stays missing.
    ///
    /// - Parameter absence: what takes their place, without a record for gradients.
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
///     o_m = fuse(z_m, rest) − (1 − 1/M)·fuse(rest)         rest: what stands for an absent modality
///
/// What the fusion says without any modality is shared out evenly. For a linear fusion `Σ_m W_m z_m + b` and a rest of 0 this is
/// `o_m = W_m z_m + b/M`, the rule of OGM-GE's program for concatenated embeddings; in general `Σ_m o_m` need not be the prediction.
///
/// What a sample really lacks stays missing in all of these, and a modality is asked about the samples that have it. Nothing is recorded for
/// gradients. Cost: `M + 1` passes through the fusion.
public struct UnimodalPredictions {
    /// Those of the players that some sample has, in order.
    public let modalities: [Modality]

    /// `o_m` of each, `P×K` for the samples that have the modality.
    public let logits: [Tensor]

    /// Of each the samples that have it; nil for all.
    private let rows: [[Int]?]

    /// - Parameters:
    ///   - players: the modalities that are compared; all of the model's unless said otherwise.
    ///   - embeddings: of all of the model's modalities.
    ///   - absence: what stands for an absent modality.
    ///   - pass: one of evaluation, so that no statistics move.
    public init(
        of players: [Modality]? = nil, _ embeddings: Embeddings, absence: Embeddings.Absence = .zero, model: any MultimodalModel, pass: Pass
    ) {
        let present = (players ?? embeddings.modalities).filter { embeddings[$0]?.rows.isEmpty == false }
        let found: [(rows: [Int]?, logits: Tensor)] = withoutGradients {
            let rest = embeddings.leavingOut(embeddings.modalities, as: absence)
            // One row stands for all where it is the same for each sample: where none differs in what is there.
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

    /// The mean probability of the true class over the samples that have the modality, for each modality.
    ///
    /// - Parameter labels: of all samples.
    public func probabilities(of labels: [Int]) -> [Double] { means(labels) { $0.softmax() } }

    /// The mean logarithm of that probability.
    ///
    /// - Parameter labels: of all samples.
    public func logProbabilities(of labels: [Int]) -> [Double] { means(labels) { $0.logSoftmax() } }

    private func means(_ labels: [Int], _ transform: (Tensor) -> Tensor) -> [Double] {
        zip(logits, rows).map { logits, rows in
            let values = transform(logits).picking(rows.map { $0.map { labels[$0] } } ?? labels).values
            return values.reduce(0) { $0 + Double($1) } / Double(values.count)
        }
    }
}

extension TrainingStep {
    /// The embeddings of all of the model's modalities: those that the term sees, and the others encoded once more without gradients.
    public func completeEmbeddings(_ pass: Pass) -> Embeddings {
        guard Set(embeddings.modalities) != Set(model.modalities) else { return embeddings }
        return withoutGradients { encoded(pass) }.replacing(with: embeddings)
    }
}
