import Foundation
import Tensors

/// The logarithmic spectrogram that the audio encoders of both benchmarks read: 257 frequencies × 1004 times for 10 s.
///
/// Segments of 512 samples that overlap by 353; of each the mean is taken out, a periodic Tukey window with a quarter of
/// taper is applied, and the one-sided power spectral density is taken, as `scipy.signal.spectrogram` does by default.
/// Then `ln(S + 1e-7)`, less its mean, by its population deviation + 1e-9, both over the whole clip. In double precision.
package struct Spectrogram: Sendable {
    package static let segment = 512
    package static let hop = 512 - 353
    /// Samples of a clip: 10 s.
    package static let clipSamples = 10 * SoundFile.rate
    /// Frequencies, from 0 to half the rate.
    package static let frequencies = segment / 2 + 1
    /// Times in a clip of `clipSamples`.
    package static let times = (clipSamples - segment) / hop + 1

    let rate: Int
    let window: [Double]
    private let transform = RealFourierTransform(count: segment)

    package init(rate: Int = SoundFile.rate) {
        self.rate = rate
        window = Self.tukey(count: Self.segment, taper: 0.25)
    }

    /// A periodic Tukey window: flat, with a raised cosine over `taper / 2` of it at each end.
    static func tukey(count: Int, taper: Double) -> [Double] {
        let width = taper * Double(count) / 2
        return (0..<count).map { place in
            let edge = Double(min(place, count - place))
            return edge < width ? 0.5 * (1 - cos(.pi * edge / width)) : 1
        }
    }

    /// A sound brought to the length of a clip: what is longer is cut, what is shorter repeated; all within −1…1.
    /// Nothing at all becomes silence.
    package static func clip(_ samples: [Float]) -> [Float] {
        guard !samples.isEmpty else { return [Float](repeating: 0, count: clipSamples) }
        return (0..<clipSamples).map { min(max(samples[$0 % samples.count], -1), 1) }
    }

    /// Power spectral density, `frequencies` × times, row-major; no times where there is less than one segment.
    package func density(_ samples: [Float]) -> (values: [Double], times: Int) {
        let times = samples.count < Self.segment ? 0 : (samples.count - Self.segment) / Self.hop + 1
        let scale = 1 / (Double(rate) * window.reduce(0) { $0 + $1 * $1 })
        var values = [Double](repeating: 0, count: Self.frequencies * times)
        var part = [Double](repeating: 0, count: Self.segment)
        var work = [SIMD2<Double>](repeating: .zero, count: Self.segment / 2)
        var power = [Double](repeating: 0, count: Self.frequencies)
        for time in 0..<times {
            let start = time * Self.hop
            var mean = 0.0
            for place in 0..<Self.segment { mean += Double(samples[start + place]) }
            mean /= Double(Self.segment)
            for place in 0..<Self.segment { part[place] = (Double(samples[start + place]) - mean) * window[place] }
            transform.power(of: &part, work: &work, into: &power)
            for frequency in 0..<Self.frequencies {
                let isSingle = frequency == 0 || frequency == Self.frequencies - 1
                values[frequency * times + time] = power[frequency] * scale * (isSingle ? 1 : 2)
            }
        }
        return (values, times)
    }

    /// The standardized logarithm, `frequencies` × times, row-major, with the mean and deviation that were taken out.
    package func standardized(_ samples: [Float]) -> (values: [Float], times: Int, mean: Double, deviation: Double) {
        let (density, times) = density(samples)
        guard times > 0 else { return ([], 0, 0, 0) }
        let logarithms = density.map { log($0 + 1e-7) }
        let mean = logarithms.reduce(0, +) / Double(logarithms.count)
        let deviation = (logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logarithms.count)).squareRoot()
        // What differs by rounding alone is constant: silence gives zeros, not noise.
        let divisor = deviation > 1e-9 * abs(mean) ? deviation + 1e-9 : .infinity
        return (logarithms.map { Float(($0 - mean) / divisor) }, times, mean, deviation)
    }
}
