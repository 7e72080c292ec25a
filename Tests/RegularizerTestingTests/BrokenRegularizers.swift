import Configuration
import Networks
import Regularization
import Synchronization
import Tensors

/// A regularizer for the tests, without options.
protocol Specimen: RegularizerPlugin where Options == NoOptions {
    init(_ context: RegularizerContext)
}

extension Specimen {
    static var description: ComponentDescription {
        ComponentDescription(name: "specimen", summary: "for the tests", source: "our own")
    }

    init(options: NoOptions, context: RegularizerContext) {
        self.init(context)
    }
}

/// Half the sum of squares of all embeddings.
func halfSquares(_ step: TrainingStep) -> Tensor {
    step.originalEmbeddings.reduce(Tensor(0)) { $0 + $1.embedding.pooled.squared().sum() * 0.5 }
}

/// Half the sum of squares, as it should be.
struct Sound: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step)) }
}

/// Its gradient is 4 percent too large.
struct WrongGradient: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        let arrays = step.originalEmbeddings.map(\.embedding.pooled)
        return Penalty(
            value: Tensor.custom(halfSquares(step).detached(), inputs: arrays) { upstream in
                arrays.map { $0.detached() * (1.04 * upstream.item) }
            })
    }
}

/// It forgets the gradient in every modality but the first.
struct ForgottenModality: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty(
            value: step.originalEmbeddings.enumerated().reduce(Tensor(0)) { sum, item in
                let pooled = item.element.embedding.pooled
                return sum + (item.offset == 0 ? pooled : pooled.detached()).squared().sum()
            })
    }
}

/// The gradient in a parameter of its own has the wrong sign.
struct WrongOwnGradient: Specimen, AddsPenalty {
    let scale: Parameter
    var parts: Parts { ["scale": scale] }
    init(_ context: RegularizerContext) { scale = Parameter(Tensor(0.5)) }
    func penalty(_ step: TrainingStep) -> Penalty? {
        let value = scale.value
        let flipped = Tensor.custom(value.detached(), inputs: [value]) { [-$0] }
        return Penalty(value: halfSquares(step) * flipped)
    }
}

/// The first sample counts twice.
struct OrderedBatch: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        let first = step.originalEmbeddings[0].embedding.pooled.slice(axis: 0, 0..<1)
        return Penalty(value: halfSquares(step) + first.squared().sum())
    }
}

/// It says that it looks at what is missing, and does not.
struct CountsMissing: Specimen, AddsPenalty, ReadsPresence {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step)) }
}

/// A sum over the samples that have a modality, divided by the number of all.
struct CountsEverySample: Specimen, AddsPenalty, ReadsPresence {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        let count = Float(step.batchSize)
        return Penalty.sum(over: step.originalEmbeddings) { z, _ in Penalty(value: z.squared().sum() * (1 / count)) }
    }
}

/// It leaves out missing samples, and takes every token for real.
struct ReadsPadding: Specimen, AddsPenalty, ReadsPresence {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        let values = step.originalEmbeddings.map { _, embedding in
            embedding.present.squared().sum() + (embedding.cleared().tokens.map { $0.mean() } ?? Tensor(0))
        }
        return Penalty(value: values.reduce(Tensor(0), +))
    }
}

/// It counts updates, and does not save the count.
final class ForgottenState: Specimen, AddsPenalty, FollowsUpdates {
    private var updates = 0
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step) * Float(1 + updates)) }
    func follow(_ step: TrainingStep, learningRate: Float) { updates += 1 }
}

/// The same, with the count saved.
final class SavedState: Specimen, AddsPenalty, FollowsUpdates {
    private let updates = Buffer(Tensor(0), isCount: true)
    var parts: Parts { ["updates": updates] }
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step) * (1 + updates.value.item)) }
    func follow(_ step: TrainingStep, learningRate: Float) { updates.value = updates.value + 1 }
}

/// Its random numbers come from a source that all passes share.
struct SharedDraws: Specimen, AddsPenalty {
    private static let drawn = Mutex(0)
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        let number = Self.drawn.withLock { count in
            count += 1
            return count
        }
        return Penalty(value: halfSquares(step) * (1 + Float(number)))
    }
}

/// Its random numbers are the same at every step.
struct FrozenDraws: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        var stream = step.pass.random.stream("frozen")
        return Penalty(value: halfSquares(step) * stream.uniform())
    }
}

/// It divides by each column's deviation.
struct DividesByDeviation: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    static var minimumBatch: Int { 2 }
    func penalty(_ step: TrainingStep) -> Penalty? {
        let pooled = step.originalEmbeddings[0].embedding.pooled
        return Penalty(value: (pooled.mean(axis: 0).squared() / pooled.variance(axis: 0)).sum())
    }
}

/// NaN is taken for 0.
struct SwallowsNaN: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        let value = halfSquares(step)
        return Penalty(value: value.item.isNaN ? Tensor(0) : value)
    }
}

/// It doubles the targets.
struct DoubledTargets: Specimen, ChangesTargets {
    init(_ context: RegularizerContext) {}
    func changedTargets(_ targets: Tensor, in forward: ForwardPass) -> Tensor { targets * 2 }
}

