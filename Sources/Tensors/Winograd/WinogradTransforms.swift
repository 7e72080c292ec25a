/// The linear transforms of F(4, 3) with the points 0, ±1, ±2, ∞ (Lavin and Gray 2016, section 4.3),
/// along one axis and for several channels at a time.
///
/// With inputs `d`, taps `g` and the matrices of the paper, four outputs are `Aᵀ[(G g) ⊙ (Bᵀ d)]`. In
/// two dimensions each transform is applied along the columns and then along the rows. Gradients go
/// through the transposed matrices. The numbers between the transforms are larger than the results,
/// which are therefore less exact than those of the plain sum.
enum WinogradTransform {
    /// One number for each of several channels.
    typealias Values = SIMD16<Float>
    /// The number of channels that are transformed at a time.
    static let lanes = Values.scalarCount

    /// Bᵀ: six inputs become the six numbers of a tile.
    @inline(__always)
    static func input(_ a: Values, _ b: Values, _ c: Values, _ d: Values, _ e: Values, _ f: Values) -> (
        Values, Values, Values, Values, Values, Values
    ) {
        let (p, q) = (e - 4 * c, d - 4 * b)
        let (r, s) = (e - c, 2 * (d - b))
        return (4 * a - 5 * c + e, p + q, p - q, r + s, r - s, 4 * b - 5 * d + f)
    }

    /// Aᵀ: six products become four outputs.
    @inline(__always)
    static func output(_ a: Values, _ b: Values, _ c: Values, _ d: Values, _ e: Values, _ f: Values) -> (
        Values, Values, Values, Values
    ) {
        let (p, q) = (b + c, b - c)
        let (r, s) = (d + e, d - e)
        return (a + p + r, q + 2 * s, p + 4 * r, q + 8 * s + f)
    }

    /// A: the gradients of four outputs become those of six products.
    @inline(__always)
    static func outputGradient(_ a: Values, _ b: Values, _ c: Values, _ d: Values) -> (
        Values, Values, Values, Values, Values, Values
    ) {
        let (p, q) = (a + c, b + d)
        let (r, s) = (a + 4 * c, 2 * b + 8 * d)
        return (a, p + q, p - q, r + s, r - s, d)
    }

    /// G: three taps of a kernel become six numbers.
    @inline(__always)
    static func kernel(_ a: Values, _ b: Values, _ c: Values) -> (Values, Values, Values, Values, Values, Values) {
        let (p, q) = ((a + c) * (-1 / 6), b * (1 / 6))
        let (r, s) = (a * (1 / 24) + c * (1 / 6), b * (1 / 12))
        return (a * 0.25, p - q, p + q, r + s, r - s, c)
    }

    /// Gᵀ: the gradients of six numbers become those of three taps.
    @inline(__always)
    static func kernelGradient(_ a: Values, _ b: Values, _ c: Values, _ d: Values, _ e: Values, _ f: Values) -> (Values, Values, Values) {
        let (p, q) = (b + c, c - b)
        let (r, s) = (d + e, d - e)
        return (
            a * 0.25 - p * (1 / 6) + r * (1 / 24), q * (1 / 6) + s * (1 / 12), f - p * (1 / 6) + r * (1 / 6)
        )
    }

    /// Sixteen neighboring channels, at any alignment.
    @inline(__always)
    static func load(_ start: UnsafePointer<Float>) -> Values { UnsafeRawPointer(start).loadUnaligned(as: Values.self) }

    /// Writes sixteen neighboring channels, at any alignment.
    @inline(__always)
    static func store(_ values: Values, _ start: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(start).storeBytes(of: values, as: Values.self)
    }

    /// Writes the six numbers of tiles into six matrices, `step` numbers apart.
    @inline(__always)
    static func store(_ values: (Values, Values, Values, Values, Values, Values), _ start: UnsafeMutablePointer<Float>, _ step: Int) {
        store(values.0, start)
        store(values.1, start + step)
        store(values.2, start + 2 * step)
        store(values.3, start + 3 * step)
        store(values.4, start + 4 * step)
        store(values.5, start + 5 * step)
    }

    /// One tap of several channels, `step` numbers apart.
    @inline(__always)
    static func gather(_ start: UnsafePointer<Float>, step: Int) -> Values {
        var values = Values()
        for lane in 0..<lanes { values[lane] = start[lane * step] }
        return values
    }

    /// Writes three neighboring taps of several channels, `step` numbers apart.
    @inline(__always)
    static func scatter(_ values: (Values, Values, Values), _ start: UnsafeMutablePointer<Float>, step: Int) {
        for lane in 0..<lanes {
            let place = start + lane * step
            (place[0], place[1], place[2]) = (values.0[lane], values.1[lane], values.2[lane])
        }
    }

    /// Writes results, added to what is there and with a ReLU where asked for.
    @inline(__always)
    static func finish(_ values: Values, _ place: UnsafeMutablePointer<Float>, _ addsToOutput: Bool, _ appliesReLU: Bool) {
        var values = values
        if addsToOutput { values += load(place) }
        // NaN is not below 0 and stays.
        if appliesReLU { values.replace(with: 0, where: values .< 0) }
        store(values, place)
    }
}
