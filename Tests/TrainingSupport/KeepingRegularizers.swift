import Configuration
import Networks
import Regularization
import Tensors

/// A penalty that grows with every step that it has seen: state in a buffer, and a parameter of its own.
struct Keeping: RegularizerPlugin, AddsPenalty, FollowsUpdates {
    struct Options: ComponentOptions {
        static var fields: [OptionField<Options>] { [] }
    }

    static var description: ComponentDescription { ComponentDescription(name: "keeping", summary: "remembers its steps") }

    private let steps = Buffer(Tensor(0))
    private let own = Parameter(Tensor([0.5, -0.5], shape: [2]))

    init(options: Options, context: RegularizerContext) {}

    var parts: Parts { ["steps": steps, "own": own] }

    func penalty(_ step: TrainingStep) -> Penalty? {
        let size = step.embeddings.reduce(Tensor(0)) { $0 + ($1.embedding.pooled * $1.embedding.pooled).mean() }
        return Penalty(
            value: size * (steps.value * 0.01) + (own.value * own.value).sum(), reports: [("beside", .infinity)])
    }

    func follow(_ step: TrainingStep, learningRate: Float) { steps.value = steps.value + 1 }
}

/// An average of the weights that is evaluated in their place.
struct Following: RegularizerPlugin, FollowsUpdates, AveragesWeights {
    struct Options: ComponentOptions {
        static var fields: [OptionField<Options>] { [] }
    }

    static var description: ComponentDescription { ComponentDescription(name: "following", summary: "averages weights") }

    private let average: ExponentialMovingAverage

    init(options: Options, context: RegularizerContext) { average = ExponentialMovingAverage(of: context.model, decay: 0.8) }

    var parts: Parts { ["average": average] }

    func follow(_ step: TrainingStep, learningRate: Float) { average.update() }

    var averagedWeights: (any WeightAverage)? { average }
}
