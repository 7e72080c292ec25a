import Testing

@testable import Tensors

@Suite struct TensorTests {
    @Test("a copy keeps its values when the original is written to")
    func copyOnWrite() {
        var original = Tensor([1, 2, 3], shape: [3])
        let copy = original
        original.withUnsafeMutableValues { $0[0] = 9 }
        #expect(original.values == [9, 2, 3])
        #expect(copy.values == [1, 2, 3])
    }

    @Test("a slice of rows shares memory until one side is written to")
    func sliceSharesMemory() {
        let matrix = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
        var rows = matrix[1..<3]
        #expect(rows.storage === matrix.storage)
        rows.withUnsafeMutableValues { $0[0] = 0 }
        #expect(matrix.values == [1, 2, 3, 4, 5, 6])
        #expect(rows.values == [0, 4, 5, 6])
    }

    @Test("an inferred extent fills the shape")
    func inferredExtent() { #expect(Tensor.zeros([4, 6]).reshaped([3, -1]).shape == [3, 8]) }

    @Test("beside an extent of 0 the others may be any")
    func uncountableShape() {
        #expect(Shape([Int(Int32.max), Int(Int32.max), Int(Int32.max), 0]).elementCount == 0)
        #expect(Shape([0, Int(Int32.max), Int(Int32.max), Int(Int32.max)]).elementCount == 0)
        #expect(Shape([2, 3]).elementCount == 6 && Shape.scalar.elementCount == 1)
    }

    @Test("zeros that nobody touches are read as zeros, can be written to, and may be more than the memory holds", arguments: [8, 1 << 19])
    func untouchedZeros(count: Int) {
        var zeros = Tensor.untouchedZeros([count])
        let copy = zeros
        #expect(zeros.values.allSatisfy { $0 == 0 })
        zeros.withUnsafeMutableValues { $0[count - 1] = 5 }
        #expect(zeros.values.last == 5 && copy.values.last == 0)
        // A tebibyte, of which nothing is touched.
        #expect(Tensor.untouchedZeros([1 << 19, 1 << 19]).elementCount == 1 << 38)
    }

    @Test("shapes print as the papers write them")
    func shapeDescription() {
        #expect(Shape([48, 2304]).description == "48×2304")
        #expect(Shape.scalar.description == "scalar")
    }

    @Test("permuting and permuting back restores every element")
    func permuteRoundTrip() {
        let x = sample([2, 3, 4, 5])
        #expect(x.permuted([3, 1, 0, 2]).permuted([2, 1, 3, 0]).values == x.values)
    }

    @Test("log-softmax stays finite for logits of any size")
    func extremeLogits() {
        let x = Tensor([1e4, -1e4, 0, -1e30, 1e30, 0], shape: [2, 3]).logSoftmax()
        #expect(x.values.allSatisfy { $0.isFinite })
    }

    @Test("NaN passes through ReLU, maxima and sums instead of disappearing")
    func propagatesNaN() {
        let x = Tensor([1, .nan, -1], shape: [3])
        #expect(x.relu().values[1].isNaN)
        #expect(x.maximum(axis: 0).item.isNaN)
        #expect(x.sum().item.isNaN)
        #expect(Tensor.maximum(x, Tensor.zeros([3])).values[1].isNaN)
    }

    @Test("a matrix that is not positive definite has the log-determinant NaN")
    func indefinite() {
        #expect(Tensor([1, 2, 2, 1], shape: [2, 2]).logDeterminant().item.isNaN)
    }

    @Test("sums of a million equal terms are exact to single precision")
    func longSums() {
        #expect(abs(Tensor.full(0.1, [1_000_000]).sum().item - 100_000) < 0.1)
    }

    @Test("masked elements take no part in the gradient, even where they are NaN")
    func maskedNaN() {
        let x = Tensor([1, .nan], shape: [2]).tracked()
        let y = Tensor.select(Tensor([1, 0], shape: [2]), x, Tensor.zeros([2]))
        #expect(y.values == [1, 0])
        #expect(gradients(of: y.squared().sum(), with: [x])[0]?.values == [2, 0])
    }

    @Test("mismatched shapes stop the program with both shapes named")
    func mismatchedShapes() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]) + Tensor.zeros([4])
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("+: shapes 2×3 and 4 cannot be broadcast together"))
    }
}
