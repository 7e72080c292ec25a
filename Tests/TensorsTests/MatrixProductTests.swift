import Testing

@testable import Tensors

@Suite("Matrix products and linear maps") struct MatrixProductTests {
    /// Rows, columns and what is summed over, on both sides of the sizes from which another library computes.
    private static let shapes = [
        (3, 5, 2), (40, 7, 512), (64, 27, 170), (64, 48, 256), (1, 700, 1600), (130, 128, 64), (13, 16, 9), (1, 32, 1), (67, 48, 33), (200, 112, 71),
        (16, 24, 1), (35, 79, 47), (64, 300, 74), (90, 26, 300), (17, 64, 16), (128, 512, 48), (300, 40, 900),
    ]

    private func numbers(_ shape: Shape, _ name: String) -> Tensor {
        var stream = RandomSource(seed: 11).stream(name)
        return stream.normal(shape)
    }

    @Test("products agree with sums in double precision, with either operand transposed", arguments: shapes)
    func products(rows: Int, columns: Int, inner: Int) {
        let (left, right) = (numbers([rows, inner], "left"), numbers([inner, columns], "right"))
        let (a, b) = (left.values, right.values)
        let expected = (0..<rows * columns).map { place in
            (0..<inner).reduce(0.0) { $0 + Double(a[place / columns * inner + $1]) * Double(b[$1 * columns + place % columns]) }
        }
        let bound = 4e-7 * Double(inner) + 1e-5
        for (x, turned) in [(left, false), (left.transposed(), true)] {
            for (y, turnedToo) in [(right, false), (right.transposed(), true)] {
                let product = x.matmul(y, transposingLeft: turned, transposingRight: turnedToo)
                #expect(zip(product.values, expected).allSatisfy { abs(Double($0) - $1) < bound })
            }
        }
    }

    @Test("a product can be added to what the output holds, alone or split over threads", arguments: shapes)
    func adding(rows: Int, columns: Int, inner: Int) {
        let (left, right) = (numbers([rows, inner], "left"), numbers([inner, columns], "right"))
        let product = left.matmul(right)
        for (x, isTransposed) in [(left, false), (left.transposed(), true)] {
            for splits in [false, true] {
                let sum = Tensor.full(3, [rows, columns])
                withExtendedLifetime((x, right)) {
                    Tensor.multiply(
                        x.pointer, isTransposed, right.pointer, false, into: sum.pointer, rows, columns, inner, adds: true, splits: splits)
                }
                let bound = 4e-7 * Float(inner) + 1e-5
                #expect(zip(sum.values, product.values).allSatisfy { abs($0 - 3 - $1) < bound })
            }
        }
    }

    @Test(
        "the bits of a small product depend neither on the number of threads nor on that of rows", .enabled(if: ProcessorKernels.hasFusedVectors),
        arguments: [false, true], [64, 77, 150])
    func threads(isTransposed: Bool, columns: Int) {
        defer { Threads.use(1) }
        let (left, right) = (numbers([500, 37], "left"), numbers([37, columns], "right"))
        func products(_ rows: Int) -> [[Float]] {
            let part = left[0..<rows]
            let product = (isTransposed ? part.transposed() : part).matmul(right, transposingLeft: isTransposed)
            return [product, part.matmul(right.transposed(), transposingRight: true)].map(\.values)
        }
        let all = products(500)
        #expect(all[0] == all[1])
        #expect(all.map { Array($0[..<(131 * columns)]) } == products(131))
        for threads in [2, 3] {
            Threads.use(threads)
            #expect(products(500) == all)
        }
    }

    @Test("numbers beyond the last column are neither read nor written", .enabled(if: ProcessorKernels.hasFusedVectors), arguments: [33, 64, 79])
    func edges(columns: Int) {
        // What is not a number behind the operands would show in the result, and what is written behind it in the numbers there.
        let (rows, inner) = (20, 18)
        func framed(_ count: Int, _ name: String) -> Tensor {
            var memory = numbers([count + 64], name)
            memory.withUnsafeMutableValues { values in for index in count..<count + 64 { values[index] = .nan } }
            return memory
        }
        let (left, right) = (framed(rows * inner, "left"), framed(inner * columns, "right"))
        for (isTransposed, isTransposedToo) in [(false, false), (true, false), (false, true)] {
            let output = Tensor.full(7, [rows * columns + 64])
            withExtendedLifetime((left, right)) {
                Tensor.multiply(left.pointer, isTransposed, right.pointer, isTransposedToo, into: output.pointer, rows, columns, inner)
            }
            #expect(output.values[..<(rows * columns)].allSatisfy { $0.isFinite })
            #expect(output.values[(rows * columns)...].allSatisfy { $0 == 7 })
        }
    }

    @Test("a linear map with its ReLU has the bits of the two one after the other, and their gradients", arguments: [true, false])
    func rectified(hasBias: Bool) throws {
        for (rows, inputs, outputs) in [(1, 1, 1), (5, 3, 17), (70, 20, 33)] {
            let x = numbers([rows, inputs], "x").tracked()
            let (weight, bias) = (numbers([outputs, inputs], "weight").tracked(), hasBias ? numbers([outputs], "bias").tracked() : nil)
            let slope = numbers([rows, outputs], "slope")
            let variables = [x, weight] + [bias].compactMap(\.self)
            let (one, two) = (x.linear(weight: weight, bias: bias, appliesReLU: true), x.linear(weight: weight, bias: bias).relu())
            #expect(one.values == two.values)
            for (a, b) in zip(gradients(of: (one * slope).sum(), with: variables), gradients(of: (two * slope).sum(), with: variables)) {
                #expect(try #require(a).values == #require(b).values)
            }
        }
    }

    @Test("what is not a number stays so through a ReLU, and passes no gradient") func notANumber() throws {
        let x = Tensor([.nan, -.infinity, .infinity, -0.0, -1, 2], shape: [6]).tracked()
        let y = x.relu()
        #expect(y.values[0].isNaN)
        #expect(Array(y.values[1...]) == [0, .infinity, 0, 0, 2])
        #expect(try #require(gradients(of: y.sum(), with: [x])[0]).values == [0, 0, 1, 0, 0, 1])
    }
}
