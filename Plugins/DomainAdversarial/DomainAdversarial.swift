import Configuration
import Glibc
import Networks
import Regularization
import Tensors

/// Domain-adversarial training: a discriminator learns to tell the source domains apart by an
/// embedding, and the encoder learns that it cannot.
///
///     a_i = R(z_i) + c_{y_i}        R: the same value, the gradient times −λ;  c: an embedding of the class, if conditional
///     penalty = Σ_m Σ_i w_i CE(discriminator_m(a_i), domain_i)        w_i = 1/N;  conditional: 1/(K · number of rows of class y_i)
///               + γ mean_i ‖d Σ_j CE_j / d a_i‖²                        the gradient penalty, off by default
///     λ = strength · (2/(1 + exp(−10 p)) − 1)                           p: training progress; without `ramp` λ = strength
///
/// Discriminators, one for each modality, and class embeddings are trained in the same step and saved
/// with the model. It reads the encoders' own output, `N×D`, before any change. DomainBed takes turns
/// instead: a step of the discriminator, then one of the model; the gradient in `z` is the same. NaN
/// gives NaN. Cost for each modality: `O(N·width·(D + width))`.
///
/// ```yaml
/// regularizers:
///   - domain-adversarial: {strength: 0.5}
/// ```
///
/// Source: Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 2016; conditional: Li
/// et al., "Deep Domain Generalization via Conditional Invariant Adversarial Networks", ECCV 2018;
/// sizes and class weights as in DomainBed (DANN, CDANN), whose λ is constant: 1, searched in 10^U(−2,
/// 2).
public struct DomainAdversarial: RegularizerPlugin, AddsPenalty {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Whether the discriminator is told the class, and classes count alike.
        public var isConditional = false

        /// `λ`, how strongly the encoders work against the discriminators.
        public var strength = 1.0

        /// Whether `λ` grows from 0 over the training.
        public var ramps = true

        /// `γ`.
        public var gradientPenalty = 0.0

        /// Whether the discriminators are trained; else encoders work against the random ones that they begin as.
        public var learns = true

