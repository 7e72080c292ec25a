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
        guard channels.0 % WinogradTransform.lanes == 0, channels.1 % WinogradTransform.lanes == 0 else { return nil }
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

    /// Whether at least 2/5 of the tiles' places are outputs; the algorithm saves a factor of 4, and
    /// the transforms take a part of it.
    var isFull: Bool { images * outputHeight * outputWidth * 5 >= tiles * 16 * 2 }
}

/// Kernels of 3×3 taps to 36 numbers and back.
extension WinogradPlane {
    /// `G w Gᵀ` of every kernel, 16 input channels at a time, into 36 matrices of outputs×inputs.
    static func transformKernels(
        _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, isTurned: Bool, into target: UnsafeMutablePointer<Float>
    ) {
        typealias T = WinogradTransform
        let step = outputs * inputs
        Threads.split(outputs) { range in
            withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 18) { half in
                for output in range {
                    for channel in stride(from: 0, to: inputs, by: T.lanes) {
                        let source = weight + (output * inputs + channel) * taps
                        @inline(__always) func tap(_ index: Int) -> T.Values {
                            T.gather(source + (isTurned ? taps - 1 - index : index), step: taps)
                        }
                        for j in 0..<3 {
                            let t = T.kernel(tap(j), tap(3 + j), tap(6 + j))
                            (half[j], half[3 + j], half[6 + j]) = (t.0, t.1, t.2)
                            (half[9 + j], half[12 + j], half[15 + j]) = (t.3, t.4, t.5)
                        }
                        for i in 0..<6 {
                            let t = T.kernel(half[3 * i], half[3 * i + 1], half[3 * i + 2])
                            let start = target + 6 * i * step + output * inputs + channel
                            T.store(t, start, step)
                        }
                    }
                }
            }
        }
    }

    /// `Gᵀ m G` of the gradients of 36 matrices, into the gradients of the 3×3 taps.
    func transformKernelGradient(_ matrices: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
        typealias T = WinogradTransform
        let (inputs, step) = (inputs, outputs * inputs)
        Threads.split(outputs) { range in
            withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 18) { half in
                for output in range {
                    for channel in stride(from: 0, to: inputs, by: T.lanes) {
                        let source = matrices + output * inputs + channel
                        @inline(__always) func at(_ index: Int) -> T.Values { T.load(source + index * step) }
                        for j in 0..<6 {
                            let t = T.kernelGradient(at(j), at(6 + j), at(12 + j), at(18 + j), at(24 + j), at(30 + j))
                            (half[j], half[6 + j], half[12 + j]) = (t.0, t.1, t.2)
                        }
                        let target = gradient + (output * inputs + channel) * Self.taps
                        for i in 0..<3 {
                            let s = 6 * i
                            let t = T.kernelGradient(half[s], half[s + 1], half[s + 2], half[s + 3], half[s + 4], half[s + 5])
                            T.scatter(t, target + 3 * i, step: Self.taps)
                        }
                    }
                }
            }
        }
    }
}

/// Pictures to tiles and back.
extension WinogradPlane {
    /// The position of a tile's first output.
    @inline(__always)
    private func place(of tile: Int) -> (image: Int, top: Int, left: Int) {
        let (image, place) = tile.quotientAndRemainder(dividingBy: tileRows * tileColumns)
        return (image, place / tileColumns * 4, place % tileColumns * 4)
    }

