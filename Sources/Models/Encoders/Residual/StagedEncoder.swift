import Configuration
import Networks
import Regularization
import Tensors

/// Which part of an encoder is trained: `train:` in a recipe.
public enum TrainedStages: String, CaseIterable, Sendable {
    /// Every weight.
    case all
    /// The last of the four stages. Everything below it, the stem, is frozen.
    case lastStage = "last-stage"
    /// Nothing: the encoder is a fixed function.
    case none
}

/// What batch normalization in the frozen part does while the rest trains: `batch-norm:` in a recipe.
public enum FrozenNormalization: String, CaseIterable, Sendable {
    /// It uses its running statistics and does not change them: the frozen part is a fixed function of
    /// its input.
    case evaluation
    /// It uses the statistics of the batch and updates its running ones, as the released programs'
    /// video and flow networks do.
    case training
}

/// An encoder that consists of a stem and a last stage and can be frozen in part, as pretrained
/// networks usually are.
///
/// Frozen weights are not among ``Networks/Module/namedParameters``, and nothing is recorded for them.
/// In evaluation the frozen part runs with its normalization folded into its convolutions. A stem that
/// is a fixed function of its input can be stored, so that it is computed once per sample.
///
/// Feature maps are those after the first convolution and its pooling, `conv1`, and after each stage,
/// `layer1` to `layer4`. At `layer3` these are the maps that the last stage reads, so that they can be
/// changed even where the stem is frozen or stored.
public protocol StagedEncoder: FeatureMapEncoder {
    /// Which part is trained.
    var train: TrainedStages { get }

    /// What batch normalization in the frozen part does while the rest trains.
    var frozenNormalization: FrozenNormalization { get }

    /// The parts of the last stage, which stay trainable where the stem is frozen.
    var lastStageParts: Parts { get }

