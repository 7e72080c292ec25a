import Configuration

/// How one model is trained.
package struct TrainingPlan: Sendable, Hashable {
    package enum Batching: String, CaseIterable, Sendable {
        /// Every batch has equally many samples of each source domain.
        case balanced
        /// Batches are drawn from all source samples alike.
        case shuffled
    }

    /// Passes over the training samples.
    package let epochs: Int
    /// Samples a step.
    package let batch: Int
    /// Balanced unless said otherwise.
    package let batching: Batching
    /// `optimizer:`, without its learning rate; adam unless said otherwise.
    package let optimizer: ComponentChoice
    /// `optimizer.learning-rate`, the base of the schedule; 0.001 unless said otherwise.
    package let learningRate: Double
    /// `schedule:`, how the learning rate goes; constant unless said otherwise.
    package let schedule: ComponentChoice
    /// `gradient-clip:`, the largest norm of the whole gradient; nil for no limit.
    package let gradientClip: Double?
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    struct Settings: Options {
        var epochs = 1
        var batch = 1
        var batching = Batching.balanced
        var gradientClip: Double?

        static var fields: [OptionField<Settings>] {
            [
                .integer("epochs", \.epochs, in: 1...1_000_000, required: true, "passes over the training samples"),
                .integer("batch", \.batch, in: 1...1_000_000, unit: "samples", required: true, "samples a step"),
                .choice("batching", \.batching, "how samples are put into batches"),
                .number("gradient-clip", \.gradientClip, in: 0..., "largest norm of the gradient"),
            ]
        }
    }

    struct OptimizerSettings: Options {
        var learningRate = 0.001

        static var fields: [OptionField<OptimizerSettings>] {
            [.number("learning-rate", \.learningRate, in: 0..., "length of a step")]
        }
    }
}
