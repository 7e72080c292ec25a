internal import CLanes

/// A convolution of stride 1 computed by Winograd's F(4, 3) along the axes of its kernel (Lavin and
/// Gray 2016).
///
/// Outputs are made in tiles of four along each axis, from six inputs. Inputs, kernels and outputs go
/// through linear transforms; between them a tile is represented by `points` numbers for each channel,
/// and each of these is a product over the channels alone. A set of tiles is therefore kept as `points`
/// matrices of tiles by channels, and the kernels as `points` matrices of outputs by inputs: what
/// remains between the transforms is that many matrix products.
///
/// The transforms, with the points 0, ±1, ±2 and ∞ (section 4.3 of the paper), are loops of `CLanes`. The numbers between them are larger than
/// the results, which are therefore less exact than those of the plain sum.
protocol WinogradTiling: Hashable, Sendable {
    /// The numbers that represent a tile between the transforms.
    static var points: Int { get }
    /// The weights between one input and one output channel.
    static var taps: Int { get }

    /// The number of channels read.
    var inputs: Int { get }
    /// The number of channels made.
    var outputs: Int { get }
    /// The number of tiles in the output.
    var tiles: Int { get }
    /// Whether so little of the tiles lies beyond the edge that the algorithm saves anything.
    var isFull: Bool { get }

    /// Whether the products between the transforms are those of `CLanes`, which suit few channels: libraries spend more on preparing such products than
    /// on computing them. It depends on the channels and the processor alone, since kernels are laid out accordingly.
    static func isNarrow(inputs: Int, outputs: Int) -> Bool
    /// The convolution that computes the gradient of the input from that of the output, with the
    /// kernels reversed.
    var ofInputGradient: Self { get }

    /// Transforms inputs.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - first: the tile that the first row of the matrices belongs to.
    ///   - range: the rows that are written.
    ///   - matrices: the result.
    ///   - rows: the number of rows of each matrix.
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

    /// Transforms kernels into matrices of outputs by inputs. Those of narrow products, unless their taps are reversed, are matrices of inputs by outputs.
    ///
    /// - Parameters:
    ///   - weight: `outputs×inputs×kernel…`.
    ///   - outputs: the number of channels made.
    ///   - inputs: the number of channels read.
    ///   - isTurned: whether the taps are taken in reverse order, as the gradient of the input needs
    ///     them.
    ///   - target: the result.
    static func transformKernels(
        _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, isTurned: Bool, into target: UnsafeMutablePointer<Float>)

    /// Transforms gradients of transformed kernels to those of the taps, `outputs×inputs×kernel…`.
    func transformKernelGradient(_ matrices: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>)
}

extension WinogradTiling {
    /// The number of channels that are transformed at a time.
    static var lanes: Int { 16 }

    /// The convolution of the input's gradient, as a value of any type.
    var turned: any WinogradTiling { ofInputGradient }

    /// Whether this convolution's products are those of `CLanes`.
    private var isNarrow: Bool { Self.isNarrow(inputs: inputs, outputs: outputs) }

    /// Whether transforms and the larger weights cost less than the multiplications they save.
    ///
    /// Estimates: narrow convolutions are bound by the transforms, few tiles by reading weights that
    /// are larger.
    var pays: Bool {
        tiles >= 64 && isFull && (isNarrow || inputs >= 64 && outputs >= 64 && tiles * 4096 >= inputs * outputs)
    }

    /// The number of tiles between two transforms: few enough that their numbers stay in the caches,
    /// and enough to make a matrix product worth calling.
    var tilesAtOnce: Int {
        isNarrow ? min(tiles, 187_000 / Self.points / (inputs + outputs)) : min(tiles, max(128, 720_000 / Self.points / (inputs + outputs)))
    }

    /// An odd number of rows, at least as many as are given, where products are narrow; those of libraries prefer even ones.
    ///
    /// A tile is a row in each of the matrices. Were these a power of two apart, all would compete for a few places in the nearest cache, and a transform
    /// take up to half as long again.
    private func spread(_ rows: Int) -> Int { isNarrow ? rows | 1 : rows }

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
    /// How Winograd's algorithm computes this convolution, whether or not that is faster; nil where the
    /// kernel is neither 3×3 nor three frames.
    var winograd: (any WinogradTiling)? { WinogradPlane(self) ?? WinogradFrames(self) }
}

