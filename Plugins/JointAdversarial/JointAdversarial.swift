import Configuration
import Networks
import Regularization
import Tensors

/// Joint adversarial training: embeddings from which neither the modality nor the source domain can be
/// told, and more weight for the classifier of a modality whose domain is hard to tell.
///
///     R_a(z): the same value, the gradient times −a
///     modal  = mean_m CE(D(relu(P_m R_a(z_m))), m)                                         one linear discriminator D
///     local  = mean_m CE(d_m, e),  d_m = D'(relu(Q_m R_b(z_m)))                            one discriminator D' with batch normalization
///     global = CE(D''(R_b(z_1) … R_b(z_M)), e)                                             e: the source domain
///     classes = Σ_m w_m CE(f_m, y),  w = softmax over m of H_m/T,  H_m: mean entropy of softmax(d_m)
///     penalty = λ_g global + λ_l local + λ_m modal + λ_c classes
///
/// `f_m` is a linear classifier of each modality. With a single source domain there is no local and no
/// global loss, and the entropies are those of `f_m`. The weights `w` are not constants in the released
/// program: their gradient trains the discriminator to be sure, and encoders, reversed, to be unsure.
/// `constant-weights` cuts it. Everything is owned, trained in the same step and saved with the model.
/// It reads the encoders' own output, `N×D_m`, before any change. NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - joint-adversarial: {width: 256}
/// ```
///
/// Source: JAT as in the MMDG benchmark's program (reversals 0.1 and 0.3; weights 0.5, 0.5, 0.1, 3;
/// width 512, dropout 0.5).
public struct JointAdversarial: RegularizerPlugin, AddsPenalty {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// How strongly gradients are reversed.
        public var modalReversal = 0.1, domainReversal = 0.3

        /// The losses' weights within the term.
        public var global = 0.5, local = 0.5, modal = 0.1, classes = 3.0

        /// `T`, what entropies are divided by.
        public var temperature = 1.0

        /// Whether the classifiers' weights have no gradient.
        public var hasConstantWeights = false

        /// The width of the discriminators' hidden layers.
        public var width = 512
        /// The dropout rate in the discriminators.
        public var dropout = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("modal-reversal", \.modalReversal, in: 0...1e6, "how strongly encoders work against the discriminator of modalities"),
                .number("domain-reversal", \.domainReversal, in: 0...1e6, "how strongly encoders work against the discriminators of domains"),
                .number("global", \.global, in: 0...1e6, "weight of the discriminator that predicts the domain from all modalities, λ_g"),
                .number("local", \.local, in: 0...1e6, "weight of the discriminators that predict the domain from one modality, λ_l"),
                .number("modal", \.modal, in: 0...1e6, "weight of the discriminator of modalities, λ_m"),
                .number("classes", \.classes, in: 0...1e6, "weight of the modalities' classifiers, λ_c"),
                .number("temperature", \.temperature, in: 1e-3...1e6, "temperature T, by which entropies are divided"),
                .flag("constant-weights", \.hasConstantWeights, "whether the weights w are constants, through which no gradient passes"),
                .integer("width", \.width, in: 2...65536, unit: "features", "width of projections; hidden layers are half as wide"),
                .number("dropout", \.dropout, in: 0..<1, unit: "probability", "rate after projections"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "joint-adversarial",
            summary: "trains encoders against discriminators of modality and source domain, with entropy-weighted unimodal losses",
            formula: "λ_g global + λ_l local + λ_m modal + λ_c Σ_m w_m CE(f_m, y),  w ∝ exp(H_m/T)",
            source: "JAT, MMDG benchmark (arXiv 2605.06643) and its program",
            cost: "O(N·width·(ΣD + width)) for the discriminators, and O(N·D·K) for each modality",
            search: [
                .linear("modal-reversal", 0...1, step: 0.1, of: .mmdgBench),
                .linear("domain-reversal", 0...1, step: 0.1, of: .mmdgBench),
                .linear("global", 0...1, step: 0.1, of: .mmdgBench),
                .linear("local", 0...1, step: 0.1, of: .mmdgBench),
                .linear("modal", 0...1, step: 0.1, of: .mmdgBench),
                .linear("classes", 0...5, step: 0.1, of: .mmdgBench),
            ],
            notes: ["Logged: the four losses, and the weight of each modality.", "The benchmark draws one value for global and local."])
    }

    /// Embeddings and projections.
    public static var places: [Place] { [.embedding, .projection] }

    /// The classifiers read classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// A discriminator tells modalities apart.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let options: Options
    private let domains: SourceDomains
    /// The three discriminators with the projections before them.
    private let adversaries: Adversaries
    /// The linear classifier of each modality, `D_m → K`.
    private let classifiers: [(modality: Modality, classifier: Linear)]

    public var parts: Parts {
        ["adversaries": adversaries, "classifiers": Parts(classifiers.map { (name: $0.modality.name, part: $0.classifier) })]
    }

    /// - Throws: `OptionFault` where there is only one modality.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        self.options = options
        domains = context.sourceDomains
        adversaries = Adversaries(
            context.modalities.map { ($0, context.widths[$0] ?? 0) }, width: options.width, hidden: (max(options.width / 2, 1), options.width),
            domains: context.sourceDomains.count, dropout: options.dropout, from: context.initializer)
        classifiers = context.modalities.map {
            ($0, Linear(context.widths[$0] ?? 0, context.classes, from: context.initializer["classifiers"][$0.name]))
        }
    }

    /// The weighted sum of the four losses; nil for an empty batch.
    public func penalty(_ step: TrainingStep) throws -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let z = classifiers.map { step.originalEmbeddings[$0.modality]?.pooled ?? Tensor(.nan) }
        let logits = zip(classifiers, z).map { $0.classifier($1) }
        let places = domains.count > 1 ? try step.domains.map(domains.place) : []
        let losses = adversaries.losses(
            z, reversal: (Float(options.modalReversal), Float(options.domainReversal)), domains: places, classLogits: logits,
            step.pass.child(step.instance))
        let (classes, weights) = Self.weighted(
            logits, judged: losses.judged, labels: step.labels, temperature: options.temperature, isConstant: options.hasConstantWeights)
        let terms: [(name: String, loss: Tensor?, weight: Double)] = [
            ("global", losses.global, options.global), ("local", losses.local, options.local), ("modal", losses.modal, options.modal),
            ("classes", classes, options.classes),
        ]
        var penalty = Penalty.sum(
            terms.compactMap { name, loss, weight in loss.map { Penalty(value: $0 * Float(weight), reports: [(name, $0.item)]) } })
        penalty?.reports += zip(classifiers, weights.values).map { ("\($0.modality).weight", $1) }
        return penalty
    }

    /// `Σ_m w_m CE(f_m, y)` and the weights `M`.
    static func weighted(
        _ logits: [Tensor], judged: [Tensor], labels: [Int], temperature: Double, isConstant: Bool
    ) -> (loss: Tensor, weights: Tensor) {
        let entropies = judged.map { logits in
            let p = logits.softmax()
            return -(p * (p + 1e-10).log()).sum(axis: 1).mean()
        }
        let weights = (Tensor.stacked(entropies) / Float(temperature)).softmax()
        let losses = Tensor.stacked(logits.map { $0.crossEntropy(labels: labels) })
        return (((isConstant ? weights.detached() : weights) * losses).sum(), weights)
    }
}

