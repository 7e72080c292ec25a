internal import CLanes
import Glibc

/// Where every random number of a run comes from: a seed, and names for the purposes that draw from it.
///
/// Random numbers are counted, not carried. A number is a pure function of the seed, the name of the
/// stream, the step and the position within the step. So nothing has to be saved to resume a run with
/// the same numbers, and a new purpose changes nobody else's numbers.
///
/// ```swift
/// let source = RandomSource(seed: 7)
/// var noise = source.stream("noise.audio", step: 120)
/// let z = noise.normal([32, 64])
/// ```
public struct RandomSource: Sendable, Hashable {
    private let key: UInt64

    /// The source of a seed. Different seeds give unrelated numbers.
    public init(seed: UInt64) { key = RandomSource.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }

    private init(key: UInt64) { self.key = key }

    /// A source of its own for everything under a name: `source.child("a").stream("b")`.
    public func child(_ name: String) -> RandomSource {
        // FNV-1a over the name, then mixed with the parent's key: stable across processes, unlike `hashValue`.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return RandomSource(key: RandomSource.mix(key ^ RandomSource.mix(hash)))
    }

    /// The numbers of one purpose at one step, from the first one. Asking twice gives the same numbers
    /// twice.
    ///
    /// ```swift
    /// var a = source.stream("dropout", step: 3)
    /// var b = source.stream("dropout", step: 3)
    /// a.uniform() == b.uniform()              // true
    /// ```
    public func stream(_ name: String, step: Int = 0) -> RandomStream { child(name).stream(step: step) }

    /// This source's own numbers at one step. With a source kept from ``child(_:)`` no name has to be
    /// hashed again.
    public func stream(step: Int) -> RandomStream { RandomStream(key: key, step: UInt64(bitPattern: Int64(step))) }

