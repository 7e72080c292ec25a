import Foundation
import Processes
import Testing

@testable import PluginLibraries

/// Every regularizer of this repository could have been written outside of it.
@Suite("Plug-ins need nothing that a third party does not have") struct ForeignPluginTests {
    private static let folders: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: PluginFolder.package + "/Plugins")
        return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }()

    @Test("each folder compiles against the public declarations alone", .enabled(if: PluginFolder.canCompile), arguments: folders)
    func compiles(folder: String) throws {
        let path = "\(PluginFolder.package)/Plugins/\(folder)"
        let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".swift") }.map { "\(path)/\($0)" }
        let record = try BuildRecord(executable: Regulus.executable.path)
        // Without the package's name, whatever is declared for the package alone does not exist.
        let child = try ChildProcess.run(
            record.compiler,
            ["-typecheck", "-parse-as-library", "-swift-version", "6", "-module-name", "Foreign\(folder)", "-I", record.modules]
                + record.arguments + files, limit: 300)
        #expect(child.end == .code(0), "\(child.output)\(child.messages)")
        let imports = try files.flatMap { try String(contentsOfFile: $0, encoding: .utf8).split(separator: "\n").filter { $0.contains("import ") } }
        let allowed = Set(["Configuration", "Glibc", "Networks", "Regularization", "Tensors"].map { "import \($0)" })
        #expect(Set(imports.filter { $0.hasPrefix("import ") || $0.hasPrefix("internal import ") }.map(String.init)).isSubset(of: allowed))
    }

    @Test("there are as many of them as folders") func complete() {
        #expect(Self.folders.count >= 21)
    }
}