/// Convolutions and the gradients of their weights, a set of tiles at a time.
extension WinogradTiling {
    /// Convolves.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - kernels: transformed, as ``transformed(_:isTurned:)`` makes them: matrices of outputs by inputs, or of inputs by outputs where
    ///     `transposed` and where the products are those of narrow matrices.
    ///   - y: the output, channels last.
    ///   - bias: one value for each output channel; nil for none.
    ///   - addsToOutput: whether the result is added to what `y` holds.
    ///   - appliesReLU: whether negative results become 0, last of all.
    func convolve(
        _ x: UnsafePointer<Float>, _ kernels: UnsafePointer<Float>, transposed: Bool = false, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>? = nil, addsToOutput: Bool = false, appliesReLU: Bool = false
    ) {
        forEachSet(x, kernels, transposed: transposed) { products, rows, first in
            transformBack(
                products, rows: rows, from: first, 0..<rows, into: y, bias: bias, addsToOutput: addsToOutput, appliesReLU: appliesReLU)
        }
    }

    /// Transforms sets of tiles and multiplies them.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - kernels: see ``convolve(_:_:transposed:into:bias:addsToOutput:appliesReLU:)``.
    ///   - body: is handed the products of a set, the number of its tiles, and the first of them.
    func forEachSet(
        _ x: UnsafePointer<Float>, _ kernels: UnsafePointer<Float>, transposed: Bool = false,
        _ body: (_ products: UnsafePointer<Float>, _ rows: Int, _ first: Int) -> Void
    ) {
        // Each thread goes through its own tiles from end to end, so that they stay in its cache and nobody waits.
        Threads.split(tiles) { share in
            // Sets of one size, so that they share a kernel.
            let sets = (share.count + tilesAtOnce - 1) / tilesAtOnce
            let most = spread((share.count + sets - 1) / sets)
            let source = Storage(count: Self.points * most * inputs)
            let product = Storage(count: Self.points * most * outputs)
            for first in stride(from: share.lowerBound, to: share.upperBound, by: most) {
                let rows = min(most, share.upperBound - first)
                transform(x, from: first, 0..<rows, into: source.base, rows: rows)
                multiply(source.base, kernels, transposed: transposed, rows: rows, into: product.base)
                body(product.base, rows, first)
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
        let (inputs, outputs, isNarrow) = (inputs, outputs, isNarrow)
        // Several threads meet twice for each set of tiles, which therefore has more of them. Each number is a sum over tiles in their order either way.
        let rows = spread(min(tiles, tilesAtOnce * (isNarrow ? (Threads.current > 1 ? 4 : 1) : 2)))
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
                if isNarrow {
                    let start = range.lowerBound
                    return regulus_small_products_of_transposed(
                        slope + start * rows * outputs, source + start * rows * inputs, total + start * inputs * outputs, nil, range.count,
                        rows * outputs, rows * inputs, outputs, outputs, count, inputs, first > 0 ? 1 : 0)
                }
                for point in range {
                    Tensor.multiply(
                        slope + point * rows * outputs, true, source + point * rows * inputs, false, into: total + point * inputs * outputs,
                        outputs, inputs, count, adds: first > 0, splits: false)
                }
            }
        }
        transformKernelGradient(total, into: weight)
        withExtendedLifetime((read, upstream, sums)) {}
    }

    /// The products of all points between the transforms, on the calling thread.
    ///
    /// Narrow ones are computed by `CLanes`.
    /// oneDNN computes the others in one call where it has kernels for such products, which is for 512-bit vectors: up to 1.6 times as fast as one by
    /// one in OpenBLAS, whose kernels copy the operands of each. Each number is summed over the channels in their order by either, so that the number
    /// of rows, and with it the number of threads, does not matter.
    private func multiply(
        _ matrices: UnsafeMutablePointer<Float>, _ kernels: UnsafePointer<Float>, transposed: Bool, rows: Int,
        into products: UnsafeMutablePointer<Float>
    ) {
        if isNarrow { return regulus_small_products(matrices, kernels, products, nil, Self.points, rows, inputs, outputs) }
        if ProcessorKernels.hasWideVectors {
            let plan = ProductPlan(batch: Self.points, rows: rows, columns: outputs, inner: inputs, transposingRight: !transposed)
            return Kernel.cached(.products(plan)).run(matrices, UnsafeMutablePointer(mutating: kernels), products)
        }
        for point in 0..<Self.points {
            Tensor.multiply(
                matrices + point * rows * inputs, false, kernels + point * inputs * outputs, !transposed,
                into: products + point * rows * outputs, rows, outputs, inputs, splits: false)
        }
    }
}
