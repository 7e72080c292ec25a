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
    private let patienceWithUnknown: Duration
    private let sights = Mutex<[String: Sight]>([:])

    /// - Parameters:
    ///   - patience: the silence after which a holder counts as ended.
    ///   - patienceWithUnknown: the same for a claim that does not say who holds it, at most `patience`. The
    ///     maker of a claim writes its name within a moment, and renews the claim even where the name has
    ///     been damaged since, so a few missing renewals are enough.
    init(patience: Duration, patienceWithUnknown: Duration? = nil) {
        self.patience = patience
        self.patienceWithUnknown = min(patience, patienceWithUnknown ?? patience)
    }

    /// Whether the claim at `path` may be taken over.
    func isStale(_ path: String) -> Bool {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return errno == ENOENT }
        // No process claims a trial by a named pipe or a folder.
        guard facts.st_mode & S_IFMT == S_IFREG else { return true }
        let holder = Self.holder(path)
        if holder?.isGone == true { return true }
        let patience = holder == nil ? patienceWithUnknown : patience
        let mark = Self.mark(of: facts)
        let now = ContinuousClock.now
        return sights.withLock { sights in
            if let sight = sights[path], sight.mark == mark { return sight.since.duration(to: now) >= patience }
            sights[path] = Sight(mark: mark, since: now)
            return false
        }
    }

    /// What changes with every sign of life. Cluster file systems number their files with all 64 bits.
    static func mark(of facts: stat) -> [Int] { [Int(truncatingIfNeeded: facts.st_ino), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec] }

    /// Who holds the claim at `path`; nil where that cannot be read.
    static func holder(_ path: String) -> ProcessIdentity? {
        guard let data = try? FileContents.copied(path, limit: 1 << 16) else { return nil }
        return try? JSONDecoder().decode(ProcessIdentity.self, from: data)
    }
}
