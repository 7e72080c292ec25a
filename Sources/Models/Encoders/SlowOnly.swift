import Configuration
import Networks
import Regularization
import Tensors

/// SlowOnly, the slow pathway of SlowFast by itself, for clips or optical flow, N×T×H×W×C
/// (Feichtenhofer et al. 2019); `slowonly` in a recipe.
///
/// The first convolution sees one frame; the blocks of the last two stages see three. There is no
/// pooling over time. The embedding is the mean over time and space of the last stage, 32 times as wide
/// as the stem (2048 as published); tokens are its places, N×(T·H·W)×D.
///
/// Names as in mmaction2: `conv1.conv`, `conv1.bn`, `layer1.0.conv1.conv`, ….
///
/// ```yaml
/// model:
///   encoders: {flow: {use: slowonly, weights: slowonly_r50_flow.pth, train: last-stage}}
/// ```
public final class SlowOnly: EncoderPlugin, StagedEncoder {
    /// What a recipe may choose.
    public struct Options: StagedOptions {
        /// The published depth: 50, 101 or 152.
        public var depth = 50
        /// Blocks of each of the four stages; empty for those of the depth.
        public var blocks: [Int] = []
        /// Channels after the first convolution; 64 as published.
        public var width = 64
        /// What is trained.
        public var stages = StageOptions()

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("depth", \.depth, in: 1...1000, unit: "layers", "published depth: 50, 101 or 152"),
                .integers("blocks", \.blocks, in: 1...200, "number of blocks in each of the four stages; by default those of the depth"),
                .integer("width", \.width, in: 1...512, unit: "channels", "channels after the first convolution; 64 as published"),
            ] + stageFields
        }
    }

    public static let description = ComponentDescription(
        name: "slowonly", summary: "three-dimensional residual network for clips or optical flow, T×H×W×C",
        source: "Feichtenhofer et al. 2019; mmaction2's ResNet3dSlowOnly without pool2", options: Options.descriptions,
        notes: ["8 frames of 224×224 with 2 channels (horizontal and vertical flow) give an embedding of 2048 features."])

    public static var publishedKeys: PublishedKeys { .mmaction }

    /// 32 times the option `width`: 2048 as published.
    public let embeddingWidth: Int
    public var providesTokens = false
    /// Which part is trained; see ``StageOptions/train``.
    public let train: TrainedStages
    /// What batch normalization in the frozen part does.
    public let frozenNormalization: FrozenNormalization
    let pathway: VideoPathway

    public var parts: Parts { pathway.parts }
    public var lastStageParts: Parts { ["layer4": pathway.stages[3]] }

    /// Makes the network for samples T×H×W×C.
    ///
    /// - Throws: `OptionFault` for samples of another rank, or an unknown depth.
    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard sampleShape.rank == 4 && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "frames×height×width×channels (T×H×W×C)")
        }
        let layout = VideoPathway.Layout(
            inputs: sampleShape[-1], width: options.width,
            blocks: try ResidualDepth.blocks(depth: options.depth, given: options.blocks), stemFrames: 1,
            overTime: [false, false, true, true])
        pathway = VideoPathway(layout, from: initializer)
        embeddingWidth = layout.outputs(ofStage: 3)
        train = options.stages.train
        frozenNormalization = options.stages.batchNorm
        freeze()
    }

    /// The map that the last stage reads, N×T×H×W×C.
    public func stem(_ x: Tensor, pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> [Tensor] {
        var map = try change(FeatureMap(pathway.stem(x, pass), at: "conv1"))
        for (index, stage) in pathway.stages.dropLast().enumerated() {
            stage.advance(&map, pass)
            if index < 2 { map = try change(FeatureMap(map, at: "layer\(index + 1)")) }
        }
        return [map]
    }

    /// The shape of that map for one sample.
    public func stemShapes(of sample: Shape) -> [Shape] { [pathway.layout.stemShape(frames: sample[0], of: sample)] }

    /// The embedding of the stem's map.
    public func lastStage(_ maps: [Tensor], pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> Embedding {
        let map = pathway.stages[3](try change(FeatureMap(maps[0], at: "layer3")), pass)
        return Embedding(places: try change(FeatureMap(map, at: "layer4")), withTokens: providesTokens)
    }
}
