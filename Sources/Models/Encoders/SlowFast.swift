import Configuration
import Networks
import Regularization
import Tensors

/// SlowFast for clips, N×T×H×W×C (Feichtenhofer et al. 2019): a slow pathway that sees few frames
/// through many channels, and a fast one that sees many frames through few; `slowfast` in a recipe.
///
/// The slow pathway reads every τ-th frame; the fast one every (τ/α)-th, with channels divided by β⁻¹.
/// Before each stage of the slow pathway, a lateral convolution of stride α over time, without
/// normalization, brings the fast pathway's map to the slow one's frames, and the result joins its
/// channels.
///
/// The embedding is the fast pathway's mean over time and space followed by the slow one's, in the
/// order of mmaction2's head (256 + 2048 as published). Tokens are the places of the slow map,
/// N×(T/τ·H·W)×D, each with the mean of the fast map's α frames at that place.
///
/// Names as in mmaction2: `slow_path.conv1.conv`, …, `slow_path.conv1_lateral.conv`, …,
/// `fast_path.conv1.conv`, ….
///
/// ```yaml
/// model:
///   encoders: {video: {use: slowfast, weights: slowfast_r101.pth, train: last-stage}}
/// ```
public final class SlowFast: EncoderPlugin, StagedEncoder {
    /// What a recipe may choose.
    public struct Options: StagedOptions {
        /// The published depth: 50, 101 or 152.
        public var depth = 101
        /// Blocks of each of the four stages; empty for those of the depth.
        public var blocks: [Int] = []
        /// Channels after the slow pathway's first convolution; 64 as published.
        public var width = 64
        /// τ: the slow pathway reads every τ-th frame.
        public var resampleRate = 4
        /// α: how many times more frames the fast pathway reads.
        public var speedRatio = 4
        /// β⁻¹: how many times fewer channels the fast pathway has.
        public var channelRatio = 8
        /// Length of the lateral convolutions; odd, in frames.
        public var lateralKernel = 7
        /// What is trained.
        public var stages = StageOptions()

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("depth", \.depth, in: 1...1000, unit: "layers", "published depth: 50, 101 or 152"),
                .integers("blocks", \.blocks, in: 1...200, "number of blocks in each of the four stages; by default those of the depth"),
                .integer(
                    "width", \.width, in: 1...512, unit: "channels", "channels after the slow pathway's first convolution; 64 as published"),
                .integer("resample-rate", \.resampleRate, in: 1...1024, unit: "frames", "τ: the slow pathway reads every τ-th frame"),
                .integer("speed-ratio", \.speedRatio, in: 1...1024, "α: how many times more frames the fast pathway reads"),
                .integer("channel-ratio", \.channelRatio, in: 1...512, "β⁻¹: how many times fewer channels the fast pathway has"),
                .integer("lateral-kernel", \.lateralKernel, in: 1...31, unit: "frames", "length of the lateral convolutions; odd"),
            ] + stageFields
        }
    }

    public static let description = ComponentDescription(
        name: "slowfast", summary: "two-pathway three-dimensional residual network for clips, T×H×W×C",
        formula: "z = [mean fast(x[::τ/α]), mean slow(x[::τ], laterals)]",
        source: "Feichtenhofer et al. 2019; mmaction2's ResNet3dSlowFast", options: Options.descriptions,
        notes: [
            "32 frames of 224×224 with 3 channels give an embedding of 2304 features: fast 256, then slow 2048.",
            "Published: R101 8×8 and R50 8×8 are resample-rate 4, speed-ratio 4, lateral-kernel 7; R50 4×16 is 8, 8 and 5.",
        ])

    public static var publishedKeys: PublishedKeys { .mmaction }

    /// The fast pathway's width plus the slow one's: 256 + 2048 as published.
    public let embeddingWidth: Int
    public var providesTokens = false
    /// Which part is trained; see ``StageOptions/train``.
    public let train: TrainedStages
    /// What batch normalization in the frozen part does.
    public let frozenNormalization: FrozenNormalization
    let slow, fast: VideoPathway
    /// The lateral connection before each stage of the slow pathway.
    let laterals: [LateralConnection]
    /// τ and τ/α: the distances between the frames that the two pathways read.
    let slowStep, fastStep: Int

    public var parts: Parts {
        var slow = slow.parts
        for (index, lateral) in laterals.enumerated() {
            slow.append(lateral, named: index == 0 ? "conv1_lateral" : "layer\(index)_lateral")
        }
        return ["slow_path": slow, "fast_path": fast]
    }

    public var lastStageParts: Parts { ["slow_path": slow.stages[3], "fast_path": fast.stages[3]] }

    /// Makes the network for samples T×H×W×C.
    ///
    /// - Throws: `OptionFault` for samples of another rank, rates that do not divide the frames or each
    ///   other, or channels that do not divide.
    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        let blocks = try Self.checkedBlocks(options, sampleShape)
        let fastLayout = VideoPathway.Layout(
            inputs: sampleShape[-1], width: options.width / options.channelRatio, blocks: blocks, stemFrames: 5,
            overTime: [true, true, true, true])
        // A lateral connection doubles the fast pathway's channels.
        let joined = [fastLayout.width] + (0..<3).map(fastLayout.outputs)
        let slowLayout = VideoPathway.Layout(
            inputs: sampleShape[-1], width: options.width, blocks: blocks, stemFrames: 1, overTime: [false, false, true, true],
            lateral: joined.map { 2 * $0 })
        slow = VideoPathway(slowLayout, from: initializer["slow_path"])
        fast = VideoPathway(fastLayout, from: initializer["fast_path"])
        laterals = joined.enumerated().map { index, channels in
            LateralConnection(
                channels, frames: options.lateralKernel, stride: options.speedRatio,
                from: initializer["slow_path"][index == 0 ? "conv1_lateral" : "layer\(index)_lateral"])
        }
        slowStep = options.resampleRate
        fastStep = options.resampleRate / options.speedRatio
        embeddingWidth = fastLayout.outputs(ofStage: 3) + slowLayout.outputs(ofStage: 3)
        train = options.stages.train
        frozenNormalization = options.stages.batchNorm
        freeze()
    }

    /// The blocks of each stage.
    ///
    /// - Throws: `OptionFault` where options contradict each other or do not fit the samples.
    private static func checkedBlocks(_ options: Options, _ sampleShape: Shape) throws(OptionFault) -> [Int] {
        guard sampleShape.rank == 4 && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "frames×height×width×channels (T×H×W×C)")
        }
        guard sampleShape[0] % options.resampleRate == 0 else {
            throw OptionFault(
                option: "resample-rate", expected: "a divisor of the samples' \(sampleShape[0]) frames", found: "\(options.resampleRate)")
        }
        guard options.resampleRate % options.speedRatio == 0 else {
            throw OptionFault(
                option: "speed-ratio", expected: "a divisor of the resample rate \(options.resampleRate)", found: "\(options.speedRatio)")
        }
        guard options.width % options.channelRatio == 0 else {
            throw OptionFault(
                option: "channel-ratio", expected: "a divisor of the width \(options.width)", found: "\(options.channelRatio)")
        }
        try OptionFault.check(odd: options.lateralKernel, option: "lateral-kernel")
        return try ResidualDepth.blocks(depth: options.depth, given: options.blocks)
    }

    /// The fast pathway's map, then the slow one's with the last lateral input joined. Feature maps are shown before they are joined.
    public func stem(_ x: Tensor, pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> [Tensor] {
        var fastMap = try change(FeatureMap(fast.stem(frames(of: x, every: fastStep), pass), at: "conv1", pathway: "fast"))
        var slowMap = try change(FeatureMap(slow.stem(frames(of: x, every: slowStep), pass), at: "conv1", pathway: "slow"))
        for stage in 0..<3 {
            slowMap = .concatenated([slowMap, laterals[stage](fastMap)], axis: -1)
            slow.stages[stage].advance(&slowMap, pass)
            fast.stages[stage].advance(&fastMap, pass)
            guard stage < 2 else { continue }
            fastMap = try change(FeatureMap(fastMap, at: "layer\(stage + 1)", pathway: "fast"))
            slowMap = try change(FeatureMap(slowMap, at: "layer\(stage + 1)", pathway: "slow"))
        }
        return [fastMap, .concatenated([slowMap, laterals[3](fastMap)], axis: -1)]
    }

    /// The shapes of these maps for one sample.
    public func stemShapes(of sample: Shape) -> [Shape] {
        func shape(_ pathway: VideoPathway, _ step: Int) -> [Int] {
            pathway.layout.stemShape(frames: (sample[0] + step - 1) / step, of: sample).dimensions
        }
        let slowShape = shape(slow, slowStep)
        return [
            Shape(shape(fast, fastStep)), Shape(slowShape.dropLast() + [(slowShape.last ?? 0) + slow.layout.lateral[3]]),
        ]
    }

    /// Every `step`-th frame, without a copy where that is every one.
    func frames(of x: Tensor, every step: Int) -> Tensor { step == 1 ? x : x.subsampled(axis: 1, by: step) }

    /// The embedding of the stem's maps.
    public func lastStage(_ maps: [Tensor], pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> Embedding {
        func advanced(_ map: Tensor, _ pathway: VideoPathway, _ name: String, _ change: (FeatureMap) throws -> Tensor) rethrows -> Tensor {
            let read = try change(FeatureMap(map, at: "layer3", pathway: name))
            return try change(FeatureMap(pathway.stages[3](read, pass), at: "layer4", pathway: name))
        }
        let fastMap = try advanced(maps[0], fast, "fast", change)
        let slowMap = try advanced(maps[1], slow, "slow", change)
        guard providesTokens else {
            return Embedding(pooled: .concatenated([fastMap.meanPooled(), slowMap.meanPooled()], axis: 1))
        }
        let places = Array(slowMap.shape.dimensions[1...3])
        return Embedding(places: .concatenated([fastMap.averagePooled(to: places), slowMap], axis: -1), withTokens: true)
    }
}
