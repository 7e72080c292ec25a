import Dispatch

/// Something that is done again and again, by a clock, until it is canceled or let go.
package final class PeriodicTask: Sendable {
    /// Unsafe only in name: it is set up once and then only canceled, which any thread may do.
    private nonisolated(unsafe) let timer: any DispatchSourceTimer

    /// - Parameters:
    ///   - label: of the queue that it runs on, for debuggers.
    ///   - interval: wall time from one time to the next.
    ///   - delay: wall time to the first time.
    ///   - body: what is done. It must not hold on to the owner of the task, which would then never be let go.
    package convenience init(_ label: String, every interval: Duration, after delay: Duration = .zero, _ body: @escaping @Sendable () -> Void) {
        self.init(on: DispatchQueue(label: label), every: interval, after: delay, body)
    }

    /// The same on a queue that other work shares.
    package init(on queue: DispatchQueue, every interval: Duration, after delay: Duration = .zero, _ body: @escaping @Sendable () -> Void) {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + Self.dispatched(delay), repeating: Self.dispatched(interval))
        timer.setEventHandler(handler: body)
        self.timer = timer
        timer.resume()
    }

    deinit { timer.cancel() }

    /// Ends it. What is being done at this moment is still done.
    package func cancel() { timer.cancel() }

    private static func dispatched(_ duration: Duration) -> DispatchTimeInterval {
        // Longer than a century is not meant.
        .nanoseconds(Int(max(0, min(duration / .nanoseconds(1), 3e18))))
    }
}
