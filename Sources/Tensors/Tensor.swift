/// A dense array of 32-bit floats with value semantics and, where asked for, gradients.
///
/// Elements are stored row-major without gaps. Copies share memory until one of them is written to.
/// Operations that work like a convolution take channels last (`N×L×C`, `N×H×W×C`, `N×D×H×W×C`).
///
/// Gradients come from a record. A variable is made by ``tracked()``; every operation on a tracked
/// tensor adds a step to the record, and ``gradients(of:with:keepingGraph:)`` walks the record
/// backwards. Nothing is recorded for tensors that depend on no variable, nor inside
/// ``withoutGradients(_:)``.
///
/// ```swift
/// let w = Tensor([1, 2], shape: [2]).tracked()
/// let loss = (w * w).sum()
/// let gradient = gradients(of: loss, with: [w])[0]        // 2, 4
/// ```
///
/// Shapes are checked where an operation is called; a mismatch stops the program with the operation's
/// name and the shapes. Input from outside is therefore checked before it becomes a tensor operation.
///
/// A tensor is not `Sendable`, because a record belongs to the thread that made it. Hand ``values``
/// across threads instead.
public struct Tensor {
    /// The memory, possibly shared with other tensors.
    var storage: Storage
    /// The position of the first element in that memory.
    var offset: Int
    /// The extents of the axes.
    public internal(set) var shape: Shape
    /// The step of the record that made this tensor; nil for a constant.
    var node: GradientNode?

    /// A tensor over existing memory, without a record.
    init(storage: Storage, offset: Int, shape: Shape) {
        self.storage = storage
        self.offset = offset
        self.shape = shape
    }

    /// Memory of the given shape whose contents are still undefined.
    init(uninitialized shape: Shape) {
        self.init(storage: Storage(count: shape.elementCount), offset: 0, shape: shape)
    }

    /// A tensor whose elements are written by `body` in row-major order.
    ///
    /// - Parameters:
    ///   - shape: the extents of the axes.
    ///   - body: writes every element; what it leaves out is undefined.
    public init(shape: Shape, initializingWith body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        self.init(uninitialized: shape)
        try body(UnsafeMutableBufferPointer(start: pointer, count: shape.elementCount))
    }

    /// A tensor of the given elements in row-major order.
    ///
    /// - Precondition: as many values as the shape has elements.
    public init(_ values: [Float], shape: Shape) {
        require(values.count == shape.elementCount, "\(values.count) values do not fill a tensor of shape \(shape)")
        self.init(uninitialized: shape)
        values.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { pointer.update(from: start, count: source.count) }
        }
    }

    /// A scalar: rank 0, one element.
    public init(_ value: Float) {
        self.init(uninitialized: .scalar)
        pointer[0] = value
    }

    /// A tensor of the given shape with every element the same.
    public static func full(_ value: Float, _ shape: Shape) -> Tensor {
        let result = Tensor(uninitialized: shape)
        result.pointer.update(repeating: value, count: result.elementCount)
        return result
    }

    /// A tensor of the given shape with every element 0.
    public static func zeros(_ shape: Shape) -> Tensor { full(0, shape) }

    /// Zeros for a tensor of which only the shape is wanted, such as a parameter of a model that is
    /// planned and not trained.
    ///
    /// A large one takes up no memory as long as nobody reads or writes its elements, and may be larger
    /// than the machine's memory.
    ///
    /// - Parameter shape: the extents of the axes.
    package static func untouchedZeros(_ shape: Shape) -> Tensor {
        let count = shape.elementCount
        // Below a mebibyte a mapping of its own costs more than it saves.
        return count < 1 << 18 ? zeros(shape) : Tensor(storage: Storage(untouchedZeros: count), offset: 0, shape: shape)
    }

    /// A tensor of the given shape with every element 1.
    public static func ones(_ shape: Shape) -> Tensor { full(1, shape) }

    /// The `n×n` identity matrix.
    public static func identity(_ n: Int) -> Tensor {
        let result = zeros([n, n])
        for index in 0..<n { result.pointer[index * (n + 1)] = 1 }
        return result
    }

    /// One row per label with a 1 in the label's column and 0 elsewhere: `N×K`.
    ///
    /// - Precondition: every label lies in `0..<classes`.
    public static func oneHot(_ labels: [Int], classes: Int) -> Tensor {
        let result = zeros([labels.count, classes])
        for (row, label) in labels.enumerated() {
            require(label >= 0 && label < classes, "label \(label) is not one of \(classes) classes")
            result.pointer[row * classes + label] = 1
        }
        return result
    }

    /// The number of axes; 0 for a scalar.
    public var rank: Int { shape.rank }

    /// The number of elements, the product of all extents.
    public var elementCount: Int { shape.elementCount }

    /// The first element's address. Writing through it is allowed only right after creation.
    var pointer: UnsafeMutablePointer<Float> { storage.base + offset }

    /// The value of a tensor of one element, of any rank.
    ///
    /// - Precondition: the tensor has exactly one element.
    public var item: Float {
        require(elementCount == 1, "a tensor of shape \(shape) has more than one element")
        return pointer[0]
    }

    /// All elements in row-major order, copied into an array that may cross threads.
    public var values: [Float] { withUnsafeValues(Array.init) }

    /// Whether no element is infinite or NaN.
    package var isFinite: Bool { withExtendedLifetime(storage) { Lanes.largestMagnitude(pointer, count: elementCount).isFinite } }

    /// Reads the elements in place, in row-major order, without a copy. The buffer must not be kept.
    public func withUnsafeValues<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(storage) { try body(UnsafeBufferPointer(start: pointer, count: elementCount)) }
    }

    /// Writes to the elements in place; memory that is shared with another tensor is copied first.
    ///
    /// - Precondition: the tensor is not the result of a recorded operation. A variable made by
    ///   ``tracked()`` may be written to.
    public mutating func withUnsafeMutableValues<Result>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        require(node?.isLeaf ?? true, "the result of a recorded operation cannot be written to")
        if !isKnownUniquelyReferenced(&storage) {
            let copy = Storage(count: elementCount)
            copy.base.update(from: pointer, count: elementCount)
            storage = copy
            offset = 0
        }
        storage.bound = nil
        return try body(UnsafeMutableBufferPointer(start: pointer, count: elementCount))
    }

    /// The same elements under another shape of the same size, sharing memory and without a record.
    func viewed(as shape: Shape) -> Tensor { Tensor(storage: storage, offset: offset, shape: shape) }
}

extension Tensor: CustomStringConvertible {
    /// The shape and the first elements.
    public var description: String {
        let shown = withUnsafeValues { $0.prefix(8).map { "\($0)" }.joined(separator: ", ") }
        return "Tensor \(shape) [\(shown)\(elementCount > 8 ? ", …" : "")]"
    }
}
