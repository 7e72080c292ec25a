import Processes
import Synchronization
import Training

/// Shows other workers at regular intervals that this one is alive.
final class HeldClaims: Sendable {
    private final class Claims: Sendable {
        let held = Mutex<[ObjectIdentifier: TrialClaim]>([:])
    }

    private let claims = Claims()
    private let beat: PeriodicTask

    /// - Parameter interval: wall time from one sign of life to the next.
    init(beatingEvery interval: Duration) {
        beat = PeriodicTask("regulus.claims", every: interval, after: interval) { [claims] in
            for claim in claims.held.withLock({ Array($0.values) }) { claim.beat() }
        }
    }

    /// Keeps claims alive while `body` runs, and releases them then.
    func holding<Value>(_ held: [TrialClaim], _ body: () throws -> Value) rethrows -> Value {
        claims.held.withLock { claims in for claim in held { claims[ObjectIdentifier(claim)] = claim } }
        defer {
            claims.held.withLock { claims in for claim in held { claims[ObjectIdentifier(claim)] = nil } }
            for claim in held { claim.release() }
        }
        return try body()
    }
}
