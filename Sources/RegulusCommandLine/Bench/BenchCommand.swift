import ArgumentParser
import Foundation
import MERPlugin
import Models
import Networks
import Planning
import Regularization
import Results
import Tensors
import Training

/// Measures this program the way the scripts in `Benchmarks` measure PyTorch.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Times a regularizer, a training step, an encoder, convolutions or the loading of samples; simulates rules for the number of seeds.",
        subcommands: [MERBench.self, StepBench.self, EncoderBench.self, ConvolutionBench.self, LoadingBench.self, SeedBench.self])
}

struct BenchOptions: ParsableArguments {
    @Option(help: "Threads for matrix products and convolutions.")
    var threads = Threads.available

    @Option(help: "Measured repetitions; the median is printed.")
    var repeats = 200

    @Option(help: "Repetitions before the measurement.")
    var warmup = 20

    @Flag(help: "One JSON object instead of a sentence.")
    var json = false

    func validate() throws {
        try ThreadCount.check(threads)
        guard (1...1_000_000).contains(repeats), (0...1_000_000).contains(warmup) else {
            throw ValidationError("--repeats must be between 1 and 1000000, --warmup between 0 and 1000000")
        }
    }

    /// The largest batch that is measured: its arrays have to fit a machine's memory.
    static let largestBatch = 65_536

    /// What is repeated, and how many values it trains, where it trains something.
    typealias Step = (run: () throws -> Void, parameters: Int?)

    /// What the process took before its first benchmark.
    private static let startup = ProcessFigures.secondsSinceStart

    /// Makes a step and runs it once for the time to the first step, then unmeasured, then measured; prints the figures.
    ///
    /// The first step's time is that of a process which begins with this benchmark: start, making, and the step. What other benchmarks of
    /// the process took before is not in it, though what they left behind, such as kernels, is; so the first of a process is the one to quote.
    func measure(_ name: String, making make: () throws -> Step) throws {
        let (startup, begun) = (Self.startup, ContinuousClock.now)
        let (step, parameters) = try make()
        try step()
        let first = startup.map { $0 + begun.duration(to: .now) / .seconds(1) }
        for _ in 0..<warmup { try step() }
        var milliseconds: [Double] = []
        for _ in 0..<repeats {
            let start = ContinuousClock.now
            try step()
            milliseconds.append(start.duration(to: .now) / .milliseconds(1))
        }
        let figures = Figures(
            name: name, threads: threads, medianMilliseconds: milliseconds.sorted()[repeats / 2],
            peakMebibytes: MachineMemory.peak.map { Double($0) / 1_048_576 }, firstStepSeconds: first, repeats: repeats,
            parameters: parameters)
        try StandardOutput.print(json ? ResultCoding.line(figures) : figures.sentence)
    }

    private struct Figures: Encodable {
        let name: String
        let threads: Int
        let medianMilliseconds: Double
        let peakMebibytes: Double?
        let firstStepSeconds: Double?
        let repeats: Int
        let parameters: Int?

        enum CodingKeys: String, CodingKey {
            case name, threads, repeats, parameters
            case medianMilliseconds = "median_ms"
            case peakMebibytes = "peak_mib"
            case firstStepSeconds = "first_step_s"
        }

        var sentence: String {
            let memory = peakMebibytes.map { String(format: ", %.0f MiB at most", $0) } ?? ""
            return "\(name), \(threads) threads: \(String(format: "%.3f", medianMilliseconds)) ms, the median of \(repeats)\(memory)"
        }
    }
}

/// A training step of the model of `recipes/table13.yaml`.
struct StepBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "One training step of the model of recipes/table13.yaml on random windows, alone and with MER on both embeddings.")

    @OptionGroup var bench: BenchOptions
    @Option(help: "Batch size.") var batch = 64
    @Option(help: "Times only step or only step-mer, for example to measure the time to the first step; both by default.") var only: Form?

    /// With which regularizers.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case plain = "step"
        case mer = "step-mer"
    }

    func validate() throws {
        guard (2...BenchOptions.largestBatch).contains(batch) else {
            throw ValidationError("--batch must be between 2 and \(BenchOptions.largestBatch)")
        }
    }

    func run() throws {
        try ThreadCount.use(bench.threads)
        for form in Form.allCases where only == nil || only == form {
            try bench.measure(form.rawValue) {
                try makeStep(terms: form == .mer ? [RegularizerTerm(MER(), instance: "mer", weight: MER.defaultWeight)] : [])
            }
        }
    }

    private func makeStep(terms: [RegularizerTerm]) throws -> BenchOptions.Step {
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
        return ({ _ = try trainer.train(on: data) }, trainer.parameters.reduce(0) { $0 + $1.parameter.elementCount })
    }
}

