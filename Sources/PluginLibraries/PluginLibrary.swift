import Foundation
import Persistence

/// A library that was found fit for a program, without running any of its code.
struct PluginLibrary {
    /// The path as the user gave it.
    let name: String
    /// The file itself, wherever links lead.
    let path: String
    let module: String

    /// Larger files are not looked into.
    private static let largest = 1 << 30

    /// - Throws: `PluginFault` for what is no library, was built for another program, or changed since.
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
        default: throw PluginFault(name, "it is no regular file")
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
            throw ELFFile.Fault("is no plug-in of Regulus: it carries no record of its build; make it with `regulus plugin build`")
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
