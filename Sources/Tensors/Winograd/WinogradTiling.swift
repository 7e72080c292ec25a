/// A convolution of stride 1 that is computed by Winograd's F(4, 3) along the axes of its kernel (Lavin and Gray 2016).
///
/// Outputs are made in tiles of four along an axis, from six inputs. Between two linear transforms a tile is `points` numbers for each
/// channel, and each of these is a product over the channels alone. So a set of tiles is kept as `points` matrices of tiles by channels, and
/// kernels as `points` matrices of outputs by inputs, each one behind the other: what remains between the transforms is that many
/// products of matrices.
protocol WinogradTiling: Hashable, Sendable {
    /// Numbers that a tile is while products are taken.
    static var points: Int { get }
    /// Weights between one input and one output.
    static var taps: Int { get }

    /// Channels.
    var inputs: Int { get }
    var outputs: Int { get }
    /// How many tiles the output has.
    var tiles: Int { get }
    /// Whether tiles hang over the edge so little that there is something to save.
    var isFull: Bool { get }
    /// The convolution that gives the gradient of the input from that of the output, with kernels that are turned.
    var ofInputGradient: Self { get }

    /// Transforms inputs.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - first: the tile that the first row of the matrices belongs to.
    ///   - range: which rows are written.
    ///   - rows: how many rows the matrices have.
    func transform(
        _ x: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int)

    /// Transforms gradients of outputs; see ``transform(_:from:_:into:rows:)``.
    func transformGradient(
        _ gradient: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int)

    /// Transforms products to outputs.
    ///
    /// - Parameters:
    ///   - bias: added to each place, one value for each channel; nil for none.
    ///   - addsToOutput: whether what `y` holds is added.
    ///   - appliesReLU: whether negative results become 0, last.
    func transformBack(
        _ matrices: UnsafePointer<Float>, rows: Int, from first: Int, _ range: Range<Int>, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>?, addsToOutput: Bool, appliesReLU: Bool)

    /// Transforms kernels.
    ///
    /// - Parameters:
    ///   - weight: `outputs×inputs×kernel…`.
    ///   - isTurned: whether the taps are taken in reverse order, as gradients of inputs want them.
    static func transformKernels(
        _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, isTurned: Bool, into target: UnsafeMutablePointer<Float>)

    /// Transforms gradients of transformed kernels to those of the taps, `outputs×inputs×kernel…`.
    func transformKernelGradient(_ matrices: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>)
}

extension WinogradTiling {
    /// The same as a value of any kind.
    var turned: any WinogradTiling { ofInputGradient }

    /// Whether transforms and the larger weights cost less than the multiplications they save.
    ///
    /// Estimates: narrow convolutions are bound by the transforms, few tiles by reading weights that are larger.
    var pays: Bool { inputs >= 64 && outputs >= 64 && tiles >= 64 && tiles * 4096 >= inputs * outputs && isFull }

    /// Tiles between two transforms: their numbers stay in the processor's caches, and products are worth calling for.
    var tilesAtOnce: Int { min(tiles, max(128, 720_000 / Self.points / (inputs + outputs))) }

    /// Transformed kernels; see ``transformKernels(_:outputs:inputs:isTurned:into:)``.
    static func transformed(_ weight: Tensor, isTurned: Bool = false) -> Storage {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let result = Storage(count: points * outputs * inputs)
        withExtendedLifetime((weight, result)) {
            transformKernels(weight.pointer, outputs: outputs, inputs: inputs, isTurned: isTurned, into: result.base)
        }
        return result
    }
}

extension ConvolutionPlan {
    /// How Winograd's algorithm computes this convolution, whether or not it pays; nil where the kernel is no 3×3 and no three frames.
    var winograd: (any WinogradTiling)? { WinogradPlane(self) ?? WinogradFrames(self) }
}
