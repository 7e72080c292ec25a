import Foundation
import Persistence

/// A library that was found to fit this program, without running any of its code.
struct PluginLibrary {
    /// The path as the user gave it.
    let name: String
    /// The file itself, wherever links lead.
    let path: String
    let module: String

    /// Larger files are refused unread.
    private static let largest = 1 << 30

    /// - Throws: `PluginFault` for a file that is not a plug-in library, was built for another program,
    ///   or was changed since.
    init(_ name: String, for build: ProgramBuild) throws(PluginFault) {
        self.name = name
        let data = try Self.contents(name)
        path = URL(fileURLWithPath: name).resolvingSymlinksInPath().path
        do throws(ELFFile.Fault) {
            module = try Self.check(data, name: name, build: build)
        } catch {
            throw PluginFault(name, "the file \(error.reason)")
        }
    }

    private static func contents(_ name: String) throws(PluginFault) -> Data {
        // Before opening it: a pipe would wait for its other end.
        var facts = stat()
        guard stat(name, &facts) == 0 else { throw PluginFault(name, String(cString: strerror(errno))) }
        switch facts.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw PluginFault(name, "it is a folder; `regulus plugin build \(name)` makes a library of its Swift files")
        default: throw PluginFault(name, "it is not a regular file")
        }
        guard facts.st_size <= largest else { throw PluginFault(name, "it has \(facts.st_size) bytes, and a plug-in at most \(largest)") }
        do throws(FileFault) {
            return try FileContents.mapped(name)
        } catch {
            throw PluginFault(name, error.reason)
        }
    }

    /// The name of the library's module.
    private static func check(_ data: Data, name: String, build: ProgramBuild) throws(ELFFile.Fault) -> String {
        let file = try ELFFile(library: data)
        guard let section = file.section(PluginRecord.sectionName), let place = file.place(ofSection: PluginRecord.sectionName),
            let record = PluginRecord(section)
        else {
            throw ELFFile.Fault("is not a plug-in of Regulus: it carries no record of its build; make it with `regulus plugin build`")
        }
        guard record.build == build.fingerprint else {
            throw ELFFile.Fault(
                """
                was compiled for another build of this program (for \(record.build.prefix(12)), this is \(build.fingerprint.prefix(12)); \
                by \(record.compiler)); compile it again with `regulus plugin build`
                """)
        }
        guard PluginRecord.digest(of: data, section: place) == record.contents else {
            throw ELFFile.Fault("is damaged: its bytes are not the ones that `regulus plugin build` wrote")
        }
        guard try file.defines(PluginRecord.entryPoint) else {
            throw ELFFile.Fault("has no entry point '\(PluginRecord.entryPoint)'; make it with `regulus plugin build`")
        }
        return record.module
    }
}

/// What a plug-in library says about itself, as data that is read without running any of its code.
///
/// It is text in a section of its own (`readelf -p .regulus FILE` prints it):
///
///     regulus-plugin-1
///     contents: <SHA-256 of the file with 64 zeros here>
///     build:    <SHA-256 of the program that it was compiled for>
///     module:   <the Swift module>
///     compiler: <first line of swiftc --version>
struct PluginRecord: Equatable {
    static let sectionName = ".regulus"
    /// The function with C linkage that every library exports.
    static let entryPoint = "regulus_register"
    private static let start = "regulus-plugin-1\ncontents: "
    private static let blank = String(repeating: "0", count: 64)

    /// Digest of everything else in the file.
    var contents = Self.blank
    /// The program that it was compiled for. Swift has no stable ABI on Linux, so it fits no other.
    let build: String
    let module: String
    let compiler: String

    init(build: String, module: String, compiler: String) {
        self.build = build
        self.module = module
        self.compiler = compiler
    }

    /// Reads a section's content.
    init?(_ section: Data) {
        guard section.count <= 4096, let text = String(data: section.prefix { $0 != 0 }, encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let labels = ["contents: ", "build: ", "module: ", "compiler: "]
        guard lines.count == 6, lines[0] + "\n" == Self.start.prefix(lines[0].count + 1), lines[5].isEmpty else { return nil }
        let values = zip(labels, lines[1...]).compactMap { $1.hasPrefix($0) ? String($1.dropFirst($0.count)) : nil }
        guard values.count == 4, values[0].utf8.count == 64 else { return nil }
        contents = values[0]
        (build, module, compiler) = (values[1], values[2], values[3])
    }

    var text: String { "\(Self.start)\(contents)\nbuild: \(build)\nmodule: \(module)\ncompiler: \(compiler)\n" }

    /// The digest of a library whose section has this place: of all its bytes, with zeros for the digest itself.
    static func digest(of library: Data, section: Range<Int>) -> String? {
        guard let place = digestPlace(in: section), place.upperBound <= library.count else { return nil }
        var bytes = Data(library)
        bytes.replaceSubrange(place, with: Data(blank.utf8))
        return SHA256Digest(of: bytes).hex
    }

    /// The library with its digest filled in.
    static func sealed(_ library: Data, section: Range<Int>) -> Data? {
        guard let place = digestPlace(in: section), let digest = digest(of: library, section: section) else { return nil }
        var bytes = Data(library)
        bytes.replaceSubrange(place, with: Data(digest.utf8))
        return bytes
    }

    private static func digestPlace(in section: Range<Int>) -> Range<Int>? {
        let first = section.lowerBound + start.utf8.count
        return first + 64 <= section.upperBound ? first..<first + 64 : nil
    }
}

/// A plug-in that cannot be used, with the file or folder and the reason.
package struct PluginFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file or folder, as the user named it.
    package let path: String
    /// What is wrong with it, and what would help.
    package let reason: String

    package init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "plug-in \(path): \(reason)" }
}
