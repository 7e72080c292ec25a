import Configuration
import Networks
import Regularization
import Tensors

/// Weight decay of the encoders or of the whole model.
///
///     coupled:    penalty = ½ · rate · ‖θ‖²
///     decoupled:  θ ← θ − η · rate · θ     after each update, η the learning rate
///
/// In the coupled form the gradient `rate · θ` goes through the optimizer, as with the `weight_decay`
/// of PyTorch's Adam; the decoupled one is AdamW's.
///
/// All chosen parameters are decayed, biases and normalization included, as PyTorch's optimizers do;
/// `parameters: matrices` leaves out those of rank 0 and 1. Parameters that other regularizers own,
/// such as projection heads, are not touched.
///
/// The coupled form is one operation for all parameters, `O(P)`, with sums in double precision. It does
/// not depend on the batch. NaN in a parameter gives NaN.
///
/// ```yaml
/// regularizers:
///   - weight-decay: {rate: 1e-4, form: decoupled, scope: model}
/// ```
///
/// Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019; the "+ Weight
/// decay" row of Table 13 of the MER paper.
public struct WeightDecay: RegularizerPlugin, AddsPenalty, FollowsUpdates, ReadsPresence {
    /// How weights decay.
    public enum Form: String, CaseIterable, Sendable {
        /// A term of the loss.
        case coupled
        /// A step of its own after the optimizer's.
        case decoupled
    }

    /// Whose parameters decay.
    public enum Scope: String, CaseIterable, Sendable {
        /// The encoders of the modalities in `on:`.
        case encoders
        /// Encoders and fusion.
        case model
    }

    /// Which of them decay.
    public enum Selection: String, CaseIterable, Sendable {
        /// Every parameter.
        case all
        /// Parameters of rank 2 and more.
        case matrices
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// The decay of a step: per step where coupled, per unit of learning rate where decoupled.
        public var rate = 1e-4
        /// How weights decay.
        public var form = Form.coupled
        /// Whose parameters decay.
        public var scope = Scope.encoders
        /// Which of them decay.
        public var parameters = Selection.all

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("rate", \.rate, in: 0..., "strength of the decay"),
                .choice("form", \.form, "a term of the loss (coupled), or a separate step after the one of the optimizer (decoupled)"),
                .choice("scope", \.scope, "what decays: the encoders of the modalities in `on:`, or the whole model"),
                .choice("parameters", \.parameters, "every parameter, or matrices only (no biases, no normalization)"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "weight-decay",
            summary: "pulls the parameters toward 0",
            formula: "coupled: ½ · rate · ‖θ‖²; decoupled: θ ← θ − η · rate · θ",
            source: "Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019",
            cost: "O(P) in each update, with P parameters",
            search: [.logarithmic("rate", 1e-6...1e-2, of: .domainBed)],
            notes: [
                "With `scope: model`, `on:` has no effect.",
                "Logged for the coupled form: squared-norm, ‖θ‖² of the chosen parameters.",
            ])
    }

    /// It reads parameters, and no embeddings.
    public static var places: [Place] { [.embedding] }

    private let options: Options
    private let modalities: [Modality]
    private let lookup = Lookup()

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
        modalities = context.modalities
    }

    /// Half the decay rate times the squared norm, in the coupled form; otherwise nil.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard options.form == .coupled else { return nil }
        let values = chosenParameters(of: step.model).map(\.value)
        let squaredNorm = values.reduce(0.0) { sum, value in
            sum + value.withUnsafeValues(sumOfSquares)
        }
        let penalty = Tensor.custom(Tensor(Float(0.5 * options.rate * squaredNorm)), inputs: values) { upstream in
            let scale = Float(options.rate) * upstream.item
            return values.map { $0.detached() * scale }
        }
        return Penalty(value: penalty, reports: [("squared-norm", Float(squaredNorm))])
    }

    /// Shrinks the parameters, in the decoupled form.
    public func follow(_ step: TrainingStep, learningRate: Float) {
        guard options.form == .decoupled else { return }
        let factor = 1 - learningRate * Float(options.rate)
        guard factor != 1 else { return }
        for parameter in chosenParameters(of: step.model) {
            parameter.withUnsafeMutableValues { values in
                for index in values.indices { values[index] *= factor }
            }
        }
    }

    /// The parameters that decay.
    private func chosenParameters(of model: any MultimodalModel) -> [Parameter] {
        if lookup.model === model { return lookup.parameters }
        let candidates =
            switch options.scope {
            case .encoders: modalities.flatMap(model.encoderParameters)
            case .model: model.namedParameters.map(\.parameter)
            }
        lookup.parameters = options.parameters == .all ? candidates : candidates.filter { $0.shape.rank >= 2 }
        lookup.model = model
        return lookup.parameters
    }
}

/// The parameters found last: a model builds its list anew each time it is asked, and a step is short.
private final class Lookup {
    weak var model: (any MultimodalModel)?
    var parameters: [Parameter] = []
}

/// Eight partial sums, so that the additions do not wait for one another.
private func sumOfSquares(of values: UnsafeBufferPointer<Float>) -> Double {
    let bytes = UnsafeRawBufferPointer(values)
    let width = SIMD8<Float>.scalarCount
    let whole = values.count / width * width
    var sums = SIMD8<Double>.zero
    for start in stride(from: 0, to: whole, by: width) {
        let offset = start * MemoryLayout<Float>.stride
        let wide = SIMD8<Double>(bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self))
        sums += wide * wide
    }
    return values[whole...].reduce(sums.sum()) { $0 + Double($1) * Double($1) }
}
