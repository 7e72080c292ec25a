import Configuration
import Media
import Tensors

/// What both benchmarks do alike to turn frames and sound into samples.
package struct ClipReader: Sendable {
    let video: FrameSampling
    let flow: FrameSampling
    private let options: ClipOptions

    init(_ options: ClipOptions) {
        video = FrameSampling(frames: options.frames, interval: options.interval)
        flow = FrameSampling(frames: options.flowFrames, interval: options.flowInterval)
        self.options = options
    }

    /// Names and training shapes, in the order in which the released programs join them.
    var facts: [DatasetFacts.ModalityFacts] {
        ["video", "audio", "flow"].map { name in
            DatasetFacts.ModalityFacts(
                name: name, sampleShape: shape(name, view: .training(epoch: 0, random: RandomSource(seed: 0))) ?? [])
        }
    }

    func shape(_ modality: String, view: SampleView) -> [Int]? {
        switch modality {
        case "video": [video.frames, options.crop, options.crop, 3]
        case "flow": [flow.frames, flowSide(view), flowSide(view), 2]
        case "audio": [Spectrogram.frequencies, Spectrogram.times, 1]
        default: nil
        }
    }

    private func flowSide(_ view: SampleView) -> Int { view == .evaluation ? options.flowEvaluationCrop : options.crop }

    /// An empty clip; `rest` is what the choice of frames left of the row's random numbers, nil in evaluation.
    func assembly(_ modality: String, view: SampleView, rest: RandomStream?) -> ClipAssembly {
        let rule = rest.map { ClipCropRule.random($0) } ?? .center
        return modality == "flow"
            ? ClipAssembly(
                .flow, frames: flow.frames, size: ClipSize(shortSide: options.shortSide, side: flowSide(view)), rule: rule)
            : ClipAssembly(
                .color, frames: video.frames, size: ClipSize(shortSide: options.shortSide, side: options.crop), rule: rule)
    }
}

extension FrameSampling {
    /// The numbers of a random clip, or of the one in the middle where there is no stream.
    func numbers(count: Int, start: Int, from stream: inout RandomStream?) -> [Int] {
        guard var drawn = stream else { return numbers(offset: middle(of: count), count: count, start: start) }
        let offset = random(of: count, from: &drawn)
        stream = drawn
        return numbers(offset: offset, count: count, start: start)
    }
}

/// Sound as the audio encoder reads it.
struct SpectrogramReader: Sendable {
    private let spectrogram = Spectrogram()
    private let augmentation = SpectrogramAugmentation()

    /// The spectrogram of a stretch of sound, with training's noise and mask where there is a stream.
    func sample(of sound: SoundFile, window: Range<Int>, from stream: RandomStream?) throws(MediaFault) -> DecodedSample {
        // More than a clip is not used.
        let used = window.lowerBound..<min(window.upperBound, window.lowerBound + Spectrogram.clipSamples)
        let samples = try sound.samples(used)
        if let bad = samples.first(where: { !$0.isFinite }) {
            throw MediaFault(path: sound.path, reason: "damaged: one of its samples is \(bad)")
        }
        var (values, times, _, _) = spectrogram.standardized(Spectrogram.clip(samples))
        if var stream { augmentation.apply(to: &values, times: times, from: &stream) }
        return DecodedSample(shape: [Spectrogram.frequencies, times, 1], numbers: values)
    }
}
