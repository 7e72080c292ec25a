import Networks
import Tensors

/// What brings the fast pathway's map to the slow one's frames: a convolution over time to twice the channels, without normalization.
///
/// Name: `conv.weight`.
final class LateralConnection: Module {
    private let convolution: Convolution

    var parts: Parts { ["conv": convolution] }

    /// - Parameters:
    ///   - inputs: the fast pathway's channels.
    ///   - frames: how many frames the convolution sees; odd.
    ///   - stride: how many frames of the fast pathway make one of the slow one.
    init(_ inputs: Int, frames: Int, stride: Int, from initializer: Initializer) {
        convolution = Convolution(
            inputs, 2 * inputs, kernel: [frames, 1, 1], stride: [stride, 1, 1], padding: [frames / 2, 0, 0], bias: false,
            from: initializer["conv"])
    }

    func callAsFunction(_ x: Tensor) -> Tensor { convolution(x) }
}
