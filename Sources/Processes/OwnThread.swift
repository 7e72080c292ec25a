import Glibc

/// A thread of this process for work that lasts.
///
/// A limit on processes, as of a container or a cluster's job, counts threads, too. Where it is reached the system refuses a further one, and whoever asked has
/// to know: waiting for a thread that never begins would last for ever.
package enum OwnThread {
    /// What a thread does.
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread that ends when `body` returns.
    ///
    /// - Parameters:
    ///   - stack: the size of its stack, in bytes.
    ///   - body: what it does.
    /// - Returns: whether the thread was started; where the system refuses it, `body` does not run.
    package static func start(stack: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        guard pthread_attr_setstacksize(&attributes, stack) == 0, pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) == 0 else {
            return false
        }
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { work in
                if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        if status != 0 { work.release() }
        return status == 0
    }

    /// Whether the system gives this process another thread: found out by one that ends at once.
    ///
    /// Dispatch waits for its first thread as long as the system refuses it, so a program asks before it depends on one.
    package static var isGranted: Bool {
        var thread = pthread_t()
        guard pthread_create(&thread, nil, { _ in nil }, nil) == 0 else { return false }
        return pthread_join(thread, nil) == 0
    }

    /// What to do where the system refuses a thread.
    package static let refusal = "the system refuses another thread: the limit on processes (ulimit -u, or pids.max of the control group) is reached"
}