    /// A bijection of 64 bits that spreads every bit of its input over all bits (the finalizer of
    /// SplitMix64).
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A sequence of random numbers: Philox 4×32 with 10 rounds (Salmon et al., "Parallel random numbers:
/// as easy as 1, 2, 3", SC 2011), keyed by the stream, with a counter of blocks within the step.
///
/// It passes as Swift's `RandomNumberGenerator`, so that `shuffle(using:)` and `randomElement(using:)`
/// take it. Copies continue independently with the same numbers.
public struct RandomStream: RandomNumberGenerator, Sendable {
    private let key: UInt64
    private let step: UInt64
    /// The next block of the step.
    private var block: UInt64 = 0
    /// The words of the current block.
    private var buffered: SIMD4<UInt32> = .zero
    /// How many words of the current block have been used.
    private var position = 4

    init(key: UInt64, step: UInt64) {
        self.key = key
        self.step = step
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 { UInt64(next32()) << 32 | UInt64(next32()) }

    /// The next 32 random bits; four come from each block.
    @inline(__always)
    mutating func next32() -> UInt32 {
        if position == 4 {
            buffered = Philox.block(key: key, step: step, block: block)
            block += 1
            position = 0
        }
        defer { position += 1 }
        return buffered[position]
    }

    /// A number uniformly distributed over [0, 1), a multiple of 2⁻²⁴.
    public mutating func uniform() -> Float { Float(next32() >> 8) * 0x1p-24 }

    /// A number from the standard normal distribution, by the method of Box and Muller in double
    /// precision. It takes 64 bits and never exceeds 6.8 in size.
    public mutating func normal() -> Float {
        let radius = (-2 * Glibc.log((Double(next32()) + 0.5) * 0x1p-32)).squareRoot()
        return Float(radius * Glibc.cos(2 * .pi * (Double(next32()) * 0x1p-32)))
    }

    /// The numbers `0..<n` in random order (Fisher and Yates), each order equally likely.
    public mutating func permutation(_ n: Int) -> [Int] {
        var order = Array(0..<n)
        order.shuffle(using: &self)
        return order
    }

    /// Numbers uniformly distributed over a range whose upper bound is excluded.
    public mutating func uniform(_ shape: Shape, in range: Range<Float> = 0..<1) -> Tensor {
        Tensor(shape: shape) { output in
            let width = range.upperBound - range.lowerBound
            for index in 0..<output.count { output[index] = range.lowerBound + width * uniform() }
        }
    }

    /// Normally distributed numbers with the given mean and standard deviation.
    public mutating func normal(_ shape: Shape, mean: Float = 0, deviation: Float = 1) -> Tensor {
        Tensor(shape: shape) { output in for index in 0..<output.count { output[index] = mean + deviation * normal() } }
    }

    /// Independent elements that are `value` with probability `keeping` and 0 otherwise, such as a
    /// dropout mask.
    ///
    /// Probabilities are rounded to multiples of 2⁻¹⁶. Afterwards the stream continues with a fresh
    /// block.
    ///
    /// - Precondition: `keeping` lies in 0…1.
    ///
    /// ```swift
    /// let mask = stream.bernoulli(z.shape, keeping: 0.5, value: 2)      // z * mask has the expectation of z
    /// ```
    public mutating func bernoulli(_ shape: Shape, keeping: Float, value: Float = 1) -> Tensor {
        require(keeping >= 0 && keeping <= 1, "\(keeping) is not a probability")
        return Tensor(shape: shape) { output in
            // Each block gives eight 16-bit draws; blocks are taken eight at a time, 64 draws in all.
            func draw(_ groups: Int, into target: UnsafeMutablePointer<Float>) {
                let draws = regulus_draws(key: key, step: step, first: block, threshold: UInt32((keeping * 65536).rounded()), value: value)
                regulus_bernoulli(target, groups, draws)
                block += 8 * UInt64(groups)
            }
            guard let start = output.baseAddress else { return }
            let groups = output.count / 64
            draw(groups, into: start)
            if output.count % 64 > 0 {
                withUnsafeTemporaryAllocation(of: Float.self, capacity: 64) { rest in
                    guard let first = rest.baseAddress else { return }
                    draw(1, into: first)
                    (start + groups * 64).update(from: first, count: output.count % 64)
                }
            }
            position = 4
        }
    }

    /// A draw from the beta distribution with both parameters equal, 0…1.
    ///
    /// - Parameter concentration: both parameters, above 0.
    public mutating func beta(_ concentration: Double) -> Float {
        // In logarithms, as gamma variates of a small shape underflow.
        let (first, second) = (logGamma(concentration), logGamma(concentration))
        return Float(1 / (1 + Glibc.exp(second - first)))
    }

    /// The logarithm of a draw from the gamma distribution (Marsaglia and Tsang 2000).
    private mutating func logGamma(_ shape: Double) -> Double {
        let boost = shape < 1 ? Glibc.log(max(Double(uniform()), 0x1p-25)) / shape : 0
        let d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = Double(normal())
            let v = Glibc.pow(1 + c * x, 3)
            if v > 0, Glibc.log(max(Double(uniform()), 0x1p-25)) < 0.5 * x * x + d - d * v + d * Glibc.log(v) { return boost + Glibc.log(d * v) }
        }
    }
}

/// The Philox 4×32-10 counter-based generator. Many blocks at a time come from `regulus_bernoulli`.
enum Philox {
    /// The multipliers of the published generator.
    private static let multipliers: (UInt64, UInt64) = (0xD251_1F53, 0xCD9E_8D57)
    /// The increments of its key.
    private static let weyl: (UInt32, UInt32) = (0x9E37_79B9, 0xBB67_AE85)

    /// Four random words for a key and a counter made of step and block.
    static func block(key: UInt64, step: UInt64, block: UInt64) -> SIMD4<UInt32> {
        var (x0, x1) = (UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32))
        var (x2, x3) = (UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: step >> 32))
        var (k0, k1) = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
        for _ in 0..<10 {
            let p0 = multipliers.0 &* UInt64(x0)
            let p1 = multipliers.1 &* UInt64(x2)
            (x0, x1, x2, x3) = (
                UInt32(truncatingIfNeeded: p1 >> 32) ^ x1 ^ k0, UInt32(truncatingIfNeeded: p1),
                UInt32(truncatingIfNeeded: p0 >> 32) ^ x3 ^ k1, UInt32(truncatingIfNeeded: p0)
            )
            k0 &+= weyl.0
            k1 &+= weyl.1
        }
        return SIMD4(x0, x1, x2, x3)
    }
}
