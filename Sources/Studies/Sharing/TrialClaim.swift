import Foundation
import Persistence
import Training

/// The sole right to work on one trial among all processes that share a run folder.
///
/// A claim is a file `<name>.<generation>` that names its holder; the file of the highest generation
/// counts. The file appears with its whole content at once: it is written under a temporary name and
/// then hard-linked, which only one process can do, also over NFS. A stale claim is not removed,
/// because the removal could hit the claim of a faster process; instead the next generation is claimed,
/// which again only one process can do.
///
/// Where a file system has no hard links, the claim is created under its own name, which also only one
/// process can do. It is then empty for a moment. A claim that stays empty, because its maker was
/// killed, is treated like one whose holder is silent.
final class TrialClaim: Sendable {
    private let place: ClaimPlace
    private let generation: Int
    /// The inode number of the claim's file; nil where the file system has no hard links, and so
    /// perhaps no lasting numbers.
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
        // If the file server does not answer, no other worker has got the trial either.
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

/// Where the claim files of one trial lie.
struct ClaimPlace: Hashable, Sendable {
    let folder: String
    let name: String

    /// The path of the claim that counts; nil where there is none.
    var present: String? { (try? generations)?.max().map(path) }

    fileprivate func path(_ generation: Int) -> String { "\(folder)/\(name).\(generation)" }

    /// The inode number of a claim's file, which never changes; nil (and `errno`) where there is no
    /// such file.
    fileprivate func number(_ generation: Int) -> UInt64? {
        var facts = stat()
        return stat(path(generation), &facts) == 0 ? UInt64(facts.st_ino) : nil
    }

    private var generations: [Int] {
        get throws {
            try Folder.names(in: folder).filter { $0.hasPrefix(name + ".") }.compactMap { file in
                let digits = file.dropFirst(name.count + 1)
                // Runs count from 1, so a file with an absurdly high number is not a claim; no claim could exceed it either.
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
        // Between our look and our link, another process may have claimed the next generation and removed the stale file.
        let after = try generations
        guard after.max() == generation else {
            unlink(path(generation))
            return nil
        }
        for old in after where old < generation { unlink(path(old)) }
        return claim
    }

    /// Removes the claims, and the temporary files of claims, of processes that are known to have
    /// ended.
    func removeLeftovers() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for file in names where file.hasPrefix("\(name).") || file.hasPrefix(".\(name).") {
            let holder = ClaimWatch.holder("\(folder)/\(file)")
            // A temporary file without content may be removed: if its process still runs, it tries again.
            if holder?.isGone ?? file.hasPrefix(".") { unlink("\(folder)/\(file)") }
        }
    }

    /// Makes the claim of a generation.
    ///
    /// - Returns: nil where another process was faster.
    private func create(_ generation: Int, _ link: (String, String) -> Int32) throws -> TrialClaim? {
        let claim = path(generation)
        let temporary = "\(folder)/\(AtomicFile.temporaryName(for: name))"
        guard try make(temporary, of: claim) else { throw FileFault(action: "claim", path: claim, code: EEXIST) }
        defer { unlink(temporary) }
        let isLinked = link(temporary, claim) == 0
        let code = errno
        var facts = stat()
        // A file server's answer to a link may get lost; the number of links shows whether it was made.
        if stat(temporary, &facts) == 0, isLinked || facts.st_nlink == 2 {
            return TrialClaim(place: self, generation: generation, file: UInt64(facts.st_ino))
        }
        if code == EEXIST || code == ENOENT { return nil }
        // File systems without hard links say so in many ways. Where no file can be made either, that call says why.
        return try make(claim, of: claim) ? TrialClaim(place: self, generation: generation, file: nil) : nil
    }

    /// Makes a file that names this process as the holder of a claim.
    ///
    /// - Parameters:
    ///   - path: the claim's own, or a temporary one.
    ///   - claim: the claim's path, for the message.
    /// - Returns: whether it was this process that made it; false where there is one already.
    /// - Throws: `FileFault` where it cannot be made or written; nothing is left of it then.
    private func make(_ path: String, of claim: String) throws -> Bool {
        let text = try JSONEncoder().encode(ProcessIdentity.own)
        let stream = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard stream >= 0 else {
            if errno == EEXIST { return false }
            throw FileFault(action: "claim", path: claim)
        }
        let written = text.withUnsafeBytes { write(stream, $0.baseAddress, $0.count) }
        let reason = errno
        guard close(stream) == 0, written == text.count else {
            unlink(path)
            throw FileFault(action: "claim", path: claim, code: written < 0 ? reason : ENOSPC)
        }
        return true
    }
}

extension ClaimPlace {
    /// - Parameter folder: the trial's.
    init(ofTrialIn folder: URL) { self.init(folder: folder.path, name: "claim") }

    /// - Parameters:
    ///   - name: the rehearsal's, by which its result is named.
    ///   - folder: the folder of its result.
    init(ofRehearsal name: String, in folder: String) { self.init(folder: folder, name: "\(name).claim") }
}
