import Configuration
import Networks
import Regularization
import Tensors

/// Cross-modal representation flattening: each modality is drawn toward interpolations between its own
/// and each other modality's features, as a teacher with averaged weights sees them, so that the way
/// between two modalities becomes flat in the loss.
///
///     T, S: unit projections of teacher and student        mix_ab = s·T_a + (1 − s)·T_b,  s ~ Beta(0.1, 0.1) given s > ½, per sample
///     penalty = Σ_{a≠b} f_a · mean_n ‖mix_ab/‖mix_ab‖ − S_a/‖S_a‖‖  +  contrast · supervised contrastive loss of S
///
/// The term owns one projection head for each modality and the teacher: an average of the model and the
/// heads over all steps in which the term acts, `average-after` steps left out. The teacher runs
/// without dropout and with running statistics, and gets no gradient. While it has no weights yet, the
/// distance is left out. Draws do not depend on the order of the modalities.
///
/// The contrastive loss acts on the same heads, as in the released program. Without it (`contrast: 0`)
/// nothing keeps the heads from bringing the distance to 0 by projecting everything to one vector.
///
/// CMRF is this term with weight 3, `unimodal-loss` with weight 2, and `weight-averaging` from the same
/// step on, the contrastive loss from the first. The program's `sma_start_step` of 400 counts from 1,
/// so that its first averaged weights are those that `average-after: 399` and, in `weight-averaging`,
/// `after: 399 steps` begin with.
///
/// A pair counts the samples that have both modalities, the contrastive loss all views that there are.
///
/// It reads the encoders' own output, `N×D_m` of any widths. Cost: a second pass through the encoders,
/// without gradients, and the heads twice. Memory: one more copy of the model. An empty batch has no
/// penalty. NaN gives NaN.
///
/// Source: Fan et al., "Cross-modal Representation Flattening for Multi-modal Domain Generalization",
/// NeurIPS 2024, and its program.
public struct RepresentationFlattening: RegularizerPlugin, AddsPenalty, FollowsUpdates, ReadsPresence {
    /// How the teacher's weights are averaged.
    public enum Average: String, CaseIterable, Sendable {
        /// All steps count alike.
        case simple
        /// Older steps count less.
        case exponential
    }

    /// What stands after the heads' hidden layers.
    public enum Normalization: String, CaseIterable, Sendable {
        /// Layer normalization.
        case layer
        /// Batch normalization, as in the released program.
        case batch
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `f`, of all modalities that `factors` does not name.
        public var factor = 1.0

        /// `f_m` of single modalities, each as `name=number`.
        public var factors: [String] = []

        /// Of the Beta distribution that shares are drawn from.
        public var concentration = 0.1

        /// Factor of the contrastive loss of the projections.
        public var contrast = 1.0

        /// `T` of the contrastive loss.
        public var temperature = 0.1
        /// `T₀` of the contrastive loss.
        public var baseTemperature = 0.07

        /// Steps that lie behind when the teacher begins.
        public var averageAfter = 0

        /// How the teacher's weights are averaged.
        public var average = Average.simple

        /// How much of an exponential average each step keeps.
        public var decay = 0.999

        /// Widths of the heads' hidden layers.
        public var hidden = [2048, 2048]
        /// Width of the projections.
        public var width = 128
        /// What stands after the heads' hidden layers.
        public var normalization = Normalization.batch

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("factor", \.factor, in: 0..., "weight of each modality's distance within the term"),
                .texts("factors", \.factors, "weights of single modalities in place of factor, such as [audio=0.5]"),
                .number("concentration", \.concentration, in: 1e-3...1e3, "both parameters of the beta distribution from which shares are drawn"),
                .number("contrast", \.contrast, in: 0..., "factor of the contrastive loss of the projections"),
                .number("temperature", \.temperature, in: 1e-4...1e4, "temperature T of the contrastive loss, by which similarities are divided"),
                .number("base-temperature", \.baseTemperature, in: 1e-4...1e4, "T₀; the contrastive loss is multiplied by T/T₀"),
                .integer("average-after", \.averageAfter, in: 0...1_000_000_000, unit: "steps", "number of steps before the teacher begins"),
                .choice("average", \.average, "the teacher's weights: the mean over all steps (simple), or an average in which old weights fade (exponential)"),
                .number("decay", \.decay, in: 0..<1, "how much of an exponential average each step keeps"),
                .integers("hidden", \.hidden, in: 1...65_536, unit: "features", "widths of the heads' hidden layers"),
                .integer("width", \.width, in: 1...65_536, unit: "features", "width of the projections"),
                .choice("normalization", \.normalization, "normalization of the hidden layers"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "representation-flattening",
            summary: "pulls each modality toward interpolations between modalities, as an averaged teacher sees them",
            formula: "Σ_{a≠b} f_a mean_n ‖mix_ab/‖mix_ab‖ − S_a/‖S_a‖‖ + contrast · SupCon(S)",
            source: "Fan et al., Cross-modal Representation Flattening, NeurIPS 2024",
            cost: "one more pass through the encoders, without gradients, and two through the heads; memory for a copy of the model",
            search: [.linear("weight", 0...5, step: 0.1, of: .mmdgBench)],
            notes: [
                "Logged: distance of each modality once the teacher has weights, and contrast.",
                "It owns the projection heads and a teacher, an average of the model and the heads.",
                "The weight is the released program's, 3 by default, for distance and contrast alike.",
            ])
    }