    /// The maps that the last stage reads, one for each pathway: `N×T×H×W×C` or `N×H×W×C`.
    ///
    /// - Parameter change: is given the maps at `conv1`, `layer1` and `layer2`.
    func stem(_ x: Tensor, pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> [Tensor]

    /// The shapes of the stem's maps for one sample, without the batch axis.
    func stemShapes(of sample: Shape) -> [Shape]

    /// The embedding of the maps that the stem made.
    ///
    /// - Parameter change: is given the maps at `layer3`, which are `maps`, and at `layer4`.
    func lastStage(_ maps: [Tensor], pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> Embedding
}

/// How stem and last stage work together within a pass of the whole encoder.
extension StagedEncoder {
    /// Encodes a batch through stem and last stage, each in the pass that it is to see.
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding {
        lastStage(stemMaps(x, pass: pass), pass: lastStagePass(pass))
    }

    public func callAsFunction(
        _ x: Tensor, lengths: [Int]?, pass: Pass, changing change: (FeatureMap) throws -> Tensor
    ) rethrows -> Embedding {
        guard pass.isTraining else { return self(x, pass: pass) }
        let maps = train == .all ? try stem(x, pass: pass, changing: change) : stemMaps(x, pass: pass)
        return try lastStage(maps, pass: lastStagePass(pass), changing: change)
    }

    public var featureMapPoints: [FeatureMapPoint] {
        ["conv1", "layer1", "layer2"].map { FeatureMapPoint($0, isFrozen: train != .all) } + [FeatureMapPoint("layer3"), FeatureMapPoint("layer4")]
    }

    /// What the last stage reads.
    public func stem(_ x: Tensor, pass: Pass) -> [Tensor] { stem(x, pass: pass) { $0.values } }

    /// The embedding of what the stem made.
    public func lastStage(_ maps: [Tensor], pass: Pass) -> Embedding { lastStage(maps, pass: pass) { $0.values } }

    /// The maps that the last stage reads within a pass of the whole encoder.
    ///
    /// Where samples do not influence each other, because batch normalization uses its running
    /// statistics, only a few go through the stem at a time. Its memory then does not grow with the
    /// batch, and its maps stay in the processor's caches.
    ///
    /// - Parameter valuesAtOnce: how many numbers of `x` go through together at most; one sample always
    ///   does.
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

    /// Whether the stem is a fixed function of its input, so that its maps can be stored.
    public var hasFixedStem: Bool { train != .all && frozenNormalization == .evaluation }

    /// Every value of the stem under its name: its maps are a function of these and of its input.
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

    /// The pass of a frozen part.
    private func frozenPass(_ pass: Pass) -> Pass {
        frozenNormalization == .training ? pass : Pass(isTraining: false, random: pass.random, step: pass.step)
    }

    /// Freezes what is not trained. To be called once, at the end of an encoder's initializer.
    func freeze() {
        guard train != .all else { return }
        parts.setTrained(false)
        if train == .lastStage { lastStageParts.setTrained(true) }
    }
}

/// The options that every encoder of a stem and a last stage has.
public struct StageOptions: Hashable, Sendable {
    /// Which part is trained.
    public var train = TrainedStages.all
    /// What batch normalization in the frozen part does while the rest trains.
    public var batchNorm = FrozenNormalization.evaluation

    /// Everything is trained.
    public init() {}
}

/// Options of an encoder of a stem and a last stage.
public protocol StagedOptions: Options {
    /// What is trained.
    var stages: StageOptions { get set }
}

/// The fields that these options share.
extension StagedOptions {
    /// The fields of `stages`.
    static var stageFields: [OptionField<Self>] {
        [
            .choice("train", \.stages.train, "which part is trained; everything below the last of the four stages is the stem"),
            .choice(
                "batch-norm", \.stages.batchNorm,
                "statistics of batch normalization in the frozen part while the rest trains: evaluation uses the running ones, training "
                    + "uses those of the batch and updates the running ones"),
        ]
    }
}

/// An encoder whose inputs are maps that its stem made before, so that only the last stage is computed.
///
/// A sample is one row of values, the stem's maps one after the other. Everything else is the whole encoder's: names, parameters, state.
public final class StoredStemEncoder: FeatureMapEncoder {
    /// The encoder whose stem made the maps.
    public let whole: any StagedEncoder
    /// The shapes of the maps without the batch axis, by the number of values in a sample; views of a
    /// sample may differ in size.
    private let shapes: [Int: [Shape]]

    /// That of the whole encoder.
    public var embeddingWidth: Int { whole.embeddingWidth }
    public var parts: Parts { whole.parts }
    public var providesTokens: Bool {
        get { whole.providesTokens }
        set { whole.providesTokens = newValue }
    }

    /// - Parameters:
    ///   - whole: the encoder.
    ///   - samples: the shapes of the samples that the stem read, one for each view.
    public init(_ whole: any StagedEncoder, samples: [Shape]) {
        self.whole = whole
        shapes = Dictionary(samples.map { whole.stemShapes(of: $0) }.map { ($0.storedValues, $0) }) { first, _ in first }
    }

    public var featureMapPoints: [FeatureMapPoint] { whole.featureMapPoints }

    /// - Parameter x: N×values.
    public func callAsFunction(
        _ x: Tensor, lengths: [Int]?, pass: Pass, changing change: (FeatureMap) throws -> Tensor
    ) rethrows -> Embedding {
        require(x.rank == 2, "stored maps of shape \(x.shape) are not N×values")
        guard let shapes = shapes[x.shape[1]] else {
            stop("stored maps have \(self.shapes.keys.sorted()) values, not \(x.shape[1])")
        }
        var start = 0
        let maps = shapes.map { shape in
            defer { start += shape.elementCount }
            let columns = shapes.count == 1 ? x : x.slice(axis: 1, start..<start + shape.elementCount)
            return columns.reshaped(Shape([x.shape[0]] + shape.dimensions))
        }
        return try whole.lastStage(maps, pass: whole.lastStagePass(pass), changing: change)
    }
}

/// The size of stored maps.
extension [Shape] {
    /// The number of values that maps of these shapes have in all.
    public var storedValues: Int { reduce(0) { $0 + $1.elementCount } }
}
