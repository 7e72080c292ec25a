import Configuration
import Networks
import Tensors

/// A residual network over clips, N×T×H×W×C, that keeps the number of frames (mmaction2's `ResNet3d`
/// with a temporal stride of 1).
///
/// Stem (k×7×7 convolution of stride 1×2×2, batch normalization, ReLU, 1×3×3 maximum pooling of stride
/// 1×2×2), then four stages of bottleneck blocks, of which all but the first halve height and width.
/// Where lateral inputs are joined, the stages read that many more channels.
///
/// Names: `conv1`, `layer1` … `layer4`.
final class VideoPathway: Module {
    /// What distinguishes one pathway from another.
    struct Layout {
        /// Channels of a sample.
        var inputs: Int
        /// Channels after the stem; stage i ends with 4·2ⁱ times as many.
        var width: Int
        /// Blocks of each of the four stages.
        var blocks: [Int]
        /// Frames that the first convolution sees.
        var stemFrames: Int
        /// For each stage, whether its blocks see three frames.
        var overTime: [Bool]
        /// For each stage, how many channels another pathway adds to its input.
        var lateral = [0, 0, 0, 0]

        /// Channels after a stage, counted from 0.
        func outputs(ofStage stage: Int) -> Int { (width << stage) * BottleneckBlock.expansion }

        /// The shape that the first three stages make of a sample's frames, T×H×W×C.
        func stemShape(frames: Int, of sample: Shape) -> Shape {
            Shape([frames] + ResidualDepth.stemSides(sample[1], sample[2]) + [outputs(ofStage: 2)])
        }
    }

    /// What distinguishes this pathway.
    let layout: Layout
    let conv1: NormalizedConvolution
    /// The four stages.
    let stages: [BottleneckStage]

    var parts: Parts {
        var parts: Parts = ["conv1": conv1]
        for (index, stage) in stages.enumerated() { parts.append(stage, named: "layer\(index + 1)") }
        return parts
    }

    /// Makes a pathway with initial values drawn from `initializer`.
    init(_ layout: Layout, from initializer: Initializer) {
        self.layout = layout
        conv1 = NormalizedConvolution(
            layout.inputs, layout.width, kernel: [layout.stemFrames, 7, 7], stride: [1, 2, 2],
            padding: [layout.stemFrames / 2, 3, 3], from: initializer["conv1"])
        stages = layout.blocks.enumerated().map { stage, blocks in
            BottleneckStage(
                (stage == 0 ? layout.width : layout.outputs(ofStage: stage - 1)) + layout.lateral[stage], width: layout.width << stage,
                blocks: blocks, overTime: layout.overTime[stage], stride: stage == 0 ? 1 : 2, from: initializer["layer\(stage + 1)"])
        }
    }

    /// Convolution, normalization, ReLU and pooling: N×T×H×W×C to N×T×H/4×W/4×width.
    func stem(_ x: Tensor, _ pass: Pass) -> Tensor {
        pooled(conv1(x, pass))
    }

    /// The maximum pooling of the stem, over space only.
    func pooled(_ x: Tensor) -> Tensor { x.maxPooled(window: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 1]) }
}

/// Bottleneck blocks of one width, named `0`, `1`, …; the first one carries the stride.
final class BottleneckStage: Layer {
    private let blocks: [BottleneckBlock]

    var parts: Parts { Parts(numbered: blocks) }

    /// - Parameters:
    ///   - inputs: channels read.
    ///   - width: channels of the blocks' middle; a quarter of the output's.
    ///   - blocks: how many.
    ///   - overTime: whether the blocks' first convolutions see three frames.
    ///   - stride: of the first block, along height and width.
    init(_ inputs: Int, width: Int, blocks: Int, overTime: Bool, stride: Int, from initializer: Initializer) {
        self.blocks = (0..<blocks).map { index in
            BottleneckBlock(
                index == 0 ? inputs : width * BottleneckBlock.expansion, width: width, overTime: overTime,
                stride: index == 0 ? stride : 1, from: initializer[String(index)])
        }
    }

    /// Applies all blocks: N×T×H×W×inputs to N×T×H'×W'×(4·width).
    func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        var map = x
        advance(&map, pass)
        return map
    }

    /// Applies all blocks in place.
    func advance(_ map: inout Tensor, _ pass: Pass) {
        for block in blocks { block.advance(&map, pass) }
    }
}

/// Brings the fast pathway's map to the slow one's frames: a convolution over time to twice the
/// channels, without normalization.
///
/// Name: `conv.weight`.
final class LateralConnection: Module {
    private let convolution: Convolution

    var parts: Parts { ["conv": convolution] }

    /// - Parameters:
    ///   - inputs: the fast pathway's channels.
    ///   - frames: how many frames the convolution sees; odd.
    ///   - stride: how many frames of the fast pathway make one of the slow one.
    init(_ inputs: Int, frames: Int, stride: Int, from initializer: Initializer) {
        convolution = Convolution(
            inputs, 2 * inputs, kernel: [frames, 1, 1], stride: [stride, 1, 1], padding: [frames / 2, 0, 0], bias: false,
            from: initializer["conv"])
    }

    /// Convolves over time: N×T×H×W×C to N×(T/stride)×H×W×2C.
    func callAsFunction(_ x: Tensor) -> Tensor { convolution(x) }
}

/// The number of blocks in the four stages of a residual network with bottlenecks.
enum ResidualDepth {
    /// He et al. 2016, table 1.
    private static let blocks = [50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3]]

    /// The blocks of each stage: those given, otherwise those of the published depth.
    ///
    /// - Throws: `OptionFault` for an unknown depth, or another number of stages than four.
    static func blocks(depth: Int, given: [Int]) throws(OptionFault) -> [Int] {
        if !given.isEmpty {
            try checkStages(given)
            return given
        }
        guard let blocks = blocks[depth] else {
            throw OptionFault(
                option: "depth", expected: "50, 101 or 152, or the option blocks", found: "\(depth)",
                suggestion: "\(Self.blocks.keys.min { abs($0 - depth) < abs($1 - depth) } ?? 50)")
        }
        return blocks
    }

    /// Refuses anything but a number of blocks for each of four stages.
    static func checkStages(_ blocks: [Int]) throws(OptionFault) {
        guard blocks.count == 4 else {
            throw OptionFault(option: "blocks", expected: "a number of blocks for each of 4 stages", found: "\(blocks.count)")
        }
    }

    /// Height and width after the first convolution, the pooling and three stages, which halve them
    /// four times in all, rounding up.
    static func stemSides(_ height: Int, _ width: Int) -> [Int] {
        [height, width].map { side in (0..<4).reduce(side) { size, _ in (size + 1) / 2 } }
    }
}
