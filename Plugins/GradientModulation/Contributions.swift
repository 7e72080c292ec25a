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
struct Contributions {
    /// The modalities, in the order of the embeddings.
    let modalities: [Modality]

    /// The mean probability of the true class, for each modality.
    let probabilities: [Double]

    /// The mean logarithm of the probability of the true class, for each modality.
    let logProbabilities: [Double]

    /// - Parameters:
    ///   - embeddings: of all of the model's modalities.
    ///   - players: those that are compared.
    ///   - absence: what stands for an absent modality.
    init(
        _ embeddings: Embeddings, players: [Modality], absence: GradientModulation.Absence, labels: [Int], model: any MultimodalModel,
        pass: Pass
    ) {
        modalities = players
        let rows = embeddings.batchSize
        let scores: [(Double, Double)] = withoutGradients {
            // One row stands for all: the same for each sample.
            let rest = embeddings.mapEmbeddings { _, embedding in
                embedding.map { array, _ in
                    let mean = array.mean(axis: 0, keepingAxis: true)
                    return absence == .mean ? mean : Tensor.zeros(mean.shape)
                }
            }
            let shared = model.fuse(rest, pass: pass).logits * Float(1 - 1 / Double(embeddings.count))
            return players.map { player in
                let alone = rest.mapEmbeddings { modality, absent in
                    guard let present = embeddings[modality] else { return absent }
                    guard modality != player else { return present }
                    return absent.map { array, isTokens in
                        array.expanded(to: (isTokens ? present.tokens : present.pooled)?.shape ?? array.shape)
                    }
                }
                let logits = model.fuse(alone, pass: pass).logits - shared
                let likelihoods = logits.logSoftmax().picking(labels).values.map { Double($0) }
                return (likelihoods.reduce(0) { $0 + exp($1) } / Double(rows), likelihoods.reduce(0, +) / Double(rows))
            }
        }
        probabilities = scores.map(\.0)
        logProbabilities = scores.map(\.1)
    }
}
