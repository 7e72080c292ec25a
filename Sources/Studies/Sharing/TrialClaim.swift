import Foundation
import Persistence
import Training

/// The sole right to work on one trial among all processes that share a run folder.
///
/// A claim is a file `<name>.<generation>` that says who holds it; the highest generation counts. It comes into being complete, by a hard
/// link from a temporary name, which exactly one process can make, over NFS too. A stale claim is not removed but outbid by the
/// next generation, which again only one can make: removing one could hit the claim of whoever was faster.
///
/// Where a file system has no hard links, the claim is created under its own name, which again only one can do. It is empty then for a
/// moment, and one that stays so, as its maker was killed, counts as one of a holder that is silent.
final class TrialClaim: Sendable {
    private let place: ClaimPlace
    private let generation: Int
    /// The number of the claim's file; nil where the file system has no hard links, and so perhaps no numbers that last.
    private let file: UInt64?

    fileprivate init(place: ClaimPlace, generation: Int, file: UInt64?) {
        self.place = place
        self.generation = generation
        self.file = file
    }

    /// Whether nobody has taken the claim over. False after the process has been silent for too long.
    var isHeld: Bool {
        switch place.number(generation) {
        case .some(let present) where file.map { $0 != present } ?? (ClaimWatch.holder(place.path(generation)) != .own): false
        case .none where errno == ENOENT: false
        // A file server that does not answer has not given the trial to another worker.
        default: place.number(generation + 1) == nil
        }
    }

    /// Shows the others that the holder is alive.
    func beat() {
        if isHeld { utimensat(AT_FDCWD, place.path(generation), nil, 0) }
    }

    func release() {
        if isHeld { unlink(place.path(generation)) }
    }
}

/// Where the claims on one trial lie.
struct ClaimPlace: Hashable, Sendable {
    let folder: String
    let name: String

    fileprivate func path(_ generation: Int) -> String { "\(folder)/\(name).\(generation)" }

    /// The file's number, which a file keeps for life; nil (and `errno`) where there is none.
    fileprivate func number(_ generation: Int) -> UInt64? {
        var facts = stat()
        return stat(path(generation), &facts) == 0 ? UInt64(facts.st_ino) : nil
    }

    private var generations: [Int] {
        get throws {
            try Folder.names(in: folder).filter { $0.hasPrefix(name + ".") }.compactMap { file in
                let digits = file.dropFirst(name.count + 1)
                // What no run of ours has counted up to is somebody else's file, and could not be outbid.
                return Int(digits).flatMap { (1...1_000_000_000).contains($0) && String($0) == digits ? $0 : nil }
            }
        }
    }

    /// Claims the trial.
    ///
    /// - Parameters:
    ///   - watch: how long claims of others have been silent.
    ///   - link: makes a hard link.
    /// - Returns: nil while another process holds it.
    /// - Throws: `FileFault` where the folder cannot be read or written.
    func take(_ watch: ClaimWatch, link: (String, String) -> Int32 = { Foundation.link($0, $1) }) throws -> TrialClaim? {
        let before = try generations
        if let highest = before.max(), !watch.isStale(path(highest)) { return nil }
        let generation = (before.max() ?? 0) + 1
        guard let claim = try create(generation, link) else { return nil }
        // Another may have outbid a stale claim, and removed it, between our look and our link.
        let after = try generations
        guard after.max() == generation else {
            unlink(path(generation))
            return nil
        }
        for old in after where old < generation { unlink(path(old)) }
        return claim
    }

    /// Removes claims, and beginnings of claims, of processes that are known to be over.
    func removeLeftovers() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for file in names where file.hasPrefix("\(name).") || file.hasPrefix(".\(name).") {
            let holder = ClaimWatch.holder("\(folder)/\(file)")
            // A beginning that has no content yet may go: should its process live, it tries again.
            if holder?.isGone ?? file.hasPrefix(".") { unlink("\(folder)/\(file)") }
        }
    }

    /// - Returns: nil where another was faster.
    private func create(_ generation: Int, _ link: (String, String) -> Int32) throws -> TrialClaim? {
        let claim = path(generation)
        let temporary = "\(folder)/\(AtomicFile.temporaryName(for: name))"
        let stream = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard stream >= 0 else { throw FileFault(action: "claim", path: claim) }
        defer { unlink(temporary) }
        let text = try JSONEncoder().encode(ProcessIdentity.own)
        let written = text.withUnsafeBytes { write(stream, $0.baseAddress, $0.count) }
        let reason = errno
        guard close(stream) == 0, written == text.count else {
            throw FileFault(action: "claim", path: claim, code: written < 0 ? reason : ENOSPC)
        }
        let isLinked = link(temporary, claim) == 0
        let code = errno
        var facts = stat()
        // The answer of a file server to a link may get lost; the number of links shows what happened.
        if stat(temporary, &facts) == 0, isLinked || facts.st_nlink == 2 {
            return TrialClaim(place: self, generation: generation, file: UInt64(facts.st_ino))
        }
        switch code {
        case EEXIST, ENOENT: return nil
        case EOPNOTSUPP, EPERM, ENOSYS, EMLINK: return try createWithoutLink(generation, text)
        default: throw FileFault(action: "claim", path: claim, code: code)
        }
    }

    private func createWithoutLink(_ generation: Int, _ text: Data) throws -> TrialClaim? {
        let claim = path(generation)
        let stream = open(claim, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard stream >= 0 else {
            if errno == EEXIST { return nil }
            throw FileFault(action: "claim", path: claim)
        }
        let written = text.withUnsafeBytes { write(stream, $0.baseAddress, $0.count) }
        let reason = errno
        guard close(stream) == 0, written == text.count else {
            unlink(claim)
            throw FileFault(action: "claim", path: claim, code: written < 0 ? reason : ENOSPC)
        }
        return TrialClaim(place: self, generation: generation, file: nil)
    }
}
