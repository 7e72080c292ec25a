import Foundation
import Processes
import TestSupport
import Testing

@testable import PluginLibraries

/// Every regularizer of this repository could have been written outside of it.
@Suite("Plug-ins need nothing that a third party does not have") struct ForeignPluginTests {
    private static let folders: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: Repository.root.path + "/Plugins")
        return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }()

    @Test("each folder compiles against the public declarations alone", .enabled(if: PluginFolder.canCompile), arguments: folders)
    func compiles(folder: String) throws {
        let path = "\(Repository.root.path)/Plugins/\(folder)"
        let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".swift") }.map { "\(path)/\($0)" }
        let child = try typecheck(files, module: "Foreign\(folder)")
        #expect(child.end == .code(0), "\(child.output)\(child.messages)")
        let imports = try files.flatMap { try String(contentsOfFile: $0, encoding: .utf8).split(separator: "\n").filter { $0.contains("import ") } }
        let allowed = Set(["Configuration", "Glibc", "Networks", "Regularization", "Tensors"].map { "import \($0)" })
        #expect(Set(imports.filter { $0.hasPrefix("import ") || $0.hasPrefix("internal import ") }.map(String.init)).isSubset(of: allowed))
    }

    /// Without the package's name, whatever is declared for the package alone does not exist.
    private func typecheck(_ files: [String], module: String) throws -> ChildProcess {
        let record = try BuildRecord(executable: Regulus.executable.path)
        return try ChildProcess.run(
            record.compiler,
            ["-typecheck", "-parse-as-library", "-swift-version", "6", "-module-name", module, "-I", record.modules] + record.arguments + files, limit: 300)
    }

    @Test("the shortest one compiles as the documentation has it, and with its hook misspelt it does not", .enabled(if: PluginFolder.canCompile))
    func misspelt() throws {
        let folder = try RecipeFolder()
        let program = WhatGoesWrong.program
        #expect(program.contains("func penalty(") && program.split(separator: "\n", omittingEmptySubsequences: false).count <= 20)
        try folder.write(program, to: "Shrink.swift")
        let sound = try typecheck([folder.url.appendingPathComponent("Shrink.swift").path], module: "Shrinking")
        #expect(sound.end == .code(0), "\(sound.output)\(sound.messages)")
        try folder.write(program.replacing("func penalty(", with: "func penality("), to: "Shrink.swift")
        let slip = try typecheck([folder.url.appendingPathComponent("Shrink.swift").path], module: "Shrinking")
        let message = try #require(WhatGoesWrong.lines(beginning: "error: type").first)
        #expect(slip.end == .code(1) && (slip.output + slip.messages).contains(message), "\(slip.output)\(slip.messages)")
    }

    @Test("there are as many of them as folders") func complete() {
        #expect(Self.folders.count >= 21)
    }
}
