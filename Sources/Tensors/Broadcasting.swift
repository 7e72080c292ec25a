internal import CLanes

/// How two operands are walked to produce a broadcast result: an odometer over the axes of the result,
/// with a step for each operand along each axis.
///
/// Axes of extent 1 are left out, and neighboring axes that can be walked as one are merged, so that
/// nearly every call ends up with one or two loops: `N×T×D + D` takes a loop over N·T and one over D.
struct BroadcastPlan {
    /// The extents of the merged axes, outermost first.
    private(set) var extents: [Int] = []
    /// The left operand's step along each merged axis; 0 where it is repeated.
    private(set) var leftStrides: [Int] = []
    /// The right operand's step along each merged axis; 0 where it is repeated.
    private(set) var rightStrides: [Int] = []

    /// Plans the walk.
    ///
    /// - Precondition: `result` is the broadcast shape of the two.
    init(left: Shape, right: Shape, result: Shape) {
        var leftStep = left.elementCount
        var rightStep = right.elementCount
        for axis in 0..<result.rank {
            let extent = result[axis]
            let leftAxis = axis - (result.rank - left.rank)
            let rightAxis = axis - (result.rank - right.rank)
            let leftExtent = leftAxis < 0 ? 1 : left[leftAxis]
            let rightExtent = rightAxis < 0 ? 1 : right[rightAxis]
            leftStep /= max(leftExtent, 1)
            rightStep /= max(rightExtent, 1)
            if extent == 1 { continue }
            let leftStride = leftExtent == 1 ? 0 : leftStep
            let rightStride = rightExtent == 1 ? 0 : rightStep
            if let last = extents.indices.last,
                leftStrides[last] == leftStride * extent, rightStrides[last] == rightStride * extent
            {
                extents[last] *= extent
                leftStrides[last] = leftStride
                rightStrides[last] = rightStride
            } else {
                extents.append(extent)
                leftStrides.append(leftStride)
                rightStrides.append(rightStride)
            }
        }
    }