    /// `Bᵀ x B` of the 6×6 inputs of each tile; places outside the picture count as zeros.
    func transform(
        _ x: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        typealias T = WinogradTransform
        let (channels, step) = (inputs, rows * inputs)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: channels) { zeros in
            zeros.initialize(repeating: 0)
            guard let nothing = UnsafePointer(zeros.baseAddress) else { return }
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 36) { sources in
                withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 36) { half in
                    for row in range {
                        let (image, top, left) = place(of: first + row)
                        for index in 0..<36 {
                            let (y, x0) = (top - padding + index / 6, left - padding + index % 6)
                            let isInside = y >= 0 && y < height && x0 >= 0 && x0 < width
                            sources[index] = isInside ? x + ((image * height + y) * width + x0) * channels : nothing
                        }
                        for channel in stride(from: 0, to: channels, by: T.lanes) {
                            @inline(__always) func at(_ index: Int) -> T.Values { T.load(sources[index] + channel) }
                            for j in 0..<6 {
                                let t = T.input(at(j), at(6 + j), at(12 + j), at(18 + j), at(24 + j), at(30 + j))
                                (half[j], half[6 + j], half[12 + j]) = (t.0, t.1, t.2)
                                (half[18 + j], half[24 + j], half[30 + j]) = (t.3, t.4, t.5)
                            }
                            for i in 0..<6 {
                                let s = 6 * i
                                let t = T.input(half[s], half[s + 1], half[s + 2], half[s + 3], half[s + 4], half[s + 5])
                                T.store(t, matrices + s * step + row * channels + channel, step)
                            }
                        }
                    }
                }
            }
        }
    }

    /// `A g Aᵀ` of the 4×4 gradients of each tile's outputs; places outside the output count as zeros.
    func transformGradient(
        _ gradient: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        typealias T = WinogradTransform
        let (channels, step) = (outputs, rows * outputs)
        withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 24) { half in
            for row in range {
                let (image, top, left) = place(of: first + row)
                let start = gradient + ((image * outputHeight + top) * outputWidth + left) * channels
                let (tall, wide) = (min(4, outputHeight - top), min(4, outputWidth - left))
                for channel in stride(from: 0, to: channels, by: T.lanes) {
                    @inline(__always) func at(_ i: Int, _ j: Int) -> T.Values {
                        i < tall && j < wide ? T.load(start + (i * outputWidth + j) * channels + channel) : T.Values()
                    }
                    for j in 0..<4 {
                        let t = T.outputGradient(at(0, j), at(1, j), at(2, j), at(3, j))
                        (half[j], half[4 + j], half[8 + j]) = (t.0, t.1, t.2)
                        (half[12 + j], half[16 + j], half[20 + j]) = (t.3, t.4, t.5)
                    }
                    for i in 0..<6 {
                        let t = T.outputGradient(half[4 * i], half[4 * i + 1], half[4 * i + 2], half[4 * i + 3])
                        T.store(t, matrices + 6 * i * step + row * channels + channel, step)
                    }
                }
            }
        }
    }

    /// `Aᵀ m A`: the 36 products of each tile become its outputs; those beyond the edge are not
    /// written.
    func transformBack(
        _ matrices: UnsafePointer<Float>, rows: Int, from first: Int, _ range: Range<Int>, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>?, addsToOutput: Bool, appliesReLU: Bool
    ) {
        typealias T = WinogradTransform
        let (channels, step) = (outputs, rows * outputs)
        withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 24) { half in
            for row in range {
                let (image, top, left) = place(of: first + row)
                let start = y + ((image * outputHeight + top) * outputWidth + left) * channels
                let (tall, wide) = (min(4, outputHeight - top), min(4, outputWidth - left))
                for channel in stride(from: 0, to: channels, by: T.lanes) {
                    let source = matrices + row * channels + channel
                    @inline(__always) func at(_ index: Int) -> T.Values { T.load(source + index * step) }
                    for j in 0..<6 {
                        let t = T.output(at(j), at(6 + j), at(12 + j), at(18 + j), at(24 + j), at(30 + j))
                        (half[j], half[6 + j], half[12 + j], half[18 + j]) = (t.0, t.1, t.2, t.3)
                    }
                    let shift = bias.map { T.load($0 + channel) } ?? T.Values()
                    for i in 0..<tall {
                        let s = 6 * i
                        let t = T.output(half[s], half[s + 1], half[s + 2], half[s + 3], half[s + 4], half[s + 5])
                        @inline(__always) func put(_ value: T.Values, _ j: Int) {
                            T.finish(value + shift, start + (i * outputWidth + j) * channels + channel, addsToOutput, appliesReLU)
                        }
                        put(t.0, 0)
                        if wide > 1 { put(t.1, 1) }
                        if wide > 2 { put(t.2, 2) }
                        if wide > 3 { put(t.3, 3) }
                    }
                }
            }
        }
    }
}
