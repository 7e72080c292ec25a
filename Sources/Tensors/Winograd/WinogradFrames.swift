internal import CLanes

/// A convolution over three frames of clips: 4 outputs are made from 6 inputs with 6 multiplications,
/// where the plain sum takes 12.
///
/// It applies where the kernel is 3×1×1, stride and dilation are 1, only time is padded, by at most 2,
/// and both numbers of channels are multiples of 16. Tiles are numbered by place within a frame, then
/// along time, then clip by clip.
struct WinogradFrames: WinogradTiling {
    /// The number of clips, and of input frames in each.
    let clips, frames: Int
    /// The number of places in a frame, each a row of tiles of its own.
    let places: Int
    /// The numbers of channels read and made, multiples of 16.
    let inputs, outputs: Int
    /// The zeros before the first frame and after the last.
    let padding: Int

    /// Six numbers represent a tile.
    static let points = 6
    /// Three weights.
    static let taps = 3

    /// The extents of a planned convolution; nil where it has another form.
    init?(_ plan: ConvolutionPlan) {
        let weight = plan.weight
        guard plan.input.rank == 5, weight.rank == 5, weight[2] == 3, weight[3] == 1, weight[4] == 1,
            plan.stride.elementCount == 1, plan.dilation.elementCount == 1, plan.padding[0] <= 2, plan.padding[1] == 0, plan.padding[2] == 0,
            weight[0] % Self.lanes == 0, weight[1] % Self.lanes == 0
        else { return nil }
        self.init(
            clips: plan.input[0], frames: plan.input[1], places: plan.input[2] * plan.input[3], inputs: weight[1],
            outputs: weight[0], padding: plan.padding[0])
    }

    /// A convolution of these extents, which are known to suit.
    private init(clips: Int, frames: Int, places: Int, inputs: Int, outputs: Int, padding: Int) {
        self.clips = clips
        self.frames = frames
        self.places = places
        self.inputs = inputs
        self.outputs = outputs
        self.padding = padding
    }

    /// The number of output frames.
    private var outputFrames: Int { frames + 2 * padding - 2 }
    /// The number of tiles along time.
    private var blocks: Int { (outputFrames + 3) / 4 }
    /// The number of tiles in all clips.
    var tiles: Int { clips * blocks * places }
    /// Whether at least 2/3 of the tiles' frames are outputs; the algorithm saves a factor of 2, and
    /// the transforms take a part of it.
    var isFull: Bool { outputFrames * 9 >= blocks * 24 }

    /// Never: half of the multiplications saved do not make up for the transforms.
    static func isNarrow(inputs: Int, outputs: Int) -> Bool { false }

    /// The convolution of the output's gradient with the reversed kernel; padding p becomes 2 − p.
    var ofInputGradient: WinogradFrames {
        WinogradFrames(clips: clips, frames: outputFrames, places: places, inputs: outputs, outputs: inputs, padding: 2 - padding)
    }

    /// What the loops of `CLanes` are told.
    private var extents: regulus_frames {
        regulus_frames(
            frames: frames, output_frames: outputFrames, blocks: blocks, places: places, padding: padding, inputs: inputs, outputs: outputs)
    }

    /// `Bᵀ x` of the six input frames of each tile; frames outside the clip count as zeros.
    func transform(
        _ x: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        regulus_frames_inputs(x, matrices, extents, first, range.lowerBound, range.upperBound, rows)
    }

    /// `A g` of the gradients of each tile's four output frames; frames outside the output count as
    /// zeros.
    func transformGradient(
        _ gradient: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        regulus_frames_gradients(gradient, matrices, extents, first, range.lowerBound, range.upperBound, rows)
    }

    /// `Aᵀ m`: the six products of each tile become its output frames; those beyond the end are not
    /// written.
    func transformBack(
        _ matrices: UnsafePointer<Float>, rows: Int, from first: Int, _ range: Range<Int>, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>?, addsToOutput: Bool, appliesReLU: Bool
    ) {
        regulus_frames_outputs(
            matrices, y, bias, extents, first, range.lowerBound, range.upperBound, rows, addsToOutput ? 1 : 0, appliesReLU ? 1 : 0)
    }

    /// `G w` of every kernel, 16 input channels at a time, into six matrices of outputs×inputs.
    static func transformKernels(
        _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, isTurned: Bool, into target: UnsafeMutablePointer<Float>
    ) {
        Threads.split(outputs) {
            regulus_frames_kernels(weight, target, outputs, inputs, $0.lowerBound, $0.upperBound, isTurned ? 1 : 0)
        }
    }

    /// `Gᵀ m` of the gradients of six matrices, into the gradients of the three taps.
    func transformKernelGradient(_ matrices: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
        Threads.split(outputs) {
            regulus_frames_kernel_gradients(matrices, gradient, outputs, inputs, $0.lowerBound, $0.upperBound)
        }
    }
}