    public static var minimumBatch: Int { 2 }
    public static var defaultWeight: Double { 3 }
    public static var places: [Place] { [.embedding] }
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It interpolates between modalities.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let options: Options
    private let heads: [(modality: Modality, head: ProjectionHead)]
    private let factors: [Modality: Double]
    /// The model and heads with averaged weights.
    private let teacher: AveragedTeacher

    public var parts: Parts { ["heads": Self.named(heads), "teacher": teacher] }

    /// - Throws: `OptionFault` where there is only one modality, an entry of `factors` is not
    ///   `name=number`, or names no modality, or one twice, or the term sees only a part of the
    ///   embeddings.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireSeveralModalities()
        try context.requireWholeEmbeddings()
        self.options = options
        factors = try context.factors(options.factors, default: options.factor)
        var projection = ProjectionOptions()
        projection.hidden = options.hidden
        projection.width = options.width
        projection.normalization = options.normalization == .layer ? .layer : .batch
        projection.unit = true
        heads = context.modalities.map { modality in
            let initializer = context.initializer["heads"][modality.name]
            return (modality, ProjectionHead(context.widths[modality] ?? 0, options: projection, from: initializer))
        }
        teacher = AveragedTeacher(
            of: context.model, heads: Dictionary(uniqueKeysWithValues: heads.map { ($0.modality, $0.head) }), named: Self.named(heads),
            decay: options.average == .exponential ? options.decay : nil)
    }

    /// The weighted distances and the contrastive loss; nil for an empty batch.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        penalty(step) { modality, other in
            var stream = step.stream("\(modality).\(other)")
            return InterpolationShares.draw(step.batchSize, concentration: options.concentration, from: &stream)
        }
    }

    /// The penalty for given shares of a modality beside another one, `N×1`.
    func penalty(_ step: TrainingStep, share: (_ modality: Modality, _ other: Modality) -> Tensor) -> Penalty? {
        guard step.originalEmbeddings.batchSize >= 1 else { return nil }
        let students = heads.compactMap { modality, head -> (modality: Modality, projection: Embedding)? in
            guard let embedding = step.originalEmbeddings[modality], !embedding.rows.isEmpty else { return nil }
            return (modality, embedding.projected(by: head, step.pass))
        }
        guard !students.isEmpty else { return nil }
        var value: Tensor?
        var reports: [Penalty.Report] = []
        if let features = teacher.features(step) {
            let distillation = FlatteningDistillation(students: students, teachers: features, factors: factors, share: share)
            value = distillation.value
            reports = distillation.distances.map { ("\($0.modality).distance", $0.mean) }
        }
        if options.contrast > 0 {
            let contrast = ContrastiveLoss(
                of: Tensor.concatenated(students.map(\.projection.present), axis: 0),
                labels: students.flatMap { $0.projection.rows.map { step.labels[$0] } },
                temperature: options.temperature, baseTemperature: options.baseTemperature
            ).value
            value = value.map { $0 + contrast * Float(options.contrast) } ?? contrast * Float(options.contrast)
            reports.append(("contrast", contrast.item))
        }
        return value.map { Penalty(value: $0, reports: reports) }
    }

    /// Takes the updated weights into the teacher's average.
    public func follow(_ step: TrainingStep, learningRate: Float) {
        if step.pass.step >= options.averageAfter { teacher.follow() }
    }

    /// The heads under their modalities' names.
    private static func named(_ heads: [(modality: Modality, head: ProjectionHead)]) -> Parts {
        Parts(heads.map { (name: $0.modality.name, part: $0.head) })
    }
}
