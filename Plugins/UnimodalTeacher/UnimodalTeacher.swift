import Configuration
import Networks
import Regularization
import Tensors

/// Unimodal teacher: each encoder stays near one of its own kind that has learned from its modality
/// alone.
///
///     before `warm-up`:  penalty = Σ_m CE(head_m(t_m), y)                        the teachers t learn, each with a linear head
///     from then on:      penalty = strength · Σ_m mean over N·D_m of (t_m − z_m)²    t: constants
///
/// The teachers are copies of the initial encoders with weights of their own, trained by the training's
/// own optimizer while the model trains beside them, and then fixed. The released programs train them
/// to the end beforehand instead, in a run of their own. `z` is the encoders' own output, `N×D`, before
/// any change. Teachers are saved with the model: one more copy of its encoders. The classes are the
/// samples' own. NaN gives NaN. Cost: one pass through the encoders, before `warm-up` with its
/// gradient.
///
/// ```yaml
/// regularizers:
///   - unimodal-teacher: {strength: 10, warm-up: 0.3}
/// ```
///
/// Source: Du et al., "On Uni-Modal Feature Learning in Supervised Multi-Modal Learning", ICML 2023
/// (UMT); BalanceBenchmark has strength 10.
public struct UnimodalTeacher: RegularizerPlugin, AddsPenalty {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// What the distance is multiplied by.
        public var strength = 10.0

        /// The share of the training in which the teachers learn.
        public var warmUp = 0.3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("strength", \.strength, in: 0..., "factor of the distance to the teachers"),
                .number("warm-up", \.warmUp, in: 0...1, unit: "share of the training", "how long the teachers learn before the encoders follow them"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "unimodal-teacher",
            summary: "keeps each encoder near one that has learned from its modality alone",
            formula: "strength · Σ_m mean (t_m − z_m)²,  t from encoders trained on Σ_m CE(head_m(t_m), y) before",
            source: "Du et al., On Uni-Modal Feature Learning in Supervised Multi-Modal Learning, ICML 2023",
            cost: "one more pass through the encoders; during the warm-up also its gradient",
            unsearched: "none is known",
            notes: ["Logged: the loss of each modality during the warm-up, then its distance.", "It owns the teachers: a second copy of the encoders."])
    }

    /// Only the embeddings themselves, which the teachers have too.
    public static var places: [Place] { [.embedding] }

    /// The teachers learn from classes.
    public static var tasks: [Targets.Kind] { [.classes] }

    private let options: Options
    /// The teachers of all modalities.
    private let teacher: Teacher

    public var parts: Parts { ["teacher": teacher] }

    /// - Throws: `OptionFault` where the term sees only a part of the embeddings.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireWholeEmbeddings()
        self.options = options
        teacher = Teacher(context)
    }

    /// The teachers' losses during the warm-up, then the distances from the teachers; nil for an empty
    /// batch.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        guard step.progress >= options.warmUp else {
            let loss = teacher.loss(step)
            return Penalty(value: loss, reports: [("loss", loss.item)])
        }
        let taught = teacher.embeddings(step)
        return Penalty.sum(over: step.originalEmbeddings) { z, modality in
            guard let target = taught[modality]?.pooled else { return nil }
            let distance = Self.distance(z, from: target)
            return Penalty(value: distance * Float(options.strength), reports: [("distance", distance.item)])
        }
    }

    /// `mean (t − z)²`, a scalar; the target is a constant.
    static func distance(_ z: Tensor, from target: Tensor) -> Tensor { (target.detached() - z).squared().mean() }
}

/// Encoders of the model's own kind with weights of their own, which learn from the classes alone.
///
/// The model's encoders compute for them: for the time of a pass the teacher's values stand in the
/// model, exchanged in place, so that a record that the model's parameters are part of stays as it was.
final class Teacher: Module {
    /// The teacher's parameters beside those of the model that compute for them.
    private let pairs: [(name: String, models: Parameter, own: Parameter)]
    /// The teacher's running statistics beside the model's.
    private let statistics: [(name: String, models: Buffer, own: Buffer)]
    /// The linear head of each modality.
    private let heads: [(modality: Modality, classifier: Linear)]

    var parts: Parts {
        var parts = Parts(pairs.map { (name: $0.name, part: $0.own) })
        parts.append(contentsOf: Parts(statistics.map { (name: $0.name, part: $0.own) }))
        parts.append(Parts(heads.map { (name: $0.modality.name, part: $0.classifier) }), named: "heads")
        return parts
    }

    /// Starts at the model's present values.
    init(_ context: RegularizerContext) {
        let prefixes = context.modalities.map { "encoders.\($0)." }
        func isSeen(_ name: String) -> Bool { prefixes.contains { name.hasPrefix($0) } }
        pairs = context.model.namedParameters.filter { isSeen($0.name) }.map { ($0.name, $0.parameter, Parameter($0.parameter.value)) }
        statistics = context.model.namedBuffers.filter { isSeen($0.name) }.map {
            ($0.name, $0.buffer, Buffer($0.buffer.value, isCount: $0.buffer.isCount))
        }
        heads = context.modalities.map { ($0, Linear(context.widths[$0] ?? 0, context.classes, from: context.initializer["heads"][$0.name])) }
    }

    /// `Σ_m CE(head_m(teacher_m(x)), y)`, with its gradient in the teacher's own parameters.
    func loss(_ step: TrainingStep) -> Tensor {
        let embeddings = exchanged { step.encoded(step.pass) }
        var sum = Tensor(0)
        for (modality, classifier) in heads {
            guard let z = embeddings[modality]?.pooled else { continue }
            sum += classifier(z).crossEntropy(labels: step.labels)
        }
        guard sum.isTracked else { return sum }
        // The record leads to the model's parameters, at the teacher's values: its gradients are handed over here and now.
        let owned = Parts(heads.map { (name: $0.modality.name, part: $0.classifier) }).namedParameters.map(\.parameter)
        let slopes = gradients(of: sum, with: (pairs.map(\.models) + owned).map(\.value))
        return Tensor.custom(sum, inputs: (pairs.map(\.own) + owned).map(\.value)) { upstream in slopes.map { $0.map { $0 * upstream.item } } }
    }

    /// What the teacher makes of the batch, without gradients, dropout and moving statistics.
    func embeddings(_ step: TrainingStep) -> Embeddings {
        withoutGradients { exchanged { step.encoded(step.evaluationPass) } }
    }

    /// Runs `body` while the teacher's values stand in the model.
    private func exchanged<Result>(_ body: () -> Result) -> Result {
        exchange()
        defer { exchange() }
        return body()
    }

    /// Swaps the teacher's values with the model's, in place.
    private func exchange() {
        func swapped(_ mine: UnsafeMutableBufferPointer<Float>, _ theirs: UnsafeMutableBufferPointer<Float>) {
            for index in mine.indices { swap(&mine[index], &theirs[index]) }
        }
        for (_, models, own) in pairs {
            own.withUnsafeMutableValues { own in models.withUnsafeMutableValues { swapped(own, $0) } }
        }
        for (_, models, own) in statistics {
            own.withUnsafeMutableValues { own in models.withUnsafeMutableValues { swapped(own, $0) } }
        }
    }
}
