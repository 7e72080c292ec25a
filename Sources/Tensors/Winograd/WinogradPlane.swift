internal import CLanes

/// A 3×3 convolution of pictures: 4×4 outputs are made from 6×6 inputs with 36 multiplications, where
/// the plain sum takes 144.
///
/// It applies where the kernel is 3×3, stride and dilation are 1, both paddings are equal and at most
/// 2, and both numbers of channels are multiples of 16. A clip with a kernel of 1×3×3 counts as so many
/// pictures. Tiles are numbered from left to right, then from top to bottom, then picture by picture.
struct WinogradPlane: WinogradTiling {
    /// The number of pictures: samples, times frames where there are any.
    let images: Int
    /// The extents of the input pictures.
    let height, width: Int
    /// The numbers of channels read and made, multiples of 16.
    let inputs, outputs: Int
    /// The zeros on each side of height and width.
    let padding: Int

    /// The extents of a planned convolution; nil where it has another form.
    init?(_ plan: ConvolutionPlan) {
        let (spatial, weight) = (plan.stride.rank, plan.weight)
        let frames = spatial - 2
        guard weight.rank == spatial + 2, plan.input.rank == spatial + 2, weight[-2] == 3, weight[-1] == 3,
            weight.count(2..<(frames + 2)) == 1, plan.stride.elementCount == 1, plan.dilation.elementCount == 1,
            (0..<frames).allSatisfy({ plan.padding[$0] == 0 }), plan.padding[-2] == plan.padding[-1], plan.padding[-1] <= 2
        else { return nil }
        let channels = (weight[1], weight[0])
        guard channels.0 % Self.lanes == 0, channels.1 % Self.lanes == 0 else { return nil }
        self.init(
            images: plan.input.count(0..<(spatial - 1)), height: plan.input[spatial - 1], width: plan.input[spatial], inputs: channels.0,
            outputs: channels.1, padding: plan.padding[-1])
    }

    /// A convolution of these extents, which are known to suit.
    private init(images: Int, height: Int, width: Int, inputs: Int, outputs: Int, padding: Int) {
        self.images = images
        self.height = height
        self.width = width
        self.inputs = inputs
        self.outputs = outputs
        self.padding = padding
    }

    /// 6×6 numbers represent a tile.
    static let points = 36
    /// 3×3 weights.
    static let taps = 9

    /// The number of output rows.
    var outputHeight: Int { height + 2 * padding - 2 }
    /// The number of output columns.
    var outputWidth: Int { width + 2 * padding - 2 }
    /// The number of tiles from top to bottom.
    var tileRows: Int { (outputHeight + 3) / 4 }
    /// The number of tiles from left to right.
    var tileColumns: Int { (outputWidth + 3) / 4 }
    /// The number of tiles in all pictures.
    var tiles: Int { images * tileRows * tileColumns }

    /// The convolution of the output's gradient with the reversed kernel; padding p becomes 2 − p, so
    /// that it makes pictures of the input's extents.
    var ofInputGradient: WinogradPlane {
        WinogradPlane(
            images: images, height: outputHeight, width: outputWidth, inputs: outputs, outputs: inputs, padding: 2 - padding)
    }

    /// Whether at least 2/5 of the tiles' places are outputs, or 3/5 where there are few channels; the algorithm saves a factor of 4, and
    /// the transforms take a part of it, the larger the fewer channels there are.
    var isFull: Bool {
        let least = Self.isNarrow(inputs: inputs, outputs: outputs) ? 3 : 2
        return images * outputHeight * outputWidth * 5 >= tiles * 16 * least
    }

    /// Measured with 512-bit vectors: with the products of `CLanes` the algorithm takes 0.4 to 0.9 of the time of oneDNN's kernels, from 16 channels on.
    static func isNarrow(inputs: Int, outputs: Int) -> Bool {
        ProcessorKernels.hasFusedVectors && min(inputs, outputs) < 64 && max(inputs, outputs) <= 128
    }
}

/// Kernels of 3×3 taps to 36 numbers and back.
extension WinogradPlane {
    /// `G w Gᵀ` of every kernel, 16 input channels at a time, into 36 matrices of outputs×inputs, or 16 output channels at a time into
    /// matrices of inputs×outputs.
    static func transformKernels(
        _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, isTurned: Bool, into target: UnsafeMutablePointer<Float>
    ) {
        if isNarrow(inputs: inputs, outputs: outputs), !isTurned {
            return Threads.split(inputs) { regulus_plane_kernels_by_input(weight, target, outputs, inputs, $0.lowerBound, $0.upperBound) }
        }
        Threads.split(outputs) {
            regulus_plane_kernels(weight, target, outputs, inputs, $0.lowerBound, $0.upperBound, isTurned ? 1 : 0)
        }
    }

    /// `Gᵀ m G` of the gradients of 36 matrices, into the gradients of the 3×3 taps.
    func transformKernelGradient(_ matrices: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
        Threads.split(outputs) {
            regulus_plane_kernel_gradients(matrices, gradient, outputs, inputs, $0.lowerBound, $0.upperBound)
        }
    }
}

/// Pictures to tiles and back, in the loops of `CLanes`.
extension WinogradPlane {
    /// What those loops are told.
    private var plane: regulus_plane {
        regulus_plane(
            height: height, width: width, output_height: outputHeight, output_width: outputWidth, tile_rows: tileRows,
            tile_columns: tileColumns, padding: padding, inputs: inputs, outputs: outputs)
    }

    /// `Bᵀ x B` of the 6×6 inputs of each tile; places outside the picture count as zeros.
    func transform(
        _ x: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        regulus_plane_inputs(x, matrices, plane, first, range.lowerBound, range.upperBound, rows)
    }

    /// `A g Aᵀ` of the 4×4 gradients of each tile's outputs; places outside the output count as zeros.
    func transformGradient(
        _ gradient: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        regulus_plane_gradients(gradient, matrices, plane, first, range.lowerBound, range.upperBound, rows)
    }

    /// `Aᵀ m A`: the 36 products of each tile become its outputs; those beyond the edge are not
    /// written.
    func transformBack(
        _ matrices: UnsafePointer<Float>, rows: Int, from first: Int, _ range: Range<Int>, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>?, addsToOutput: Bool, appliesReLU: Bool
    ) {
        regulus_plane_outputs(
            matrices, y, bias, plane, first, range.lowerBound, range.upperBound, rows, addsToOutput ? 1 : 0, appliesReLU ? 1 : 0)
    }

    /// Convolves, applies a ReLU and takes the largest of each 2×2 places, without a tensor of the convolution's size.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - kernels: as for ``convolve(_:_:transposed:into:bias:addsToOutput:appliesReLU:)``.
    ///   - y: the output, of half the height and width, rounded down.
    ///   - bias: one value for each output channel.
    func convolveAndHalve(
        _ x: UnsafePointer<Float>, _ kernels: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>
    ) {
        forEachSet(x, kernels) { products, rows, first in
            regulus_plane_halved_outputs(products, y, bias, plane, first, 0, rows, rows)
        }
    }
}