        /// The width of the discriminator's hidden layers.
        public var width = 256
        /// The number of the discriminator's linear maps.
        public var depth = 3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .flag("conditional", \.isConditional, "whether the discriminator is given the class, and every class has the same weight (CDANN)"),
                .number("strength", \.strength, in: 0...1e6, "how strongly the encoders work against the discriminators, λ"),
                .flag("ramp", \.ramps, "whether λ grows from 0 over the training"),
                .number("gradient-penalty", \.gradientPenalty, in: 0...1e6, "weight of the discriminator's squared input gradient"),
                .flag(
                    "learns", \.learns,
                    "whether the discriminators learn; with false, as in GMP's released program, encoders work against random discriminators"),
                .integer("width", \.width, in: 1...65536, unit: "features", "width of the discriminator's hidden layers"),
                .integer("depth", \.depth, in: 2...64, unit: "layers", "linear maps of the discriminator"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "domain-adversarial",
            summary: "trains encoders against a discriminator of the source domains",
            formula: "Σ_m mean_i CE(D_m(R(z_i)), domain_i),  R reverses the gradient times λ",
            source: "Ganin et al., Domain-Adversarial Training of Neural Networks, JMLR 2016; Li et al., CDANN, ECCV 2018; DomainBed",
            cost: "O(N·width·(D + width)) for each modality",
            search: [.logarithmic("strength", 0.01...100), .linear("strength", 0...1, step: 0.1, of: .mmdgBench)],
            notes: [
                "Logged: loss, accuracy and mean probability of the true domain of each modality's discriminator, and λ as strength.",
                "It owns the discriminators.",
            ])
    }

    /// A discriminator has to have something to tell apart.
    public static var needs: [DataNeed] { [.severalDomains] }

    /// The conditional form reads classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    private let options: Options
    private let classes: Int
    /// The source domains, in the order of the discriminator's outputs.
    private let domains: SourceDomains
    /// For each modality its discriminator and, in the conditional form, an embedding of each class.
    private let branches: [(modality: Modality, discriminator: Discriminator, classEmbeddings: Parameter?)]

    /// Nothing where the discriminators do not learn: they are then what the seed makes of them.
    public var parts: Parts {
        guard options.learns else { return Parts([]) }
        return Parts(
            branches.map { branch in
                var parts = branch.discriminator.parts
                if let embeddings = branch.classEmbeddings { parts.append(["weight": embeddings] as Parts, named: "class_embeddings") }
                return (name: branch.modality.name, part: parts)
            })
    }

    /// Makes a discriminator for each modality and, in the conditional form, an embedding for each
    /// class.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
        classes = context.classes
        domains = context.sourceDomains
        branches = context.modalities.map { modality in
            let (width, initializer) = (context.widths[modality] ?? 0, context.initializer[modality.name])
            let discriminator = Discriminator(
                width, width: options.width, depth: options.depth, domains: max(context.sourceDomains.count, 1), from: initializer)
            return (
                modality, discriminator,
                options.isConditional ? Parameter(initializer["class_embeddings.weight"].normal([context.classes, width])) : nil
            )
        }
    }

    /// The discriminators' losses, with gradients into the encoders reversed; nil for an empty batch.
    public func penalty(_ step: TrainingStep) throws -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let places = try step.domains.map(domains.place)
        let lambda = options.ramps ? options.strength * (2 / (1 + exp(-10 * step.progress)) - 1) : options.strength
        let terms = branches.compactMap { modality, discriminator, classEmbeddings -> Penalty? in
            guard let z = step.originalEmbeddings[modality]?.pooled else { return nil }
            let rows = reversed(z, Float(lambda))
            let a = classEmbeddings.map { rows + $0.value.gathering(rows: step.labels) } ?? rows
            let (scores, back) = discriminator(a)
            let loss = (-scores.logSoftmax().picking(places) * weights(of: step.labels)).sum()
            let hits = zip(scores.argmax(axis: 1), places).count { $0 == $1 }
            let reports: [Penalty.Report] = [
                ("\(modality).loss", loss.item), ("\(modality).accuracy", Float(hits) / Float(places.count)),
                ("\(modality).probability", scores.detached().softmax().picking(places).mean().item),
            ]
            guard options.gradientPenalty > 0 else { return Penalty(value: loss, reports: reports) }
            let slopes = back(scores.softmax() - Tensor.oneHot(places, classes: scores.shape[1]))
            return Penalty(value: loss + slopes.squared().sum(axis: 1).mean() * Float(options.gradientPenalty), reports: reports)
        }
        step.report("strength", Float(lambda))
        return Penalty.sum(terms)
    }

    /// The weight of each row, `N`.
    private func weights(of labels: [Int]) -> Tensor {
        guard options.isConditional else { return .full(1 / Float(labels.count), [labels.count]) }
        let counts = Dictionary(grouping: labels) { $0 }.mapValues { Float($0.count * classes) }
        return Tensor(labels.map { 1 / (counts[$0] ?? 1) }, shape: [labels.count])
    }

    /// The same values, with the gradient times `−lambda`.
    private func reversed(_ z: Tensor, _ lambda: Float) -> Tensor {
        Tensor.custom(z, inputs: [z]) { [$0 * -lambda] }
    }
}

/// A perceptron that tells domains apart: `depth` linear maps with ReLU between them.
final class Discriminator: Module {
    private let layers: [Linear]

    /// The names of DomainBed: `input`, `hiddens.0` …, `output`.
    var parts: Parts {
        ["input": layers[0], "hiddens": Parts(numbered: Array(layers.dropFirst().dropLast())), "output": layers[layers.count - 1]]
    }

    /// - Parameter depth: the number of linear maps, 2 or more.
    init(_ inputs: Int, width: Int, depth: Int, domains: Int, from initializer: Initializer) {
        let hidden = (0..<depth - 2).map { Linear(width, width, from: initializer["hiddens"][String($0)]) }
        layers = [Linear(inputs, width, from: initializer["input"])] + hidden + [Linear(width, domains, from: initializer["output"])]
    }

    /// Scores of the domains for each row, and the way back from a gradient in the scores to one in the
    /// rows.
    ///
    /// The way back is made of recorded operations, so that a penalty on the gradient has a gradient
    /// itself.
    func callAsFunction(_ rows: Tensor) -> (scores: Tensor, back: (Tensor) -> Tensor) {
        var (x, active): (Tensor, [Tensor]) = (rows, [])
        for (index, layer) in layers.enumerated() {
            x = layer(x)
            guard index < layers.count - 1 else { break }
            active.append(x.isGreater(than: 0))
            x = x.relu()
        }
        return (
            x,
            { [layers] gradient in
                var gradient = gradient
                for (index, layer) in layers.enumerated().reversed() {
                    gradient = gradient.matmul(layer.weight.value)
                    if index > 0 { gradient = gradient * active[index - 1] }
                }
                return gradient
            }
        )
    }
}
