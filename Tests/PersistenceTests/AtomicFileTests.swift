import Foundation
import TestSupport
import Testing

@testable import Persistence

@Suite("Atomic files")
struct AtomicFileTests {
    @Test("A written file has its content and leaves nothing beside it")
    func writes() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write("first", to: folder("a.txt"))
        try AtomicFile.write("second", to: folder("a.txt"))
        #expect(try FileContents.text(folder("a.txt")) == "second")
        #expect(folder.names == ["a.txt"])
    }

    @Test("A file that need not survive a power failure is replaced whole as well")
    func fleeting() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write("first", to: folder("a.txt"))
        try AtomicFile.write(Data("second".utf8), to: folder("a.txt"), durability: .none)
        #expect(try FileContents.text(folder("a.txt")) == "second")
        #expect(folder.names == ["a.txt"])
    }

    @Test("Several files that belong together are replaced together, in any folders")
    func together() throws {
        let folder = try TemporaryFolder()
        try Folder.create(folder("inside"))
        try AtomicFile.write("old", to: folder("a.txt"))
        try AtomicFile.write([(Data("first".utf8), folder("a.txt")), (Data("second".utf8), folder("inside/b.txt"))])
        #expect(try FileContents.text(folder("a.txt")) == "first")
        #expect(try FileContents.text(folder("inside/b.txt")) == "second")
        #expect(folder.names == ["a.txt", "inside"])
    }

    @Test("Of several files none is replaced where one cannot be written, and that one is named")
    func togetherOrNot() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write("old", to: folder("a.txt"))
        let fault = #expect(throws: FileFault.self) {
            try AtomicFile.write([(Data("new".utf8), folder("a.txt")), (Data("second".utf8), folder("none/b.txt"))])
        }
        #expect(fault?.path == folder("none/b.txt"))
        #expect(try FileContents.text(folder("a.txt")) == "old")
        #expect(folder.names == ["a.txt"])
    }

    @Test("An empty file can be written and read")
    func empty() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write(Data(), to: folder("empty"))
        #expect(try FileContents.mapped(folder("empty")).isEmpty)
    }

    @Test("A fault in the middle keeps the old file and removes the temporary one")
    func faultKeepsOldFile() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write("old", to: folder("a.txt"))
        let fault = FileFault(action: "write", path: "elsewhere", reason: "the source ended")
        #expect(throws: fault) {
            try AtomicFile.write(to: folder("a.txt")) { (writer) throws(FileFault) in
                try writer.append(Data("half".utf8))
                throw fault
            }
        }
        #expect(try FileContents.text(folder("a.txt")) == "old")
        #expect(folder.names == ["a.txt"])
    }

    @Test("A missing folder is named with the system's reason")
    func missingFolder() throws {
        let folder = try TemporaryFolder()
        let path = folder("none/a.txt")
        let fault = #expect(throws: FileFault.self) { try AtomicFile.write("x", to: path) }
        #expect(fault?.description == "cannot write \(path): No such file or directory")
    }

    @Test("A folder in the way is named, and the temporary file goes")
    func folderInTheWay() throws {
        let folder = try TemporaryFolder()
        try Folder.create(folder("taken/inside"))
        let path = folder("taken")
        let fault = #expect(throws: FileFault.self) { try AtomicFile.write("x", to: path) }
        #expect(fault?.description == "cannot write \(path): Is a directory")
        #expect(folder.names == ["taken"])
    }

    @Test("A path that ends in a slash is refused")
    func pathOfFolder() throws {
        let fault = #expect(throws: FileFault.self) { try AtomicFile.write("x", to: "runs/") }
        #expect(fault?.description == "cannot write runs/: the path names a folder, not a file")
    }

    @Test("Reading names what is missing, a folder, and text that is not UTF-8")
    func readingFaults() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: FileFault.self) { try FileContents.mapped(folder("none")) }
        #expect(missing?.description == "cannot read \(folder("none")): No such file or directory")
        let notAFile = #expect(throws: FileFault.self) { try FileContents.mapped(folder.path) }
        #expect(notAFile?.description == "cannot read \(folder.path): it is a folder, not a file")
        try AtomicFile.write(Data([0xff, 0xfe]), to: folder("latin"))
        let notText = #expect(throws: FileFault.self) { try FileContents.text(folder("latin")) }
        #expect(notText?.description == "cannot read \(folder("latin")): not UTF-8 text in line 1")
    }

    @Test("Folders are made with those above them, and listed in order")
    func folders() throws {
        let folder = try TemporaryFolder()
        try Folder.create(folder("x/y/z"))
        try Folder.create(folder("x/y/z"))
        try AtomicFile.write("", to: folder("x/b"))
        try AtomicFile.write("", to: folder("x/a"))
        #expect(try Folder.names(in: folder("x")) == ["a", "b", "y"])
        let fault = #expect(throws: FileFault.self) { try Folder.create(folder("x/a/below")) }
        #expect(fault?.description == "cannot create folder \(folder("x/a/below")): Not a directory")
    }

    /// A temporary file as it is left by a process of this machine with a number, and the time at which it started.
    private func leave(_ mark: String, in folder: TemporaryFolder) throws -> String {
        let parts = AtomicFile.temporaryName(for: "a.txt").split(separator: ".", omittingEmptySubsequences: false)
        let name = (parts.dropLast(3) + [Substring(mark)] + parts.suffix(2)).joined(separator: ".")
        try Data("half".utf8).write(to: URL(fileURLWithPath: folder(name)))
        return name
    }

    @Test("What a process left that is over goes; what one writes now, here or on another machine, stays")
    func abandoned() throws {
        let folder = try TemporaryFolder()
        let own = ProcessIdentity.ownMark.split(separator: "-")
        let gone = try leave("\(own[0])-\(own[1])-1", in: folder)
        let living = [
            try leave(ProcessIdentity.ownMark, in: folder), try leave("0123456789ab-\(own[1])-1", in: folder), try leave("unmarked", in: folder),
        ]
        #expect(folder.names.contains(gone))
        AtomicFile.removeAbandonedTemporaries(in: folder.path)
        #expect(folder.names.sorted() == living.sorted())
    }

    @Test("What nobody has touched for an hour goes, whoever wrote it and however far back its date lies", arguments: [time(nil) - 4000, Int.min])
    func old(date: Int) throws {
        let folder = try TemporaryFolder()
        let name = try leave("0123456789ab-1-1", in: folder)
        let times = [timespec(tv_sec: date, tv_nsec: 0), timespec(tv_sec: date, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, folder(name), times, 0) == 0)
        AtomicFile.removeAbandonedTemporaries(in: folder.path, of: "b.txt")
        #expect(folder.names == [name])
        AtomicFile.removeAbandonedTemporaries(in: folder.path, of: "a.txt")
        #expect(folder.names.isEmpty)
    }
}
