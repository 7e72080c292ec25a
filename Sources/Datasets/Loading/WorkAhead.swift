import Foundation
import Processes

/// Places 0, 1, 2, … whose values threads of its own make ahead, and that are handed out in order.
///
/// Whoever owns it says what its threads do: each takes place after place with ``begin()``, and hands what it has made of it to ``finish(_:_:)``. At most so
/// many places as its capacity are begun and not handed out at any time.
final class WorkAhead<Value: Sendable>: @unchecked Sendable {  // `state` is only touched while `condition` is locked
    /// What the threads and their user share.
    private struct State {
        /// The next place that is begun, by whomever.
        var taken = 0
        /// The next place that is handed out.
        var delivered = 0
        /// Values that wait, by their place.
        var ready: [Int: Value] = [:]
        /// Whether the threads have been asked to end.
        var isStopped = false
        /// The number of threads that have not ended.
        var working = 0
        var waited = Duration.zero

        /// Counts a thread that is about to be started; false where it is not to be.
        mutating func enter() -> Bool {
            if !isStopped { working += 1 }
            return !isStopped
        }
    }

    /// The number of places.
    private let count: Int
    /// How many places may be begun and not handed out at a time.
    private let capacity: Int
    /// Locks `state`, and wakes up all threads when it changes.
    private let condition = NSCondition()
    private var state = State()

    /// - Parameters:
    ///   - count: the number of places.
    ///   - capacity: how many may be begun and not handed out at a time, at least 1.
    init(count: Int, capacity: Int) { (self.count, self.capacity) = (count, capacity) }

    /// Starts threads, or as many of them as the system allows.
    ///
    /// - Parameters:
    ///   - stack: the size of the stack of each, in bytes.
    ///   - work: what each of them does; it ends where ``begin()`` has no place for it.
    func start(threads: Int, stack: Int = 8 << 20, _ work: @escaping @Sendable () -> Void) {
        for _ in 0..<threads {
            guard changing({ $0.enter() }) else { return }
            let isStarted = OwnThread.start(stack: stack) { [self] in
                work()
                changing { $0.working -= 1 }
            }
            if !isStarted { changing { $0.working -= 1 } }
        }
    }

    /// Ends the threads and returns when the last one has ended. It has to be called in any case.
    func stop() {
        condition.lock()
        defer { condition.unlock() }
        state.isStopped = true
        condition.broadcast()
        while state.working > 0 { condition.wait() }
    }

    /// The time that the user has spent waiting for the threads.
    var waited: Duration {
        condition.lock()
        defer { condition.unlock() }
        return state.waited
    }

    // MARK: - For the threads

    /// The next place to make a value for; waits while as many as allowed are there. Nil after the last, and once the threads are to end.
    func begin() -> Int? {
        condition.lock()
        defer { condition.unlock() }
        while !state.isStopped, state.taken < count, state.taken - state.delivered >= capacity { condition.wait() }
        guard !state.isStopped, state.taken < count else { return nil }
        defer { state.taken += 1 }
        return state.taken
    }

    /// Hands over the value of a place that this thread has begun.
    func finish(_ place: Int, _ value: Value) { changing { $0.ready[place] = value } }

    // MARK: - For the user

    /// The next place and its value, for which it waits; nil after the last place, and once the threads were stopped. There is no value where no thread has begun
    /// with the place and none is left, as where the system has refused them all: the place is then left to whoever asks.
    func next() -> (place: Int, value: Value?)? { next { $0.working > 0 } }

    /// The same, without waiting for a thread to begin with the place.
    func nextIfBegun() -> (place: Int, value: Value?)? { next { _ in false } }

    /// Hands out the next place.
    ///
    /// - Parameter waits: whether to wait for a thread to begin with it.
    private func next(_ waits: (State) -> Bool) -> (place: Int, value: Value?)? {
        condition.lock()
        defer { condition.unlock() }
        guard state.delivered < count, !state.isStopped else { return nil }
        let place = state.delivered
        if state.ready[place] == nil, place < state.taken || waits(state) {
            let start = ContinuousClock.now
            while state.ready[place] == nil, place < state.taken || waits(state) { condition.wait() }
            state.waited += start.duration(to: .now)
        }
        state.delivered += 1
        state.taken = max(state.taken, state.delivered)
        condition.broadcast()
        return (place, state.ready.removeValue(forKey: place))
    }

    // MARK: - Locked

    /// Changes the state and wakes up all threads.
    @discardableResult
    private func changing<Result>(_ body: (inout State) -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        defer { condition.broadcast() }
        return body(&state)
    }
}
