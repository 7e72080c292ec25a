/// The extents of a tensor's axes, stored inline so that a shape never allocates.
///
/// Axes are counted from 0; a negative axis counts from the end, so `shape[-1]` is the last extent. A
/// scalar has rank 0. Shapes are written as array literals, `[64, 32]`, and print as `64×32`.
public struct Shape: Hashable, Sendable {
    /// The largest possible number of axes.
    public static let maximumRank = 8

    /// The extents; 1 beyond the rank, so that equal shapes are equal bit by bit.
    private var extents: SIMD8<Int32>
    /// The number of axes.
    public private(set) var rank: Int

    /// The shape of a scalar, without axes.
    public static let scalar = Shape([])

    /// The shape with these extents, first axis first.
    ///
    /// - Precondition: at most ``maximumRank`` axes, each of 0 to 2³¹ − 1 elements.
    public init(_ dimensions: some Sequence<Int>) {
        extents = SIMD8(repeating: 1)
        rank = 0
        for dimension in dimensions { append(dimension) }
    }

    /// The number of elements: the product of all extents, 1 for a scalar.
    public var elementCount: Int {
        // Beside an extent of 0 the others may be any, and their product beyond what can be counted.
        if extents.min() == 0 { return 0 }
        var count = 1
        for axis in 0..<rank { count *= Int(extents[axis]) }
        return count
    }

    /// The extent of an axis; negative axes count from the end.
    ///
    /// - Precondition: the axis exists.
    public subscript(axis: Int) -> Int {
        get { Int(extents[resolve(axis)]) }
        set { extents[resolve(axis)] = Int32(newValue) }
    }

    /// The extents as an array, first axis first.
    public var dimensions: [Int] { (0..<rank).map { Int(extents[$0]) } }

    /// The axis counted from 0, of one that may count from the end.
    ///
    /// - Precondition: the axis exists.
    ///
    /// ```swift
    /// Shape([4, 5, 6]).resolve(-1)        // 2
    /// ```
    public func resolve(_ axis: Int) -> Int {
        let resolved = axis < 0 ? axis + rank : axis
        require(resolved >= 0 && resolved < rank, "axis \(axis) does not exist in a tensor of shape \(self)")
        return resolved
    }

    /// Adds an axis at the end.
    ///
    /// - Precondition: there is room for it, and the extent fits into 31 bits.
    mutating func append(_ dimension: Int) {
        require(rank < Shape.maximumRank, "a tensor has at most \(Shape.maximumRank) axes")
        require(dimension >= 0 && dimension <= Int(Int32.max), "an axis cannot have \(dimension) elements")
        extents[rank] = Int32(dimension)
        rank += 1
    }

    /// Adds an axis before the given position.
    mutating func insert(_ dimension: Int, at position: Int) {
        append(dimension)
        var axis = rank - 1
        while axis > position {
            extents[axis] = extents[axis - 1]
            axis -= 1
        }
        extents[position] = Int32(dimension)
    }

    /// Leaves out an axis.
    mutating func remove(at position: Int) {
        for axis in position..<(rank - 1) { extents[axis] = extents[axis + 1] }
        extents[rank - 1] = 1
        rank -= 1
    }

    /// Mixes all extents into one number first, because shapes are looked up several times in every operation.
    public func hash(into hasher: inout Hasher) {
        // Odd numbers with their bits well spread (as in SplitMix64), one for each pair of extents.
        let factors = SIMD4<UInt64>(0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 0xD6E8_FEB8_6659_FD93)
        let words = unsafeBitCast(extents, to: SIMD4<UInt64>.self) &* factors
        let mixed = words ^ (words &>> 32)
        hasher.combine(mixed.wrappedSum() &+ UInt64(rank))
    }

    /// The product of the extents of a range of axes.
    func count(_ axes: Range<Int>) -> Int {
        var count = 1
        for axis in axes { count *= Int(extents[axis]) }
        return count
    }

    /// The shape with one more axis, before the given position.
    func inserting(_ dimension: Int, at position: Int) -> Shape {
        var shape = self
        shape.insert(dimension, at: position)
        return shape
    }

    /// The shape without one of its axes.
    func removing(at position: Int) -> Shape {
        var shape = self
        shape.remove(at: position)
        return shape
    }

    /// The shape with another extent along one axis.
    func replacing(_ axis: Int, with dimension: Int) -> Shape {
        var shape = self
        shape[axis] = dimension
        return shape
    }

    /// The shape of an elementwise result under NumPy's broadcasting rules; nil where the two shapes do
    /// not fit.
    func broadcast(with other: Shape) -> Shape? {
        if self == other { return self }
        let rank = max(self.rank, other.rank)
        var result = Shape.scalar
        for axis in 0..<rank {
            let left = axis < rank - self.rank ? 1 : self[axis - (rank - self.rank)]
            let right = axis < rank - other.rank ? 1 : other[axis - (rank - other.rank)]
            guard left == right || left == 1 || right == 1 else { return nil }
            result.append(left == 1 ? right : left)
        }
        return result
    }
}

extension Shape: ExpressibleByArrayLiteral {
    /// The shape with these extents; see ``init(_:)``.
    public init(arrayLiteral dimensions: Int...) { self.init(dimensions) }
}

extension Shape: CustomStringConvertible {
    /// The extents joined by `×`, as in `64×32`; a scalar reads `scalar`.
    public var description: String {
        rank == 0 ? "scalar" : dimensions.map(String.init).joined(separator: "×")
    }
}
