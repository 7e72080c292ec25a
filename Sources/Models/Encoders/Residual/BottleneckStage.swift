import Networks
import Tensors

/// Bottleneck blocks of one width, named `0`, `1`, …; the first of them carries the stride.
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

    func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        var map = x
        advance(&map, pass)
        return map
    }

    func advance(_ map: inout Tensor, _ pass: Pass) {
        for block in blocks { block.advance(&map, pass) }
    }
}
