/// A 3×3 convolution of pictures: 4×4 outputs are made from 6×6 inputs with 36 multiplications where the plain sum takes 144.
struct WinogradPlane: WinogradTiling {
    /// Pictures: samples, times frames where there are any.
    let images: Int
    let height, width: Int
    let inputs, outputs: Int
    /// Zeros on each side of height and width.
    let padding: Int

    /// The extents of a planned convolution; nil where its form is another.
    init?(_ plan: ConvolutionPlan) {
        let spatial = plan.stride.count
        guard plan.weightDimensions.count == spatial + 2, plan.input.rank == spatial + 2 else { return nil }
        let (frames, picture) = (spatial - 2, plan.input.dimensions.dropFirst(spatial - 1))
        let kernel = plan.weightDimensions.dropFirst(2)
        guard kernel.prefix(frames).allSatisfy({ $0 == 1 }), kernel.suffix(2).allSatisfy({ $0 == 3 }),
            plan.stride.allSatisfy({ $0 == 1 }), plan.dilation.allSatisfy({ $0 == 1 }),
            plan.padding.prefix(frames).allSatisfy({ $0 == 0 }), plan.padding[frames] == plan.padding[frames + 1], plan.padding[frames] <= 2
        else { return nil }
        let channels = (plan.weightDimensions[1], plan.weightDimensions[0])
        guard channels.0 % WinogradTransform.lanes == 0, channels.1 % WinogradTransform.lanes == 0 else { return nil }
        self.init(
            images: plan.input.count(0..<(spatial - 1)), height: picture[spatial - 1], width: picture[spatial], inputs: channels.0,
            outputs: channels.1, padding: plan.padding[frames])
    }

    private init(images: Int, height: Int, width: Int, inputs: Int, outputs: Int, padding: Int) {
        self.images = images
        self.height = height
        self.width = width
        self.inputs = inputs
        self.outputs = outputs
        self.padding = padding
    }

    static let points = 36
    static let taps = 9

    var outputHeight: Int { height + 2 * padding - 2 }
    var outputWidth: Int { width + 2 * padding - 2 }
    var tileRows: Int { (outputHeight + 3) / 4 }
    var tileColumns: Int { (outputWidth + 3) / 4 }
    var tiles: Int { images * tileRows * tileColumns }

    var ofInputGradient: WinogradPlane {
        WinogradPlane(
            images: images, height: outputHeight, width: outputWidth, inputs: outputs, outputs: inputs, padding: 2 - padding)
    }

    var isFull: Bool { images * outputHeight * outputWidth * 5 >= tiles * 16 * 2 }
}
