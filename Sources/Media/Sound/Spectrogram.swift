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

    /// A sound of the length of a clip: a longer one is cut, a shorter one repeated, and all values are
    /// limited to −1…1. An empty one becomes silence.
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
        // Values that differ by rounding only count as constant, so that silence gives zeros and not noise.
        let divisor = deviation > 1e-9 * abs(mean) ? deviation + 1e-9 : .infinity
        return (logarithms.map { Float(($0 - mean) / divisor) }, times, mean, deviation)
    }
}

/// What training does to a spectrogram: uniform noise, and a band of frequencies set to 0.
package struct SpectrogramAugmentation: Hashable, Sendable {
    /// Noise is uniform in −noise…noise.
    package var noise: Float = 0.05
    /// Neighboring frequency rows that are set to 0.
    package var maskedRows = 9

    package init() {}

    /// Changes a spectrogram of `frequencies × times` values.
    ///
    /// The band's first row is uniform in `0 ..< frequencies − 1 − maskedRows`, as the released loaders draw it: for 257 rows
    /// and 9 masked ones the last row is never masked.
    package func apply(to values: inout [Float], times: Int, from stream: inout RandomStream) {
        let frequencies = times > 0 ? values.count / times : 0
        let first = Int(stream.uniform() * Float(max(1, frequencies - 1 - maskedRows)))
        if noise > 0 {
            for index in values.indices { values[index] += noise * (2 * stream.uniform() - 1) }
        }
        let band = first * times..<min((first + maskedRows) * times, values.count)
        for index in band { values[index] = 0 }
    }
}

/// The discrete Fourier transform of real signals whose length is a power of two, in double precision.
///
/// A signal of n values is transformed as n/2 complex ones (even places real, odd ones imaginary) and taken apart
/// afterwards. Source: Cooley and Tukey, 1965; Press et al., "Numerical Recipes", section 12.3.
struct RealFourierTransform: Sendable {
    /// Values of a signal.
    let count: Int
    /// The place of each complex value with its bits reversed.
    private let order: [Int]
    /// `e^(−2πik/(n/2))` for the butterflies.
    private let twiddles: [SIMD2<Double>]
    /// `e^(−2πik/n)` for taking apart.
    private let rotations: [SIMD2<Double>]

    /// - Precondition: a power of two, at least 4.
    init(count: Int) {
        require(count >= 4 && count & (count - 1) == 0, "\(count) is not a power of two")
        self.count = count
        let half = count / 2
        let bits = half.trailingZeroBitCount
        order = (0..<half).map { place in (0..<bits).reduce(0) { $0 << 1 | (place >> $1 & 1) } }
        func root(_ k: Int, of n: Int) -> SIMD2<Double> {
            let angle = -2 * Double.pi * Double(k) / Double(n)
            return SIMD2(cos(angle), sin(angle))
        }
        twiddles = (0..<half / 2).map { root($0, of: half) }
        rotations = (0...half).map { root($0, of: count) }
    }

    /// The squared lengths of the `count/2 + 1` coefficients of nonnegative frequency.
    ///
    /// - Parameters:
    ///   - work: room for `count / 2` complex values.
    /// - Precondition: `signal` has `count` values, `power` room for `count/2 + 1`.
    func power(
        of signal: UnsafePointer<Double>, work: UnsafeMutablePointer<SIMD2<Double>>, into power: UnsafeMutablePointer<Double>
    ) {
        let half = count / 2
        for place in 0..<half { work[order[place]] = SIMD2(signal[2 * place], signal[2 * place + 1]) }
        twiddles.withUnsafeBufferPointer { twiddles in
            var span = 1
            while span < half {
                let step = half / (2 * span)
                var start = 0
                while start < half {
                    for k in 0..<span {
                        let (a, b) = (work[start + k], product(work[start + k + span], twiddles[k * step]))
                        work[start + k] = a + b
                        work[start + k + span] = a - b
                    }
                    start += 2 * span
                }
                span *= 2
            }
        }
        for k in 0...half {
            let (z, mirrored) = (work[k % half], work[(half - k) % half])
            let conjugate = SIMD2(mirrored.x, -mirrored.y)
            let even = (z + conjugate) / 2
            let difference = (z - conjugate) / 2
            let odd = SIMD2(difference.y, -difference.x)
            let value = even + product(odd, rotations[k])
            power[k] = value.x * value.x + value.y * value.y
        }
    }

    @inline(__always)
    private func product(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> SIMD2<Double> {
        SIMD2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x)
    }
}
