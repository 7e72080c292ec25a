import Configuration
import Networks
import Regularization
import Tensors

/// Unimodal teacher: each encoder stays near one of its own kind that has learned from its modality alone.
///
///     before `warm-up`:  penalty = Σ_m CE(head_m(t_m), y)                        the teachers t learn, each with a linear head
///     from then on:      penalty = strength · Σ_m mean over N·D_m of (t_m − z_m)²    t: constants
///
/// The teachers are copies of the initial encoders with weights of their own, trained by the training's own optimizer while the model trains
/// beside them, and then fixed. The released programs train them to the end beforehand instead, in a run of their own. `z` is the encoders' own
/// output, `N×D`, before any change. Teachers are saved with the model: one more copy of its encoders. The classes are the samples' own. NaN
/// gives NaN. Cost: one pass through the encoders, before `warm-up` with its gradient.
///
/// Source: Du et al., "On Uni-Modal Feature Learning in Supervised Multi-Modal Learning", ICML 2023 (UMT); BalanceBenchmark has strength 10.
public struct UnimodalTeacher: RegularizerPlugin, AddsPenalty {
    public struct Options: ComponentOptions {
        /// What the distance is multiplied by.
        public var strength = 10.0

        /// The share of the training in which the teachers learn.
        public var warmUp = 0.3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("strength", \.strength, in: 0..., "what the distance to the teachers is multiplied by"),
                .number("warm-up", \.warmUp, in: 0...1, unit: "share of the training", "for how long the teachers learn and nobody follows"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "unimodal-teacher",
            summary: "keeps each encoder near one that has learned from its modality alone",
            formula: "strength · Σ_m mean (t_m − z_m)²,  t from encoders trained on Σ_m CE(head_m(t_m), y) before",
            source: "Du et al., On Uni-Modal Feature Learning in Supervised Multi-Modal Learning, ICML 2023",
            notes: ["Logged: before `warm-up` loss, then the distance of each modality.", "It owns the teachers: a second copy of the encoders."])
    }

    public static var places: [Place] { [.embedding] }
    public static var tasks: [Targets.Kind] { [.classes] }

    private let options: Options
    private let teacher: Teacher

    public var parts: Parts { ["teacher": teacher] }

    /// - Throws: `OptionFault` where the term sees only a part of the embeddings.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireWholeEmbeddings()
        self.options = options
        teacher = Teacher(context)
    }

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
