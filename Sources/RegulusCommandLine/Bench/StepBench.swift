import ArgumentParser
import MERPlugin
import Models
import Networks
import Regularization
import Tensors
import Training

/// A training step of the model of `recipes/table13.yaml`.
struct StepBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "One training step of the model of recipes/table13.yaml on random windows, alone and with MER on both embeddings.")

    @OptionGroup var bench: BenchOptions
    @Option(help: "Batch size.") var batch = 64

    func validate() throws {
        guard batch >= 2 else { throw ValidationError("a batch has at least 2 samples") }
    }

    func run() throws {
        Threads.use(bench.threads)
        try measure("step", terms: [])
        try measure("step-mer", terms: [RegularizerTerm(MER(), instance: "mer", weight: MER.defaultWeight)])
    }

    private func measure(_ name: String, terms: [RegularizerTerm]) throws {
        let classes = 7
        let modalities: [Modality] = ["accelerometer", "gyroscope"]
        let source = RandomSource(seed: 0)
        let initializer = Initializer(seed: 0)
        var encoders: [Modality: any Encoder] = [:]
        for modality in modalities {
            encoders[modality] = try SeriesResNet(options: .init(), sampleShape: [100, 3], from: initializer[modality.name])
        }
        let context = FusionContext(encoders: encoders, classes: classes, from: initializer["fusion"])
        let model = FusionModel(encoders: encoders, fusion: try LateFusion(options: .init(), context: context))
        let trainer = Trainer(
            objective: Objective(model, RegularizerList(terms)),
            schedule: LearningRateSchedule(base: 1e-3, totalSteps: 1), random: source
        ) { Adam(options: .init(), parameters: $0) }
        var stream = source.stream("bench")
        let data = Batch(
            inputs: Inputs(Dictionary(uniqueKeysWithValues: modalities.map { ($0, stream.normal([batch, 100, 3])) })),
            targets: .classes((0..<batch).map { $0 % classes }, of: classes), domains: (0..<batch).map { $0 % 2 })
        let parameters = trainer.parameters.reduce(0) { $0 + $1.parameter.elementCount }
        try bench.measure(name, parameters: parameters) { _ = try trainer.train(on: data) }
    }
}
