import ArgumentParser
import MERPlugin
import Regularization
import Tensors

/// Both terms of MER, value and gradient.
struct MERBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mer", abstract: "MER's two terms on an N×D embedding, value and gradient.")

    @OptionGroup var bench: BenchOptions
    @Option(help: "Batch size N.") var samples = 48
    @Option(help: "Width D; may be repeated. The paper's video and audio embeddings by default.") var features = [2304, 512]

    func validate() throws {
        guard samples >= 2, features.allSatisfy({ $0 >= 1 }) else { throw ValidationError("MER needs at least 2 samples and 1 feature") }
    }

    func run() throws {
        Threads.use(bench.threads)
        for width in features {
            var stream = RandomSource(seed: 0).stream("bench")
            let z = stream.normal([samples, width]).tracked()
            try bench.measure("mer-\(samples)x\(width)") {
                _ = gradients(of: ModalityEntropy(of: z, options: MER.Options()).loss, with: [z])
            }
        }
    }
}
