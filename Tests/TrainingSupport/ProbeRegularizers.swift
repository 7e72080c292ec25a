import Configuration
import Regularization
import Tensors

/// A penalty of 0 that stops being a number at a step.
struct Breaking: RegularizerPlugin, AddsPenalty {
    struct Options: ComponentOptions {
        var step = 0
        static var fields: [OptionField<Options>] { [.integer("step", \.step, in: 0..., "the first step whose penalty is not a number")] }
    }

    static var description: ComponentDescription {
        ComponentDescription(name: "breaking", summary: "breaks at a step")
    }

    private let options: Options

    init(options: Options, context: RegularizerContext) { self.options = options }

    func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty(value: Tensor(step.pass.step >= options.step ? Float.nan : 0), reports: [("beside", .infinity)])
    }
}

/// A penalty of 0 that draws random numbers, and logs what a row must share with the others: initial values and data order.
struct Probe: RegularizerPlugin, AddsPenalty {
    struct Options: ComponentOptions {
        static var fields: [OptionField<Options>] { [] }
    }

    static var description: ComponentDescription { ComponentDescription(name: "probe", summary: "changes nothing") }

    init(options: Options, context: RegularizerContext) {}

    func penalty(_ step: TrainingStep) -> Penalty? {
        var stream = step.pass.stream("probe")
        _ = stream.normal([16])
        let order = step.labels.enumerated().reduce(Float(0)) { $0 + Float($1.offset * $1.element) }
        let first = step.pass.step == 0 ? step.originalEmbeddings.reduce(Float(0)) { $0 + $1.embedding.pooled.sum().item } : 0
        return Penalty(value: Tensor(0), reports: [("order", order), ("first", first)])
    }
}