/// The networks of joint adversarial training: what tells modalities and domains apart, and a class
/// head for each modality.
final class Adversaries: Module {
    /// The losses of one batch, scalars.
    struct Losses {
        /// Of telling the modality; of telling the domain from one modality, and from all at once (nil
        /// with a single source domain).
        let modal: Tensor
        let local, global: Tensor?
        /// The domain logits of each modality, or the class logits where there is a single source
        /// domain.
        let judged: [Tensor]
    }

    /// The modalities, in the order of the modal discriminator's outputs.
    private let modalities: [Modality]
    /// `P_m` and `Q_m` of each modality.
    private let modalProjection, domainProjection: [Linear]
    /// `D`, which tells modalities apart.
    private let modalDiscriminator: Linear
    /// The layers of `D'` and `D''`.
    private let localHidden, localOutput, globalHidden, globalOutput: Linear
    private let localNorm: BatchNormalization
    private let dropout: Dropout
    /// Whether there are several source domains to tell apart.
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
            let projected = dropout(modalProjection[index](reversed(z[index], reversal.modal), appliesReLU: true), pass.child("modal.\(index)"))
            return modalDiscriminator(projected).crossEntropy(labels: .init(repeating: index, count: samples))
        }
        guard hasDomains else { return Losses(modal: mean(modal), local: nil, global: nil, judged: classLogits) }
        let turned = z.map { reversed($0, reversal.domain) }
        // Statistics of the batch are those of one modality at a time.
        let judged = turned.indices.map { index in
            let projected = dropout(domainProjection[index](turned[index], appliesReLU: true), pass.child("domain.\(index)"))
            return localOutput(localNorm(localHidden(projected), pass).relu())
        }
        let joint = dropout(globalHidden(Tensor.concatenated(turned, axis: 1), appliesReLU: true), pass.child("global"))
        return Losses(
            modal: mean(modal), local: mean(judged.map { $0.crossEntropy(labels: domains) }),
            global: globalOutput(joint).crossEntropy(labels: domains), judged: judged)
    }

    /// The mean of several scalars.
    private func mean(_ losses: [Tensor]) -> Tensor { losses.dropFirst().reduce(losses[0], +) / Float(losses.count) }

    /// The same values, with the gradient times `−strength`.
    private func reversed(_ z: Tensor, _ strength: Float) -> Tensor { Tensor.custom(z, inputs: [z]) { [$0 * -strength] } }
}
