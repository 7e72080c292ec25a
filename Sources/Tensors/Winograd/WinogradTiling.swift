internal import COpenBLAS

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

/// Convolutions and the gradients of their weights, a set of tiles at a time.
extension WinogradTiling {
    /// Convolves.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - kernels: transformed, matrices of outputs by inputs, or of inputs by outputs where they are `transposed`.
    ///   - y: the output, channels last.
    ///   - bias, addsToOutput, appliesReLU: what is done before results are written.
    func convolve(
        _ x: UnsafePointer<Float>, _ kernels: UnsafePointer<Float>, transposed: Bool = false, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>? = nil, addsToOutput: Bool = false, appliesReLU: Bool = false
    ) {
        // Each thread goes through its own tiles from end to end, so that they stay in its cache and nobody waits.
        Threads.split(tiles) { share in
            let rows = min(share.count, tilesAtOnce)
            let source = Storage(count: Self.points * rows * inputs)
            let product = Storage(count: Self.points * rows * outputs)
            for first in stride(from: share.lowerBound, to: share.upperBound, by: rows) {
                let tiles = 0..<min(rows, share.upperBound - first)
                transform(x, from: first, tiles, into: source.base, rows: rows)
                for point in 0..<Self.points {
                    Self.multiply(
                        source.base + point * rows * inputs, false, kernels + point * inputs * outputs, !transposed, tiles.count, outputs,
                        inputs, into: product.base + point * rows * outputs)
                }
                transformBack(
                    product.base, rows: rows, from: first, tiles, into: y, bias: bias, addsToOutput: addsToOutput,
                    appliesReLU: appliesReLU)
            }
            withExtendedLifetime((source, product)) {}
        }
    }

    /// The gradient of the weights, `outputs×inputs×kernel…`.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - gradient: of the output, channels last.
    func weightGradient(_ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, into weight: UnsafeMutablePointer<Float>) {
        let (rows, inputs, outputs) = (min(tiles, 2 * tilesAtOnce), inputs, outputs)
        let read = Storage(count: Self.points * rows * inputs)
        let upstream = Storage(count: Self.points * rows * outputs)
        let sums = Storage(count: Self.points * outputs * inputs)
        let (source, slope, total) = (read.base, upstream.base, sums.base)
        for first in stride(from: 0, to: tiles, by: rows) {
            let count = min(rows, tiles - first)
            Threads.split(count) {
                transform(x, from: first, $0, into: source, rows: rows)
                transformGradient(gradient, from: first, $0, into: slope, rows: rows)
            }
            Threads.split(Self.points) { range in
                for point in range {
                    Self.multiply(
                        slope + point * rows * outputs, true, source + point * rows * inputs, false, outputs, inputs, count,
                        into: total + point * inputs * outputs, adds: first > 0)
                }
            }
        }
        transformKernelGradient(total, into: weight)
        withExtendedLifetime((read, upstream, sums)) {}
    }

    /// `product = op(left) · op(right)`, or added to it, on the calling thread.
    private static func multiply(
        _ left: UnsafePointer<Float>, _ transposingLeft: Bool, _ right: UnsafePointer<Float>, _ transposingRight: Bool, _ rows: Int,
        _ columns: Int, _ inner: Int, into product: UnsafeMutablePointer<Float>, adds: Bool = false
    ) {
        cblas_sgemm(
            CblasRowMajor, transposingLeft ? CblasTrans : CblasNoTrans, transposingRight ? CblasTrans : CblasNoTrans, Int32(rows),
            Int32(columns), Int32(inner), 1, left, Int32(transposingLeft ? rows : inner), right, Int32(transposingRight ? inner : columns),
            adds ? 1 : 0, product, Int32(columns))
    }
}