    /// Calls `body` with the offsets of the result and both operands for every run of the innermost
    /// axis, in row-major order.
    ///
    /// Without axes, for a single element, it is called once.
    @inline(__always)
    func forEachRun(_ body: (_ result: Int, _ left: Int, _ right: Int) -> Void) {
        guard let inner = extents.last else {
            body(0, 0, 0)
            return
        }
        let outerRank = extents.count - 1
        var index = [Int](repeating: 0, count: outerRank)
        var result = 0
        var left = 0
        var right = 0
        while true {
            body(result, left, right)
            result += inner
            var axis = outerRank - 1
            while axis >= 0 {
                index[axis] += 1
                left += leftStrides[axis]
                right += rightStrides[axis]
                if index[axis] < extents[axis] { break }
                left -= leftStrides[axis] * extents[axis]
                right -= rightStrides[axis] * extents[axis]
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}

extension Tensor {
    /// `operation` applied to pairs of elements under broadcasting, without a record.
    ///
    /// Equal shapes and single elements take a plain loop that the compiler vectorizes; everything else
    /// goes through a ``BroadcastPlan``.
    ///
    /// - Parameter name: what the message calls the operation where the shapes do not fit.
    /// - Precondition: the shapes can be broadcast together.
    ///
    /// - Parameters:
    ///   - left: the first operand.
    ///   - right: the second one.
    ///   - operation: what becomes of a pair of entries; called once for each entry of the result, in
    ///     no promised order.
    /// - Returns: a tensor of the broadcast shape, which may be empty.
    @inline(__always)
    static func combined(
        _ name: StaticString, _ left: Tensor, _ right: Tensor, _ operation: (Float, Float) -> Float
    ) -> Tensor {
        guard let shape = left.shape.broadcast(with: right.shape) else {
            stop("\(name): shapes \(left.shape) and \(right.shape) cannot be broadcast together")
        }
        let result = Tensor(uninitialized: shape)
        let output = result.pointer
        let a = left.pointer
        let b = right.pointer
        let count = result.elementCount
        if count == 0 { return result }
        withExtendedLifetime((left, right)) {
            if left.shape == right.shape {
                for index in 0..<count { output[index] = operation(a[index], b[index]) }
            } else if right.elementCount == 1 {
                let value = b[0]
                for index in 0..<count { output[index] = operation(a[index], value) }
            } else if left.elementCount == 1 {
                let value = a[0]
                for index in 0..<count { output[index] = operation(value, b[index]) }
            } else {
                let plan = BroadcastPlan(left: left.shape, right: right.shape, result: shape)
                let run = plan.extents.last ?? 1
                let leftStride = plan.leftStrides.last ?? 0
                let rightStride = plan.rightStrides.last ?? 0
                plan.forEachRun { start, leftStart, rightStart in
                    let output = output + start
                    let a = a + leftStart
                    let b = b + rightStart
                    if leftStride == 1 && rightStride == 1 {
                        for index in 0..<run { output[index] = operation(a[index], b[index]) }
                    } else if leftStride == 1 && rightStride == 0 {
                        let value = b[0]
                        for index in 0..<run { output[index] = operation(a[index], value) }
                    } else if leftStride == 0 && rightStride == 1 {
                        let value = a[0]
                        for index in 0..<run { output[index] = operation(value, b[index]) }
                    } else {
                        for index in 0..<run { output[index] = operation(a[index * leftStride], b[index * rightStride]) }
                    }
                }
            }
        }
        return result
    }

    /// The gradient on its way back through an operation whose slope depends on `other`.
    ///
    /// A gradient of 0 stays 0 even where the slope is infinite or NaN: an element that does not count
    /// in the result, because it is masked or multiplied by 0 further on, must not turn the gradients
    /// of all others into NaN.
    @inline(__always)
    static func chained(
        _ name: StaticString, _ gradient: Tensor, _ other: Tensor, _ operation: (_ gradient: Float, _ other: Float) -> Float
    ) -> Tensor {
        combined(name, gradient, other) { $0 == 0 ? 0 : operation($0, $1) }
    }

    /// `operation` applied to every element, without a record, in a loop that the compiler vectorizes
    /// where the operation allows it.
    ///
    /// NaN and infinities are passed to the operation like any other number.
    @inline(__always)
    func mapped(_ operation: (Float) -> Float) -> Tensor {
        let result = Tensor(uninitialized: shape)
        let output = result.pointer
        let input = pointer
        withExtendedLifetime(self) {
            for index in 0..<elementCount { output[index] = operation(input[index]) }
        }
        return result
    }

    /// Sums over the axes along which a tensor of the given shape was repeated: the gradient of
    /// broadcasting.
    ///
    /// - Precondition: the target can be broadcast to this shape.
    ///
    /// Sums along an axis with inner stride are in single precision, those along the last axis in
    /// double: see ``sum(axes:keepingAxes:)``.
    func reduced(to target: Shape) -> Tensor {
        if shape == target { return self }
        let lead = shape.rank - target.rank
        let axes = (0..<shape.rank).filter { $0 < lead || (target[$0 - lead] == 1 && shape[$0] != 1) }
        return sum(axes: axes, keepingAxes: true).viewed(as: target)
    }

    /// Adds a tensor of the same shape, in place where no other tensor shares the memory, and otherwise
    /// into new memory.
    ///
    /// - Precondition: the shapes are equal.
    mutating func add(_ other: Tensor) {
        require(shape == other.shape, "add: shapes \(shape) and \(other.shape) differ")
        if isKnownUniquelyReferenced(&storage) {
            storage.bound = nil
            withExtendedLifetime(other) { regulus_shift_rows(pointer, other.pointer, 1, elementCount, 0) }
        } else {
            self = Tensor.combined("add", self, other) { $0 + $1 }
        }
    }
}
