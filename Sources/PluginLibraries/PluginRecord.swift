import Foundation
import Persistence

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
    /// The program for which it was compiled: Swift on Linux has no stable ABI, so that it fits no other.
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
