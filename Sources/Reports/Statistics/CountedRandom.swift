/// Random bits for resampling: a function of (stream, count) alone, so that equal results have equal intervals.
///
/// The function is the output stage of SplitMix64 (Steele, Lea and Flood 2014).
struct CountedRandom {
    private var state: UInt64

    init(stream: UInt64) {
        state = Self.mixed(stream &+ 0x5EED)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// A number in `0..<bound`; how far it is from uniform is below `bound / 2⁶⁴`.
    mutating func next(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
