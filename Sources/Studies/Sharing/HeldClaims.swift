import Dispatch
import Synchronization
import Training

/// Shows other workers at regular intervals that this one is alive.
final class HeldClaims: Sendable {
    private let claims = Mutex<[ObjectIdentifier: TrialClaim]>([:])
    /// Unsafe only in name: it is set up once and then only cancelled, from the last owner.
    private nonisolated(unsafe) let timer: any DispatchSourceTimer

    /// - Parameter interval: wall time from one sign of life to the next.
    init(beatingEvery interval: Duration) {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "regulus.claims"))
        let nanoseconds = Int(interval / .nanoseconds(1))
        timer.schedule(deadline: .now() + .nanoseconds(nanoseconds), repeating: .nanoseconds(nanoseconds))
        self.timer = timer
        timer.setEventHandler { [weak self] in
            guard let self else { return }
            for claim in claims.withLock({ Array($0.values) }) { claim.beat() }
        }
        timer.resume()
    }

    deinit { timer.cancel() }

    /// Keeps claims alive while `body` runs, and releases them then.
    func holding<Value>(_ held: [TrialClaim], _ body: () throws -> Value) rethrows -> Value {
        claims.withLock { claims in for claim in held { claims[ObjectIdentifier(claim)] = claim } }
        defer {
            claims.withLock { claims in for claim in held { claims[ObjectIdentifier(claim)] = nil } }
            for claim in held { claim.release() }
        }
        return try body()
    }
}
