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
            weight[0] % WinogradTransform.lanes == 0, weight[1] % WinogradTransform.lanes == 0
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

    /// The convolution of the output's gradient with the reversed kernel; padding p becomes 2 − p.
    var ofInputGradient: WinogradFrames {
        WinogradFrames(clips: clips, frames: outputFrames, places: places, inputs: outputs, outputs: inputs, padding: 2 - padding)
    }

    /// The position of a tile's first output.
    @inline(__always)
    private func place(of tile: Int) -> (clip: Int, frame: Int, place: Int) {
        let (block, place) = tile.quotientAndRemainder(dividingBy: places)
        return (block / blocks, block % blocks * 4, place)
    }

    /// `Bᵀ x` of the six input frames of each tile; frames outside the clip count as zeros.
    func transform(
        _ x: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        typealias T = WinogradTransform
        for row in range {
            let (clip, frame, place) = place(of: first + row)
            let target = matrices + row * inputs
            for channel in stride(from: 0, to: inputs, by: T.lanes) {
                @inline(__always) func at(_ index: Int) -> T.Values {
                    let source = frame - padding + index
                    return source >= 0 && source < frames ? T.load(x + ((clip * frames + source) * places + place) * inputs + channel) : T.Values()
                }
                T.store(T.input(at(0), at(1), at(2), at(3), at(4), at(5)), target + channel, rows * inputs)
            }
        }
    }

    /// `A g` of the gradients of each tile's four output frames; frames outside the output count as
    /// zeros.
    func transformGradient(
        _ gradient: UnsafePointer<Float>, from first: Int, _ range: Range<Int>, into matrices: UnsafeMutablePointer<Float>, rows: Int
    ) {
        typealias T = WinogradTransform
        for row in range {
            let (clip, frame, place) = place(of: first + row)
            let start = gradient + ((clip * outputFrames + frame) * places + place) * outputs
            let (count, step) = (outputFrames - frame, places * outputs)
            for channel in stride(from: 0, to: outputs, by: T.lanes) {
                @inline(__always) func at(_ index: Int) -> T.Values { index < count ? T.load(start + index * step + channel) : T.Values() }
                T.store(T.outputGradient(at(0), at(1), at(2), at(3)), matrices + row * outputs + channel, rows * outputs)
            }
        }
    }

    /// `Aᵀ m`: the six products of each tile become its output frames; those beyond the end are not
    /// written.
    func transformBack(
        _ matrices: UnsafePointer<Float>, rows: Int, from first: Int, _ range: Range<Int>, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>?, addsToOutput: Bool, appliesReLU: Bool
    ) {
        typealias T = WinogradTransform
        for row in range {
            let (clip, frame, place) = place(of: first + row)
            let start = y + ((clip * outputFrames + frame) * places + place) * outputs
            let count = outputFrames - frame
            for channel in stride(from: 0, to: outputs, by: T.lanes) {
                let source = matrices + row * outputs + channel
                @inline(__always) func at(_ index: Int) -> T.Values { T.load(source + index * rows * outputs) }
                let t = T.output(at(0), at(1), at(2), at(3), at(4), at(5))
                let shift = bias.map { T.load($0 + channel) } ?? T.Values()
                @inline(__always) func put(_ value: T.Values, _ index: Int) {
                    T.finish(value + shift, start + index * places * outputs + channel, addsToOutput, appliesReLU)
                }
                put(t.0, 0)
                if count > 1 { put(t.1, 1) }
                if count > 2 { put(t.2, 2) }
                if count > 3 { put(t.3, 3) }
            }
        }
    }

    /// `G w` of every kernel, 16 input channels at a time, into six matrices of outputs×inputs.
    static func transformKernels(
        _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, isTurned: Bool, into target: UnsafeMutablePointer<Float>
    ) {
        typealias T = WinogradTransform
        Threads.split(outputs) { range in
            for output in range {
                for channel in stride(from: 0, to: inputs, by: T.lanes) {
                    let place = output * inputs + channel
                    @inline(__always) func tap(_ index: Int) -> T.Values {
                        T.gather(weight + place * taps + (isTurned ? taps - 1 - index : index), step: taps)
                    }
                    T.store(T.kernel(tap(0), tap(1), tap(2)), target + place, outputs * inputs)
                }
            }
        }
    }

    /// `Gᵀ m` of the gradients of six matrices, into the gradients of the three taps.
    func transformKernelGradient(_ matrices: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
        typealias T = WinogradTransform
        let (inputs, step) = (inputs, outputs * inputs)
        Threads.split(outputs) { range in
            for output in range {
                for channel in stride(from: 0, to: inputs, by: T.lanes) {
                    let place = output * inputs + channel
                    @inline(__always) func at(_ index: Int) -> T.Values { T.load(matrices + place + index * step) }
                    let t = T.kernelGradient(at(0), at(1), at(2), at(3), at(4), at(5))
                    T.scatter(t, gradient + place * Self.taps, step: Self.taps)
                }
            }
        }
    }
}
