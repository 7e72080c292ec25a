import Foundation
import Tensors

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
