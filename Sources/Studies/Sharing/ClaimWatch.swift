import Foundation
import Persistence
import Synchronization
import Training

/// Notices claims whose holder has ended or fallen silent.
///
/// Silence is measured on this machine's own clock, from the moment at which it saw the last sign of
/// life: clocks of machines that share a folder are not compared.
final class ClaimWatch: Sendable {
    private struct Sight {
        let mark: [Int]
        let since: ContinuousClock.Instant
    }

    private let patience: Duration
    private let sights = Mutex<[String: Sight]>([:])

    /// - Parameter patience: the silence after which a holder counts as ended.
    init(patience: Duration) { self.patience = patience }

    /// Whether the claim at `path` may be taken over.
    func isStale(_ path: String) -> Bool {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return errno == ENOENT }
        if Self.holder(path)?.isGone == true { return true }
        let mark = [Int(facts.st_ino), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec]
        let now = ContinuousClock.now
        return sights.withLock { sights in
            if let sight = sights[path], sight.mark == mark { return sight.since.duration(to: now) >= patience }
            sights[path] = Sight(mark: mark, since: now)
            return false
        }
    }

    /// Who holds the claim at `path`; nil where that cannot be read.
    static func holder(_ path: String) -> ProcessIdentity? {
        guard let data = try? FileContents.mapped(path) else { return nil }
        return try? JSONDecoder().decode(ProcessIdentity.self, from: data)
    }
}
