import Configuration
import Networks
import Regularization
import Tensors

/// Which part of an encoder is trained: `train:` in a recipe.
public enum TrainedStages: String, CaseIterable, Sendable {
    /// Every weight.
    case all
    /// The last of the four stages; everything below it, the stem, is frozen.
    case lastStage = "last-stage"
    /// Nothing: the encoder is a fixed function.
    case none
}

/// What batch normalization in the frozen part does while the rest trains: `batch-norm:` in a recipe.
public enum FrozenNormalization: String, CaseIterable, Sendable {
    /// It uses its running statistics and leaves them as they are: the frozen part is a fixed function of its input.
    case evaluation
    /// It uses the batch's statistics and moves its running ones, as the released programs' video and flow networks do.
    case training
}

/// An encoder of a stem and a last stage that may be frozen in part.
///
/// Frozen weights are not among `Module/namedParameters`, and nothing is recorded for them. In evaluation mode the frozen part runs
/// with its normalization folded into its convolutions.
public protocol StagedEncoder: Encoder {
    /// Which part is trained.
    var train: TrainedStages { get }

    /// What batch normalization in the frozen part does while the rest trains.
    var frozenNormalization: FrozenNormalization { get }

    /// How the weights that the encoder started from fitted; nil where it started from random ones.
    var loadReport: LoadReport? { get }

    /// The last stage, for freezing.
    var lastStageParts: Parts { get }

    /// What the last stage reads, one map for each pathway: `N×T×H×W×C` or `N×H×W×C`.
    func stem(_ x: Tensor, pass: Pass) -> [Tensor]

    /// The shapes of the stem's maps for one sample, without the batch axis.
    func stemShapes(of sample: Shape) -> [Shape]

    /// The embedding of what the stem made.
    func lastStage(_ maps: [Tensor], pass: Pass) -> Embedding
}

extension StagedEncoder {
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding {
        lastStage(stemMaps(x, pass: pass), pass: lastStagePass(pass))
    }

    /// What the last stage reads within a pass of the whole encoder.
    ///
    /// Where samples do not see each other, as batch normalization uses its running statistics, a few go through the stem at a time:
    /// the stem's memory then does not grow with the batch, and its maps stay in the processor's caches.
    ///
    /// - Parameter valuesAtOnce: how many numbers of `x` may go through together; one sample always does.
    package func stemMaps(_ x: Tensor, pass: Pass, valuesAtOnce: Int = 1 << 21) -> [Tensor] {
        let pass = stemPass(pass)
        let samples = x.shape[0]
        guard !pass.isTraining, samples > 1 else { return stem(x, pass: pass) }
        let together = max(1, valuesAtOnce / max(1, x.elementCount / samples))
        guard samples > together else { return stem(x, pass: pass) }
        let portions = stride(from: 0, to: samples, by: together).map { start in
            stem(x[start..<min(start + together, samples)], pass: pass)
        }
        return portions[0].indices.map { index in .concatenated(portions.map { $0[index] }, axis: 0) }
    }

    /// The pass that the stem sees within a pass of the whole encoder.
    public func stemPass(_ pass: Pass) -> Pass { train == .all ? pass : frozenPass(pass) }

    /// The pass that the last stage sees within a pass of the whole encoder.
    public func lastStagePass(_ pass: Pass) -> Pass { train == .none ? frozenPass(pass) : pass }

    /// Whether the stem is a fixed function of its input, so that what it makes may be stored.
    public var hasFixedStem: Bool { train != .all && frozenNormalization == .evaluation }

    /// Every value of the stem under its name: what it makes is a function of these and of its input.
    public var stemState: [(name: String, value: Tensor)] {
        func identity(_ entry: ModuleContents.Entry) -> ObjectIdentifier {
            switch entry {
            case .parameter(let parameter): ObjectIdentifier(parameter)
            case .buffer(let buffer): ObjectIdentifier(buffer)
            }
        }
        let above = Set(lastStageParts.contents.entries.map { identity($0.entry) })
        return contents.entries.filter { !above.contains(identity($0.entry)) }.map { (name: $0.name, value: $0.entry.value.detached()) }
    }

    private func frozenPass(_ pass: Pass) -> Pass {
        frozenNormalization == .training ? pass : Pass(isTraining: false, random: pass.random, step: pass.step)
    }

    /// Freezes what is not trained. Called once, at the end of an encoder's initializer.
    func freeze() {
        guard train != .all else { return }
        parts.setTrained(false)
        if train == .lastStage { lastStageParts.setTrained(true) }
    }
}
