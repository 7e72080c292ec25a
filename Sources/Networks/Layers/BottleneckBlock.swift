import Tensors

/// The bottleneck block of a residual network over time and space (He et al. 2016; Feichtenhofer et al. 2019), N×T×H×W×C.
///
/// A convolution to `width` channels (3×1×1 where it looks over time, else 1×1×1), a 1×3×3 one that carries the spatial stride,
/// and a 1×1×1 one to four times `width`, each with batch normalization, and the shortcut. The shortcut is the identity, or,
/// where stride or width change, a convolution of kernel 1 with batch normalization. Names as in mmaction2: `conv1.conv`,
/// `conv1.bn`, `conv2.…`, `conv3.…`, `downsample.…`.
public final class BottleneckBlock: Layer {
    /// How many times wider the output is than the middle.
    public static let expansion = 4

    /// The first convolution.
    public let conv1, conv2, conv3: NormalizedConvolution
    /// Brings the input to the shape of the output where they differ.
    public let downsample: NormalizedConvolution?

    public var parts: Parts { ["conv1": conv1, "conv2": conv2, "conv3": conv3, "downsample": downsample] }

    /// Makes a block.
    ///
    /// - Parameters:
    ///   - inputs: channels read.
    ///   - width: channels of the middle; the output has four times as many.
    ///   - overTime: whether the first convolution sees three frames.
    ///   - stride: along height and width.
    public init(_ inputs: Int, width: Int, overTime: Bool, stride: Int = 1, from initializer: Initializer) {
        let outputs = width * Self.expansion
        conv1 = NormalizedConvolution(
            inputs, width, kernel: [overTime ? 3 : 1, 1, 1], padding: [overTime ? 1 : 0, 0, 0], from: initializer["conv1"])
        conv2 = NormalizedConvolution(
            width, width, kernel: [1, 3, 3], stride: [1, stride, stride], padding: [0, 1, 1], from: initializer["conv2"])
        conv3 = NormalizedConvolution(width, outputs, kernel: [1, 1, 1], from: initializer["conv3"])
        downsample =
            stride == 1 && inputs == outputs
            ? nil
            : NormalizedConvolution(
                inputs, outputs, kernel: [1, 1, 1], stride: [1, stride, stride], from: initializer["downsample"])
    }

    /// Applies the block.
    ///
    /// - Parameter x: N×T×H×W×inputs.
    /// - Returns: N×T×H×W×(4·width), height and width divided by the stride and rounded up.
    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        var map = x
        advance(&map, pass)
        return map
    }

    /// Applies the block in place, so that memory can be used again where no gradients are recorded.
    public func advance(_ map: inout Tensor, _ pass: Pass) {
        let middle = conv2(conv1(map, pass), pass)
        if let downsample { map = downsample(map, pass, appliesReLU: false) }
        conv3.addRectified(middle, to: &map, pass)
    }
}
