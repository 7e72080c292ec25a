import Foundation
import Synchronization
import Testing

@testable import Datasets

@Suite("Work that threads do ahead")
struct WorkAheadTests {
    @Test("Values come in the order of their places, no more are begun than may be, and after the last there is none", arguments: [1, 3])
    func order(threads: Int) {
        let ahead = WorkAhead<Int>(count: 40, capacity: 4)
        let begun = Mutex(0)
        ahead.start(threads: threads) {
            while let place = ahead.begin() {
                begun.withLock { $0 += 1 }
                // Later places are done earlier than some before them.
                if place % 3 == 0 { Thread.sleep(forTimeInterval: 0.001) }
                ahead.finish(place, place * place)
            }
        }
        for place in 0..<40 {
            let next = ahead.next()
            #expect(next?.place == place && next?.value == place * place)
            #expect(begun.withLock { $0 } <= place + 1 + 4)
        }
        #expect(ahead.next() == nil)
        ahead.stop()
        #expect(begun.withLock { $0 } == 40)
    }

    @Test("A place that no thread has begun is left to whoever asks, and no thread begins it later")
    func left() {
        let ahead = WorkAhead<Int>(count: 3, capacity: 2)
        #expect(ahead.nextIfBegun()?.value == .some(nil))
        #expect(ahead.begin() == 1)
        ahead.finish(1, 7)
        #expect(ahead.nextIfBegun()?.value == 7)
        #expect(ahead.nextIfBegun()?.value == .some(nil))
        #expect(ahead.nextIfBegun() == nil && ahead.begin() == nil)
        #expect(ahead.waited == .zero)
        ahead.stop()
    }

    @Test("Where the system refuses all threads, every place is left to whoever asks")
    func refused() {
        let ahead = WorkAhead<Int>(count: 3, capacity: 2)
        // No machine has room for such a stack.
        ahead.start(threads: 2, stack: 1 << 60) { ahead.finish(ahead.begin() ?? 0, 1) }
        for place in 0..<3 {
            let next = ahead.next()
            #expect(next?.place == place && next?.value == .some(nil))
        }
        #expect(ahead.next() == nil)
        ahead.stop()
    }

    @Test("Stopping waits for the threads that have begun; one that comes later does nothing")
    func stopping() {
        let ahead = WorkAhead<Int>(count: 1000, capacity: 1000)
        let hasBegun = DispatchSemaphore(value: 0)
        let done = Mutex(0)
        ahead.start(threads: 1) {
            while let place = ahead.begin() {
                if place == 0 { hasBegun.signal() }
                Thread.sleep(forTimeInterval: 0.005)
                ahead.finish(place, place)
                done.withLock { $0 += 1 }
            }
        }
        hasBegun.wait()
        ahead.stop()
        let finished = done.withLock { $0 }
        #expect((1..<1000).contains(finished))
        ahead.start(threads: 1) { done.withLock { $0 += 100 } }
        Thread.sleep(forTimeInterval: 0.02)
        #expect(done.withLock { $0 } == finished)
        #expect(ahead.next() == nil && ahead.begin() == nil)
    }
}
