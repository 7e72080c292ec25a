@testable import Datasets

extension ClipOptions {
    /// Clips that are decoded in a moment: frames of 32 pixels, of which 24 are cut out.
    ///
    /// - Parameters:
    ///   - frames: of video; half as many of flow. By default those of the benchmarks.
    ///   - flowEvaluationCrop: how much of flow evaluation sees.
    static func small(frames: Int? = nil, flowEvaluationCrop: Int = 32) -> ClipOptions {
        var options = ClipOptions()
        (options.shortSide, options.crop, options.flowEvaluationCrop) = (32, 24, flowEvaluationCrop)
        if let frames { (options.frames, options.flowFrames) = (frames, frames / 2) }
        return options
    }
}
