import Foundation
import Testing

@testable import PluginLibraries

@Suite("plugin build", .enabled(if: PluginFolder.canCompile, "the modules of the program, or the compiler that built it, are not here"))
struct PluginBuildTests {
    private func failure(_ files: [String: String], folder name: String = "mine") async throws -> String {
        let folder = try RecipeFolder()
        try folder.makeFolder(name)
        for (path, text) in files {
            let inside = "\(name)/\(path)"
            try folder.makeFolder((inside as NSString).deletingLastPathComponent)
            try folder.write(text, to: inside)
        }
        try folder.write("old", to: "old.so")
        let outcome = try await folder.regulus("plugin", "build", name, "-o", "old.so")
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(try folder.text("old.so") == "old")
        return outcome.messages
    }

    @Test("errors of the compiler are shown with file and line, and an older library is untouched")
    func compiler() async throws {
        let messages = try await failure(["Mine.swift": "import Regulus\nlet x: Int = \"text\"\n"])
        #expect(messages.hasPrefix("error: plug-in mine: it does not compile\n"))
        #expect(messages.contains("mine/Mine.swift:2:14: error: cannot convert value"))
        #expect(messages.contains("A plug-in needs a function `public func register(in registrar: inout PluginRegistrar) throws`."))
    }

    @Test("a folder without Swift files, with several libraries, or with an impossible name is refused")
    func folders() async throws {
        #expect(try await failure(["notes.txt": ""]).contains("it has no Swift files"))
        let two = try await failure(["Sources/A/A.swift": "", "Sources/B/B.swift": ""])
        #expect(two.contains("it should hold one library target; found A, B"))
        #expect(try await failure(["A.swift": ""], folder: "my plug-in").contains("cannot be the name of a Swift module"))
    }

    @Test("a program that lies elsewhere than its modules says what is missing")
    func modules() async throws {
        let folder = try RecipeFolder()
        let copy = folder.url.appendingPathComponent("regulus").path
        try FileManager.default.copyItem(atPath: Regulus.executable.path, toPath: copy)
        let fault = #expect(throws: PluginFault.self) { _ = try PluginCompiler(for: ProgramBuild(executable: copy)) }
        #expect(fault?.reason.hasPrefix("the modules that this program was built from are missing") == true)
    }
}
