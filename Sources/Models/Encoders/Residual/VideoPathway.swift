import Networks
import Tensors

/// A residual network over clips, N×T×H×W×C, that keeps the number of frames (mmaction2's `ResNet3d` with a temporal stride of 1).
///
/// Stem (k×7×7 convolution of stride 1×2×2, batch normalization, ReLU, 1×3×3 maximum pooling of stride 1×2×2), then four stages of
/// bottleneck blocks of which all but the first halve height and width. Where lateral inputs are joined, the stages read that many more
/// channels.
///
/// Names: `conv1`, `layer1` … `layer4`.
final class VideoPathway: Module {
    /// What sets pathways apart.
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

    let layout: Layout
    let conv1: NormalizedConvolution
    let stages: [BottleneckStage]

    var parts: Parts {
        var parts: Parts = ["conv1": conv1]
        for (index, stage) in stages.enumerated() { parts.append(stage, named: "layer\(index + 1)") }
        return parts
    }

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

    /// Convolution, normalization, ReLU and pooling.
    func stem(_ x: Tensor, _ pass: Pass) -> Tensor {
        pooled(conv1(x, pass))
    }

    func pooled(_ x: Tensor) -> Tensor { x.maxPooled(window: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 1]) }
}
