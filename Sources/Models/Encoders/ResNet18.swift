import Configuration
import Networks
import Regularization
import Tensors

/// ResNet-18 for spectrograms and pictures, N×H×W×C (He et al. 2016); `resnet18` in a recipe.
///
/// Stem (7×7 convolution of stride 2, batch normalization, ReLU, 3×3 maximum pooling of stride 2), then
/// four stages of basic blocks, of which all but the first halve height and width. The embedding is the
/// mean over all places of the last stage, 8 times as wide as the stem (512 as published); tokens are
/// its places, N×(H·W)×D.
///
/// Names as in torchvision, and in VGGSound's audio network below `audnet.`: `conv1`, `bn1`,
/// `layer1.0.conv1`, …. Checkpoints of both load without renaming.
///
/// ```yaml
/// model:
///   encoders: {audio: {use: resnet18, weights: vggsound.pth.tar, train: last-stage}}
/// ```
public final class ResNet18: EncoderPlugin, StagedEncoder {
    /// What a recipe may choose.
    public struct Options: StagedOptions {
        /// Blocks of each of the four stages; 2, 2, 2, 2 as published.
        public var blocks = [2, 2, 2, 2]
        /// Channels after the first convolution; 64 as published.
        public var width = 64
        /// What is trained.
        public var stages = StageOptions()

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integers("blocks", \.blocks, in: 1...200, "number of blocks in each of the four stages; 2, 2, 2, 2 as published"),
                .integer("width", \.width, in: 1...4096, unit: "channels", "channels after the first convolution; 64 as published"),
            ] + stageFields
        }
    }

    public static let description = ComponentDescription(
        name: "resnet18", summary: "two-dimensional residual network for spectrograms and pictures, H×W×C",
        source: "He et al. 2016; VGGSound's AVENet (Chen et al. 2020) for sound", options: Options.descriptions,
        notes: ["A spectrogram of 257×1004 with 1 channel gives an embedding of 512 features."])

    public static var publishedKeys: PublishedKeys { .vggSound }

    /// 8 times the option `width`: 512 as published.
    public let embeddingWidth: Int
    public var providesTokens = false
    /// Which part is trained; see ``StageOptions/train``.
    public let train: TrainedStages
    /// What batch normalization in the frozen part does.
    public let frozenNormalization: FrozenNormalization
    private let conv1: Convolution
    private let bn1: BatchNormalization
    /// The first convolution with its normalization.
    let first: NormalizedConvolution
    /// The blocks of each of the four stages.
    let stages: [[ResidualBlock]]

    public var parts: Parts {
        var parts: Parts = ["conv1": conv1, "bn1": bn1]
        for (index, stage) in stages.enumerated() { parts.append(stage, named: "layer\(index + 1)") }
        return parts
    }

    public var lastStageParts: Parts { ["layer4": stages[3]] }

    /// Makes the network for samples H×W×C.
    ///
    /// - Throws: `OptionFault` for samples of another rank, or another number of stages than four.
    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard sampleShape.rank == 3 && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "height×width×channels (H×W×C)")
        }
        try ResidualDepth.checkStages(options.blocks)
        conv1 = Convolution(
            sampleShape[2], options.width, kernel: [7, 7], stride: [2, 2], padding: [3, 3], bias: false, from: initializer["conv1"])
        bn1 = BatchNormalization(options.width, from: initializer["bn1"])
        first = NormalizedConvolution(conv1, bn1)
        var stages: [[ResidualBlock]] = []
        var inputs = options.width
        for (stage, count) in options.blocks.enumerated() {
            let outputs = options.width << stage
            let path = initializer["layer\(stage + 1)"]
            stages.append(
                (0..<count).map { block in
                    ResidualBlock(
                        block == 0 ? inputs : outputs, outputs, kernel: [3, 3], stride: block == 0 && stage > 0 ? 2 : 1,
                        from: path[String(block)])
                })
            inputs = outputs
        }
        self.stages = stages
        embeddingWidth = inputs
        train = options.stages.train
        frozenNormalization = options.stages.batchNorm
        freeze()
    }

    /// The map that the last stage reads, N×H×W×C, of pictures N×H×W×C.
    public func stem(_ x: Tensor, pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> [Tensor] {
        var map = try change(FeatureMap(pooled(first(x, pass)), at: "conv1"))
        for (index, stage) in stages.dropLast().enumerated() {
            advance(&map, through: stage, pass)
            if index < 2 { map = try change(FeatureMap(map, at: "layer\(index + 1)")) }
        }
        return [map]
    }

    /// The shape of that map for one sample.
    public func stemShapes(of sample: Shape) -> [Shape] {
        [Shape(ResidualDepth.stemSides(sample[0], sample[1]) + [embeddingWidth / 2])]
    }

    /// The embedding of the stem's map.
    public func lastStage(_ maps: [Tensor], pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> Embedding {
        var map = try change(FeatureMap(maps[0], at: "layer3"))
        advance(&map, through: stages[3], pass)
        return Embedding(places: try change(FeatureMap(map, at: "layer4")), withTokens: providesTokens)
    }

    /// The maximum pooling of the stem.
    func pooled(_ x: Tensor) -> Tensor { x.maxPooled(window: [3, 3], stride: [2, 2], padding: [1, 1]) }

    /// Applies the blocks of a stage in place.
    func advance(_ map: inout Tensor, through stage: [ResidualBlock], _ pass: Pass) {
        for block in stage { block.advance(&map, pass) }
    }
}
