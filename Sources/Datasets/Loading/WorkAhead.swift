import Foundation

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
        /// The number of threads that have begun and not ended; those that the system refused never begin.
        var working = 0
        var waited = Duration.zero

        /// Whether there still is something to do for a thread that begins, which is counted then.
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

    /// Starts threads.
    ///
    /// - Parameter work: what each of them does; it ends where ``begin()`` has no place for it.
    func start(threads: Int, _ work: @escaping @Sendable () -> Void) {
        for _ in 0..<threads {
            let thread = Thread { [self] in
                guard changing({ $0.enter() }) else { return }
                work()
                changing { $0.working -= 1 }
            }
            thread.stackSize = 8 << 20
            thread.start()
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

    /// The next place and its value, for which it waits; nil after the last place, and once the threads were stopped.
    func next() -> (place: Int, value: Value)? {
        condition.lock()
        defer { condition.unlock() }
        guard state.delivered < count, !state.isStopped else { return nil }
        return deliver()
    }

    /// The value of the next place, for which it waits; nil where no thread has begun it. It is then left to whoever asks.
    func nextIfBegun() -> Value? {
        condition.lock()
        defer { condition.unlock() }
        guard state.delivered < state.taken else {
            state.delivered += 1
            state.taken = state.delivered
            condition.broadcast()
            return nil
        }
        return deliver()?.value
    }

    // MARK: - Locked

    /// Hands out the next place, for which it waits; `condition` is locked.
    private func deliver() -> (place: Int, value: Value)? {
        let place = state.delivered
        if state.ready[place] == nil {
            let start = ContinuousClock.now
            while state.ready[place] == nil { condition.wait() }
            state.waited += start.duration(to: .now)
        }
        guard let value = state.ready.removeValue(forKey: place) else { return nil }
        state.delivered += 1
        condition.broadcast()
        return (place, value)
    }

    /// Changes the state and wakes up all threads.
    @discardableResult
    private func changing<Result>(_ body: (inout State) -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        defer { condition.broadcast() }
        return body(&state)
    }
}