/// Both terms of MER, value and gradient.
struct MERBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mer", abstract: "MER's two terms on an N×D embedding, value and gradient.")

    @OptionGroup var bench: BenchOptions
    @Option(help: "Batch size N.") var samples = 48
    @Option(help: "Width D; may be repeated. The paper's video and audio embeddings by default.") var features = [2304, 512]

    func validate() throws {
        guard (2...BenchOptions.largestBatch).contains(samples), features.allSatisfy({ (1...16_384).contains($0) }) else {
            throw ValidationError("--samples must be between 2 and \(BenchOptions.largestBatch), --features between 1 and 16384")
        }
    }

    func run() throws {
        try ThreadCount.use(bench.threads)
        for width in features {
            try bench.measure("mer-\(samples)x\(width)") {
                var stream = RandomSource(seed: 0).stream("bench")
                let z = stream.normal([samples, width]).tracked()
                return ({ _ = gradients(of: ModalityEntropy(of: z, options: MER.Options()).loss, with: [z]) }, nil)
            }
        }
    }
}

/// Convolutions one by one, each forward and backward.
struct ConvolutionBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convolution", abstract: "Convolutions of given shapes: the forward pass, and the gradients of data and weights.")

    @OptionGroup var bench: BenchOptions
    @Argument(
        help: ArgumentHelp(
            "Input N×…×C, weight out×in×kernel…, stride and padding, as in 1x56x56x64:64x64x3x3:1x1:1x1.", valueName: "shapes"))
    var convolutions: [Convolved]

    /// One convolution, and what it is called on the command line.
    struct Convolved: ExpressibleByArgument {
        let text: String
        let input, weight: Shape
        let stride, padding: [Int]

        init?(argument: String) {
            let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { part in
                part.split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
            }
            guard parts.count == 4, (3...5).contains(parts[0].count), parts[1].count == parts[0].count,
                parts[2].count == parts[0].count - 2, parts[3].count == parts[0].count - 2,
                (parts[0] + parts[1] + parts[2]).allSatisfy({ (1...65536).contains($0) }), parts[3].allSatisfy({ (0...65536).contains($0) }),
                parts[0].last == parts[1][1],
                zip(parts[0].dropFirst(), zip(parts[1].dropFirst(2), parts[3])).allSatisfy({ $0 + 2 * $1.1 >= $1.0 })
            else { return nil }
            text = argument
            (input, weight) = (Shape(parts[0]), Shape(parts[1]))
            (stride, padding) = (parts[2], parts[3])
        }
    }

    func run() throws {
        try ThreadCount.use(bench.threads)
        var stream = RandomSource(seed: 0).stream("bench")
        for shapes in convolutions {
            let x = stream.normal(shapes.input)
            let weight = stream.normal(shapes.weight, mean: 0, deviation: 0.1)
            try bench.measure("\(shapes.text)-forward") {
                ({ _ = x.convolved(weight: weight, stride: shapes.stride, padding: shapes.padding) }, nil)
            }
            let (input, trained) = (x.tracked(), weight.tracked())
            let output = input.convolved(weight: trained, stride: shapes.stride, padding: shapes.padding)
            let upstream = stream.normal(output.shape)
            // A scalar whose gradient is the given one, so that nothing but the convolution is timed.
            let scalar = Tensor.custom(Tensor(0), inputs: [output]) { _ in [upstream] }
            try bench.measure("\(shapes.text)-backward") { ({ _ = gradients(of: scalar, with: [input, trained], keepingGraph: true) }, nil) }
        }
    }
}

/// What the kernel knows about this process.
enum ProcessFigures {
    /// Seconds since the kernel started this process, to a clock tick.
    static var secondsSinceStart: Double? {
        // The command's name, in parentheses, may itself contain spaces.
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
