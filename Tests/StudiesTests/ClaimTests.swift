import Foundation
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Studies
@testable import Training
@testable import TrainingSupport

@Suite("The claim on a trial")
struct ClaimTests {
    private let folder: TemporaryFolder
    private let place: ClaimPlace
    private let watch = ClaimWatch(patience: .seconds(3600))

    init() throws {
        folder = try TemporaryFolder()
        place = ClaimPlace(folder: folder.url.path, name: "claim")
    }

    private var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path))?.sorted() ?? [] }

    private func write(_ holder: ProcessIdentity, generation: Int = 1) throws {
        try JSONEncoder().encode(holder).write(to: folder.url.appendingPathComponent("claim.\(generation)"))
    }

    private func other(process: Int32, host: String = ProcessIdentity.own.host) throws -> ProcessIdentity {
        let text = #"{"host": "\#(host)", "process": \#(process), "started": "1"}"#
        return try JSONDecoder().decode(ProcessIdentity.self, from: Data(text.utf8))
    }

    @Test("is held by one, and free again once it is released")
    func one() throws {
        let claim = try #require(try place.take(watch))
        #expect(claim.isHeld)
        #expect(try place.take(watch) == nil)
        claim.release()
        #expect(!claim.isHeld)
        #expect(files.isEmpty)
        #expect(try place.take(watch) != nil)
    }

    @Test("is won by exactly one of many that reach for it at once", arguments: [false, true])
    func race(_ isStale: Bool) throws {
        for _ in 0..<50 {
            if isStale { try write(try other(process: getpid())) }
            let won = Mutex<[TrialClaim]>([])
            let (place, watch) = (place, watch)
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                if let claim = try? place.take(watch) { won.withLock { $0.append(claim) } }
            }
            let claims = won.withLock(\.self)
            #expect(claims.count { $0.isHeld } == 1 && claims.count == 1)
            #expect(files == [isStale ? "claim.2" : "claim.1"])
            for claim in claims { claim.release() }
        }
    }

    @Test("is won by exactly one where the file system has no hard links", arguments: [EOPNOTSUPP, EPERM, EINVAL, EACCES, EIO], [false, true])
    func withoutLinks(_ code: Int32, _ isStale: Bool) throws {
        for _ in 0..<20 {
            if isStale { try write(try other(process: getpid())) }
            let won = Mutex<[TrialClaim]>([])
            let (place, watch) = (place, watch)
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                let claim = try? place.take(watch) { _, _ in
                    errno = code
                    return -1
                }
                if let claim { won.withLock { $0.append(claim) } }
            }
            let claims = won.withLock(\.self)
            #expect(claims.count == 1 && claims.allSatisfy(\.isHeld))
            #expect(files == [isStale ? "claim.2" : "claim.1"])
            for claim in claims { claim.beat() }
            for claim in claims { claim.release() }
            #expect(files.isEmpty)
        }
    }

    @Test("a number that no run has counted up to is no claim, and a file of such a name does no harm")
    func foreignNumbers() throws {
        for name in ["9223372036854775807", "99999999999999999999", "-1", "0", "+2", "007", "1_000"] {
            try JSONEncoder().encode(try other(process: getpid())).write(to: folder.url.appendingPathComponent("claim.\(name)"))
        }
        let claim = try #require(try place.take(watch))
        #expect(claim.isHeld && files.contains("claim.1"))
        claim.release()
        place.removeLeftovers()
        #expect(files.isEmpty)
    }

    @Test("a named pipe in a claim's place keeps nobody waiting")
    func pipe() throws {
        #expect(mkfifo(folder.url.appendingPathComponent("claim.1").path, 0o600) == 0)
        #expect(try place.take(watch) != nil)
        #expect(files == ["claim.2"])
    }

    @Test("is known by numbers of files as cluster file systems have them, which fill 64 bits")
    func inodes() {
        var facts = stat()
        facts.st_ino = .max
        let highest = ClaimWatch.mark(of: facts)
        facts.st_ino -= 1
        #expect(ClaimWatch.mark(of: facts) != highest)
    }

    @Test("of a process that is gone is taken over at once, and its file is removed")
    func gone() throws {
        // The number is this process's, but that one was started at another time.
        try write(try other(process: getpid()), generation: 3)
        let claim = try #require(try place.take(watch))
        #expect(claim.isHeld)
        #expect(files == ["claim.4"])
    }

    @Test("of a process on another machine is respected until it has been silent for too long")
    func silent() throws {
        try write(try other(process: 1, host: "elsewhere"))
        let impatient = ClaimWatch(patience: .milliseconds(60))
        #expect(try place.take(impatient) == nil)
        usleep(40_000)
        // A sign of life, on the other machine's clock.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: folder.url.appendingPathComponent("claim.1").path)
        #expect(try place.take(impatient) == nil)
        usleep(40_000)
        #expect(try place.take(impatient) == nil)
        usleep(40_000)
        #expect(try place.take(impatient) != nil)
    }

    @Test("that does not say who holds it is respected for a shorter time", arguments: ["", "?", "{}"])
    func unknown(_ content: String) throws {
        try Data(content.utf8).write(to: folder.url.appendingPathComponent("claim.1"))
        let patient = ClaimWatch(patience: .seconds(3600), patienceWithUnknown: .milliseconds(20))
        #expect(try place.take(patient) == nil)
        usleep(40_000)
        #expect(try place.take(patient) != nil)
    }

    @Test("that another has taken over is no longer held, and its former holder leaves the other's alone")
    func lost() throws {
        let impatient = ClaimWatch(patience: .zero)
        let claim = try #require(try place.take(impatient))
        #expect(try place.take(impatient) == nil)
        let other = try #require(try place.take(impatient))
        #expect(!claim.isHeld && other.isHeld)
        claim.beat()
        claim.release()
        #expect(other.isHeld)
        #expect(files == ["claim.2"])
    }

    @Test("shows signs of life while its work goes on")
    func beating() throws {
        let held = HeldClaims(beatingEvery: .milliseconds(10))
        let claim = try #require(try place.take(watch))
        let file = folder.url.appendingPathComponent("claim.1").path
        let old = Date(timeIntervalSince1970: 1)
        try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: file)
        try held.holding([claim]) {
            for _ in 0..<500 where try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date == old {
                usleep(10_000)
            }
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date != old)
        }
        #expect(files.isEmpty)
    }

    @Test("that cannot be read is respected like any other")
    func unreadable() throws {
        try Data("{".utf8).write(to: folder.url.appendingPathComponent("claim.1"))
        #expect(try place.take(watch) == nil)
    }
}
