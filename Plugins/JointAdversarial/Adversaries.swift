import Networks
import Regularization
import Tensors

/// The networks of joint adversarial training: what tells modalities and domains apart, and a class head for each modality.
final class Adversaries: Module {
    /// The losses of one batch, scalars.
    struct Losses {
        /// Of telling the modality; of telling the domain from one modality, and from all at once (nil with a single source domain).
        let modal: Tensor
        let local, global: Tensor?
        /// The domain logits of each modality, or the class logits where there is a single source domain.
        let judged: [Tensor]
    }

    private let modalities: [Modality]
    private let modalProjection, domainProjection: [Linear]
    private let modalDiscriminator: Linear
    private let localHidden, localOutput, globalHidden, globalOutput: Linear
    private let localNorm: BatchNormalization
    private let dropout: Dropout
    private let hasDomains: Bool

    var parts: Parts {
        func named(_ layers: [Linear]) -> Parts { Parts(zip(modalities, layers).map { (name: $0.name, part: $1) }) }
        var parts: Parts = ["modal_projection": named(modalProjection), "modal_discriminator": modalDiscriminator]
        guard hasDomains else { return parts }
        parts.append(named(domainProjection), named: "domain_projection")
        parts.append(["hidden": localHidden, "norm": localNorm, "output": localOutput] as Parts, named: "domain_discriminator")
        parts.append(["hidden": globalHidden, "output": globalOutput] as Parts, named: "global_discriminator")
        return parts
    }

    /// - Parameters:
    ///   - widths: of the embeddings.
    ///   - width: of the projections.
    ///   - hidden: of the discriminators' hidden layers.
    ///   - domains: the number of source domains.
    init(
        _ widths: [(modality: Modality, width: Int)], width: Int, hidden: (local: Int, global: Int), domains: Int, dropout: Double,
        from initializer: Initializer
    ) {
        func linear(_ inputs: Int, _ outputs: Int, _ path: String) -> Linear { Linear(inputs, outputs, from: initializer[path]) }
        modalities = widths.map(\.modality)
        hasDomains = domains > 1
        modalProjection = widths.map { linear($0.width, width, "modal_projection.\($0.modality)") }
        domainProjection = widths.map { linear($0.width, width, "domain_projection.\($0.modality)") }
        modalDiscriminator = linear(width, widths.count, "modal_discriminator")
        localHidden = linear(width, hidden.local, "domain_discriminator.hidden")
        localNorm = BatchNormalization(hidden.local, from: initializer["domain_discriminator.norm"])
        localOutput = linear(hidden.local, max(domains, 1), "domain_discriminator.output")
        globalHidden = linear(widths.reduce(0) { $0 + $1.width }, hidden.global, "global_discriminator.hidden")
        globalOutput = linear(hidden.global, max(domains, 1), "global_discriminator.output")
        self.dropout = Dropout(Float(dropout), stream: initializer["dropout"].path)
    }

    /// - Parameters:
    ///   - z: the embeddings, `N×D_m`.
    ///   - reversal: how strongly the gradient is reversed, for modalities and for domains.
    ///   - domains: the place of each sample's domain.
    ///   - classLogits: of each modality, `N×K`.
    func losses(
        _ z: [Tensor], reversal: (modal: Float, domain: Float), domains: [Int], classLogits: [Tensor], _ pass: Pass
    ) -> Losses {
        let samples = z[0].shape[0]
        let modal = z.indices.map { index in
            let projected = dropout(modalProjection[index](reversed(z[index], reversal.modal)).relu(), pass.child("modal.\(index)"))
            return modalDiscriminator(projected).crossEntropy(labels: .init(repeating: index, count: samples))
        }
        guard hasDomains else { return Losses(modal: mean(modal), local: nil, global: nil, judged: classLogits) }
        let turned = z.map { reversed($0, reversal.domain) }
        // Statistics of the batch are those of one modality at a time.
        let judged = turned.indices.map { index in
            let projected = dropout(domainProjection[index](turned[index]).relu(), pass.child("domain.\(index)"))
            return localOutput(localNorm(localHidden(projected), pass).relu())
        }
        let joint = dropout(globalHidden(Tensor.concatenated(turned, axis: 1)).relu(), pass.child("global"))
        return Losses(
            modal: mean(modal), local: mean(judged.map { $0.crossEntropy(labels: domains) }),
            global: globalOutput(joint).crossEntropy(labels: domains), judged: judged)
    }

    private func mean(_ losses: [Tensor]) -> Tensor { losses.dropFirst().reduce(losses[0], +) / Float(losses.count) }

    /// The same values, with the gradient times `−strength`.
    private func reversed(_ z: Tensor, _ strength: Float) -> Tensor { Tensor.custom(z, inputs: [z]) { [$0 * -strength] } }
}
