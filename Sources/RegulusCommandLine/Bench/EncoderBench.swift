import ArgumentParser
import Configuration
import Models
import Networks
import Regularization
import Tensors
import Training

/// One of the published encoders at full size.
struct EncoderBench: ParsableCommand {
    /// The encoder and the sample that it was published for.
    enum Published: String, CaseIterable, ExpressibleByArgument {
        case slowfast, slowonly, resnet18

        /// Without the batch axis, channels last.
        var sample: Shape {
            switch self {
            case .slowfast: [32, 224, 224, 3]
            case .slowonly: [8, 224, 224, 2]
            case .resnet18: [257, 1004, 1]
            }
        }
    }

    /// What one repetition does.
    enum Work: String, CaseIterable, ExpressibleByArgument {
        /// A forward pass of the frozen encoder.
        case inference
        /// A training step of the last stage and a classifier over the frozen stem.
        case lastStage = "last-stage"
        /// The same over what the stem made before, as if it had been kept.
        case lastStageOverMaps = "last-stage-over-maps"
        /// A training step of everything.
        case training

        var trained: TrainedStages {
            switch self {
            case .inference: .none
            case .lastStage, .lastStageOverMaps: .lastStage
            case .training: .all
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "encoder",
        abstract: "An inference pass or a training step of a published encoder, on random samples of the published size.",
        discussion: "A training step consists of the encoder, late fusion to 7 classes, cross-entropy and Adam.")

    @OptionGroup var bench: BenchOptions
    @Argument(help: "slowfast (R101, 32×224×224×3), slowonly (R50, 8×224×224×2) or resnet18 (257×1004×1).") var encoder: Published
    @Option(help: "inference, last-stage (training above the frozen stem), last-stage-over-maps (training on stored outputs of the stem) or training.")
    var work = Work.inference
    @Option(help: "Batch size.") var batch = 1

    func validate() throws {
        guard (1...BenchOptions.largestBatch).contains(batch) else {
            throw ValidationError("--batch must be between 1 and \(BenchOptions.largestBatch)")
        }
    }

    func run() throws {
        try ThreadCount.use(bench.threads)
        try bench.measure("\(encoder.rawValue)-\(work.rawValue)", making: makeStep)
    }

    private func makeStep() throws -> BenchOptions.Step {
        let initializer = Initializer(seed: 0)
        var network = try EncoderRegistry.standard().make(
            encoder.rawValue, options: ["train": .string(work.trained.rawValue)], sampleShape: encoder.sample,
            from: initializer["encoders.\(encoder.rawValue)"])
        let source = RandomSource(seed: 0)
        var stream = source.stream("bench")
        let x = stream.normal(Shape([batch] + encoder.sample.dimensions))
        guard work != .inference else {
            let frozen = network
            return ({ _ = withoutGradients { frozen(x, pass: .evaluation) } }, nil)
        }
        if work == .lastStageOverMaps, let staged = network as? any StagedEncoder { network = LastStageOverMaps(of: staged, stemOf: x) }
        let modality = Modality(encoder.rawValue)
        let classes = 7
        let context = FusionContext(encoders: [modality: network], classes: classes, from: initializer["fusion"])
        let model = FusionModel(encoders: [modality: network], fusion: try LateFusion(options: .init(), context: context))
        let trainer = Trainer(
            objective: Objective(model, RegularizerList([])),
            schedule: LearningRateSchedule(base: 1e-4, totalSteps: 1), random: source
        ) { Adam(options: .init(), parameters: $0) }
        let data = Batch(
            inputs: [modality: x], targets: .classes((0..<batch).map { $0 % classes }, of: classes), domains: Array(repeating: 0, count: batch))
        return ({ _ = try trainer.train(on: data) }, trainer.parameters.reduce(0) { $0 + $1.parameter.elementCount })
    }
}

/// The last stage of an encoder over what its frozen stem made of one batch.
private final class LastStageOverMaps: Encoder {
    private let encoder: any StagedEncoder
    private let maps: [Tensor]
    var providesTokens = false

    init(of encoder: any StagedEncoder, stemOf x: Tensor) {
        self.encoder = encoder
        maps = encoder.stemMaps(x, pass: .evaluation)
    }

    var embeddingWidth: Int { encoder.embeddingWidth }
    var parts: Parts { encoder.lastStageParts }

    func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding { encoder.lastStage(maps, pass: encoder.lastStagePass(pass)) }
}
