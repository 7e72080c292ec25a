import Foundation
import Testing

@testable import Tensors

@Suite("Numbers too small for full precision")
struct SubnormalsTests {
    /// Half of the smallest numbers of full precision: computed by a loop of C, by Swift's vectors and by single operations, in single and in double precision.
    private func halves() -> [Double] {
        let smallest = Tensor([Float](repeating: .leastNormalMagnitude, count: 33), shape: [33])
        let scaled = smallest.standardized(by: ChannelScale(means: [0], factors: [0.5]))
        // Neither number is known to the compiler, which would compute the product itself.
        let (number, half) = (smallest.values[0], smallest.values[1] / .leastNormalMagnitude / 2)
        let lane = SIMD8<Float>(repeating: number) * half
        var halves: [Double] = (smallest * 0.5).values.map { Double($0) }
        halves += scaled.values.map { Double($0) }
        halves += lane.indices.map { Double(lane[$0]) }
        return halves + [Double.leastNormalMagnitude * Double(half)]
    }

    /// What `body` returns on a thread of its own.
    private func onThread(_ body: @escaping @Sendable () -> [Double]) -> [Double] {
        let (found, isDone) = (Slot(), DispatchSemaphore(value: 0))
        Thread {
            found.values = body()
            isDone.signal()
        }.start()
        isDone.wait()
        return found.values
    }

    /// Written by one thread before another reads it.
    private final class Slot: @unchecked Sendable { var values: [Double] = [] }

    @Test("A thread that flushes them takes them for 0, and so do threads that it starts; others keep them")
    func flush() {
        let flushed = onThread {
            Subnormals.flush()
            return self.halves()
        }
        #expect(flushed.count == 75 && flushed.allSatisfy { $0 == 0 })
        let started = onThread {
            Subnormals.flush()
            return self.onThread { self.halves() }
        }
        #expect(started == flushed)
        #expect(onThread { self.halves() }.allSatisfy { $0 > 0 })
    }

    @Test("Operands that small are taken for 0, and every other number stays what it is")
    func operands() {
        let numbers: [Float] = [.leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1, -2.5, .infinity, -0.0]
        let found = onThread {
            Subnormals.flush()
            return (Tensor(numbers, shape: [7]) * 1).values.map(Double.init)
        }
        #expect(found == [0, 0, Double(Float.leastNormalMagnitude), 1, -2.5, .infinity, 0])
    }
}
