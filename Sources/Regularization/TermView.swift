import Configuration
import Networks
import Tensors

/// What a term lets its regularizer see of a step: some of the modalities, a part of each embedding, at one place.
///
/// A regularizer that does not conform to ``ReadsPresence`` is shown the samples alone that have all of these modalities, and no padding.
struct TermView {
    /// The instance's name below those of the sums that it stands in: what its random streams start with.
    let path: String

    /// `on:`; nil for all.
    let modalities: [Modality]?

    let place: Place
    let part: EmbeddingPart

    /// For `at: projection`.
    let heads: [Modality: ProjectionHead]

    /// Whether the regularizer knows what to do with samples that lack a modality. Those in a sum are asked one by one.
    let readsPresence: Bool

    /// The name of the regularizer's type, for messages.
    let type: String

    /// The pass under the term's name, with a log of its own.
    func scoped(_ forward: ForwardPass, _ log: ReportLog) -> ForwardPass {
        var forward = forward
        (forward.instance, forward.log) = (path, log)
        return forward
    }

    /// The samples that a regularizer is shown that does not know of missing modalities; nil for all.
    func shownRows(_ forward: ForwardPass) -> [Int]? {
        guard !readsPresence, place != .fused else { return nil }
        let incomplete = forward.presences.filter { modalities?.contains($0.key) ?? true }.compactMap(\.value.samples)
        guard let first = incomplete.first else { return nil }
        return first.indices.filter { row in incomplete.allSatisfy { $0[row] } }
    }

    /// The embeddings of the term's modalities, of each the term's part.
    func restricted(_ embeddings: Embeddings) -> Embeddings {
        let seen = modalities.map(embeddings.selecting) ?? embeddings
        return part == .whole ? seen : seen.mapEmbeddings { $1.selecting(part) }
    }

    /// The step as the regularizer sees it, and which of the samples it sees; nil for all.
    func shown(
        _ step: TrainingStep, _ log: ReportLog, _ check: ReturnCheck
    ) throws(TrainingFailure) -> (step: TrainingStep, rows: [Int]?) {
        var seen = try restricted(step, log, check)
        guard !readsPresence else { return (seen, nil) }
        func withoutPadding(_ embeddings: Embeddings) -> Embeddings {
            embeddings.mapEmbeddings { $1.hasPaddedTokens ? Embedding(pooled: $1.pooled, presence: $1.presence) : $1 }
        }
        (seen.originalEmbeddings, seen.embeddings) = (withoutPadding(seen.originalEmbeddings), withoutPadding(seen.embeddings))
        guard let rows = seen.originalEmbeddings.completeRows else { return (seen, nil) }
        return (seen.gathering(rows: rows), rows)
    }

    private func restricted(_ step: TrainingStep, _ log: ReportLog, _ check: ReturnCheck) throws(TrainingFailure) -> TrainingStep {
        var step = step
        (step.instance, step.log) = (path, log)
        let outer = step.seeing
        switch place {
        case .embedding:
            step.originalEmbeddings = restricted(step.originalEmbeddings)
            step.embeddings = restricted(step.embeddings)
            step.seeing = { [self] in restricted(outer($0)) }
        case .projection:
            // The heads read the encoders' own output, and both sets of embeddings are the projected ones.
            let seen = restricted(step.originalEmbeddings)
            if let modality = seen.modalities.first(where: { heads[$0] == nil }) {
                throw check.failure("there is no projection head for the modality \(modality)")
            }
            let pass = step.pass
            step.originalEmbeddings = projected(seen, pass)
            step.embeddings = step.originalEmbeddings
            step.seeing = { [self] in projected(restricted(outer($0)), pass) }
        case .fused:
            guard let representation = step.prediction.representation else {
                throw check.failure("the model gives no fused representation to act on")
            }
            step.originalEmbeddings = [.fused: Embedding(pooled: representation).selecting(part)]
            step.embeddings = step.originalEmbeddings
            let (model, pass, part) = (step.model, step.pass.child("second view"), part)
            step.seeing = { embeddings in
                [.fused: Embedding(pooled: model.fuse(outer(embeddings), pass: pass).representation ?? representation).selecting(part)]
            }
        }
        return step
    }

    private func projected(_ embeddings: Embeddings, _ pass: Pass) -> Embeddings {
        embeddings.mapEmbeddings { modality, embedding in heads[modality].map { projected(embedding, by: $0, pass) } ?? embedding }
    }

    /// The projection of the samples that have the modality: a head's own statistics are of these alone.
    private func projected(_ embedding: Embedding, by head: ProjectionHead, _ pass: Pass) -> Embedding {
        guard let rows = embedding.presence.rows else { return Embedding(pooled: head(embedding.pooled, pass)) }
        let count = embedding.pooled.shape[0]
        guard !rows.isEmpty else {
            return Embedding(pooled: .zeros([count, head.width]), presence: Presence(samples: .init(repeating: false, count: count)))
        }
        return Embedding(pooled: head(embedding.present, pass)).spread(to: rows, of: count)
    }

    // MARK: Padding

    /// What a regularizer that does not know of padding might take for tokens is not handed to it to be changed or fused again.
    func refusePadding(in embeddings: Embeddings, _ check: ReturnCheck) throws(TrainingFailure) {
        guard !readsPresence, place == .embedding, let modality = embeddings.first(where: { $0.embedding.hasPaddedTokens })?.modality else { return }
        throw failure("some tokens of \(modality)", check)
    }

    /// The same for a map of features.
    func refusePadding(in map: FeatureMap, of modality: Modality, _ check: ReturnCheck) throws(TrainingFailure) {
        guard !readsPresence, map.isPadded else { return }
        throw failure("some places of the feature map of \(modality) at \(map.point)", check)
    }

    private func failure(_ subject: String, _ check: ReturnCheck) -> TrainingFailure {
        check.failure("\(subject) are padding, and \(type) does not say that it leaves padding out, by conforming to ReadsPresence")
    }
}
