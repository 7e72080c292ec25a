import Foundation
import TestSupport
import Testing

@testable import Persistence

@Suite("Files of other kinds")
struct FileKindTests {
    @Test("a named pipe, a socket, a device and a folder are refused at once, for reading and for writing")
    func kinds() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder("pipe"), 0o600) == 0)
        #expect(symlink(folder("pipe"), folder("link")) == 0)
        let stream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(stream) }
        // A socket's address holds 108 bytes, fewer than some temporary folders' names have.
        let place = "/tmp/regulus-\(UUID().uuidString.prefix(8))"
        defer { unlink(place) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: place.utf8) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(stream, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        #expect(isBound == 0)
        let cases = [
            (folder("pipe"), "it is a named pipe, not a file"), (folder("link"), "it is a named pipe, not a file"),
            (place, "it is a socket, not a file"), ("/dev/zero", "it is a device, not a file"), (folder.path, "it is a folder, not a file"),
        ]
        for (path, reason) in cases {
            let fault = FileFault(action: "read", path: path, reason: reason)
            #expect(throws: fault) { _ = try FileContents.mapped(path) }
            #expect(throws: fault) { _ = try FileContents.copied(path) }
            #expect(throws: fault) { _ = try SHA256Digest(ofFile: path) }
            #expect(throws: FileFault.self) { try SealedLog(path).append(1) }
        }
    }

    @Test("a fault says what is in the way, where something of another kind is")
    func obstacles() throws {
        let folder = try TemporaryFolder()
        try Folder.create(folder("taken"))
        try AtomicFile.write("a file", to: folder("file"))
        func obstacle(_ body: () throws -> Void) -> String? {
            do {
                try body()
                return "no fault"
            } catch {
                return (error as? FileFault)?.obstacle?.description
            }
        }
        #expect(obstacle { try AtomicFile.write("x", to: folder("taken")) } == "\(folder("taken")) is a folder, where a file belongs")
        #expect(obstacle { _ = try FileContents.copied(folder("taken")) } == "\(folder("taken")) is a folder, where a file belongs")
        #expect(obstacle { try SealedLog(folder("taken")).append(1) } == "\(folder("taken")) is a folder, where a file belongs")
        #expect(obstacle { try AtomicFile.write("x", to: folder("file/below/it")) } == "\(folder("file")) is not the folder that belongs there")
        #expect(obstacle { try Folder.create(folder("file")) } == "\(folder("file")) is not the folder that belongs there")
        #expect(obstacle { try Folder.create(folder("file/below/it")) } == "\(folder("file")) is not the folder that belongs there")
        // What is missing, or cannot be read, is not in the way.
        #expect(obstacle { _ = try FileContents.copied(folder("none")) } == nil)
        #expect(folder.names == ["file", "taken"])
    }

    @Test("a file system that names more blocks than can be counted has room for everything")
    func freeBytes() {
        var facts = statvfs()
        (facts.f_bavail, facts.f_frsize) = (.max, 1 << 24)
        #expect(Folder.freeBytes(facts) == .max)
        (facts.f_bavail, facts.f_frsize) = (.max, 1)
        #expect(Folder.freeBytes(facts) == .max)
        (facts.f_bavail, facts.f_frsize) = (3, 4096)
        #expect(Folder.freeBytes(facts) == 12_288)
    }

    @Test("the folder of a path, whatever its form")
    func parents() {
        let parents = ["a/b": "a", "a": "", "/": "/", "/a": "/", "a/": "a", "/a/b/c": "/a/b", "": "", "a//b": "a/", "ü": ""]
        for (path, parent) in parents { #expect(Folder.parent(of: path) == parent) }
    }

    @Test("a small file is copied whole, and one above the limit is refused")
    func copied() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write("0123456789", to: folder("a"))
        #expect(try FileContents.copied(folder("a"), limit: 10) == Data("0123456789".utf8))
        #expect(throws: FileFault(action: "read", path: folder("a"), reason: "it has 10 bytes, more than 9")) {
            try FileContents.copied(folder("a"), limit: 9)
        }
    }

    @Test("removing a folder removes what is in it, and of links only the links")
    func removal() throws {
        let folder = try TemporaryFolder()
        try Folder.create(folder("own/inside"))
        try Folder.create(folder("outside"))
        try AtomicFile.write("keep", to: folder("outside/file"))
        try AtomicFile.write("hidden", to: folder("own/.hidden"))
        #expect(symlink(folder("outside"), folder("own/inside/link")) == 0)
        #expect(symlink(folder("outside"), folder("link")) == 0)
        Folder.remove(folder("own"))
        Folder.remove(folder("link"))
        Folder.remove(folder("none"))
        #expect(folder.names == ["outside"])
        #expect(try FileContents.text(folder("outside/file")) == "keep")
    }

    @Test("a link in the place of an own folder is replaced, and what it leads to stays")
    func replacing() throws {
        let folder = try TemporaryFolder()
        try Folder.create(folder("outside"))
        #expect(symlink(folder("outside"), folder("own")) == 0)
        try Folder.createReplacingLink(folder("own"))
        #expect(!Folder.isLink(folder("own")) && Folder.exists(folder("own")) && Folder.exists(folder("outside")))
        try Folder.createReplacingLink(folder("own"))
        #expect(folder.names == ["outside", "own"])
    }
}