/// It serves every task, it says, and cannot do without classes.
struct NeedsLabels: Specimen, AddsPenalty {
    struct NoLabels: Error, CustomStringConvertible {
        let description = "there are no labels"
    }

    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) throws -> Penalty? {
        guard !step.labels.isEmpty else { throw NoLabels() }
        return Penalty(value: halfSquares(step))
    }
}

/// Its penalty shrinks the model's parameters on the side.
struct ShrinksModel: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? {
        for (_, parameter) in step.model.namedParameters { parameter.value = parameter.value.detached() * 0.9 }
        return Penalty(value: halfSquares(step))
    }
}

/// It adds noise in evaluation too.
struct NoisyEvaluation: Specimen, ChangesEmbeddings {
    init(_ context: RegularizerContext) {}
    func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        embeddings.mapPooled { modality, pooled in
            var stream = forward.stream("noise.\(modality)")
            return pooled + stream.normal(pooled.shape)
        }
    }
}

/// It leaves out the last gradient.
struct DroppedGradient: Specimen, ChangesGradients {
    init(_ context: RegularizerContext) {}
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        Gradients(names: gradients.names.dropLast(), values: gradients.values.dropLast())
    }
}

/// A gradient at moved parameters, as it should be.
struct Ascent: Specimen, ChangesGradients {
    init(_ context: RegularizerContext) {}
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        try objective.gradients(movedBy: gradients * (0.05 / max(gradients.norm, 1e-12)))
    }
}

/// The average that it gives is one of another model.
final class ForeignAverage: Specimen, AveragesWeights {
    private let average: SimpleMovingAverage
    var parts: Parts { ["average": average] }
    init(_ context: RegularizerContext) { average = SimpleMovingAverage(of: Linear(2, 3, from: context.initializer)) }
    var averagedWeights: (any WeightAverage)? { average }
}

/// The average of the model's weights, as it should be.
final class OwnAverage: Specimen, FollowsUpdates, AveragesWeights {
    private let average: SimpleMovingAverage
    var parts: Parts { ["average": average] }
    init(_ context: RegularizerContext) { average = SimpleMovingAverage(of: context.model) }
    func follow(_ step: TrainingStep, learningRate: Float) { average.update() }
    var averagedWeights: (any WeightAverage)? { average }
}

/// Infinite for every batch.
struct Infinite: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step) * .infinity) }
}

/// It refuses its own default.
struct RefusesDefault: RegularizerPlugin, AddsPenalty {
    struct Options: ComponentOptions {
        var parts = 0
        init() {}
        static var fields: [OptionField<Options>] { [.integer("parts", \.parts, in: 0...8, "how many parts")] }
    }

    static var description: ComponentDescription {
        ComponentDescription(name: "refuses-default", summary: "for the tests", source: "our own")
    }

    init(options: Options, context: RegularizerContext) throws(OptionFault) {
        guard options.parts > 0 else { throw OptionFault(option: "parts", expected: "a number from 1 up", found: "\(options.parts)") }
    }

    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step)) }
}

/// Neither source nor help, and a name that no recipe would have.
struct Undocumented: RegularizerPlugin, AddsPenalty {
    struct Options: ComponentOptions {
        var rate = 0.5
        init() {}
        static var fields: [OptionField<Options>] { [.number("rate", \.rate, in: 0...1, "")] }
    }

    static var description: ComponentDescription {
        ComponentDescription(name: "UnDocumented", summary: "for the tests")
    }

    init(options: Options, context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step)) }
}

/// One of its choices divides by 0.
struct InfiniteChoice: RegularizerPlugin, AddsPenalty {
    struct Options: ComponentOptions {
        var inverse = false
        init() {}
        static var fields: [OptionField<Options>] { [.flag("inverse", \.inverse, "whether the penalty is divided by 0")] }
    }

    static var description: ComponentDescription {
        ComponentDescription(name: "infinite-choice", summary: "for the tests", source: "our own")
    }

    private let divisor: Float

    init(options: Options, context: RegularizerContext) { divisor = options.inverse ? 0 : 1 }
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step) / divisor) }
}

/// Its hook does not bear the hook's name, and it does not conform to one.
struct Hookless: Specimen {
    init(_ context: RegularizerContext) {}
    func penalty(step: TrainingStep) -> Penalty? { Penalty(value: halfSquares(step)) }
}

/// Its penalty has one entry for each sample.
struct VectorPenalty: Specimen, AddsPenalty {
    init(_ context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: step.originalEmbeddings[0].embedding.pooled.sum(axis: 1)) }
}

/// It leaves out the last place of every feature map.
struct CroppedMap: Specimen, ChangesFeatureMaps {
    init(_ context: RegularizerContext) {}
    func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) -> Tensor {
        map.values.slice(axis: 1, 0..<map.values.shape[1] - 1)
    }
}

/// The gradient of its change is 4 percent too large.
struct WrongMapGradient: Specimen, ChangesFeatureMaps {
    init(_ context: RegularizerContext) {}
    func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) -> Tensor {
        Tensor.custom(map.values.detached() * 2, inputs: [map.values]) { [$0 * 2.08] }
    }
}

/// Its noise inside the encoders goes on from call to call.
struct SharedMapDraws: Specimen, ChangesFeatureMaps {
    private static let calls = Atomic(0)
    init(_ context: RegularizerContext) {}
    func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) -> Tensor {
        map.values + Float(Self.calls.add(1, ordering: .relaxed).newValue % 1000) * 0.01
    }
}
