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
    /// `augmentation-draws:`, how many different views training has of each sample; nil for a new one in each epoch.
    package let augmentationDraws: Int?
    /// `stem-cache:`, whether what frozen stems make is stored; not unless said.
    package let stemCache: Bool
    package let location: SourceLocation
    /// Where each key's value stands.
    package let locations: [String: SourceLocation]

    struct Settings: Options {
        var epochs = 1
        var batch = 1
        var batching = Batching.balanced
        var gradientClip: Double?
        var augmentationDraws: Int?
        var stemCache = false

        static var fields: [OptionField<Settings>] {
            [
                .integer("epochs", \.epochs, in: 1...1_000_000, required: true, "passes over the training samples"),
                .integer("batch", \.batch, in: 1...1_000_000, unit: "samples", required: true, "samples a step"),
                .choice("batching", \.batching, "how samples are put into batches"),
                .number("gradient-clip", \.gradientClip, in: 0..., "largest norm of the gradient"),
                .integer(
                    "augmentation-draws", \.augmentationDraws, in: 1...1_000_000, unit: "draws",
                    "different views that training has of each sample, the same for all seeds; null for a new one in each epoch"),
                .flag("stem-cache", \.stemCache, "what frozen stems make is stored as 16-bit floats and read from there"),
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
