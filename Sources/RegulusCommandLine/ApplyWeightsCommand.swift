import ArgumentParser
import Configuration
import Models
import Networks
import Persistence
import Tensors
import Weights

/// `regulus weights apply ENCODER`: the embeddings that an encoder with the weights of a file computes
/// for given inputs.
struct ApplyWeightsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Computes embeddings of the inputs in one file with the weights in another.",
        discussion: """
            The encoder has its default options and runs in evaluation mode, with random weights unless --weights is given. With --export the weights \
            that were used are written under PyTorch's names, which can serve to test a conversion.
            """)

    @Argument(help: "An encoder: see regulus list encoders.")
    var encoder: String

    @Option(help: "A safetensors file with a tensor 'x': N×…, channels last.", transform: { UserPath.expanded($0) })
    var inputs: String

    @Option(help: "The safetensors file to write, with a tensor 'z': N×D.", transform: { UserPath.expanded($0) })
    var outputs: String

    @Option(help: "A checkpoint of a run, a safetensors file or a PyTorch checkpoint to start from.", transform: { UserPath.expanded($0) })
    var weights: String?

    @Option(help: "The modality whose encoder is taken from a checkpoint of a run.")
    var weightsOf: String?

    @Option(help: "Also writes the weights of the encoder to this safetensors file.", transform: { UserPath.expanded($0) })
    var export: String?

    @Option(help: "Threads for matrix products and convolutions.")
    var threads = Threads.available

    @OptionGroup var plugins: PluginArguments

    func validate() throws {
        try ThreadCount.check(threads)
    }

    func run() throws {
        for output in [outputs, export].compactMap(\.self) {
            try OutputFile.check(output, isNoneOf: [inputs, weights].compactMap(\.self))
        }
        try ThreadCount.use(threads)
        let encoders = try plugins.components().registrar.components.encoders
        let x: Tensor
        let network: any Encoder
        do {
            x = try WeightsFile(inputs).tensor("x")
            guard x.rank >= 2, x.elementCount > 0 else {
                throw CommandFault.input("error: \(inputs): tensor 'x' has the shape \(x.shape); N×… was expected")
            }
            network = try encoders.make(
                encoder, options: ["weights": weights, "weights-of": weightsOf].compactMapValues { $0.map(OptionValue.string) },
                sampleShape: Shape(Array(x.shape.dimensions.dropFirst())), from: Initializer(seed: 0))
        } catch let fault as CommandFault {
            throw fault
        } catch {
            throw CommandFault.input("error: \(error)")
        }
        let embedding = withoutGradients { network(x, pass: .evaluation) }
        var result = SafetensorsWriter()
        result.add("z", embedding.pooled)
        try result.write(to: outputs)
        if let export {
            var state = SafetensorsWriter(metadata: ["format": "pt"])
            state.add(network.parts)
            try state.write(to: export)
        }
        try StandardOutput.print("\(outputs): z \(embedding.pooled.shape)")
    }
}
