import Configuration
import Networks
import Tensors
import Weights

/// What a recipe may choose of every encoder of a stem and a last stage.
public struct StageOptions: Hashable, Sendable {
    /// Which part is trained.
    public var train = TrainedStages.all
    /// What batch normalization in the frozen part does while the rest trains.
    public var batchNorm = FrozenNormalization.evaluation
    /// A file of weights to start from; nil for random ones.
    public var weights: String?
    /// What is taken off the file's keys; nil where the published prefix, if there, is.
    public var keyPrefix: String?
    /// Names of parameters that the file may lack or hold otherwise.
    public var allowMissing: [String] = []

    public init() {}
}

/// Options of an encoder of a stem and a last stage.
public protocol StagedOptions: Options {
    /// What is trained, and what it starts from.
    var stages: StageOptions { get set }
}

extension StagedOptions {
    /// The fields of `stages`.
    static var stageFields: [OptionField<Self>] {
        [
            .choice("train", \.stages.train, "which part is trained; what is below the last of the four stages is the stem"),
            .choice(
                "batch-norm", \.stages.batchNorm,
                "what batch normalization in the frozen part does while the rest trains: evaluation uses the running statistics, training "
                    + "the batch's and moves them"),
            .path("weights", \.stages.weights, "file of weights to start from, safetensors or PyTorch"),
            .text("key-prefix", \.stages.keyPrefix, "what is taken off the beginning of the file's keys; null for the published prefix"),
            .texts(
                "allow-missing", \.stages.allowMissing,
                "names that may be missing, unexpected or mis-shaped in the file, with everything below them; * stands for any characters"),
        ]
    }
}

extension StageOptions {
    /// Loads the weights that the options name, if they name any.
    ///
    /// - Parameter published: how the keys of the published checkpoints begin and end.
    /// - Returns: how they fitted.
    func load(into parts: Parts, published: PublishedKeys) throws(OptionFault) -> LoadReport? {
        guard let weights else { return nil }
        let exceptions = published.heads + allowMissing.flatMap { [$0, $0 + ($0.hasSuffix(".") ? "*" : ".*")] }
        do {
            let file = try WeightsFile(weights)
            let mapping = published.mapping(for: file, prefix: keyPrefix)
            let (tensors, report) = try file.state(for: parts.layout, mapping: mapping, exceptions: exceptions)
            // What the file holds beyond the parameters has been left out by now.
            try parts.load(tensors, exceptions: exceptions)
            return report
        } catch let fault as WeightsFault {
            throw OptionFault(option: "weights", expected: "a readable file of weights", found: fault.description)
        } catch {
            throw OptionFault(
                option: "weights", expected: "weights for every parameter, or exceptions in allow-missing", found: "\(weights): \(error)")
        }
    }
}
