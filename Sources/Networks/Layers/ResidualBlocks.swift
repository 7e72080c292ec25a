import Tensors

/// The basic block of a residual network (He et al. 2016), over one, two or three axes with channels
/// last.
///
/// `relu(bn2(conv2(relu(bn1(conv1 x)))) + shortcut x)`. The shortcut is the identity, or, where stride
/// or width change, a convolution of kernel 1 and a batch normalization. Names as in torchvision:
/// `conv1`, `bn1`, `conv2`, `bn2`, `downsample.0`, `downsample.1`. No convolution has a bias.
public final class ResidualBlock: Layer {
    /// The two convolutions, the first of which carries the stride.
    public let conv1, conv2: Convolution
    /// The normalizations after the first and after the second convolution.
    public let bn1, bn2: BatchNormalization
    /// Brings the input to the output's shape; nil where the shapes are equal.
    public let downsample: Sequential?
    private let first, second: NormalizedConvolution
    private let shortcut: NormalizedConvolution?

    public var parts: Parts {
        ["conv1": conv1, "bn1": bn1, "conv2": conv2, "bn2": bn2, "downsample": downsample]
    }

    /// Makes a block.
    ///
    /// - Parameters:
    ///   - inputs: channels read.
    ///   - outputs: channels made.
    ///   - kernel: odd sizes, one per convolved axis; the padding keeps the size.
    ///   - stride: of the first convolution, the same along every axis.
    public init(_ inputs: Int, _ outputs: Int, kernel: [Int], stride: Int = 1, from initializer: Initializer) {
        require(
            kernel.allSatisfy { $0 > 0 && $0 % 2 == 1 }, "ResidualBlock: kernel \(kernel); its sizes must be odd")
        let strides = Array(repeating: stride, count: kernel.count)
        let padding = kernel.map { $0 / 2 }
        conv1 = Convolution(
            inputs, outputs, kernel: kernel, stride: strides, padding: padding, bias: false,
            from: initializer["conv1"])
        bn1 = BatchNormalization(outputs, from: initializer["bn1"])
        conv2 = Convolution(
            outputs, outputs, kernel: kernel, padding: padding, bias: false, from: initializer["conv2"])
        bn2 = BatchNormalization(outputs, from: initializer["bn2"])
        first = NormalizedConvolution(conv1, bn1)
        second = NormalizedConvolution(conv2, bn2)
        if stride == 1 && inputs == outputs {
            shortcut = nil
            downsample = nil
        } else {
            let path = initializer["downsample"]
            let convolution = Convolution(
                inputs, outputs, kernel: kernel.map { _ in 1 }, stride: strides, bias: false, from: path["0"])
            let normalization = BatchNormalization(outputs, from: path["1"])
            shortcut = NormalizedConvolution(convolution, normalization)
            downsample = Sequential([convolution, normalization])
        }
    }

    /// Applies the block.
    ///
    /// - Parameter x: N×…×inputs.
    /// - Returns: N×…×outputs, each axis divided by the stride and rounded up.
    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        var map = x
        advance(&map, pass)
        return map
    }

    /// Applies the block to sequences that are padded with zeros at their ends.
    ///
    /// - Parameters:
    ///   - x: N×T×inputs.
    ///   - lengths: the real places of each sequence; nil where all are.
    /// - Returns: N×T'×outputs, again padded with zeros, and the lengths there.
    public func callAsFunction(_ x: Tensor, lengths: [Int]?, _ pass: Pass) -> (sequences: Tensor, lengths: [Int]?) {
        guard let lengths else { return (self(x, pass), nil) }
        let (middle, _) = first(x, lengths: lengths, pass)
        let (branch, left) = second(middle, lengths: first.convolution.lengths(after: lengths), pass, appliesReLU: false)
        let straight = shortcut?(x, lengths: lengths, pass, appliesReLU: false).sequences ?? x
        return (.rectifiedSum(branch, straight), left)
    }

    /// Applies the block in place, so that the map's memory is reused where no gradients are recorded.
    public func advance(_ map: inout Tensor, _ pass: Pass) {
        let middle = first(map, pass)
        if let shortcut { map = shortcut(map, pass, appliesReLU: false) }
        second.addRectified(middle, to: &map, pass)
    }
}

/// The bottleneck block of a residual network over time and space (He et al. 2016; Feichtenhofer et al.
/// 2019), N×T×H×W×C.
///
/// A convolution to `width` channels (3×1×1 where it looks over time, else 1×1×1), a 1×3×3 one that
/// carries the spatial stride, and a 1×1×1 one to four times `width`, each with batch normalization,
/// and the shortcut. The shortcut is the identity, or, where stride or width change, a convolution of
/// kernel 1 with batch normalization. Names as in mmaction2: `conv1.conv`, `conv1.bn`, `conv2.…`,
/// `conv3.…`, `downsample.…`.
public final class BottleneckBlock: Layer {
    /// How many times wider the output is than the middle.
    public static let expansion = 4

    /// The three convolutions with their normalizations, in the order in which they are applied.
    public let conv1, conv2, conv3: NormalizedConvolution
    /// Brings the input to the output's shape; nil where the shapes are equal.
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

    /// Applies the block in place, so that the map's memory is reused where no gradients are recorded.
    public func advance(_ map: inout Tensor, _ pass: Pass) {
        let middle = conv2(conv1(map, pass), pass)
        if let downsample { map = downsample(map, pass, appliesReLU: false) }
        conv3.addRectified(middle, to: &map, pass)
    }
}
