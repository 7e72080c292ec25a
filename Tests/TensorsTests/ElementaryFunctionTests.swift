import Foundation
import Testing

@testable import Tensors

@Suite struct ElementaryFunctionTests {
    /// A grid over the given range whose number of points fills no whole lanes.
    private func grid(_ range: ClosedRange<Float>) -> Tensor {
        let count = 200_003
        return Tensor(
            (0..<count).map { range.lowerBound + (range.upperBound - range.lowerBound) * Float($0) / Float(count - 1) }, shape: [count])
    }

    private func largestError(_ x: Tensor, _ found: Tensor, isRelative: Bool, _ reference: (Double) -> Double) -> Double {
        zip(x.values, found.values).reduce(0) { worst, pair in
            let exact = reference(Double(pair.0))
            let error = abs(Double(pair.1) - exact)
            return max(worst, isRelative ? error / abs(exact) : error)
        }
    }

    @Test func `exponentials are within two units in the last place`() {
        let x = grid(-87...88.7)
        #expect(largestError(x, x.exp(), isRelative: true) { Foundation.exp($0) } < 2.4e-7)
    }

    @Test func `exponentials overflow to infinity, underflow to zero and keep NaN`() {
        let found = Tensor([89, 1000, .infinity, -104, -1e9, -.infinity, .nan, 0, -100], shape: [9]).exp().values
        #expect(Array(found[0..<3]) == [.infinity, .infinity, .infinity])
        #expect(Array(found[3..<6]) == [0, 0, 0])
        #expect(found[6].isNaN)
        #expect(found[7] == 1)
        #expect(abs(Double(found[8]) - Foundation.exp(-100)) < 2e-45)
    }

    @Test func `hyperbolic tangents are exact to single precision on both sides of where the formula changes`() {
        for range: ClosedRange<Float> in [-1e-3...1e-3, 0.6...0.7, -20...20] {
            let x = grid(range)
            #expect(largestError(x, x.tanh(), isRelative: false) { Foundation.tanh($0) } < 3e-7)
        }
        let small = grid(1e-6...1)
        #expect(largestError(small, small.tanh(), isRelative: true) { Foundation.tanh($0) } < 3e-7)
        #expect(Tensor([-.infinity, .infinity, 0], shape: [3]).tanh().values == [-1, 1, 0])
        #expect(Tensor([.nan], shape: [1]).tanh().item.isNaN)
    }

    @Test func `sigmoids keep their relative accuracy far below zero`() {
        let x = grid(-80...30)
        #expect(largestError(x, x.sigmoid(), isRelative: true) { 1 / (1 + Foundation.exp(-$0)) } < 4e-7)
    }

    @Test func `GELU's share of a number, the normal distribution function, is exact to single precision`() {
        // At 0 itself the share cannot be told from the product.
        for range: ClosedRange<Float> in [-6 ... -1e-3, 1e-3...6] {
            let x = grid(range)
            #expect(largestError(x, x.gelu() / x, isRelative: false) { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < 3e-7)
        }
        let tail = grid(-4 ... -1e-3)
        #expect(largestError(tail, tail.gelu() / tail, isRelative: true) { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < 2e-6)
    }

    @Test func `a softmax over a width that fills no whole lanes sums to one and passes NaN on`() {
        for width in [1, 3, 8, 11, 98] {
            let rows = sample([5, width]).softmax().sum(axis: 1).values
            #expect(rows.allSatisfy { abs($0 - 1) < 1e-6 })
        }
        let spoiled = Tensor([1, .nan, 2, 0, 0, 0], shape: [2, 3]).softmax().values
        #expect(spoiled[0..<3].allSatisfy { $0.isNaN })
        #expect(spoiled[3..<6].allSatisfy { $0 == Float(1) / 3 })
    }

    @Test func `a gradient that has not the shape of its softmax stops the program with both shapes named`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor.zeros([2, 3]).tracked()
            let value = Tensor.custom(Tensor(0), inputs: [x.softmax()]) { _ in [Tensor.zeros([2, 2])] }
            _ = gradients(of: value, with: [x])
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("shapes 2×2 and 2×3 differ"))
    }
}
