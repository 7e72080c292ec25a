import Foundation
import Processes
import Testing
import Weights

@testable import PluginLibraries

@Suite("Plug-in libraries", .enabled(if: PluginFolder.canCompile, "the modules of the program, or the compiler that built it, are not here"))
struct PluginLibraryTests {
    @Test("a compiled library's regularizer is listed and described with its origin")
    func known() async throws {
        let plugin = try await PluginFolder.shrink.value
        let list = try await plugin.folder.regulus("list", "regularizers", "--plugin", "lib.so")
        #expect(list.code == 0 && list.messages.isEmpty)
        // A reader of JSON lines takes an empty one for damage.
        #expect(list.output.hasSuffix("\n") && !list.output.hasSuffix("\n\n"))
        #expect(list.lines.last?.hasPrefix("shrink-plugin ") == true && list.lines.last?.hasSuffix("(from lib.so)") == true)
        let description = try await plugin.folder.regulus("describe", "shrink-plugin", "--plugin", plugin.library)
        #expect(description.lines.contains("  from:    \(plugin.library)"))
        #expect(description.output.contains("center: a number from -100 to 100 (embedding entry), default 0"))
    }

    /// Whether this machine lets a program have a network of its own, with nothing in it.
    static let canCutOff = (try? ChildProcess.run("/usr/bin/unshare", ["--map-root-user", "--net", "true"], limit: 10))?.end == .code(0)

    @Test("a library is tried out also where there is no network, not even this machine's own", .enabled(if: canCutOff))
    func cutOff() async throws {
        let plugin = try await PluginFolder.shrink.value
        let arguments = ["--map-root-user", "--net", Regulus.executable.path, "list", "regularizers", "--plugin", plugin.library]
        let list = try ChildProcess.run("/usr/bin/unshare", arguments, limit: 60)
        #expect(list.end == .code(0) && list.output.contains("shrink-plugin "), "\(list.messages)")
    }

    @Test("a recipe names its library, relative to itself, and trains with it")
    func recipe() async throws {
        let plugin = try await PluginFolder.shrink.value
        let text = RecipeFolder.recipe.replacing("mer: {weight: 0.3}", with: "shrink-plugin: {weight: 0.3}")
        try plugin.folder.makeFolder("recipes")
        try plugin.folder.write("plugins: [../lib.so]\n" + text, to: "recipes/shrink.yaml")
        let outcome = try await plugin.folder.regulus("run", "recipes/shrink.yaml", "--out", "recipe-out")
        #expect(outcome.code == 0, "\(outcome.messages)")
    }

    @Test("the same sources built in and as a library give the same bits")
    func sameBits() async throws {
        let plugin = try await PluginFolder.copy.value
        let rows = ["supervised-contrastive", "contrastive-copy"].map { name in
            "  - name: \(name)\n    regularizers:\n      - \(name): {name: term, weight: 0.3}\n"
        }
        try plugin.folder.write(RecipeFolder.recipe + rows.joined(), to: "both.yaml")
        let outcome = try await plugin.folder.regulus("run", "both.yaml", "--out", "bits", "--plugin", "lib.so")
        #expect(outcome.code == 0, "\(outcome.messages)")
        let files = plugin.folder.files(below: "bits/trials").filter { file in
            file.hasPrefix("contrastive-copy/") && (file.hasSuffix("metrics.jsonl") || file.hasSuffix("checkpoint.safetensors"))
        }
        #expect(files.count == 2 * 6)
        for file in files {
            let builtIn = "bits/trials/supervised-contrastive/" + file.dropFirst("contrastive-copy/".count)
            #expect(try values(plugin.folder.data("bits/trials/\(file)")) == values(plugin.folder.data(builtIn)), "\(file)")
        }
    }

    /// A file without the header of a checkpoint, which names the row.
    private func values(_ file: Data) -> Data {
        if file.first == UInt8(ascii: "{") { return file }
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        return file.dropFirst(8 + length)
    }

    /// What `list` says about a library with these bytes; it never crashes.
    private func refusal(_ bytes: Data, environment: [String: String] = [:]) async throws -> String {
        let folder = try RecipeFolder()
        try folder.write(bytes, to: "bad.so")
        let outcome = try await folder.regulus.run(["list", "--plugin", "bad.so"], environment: environment)
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("error: plug-in bad.so: "))
        return outcome.messages
    }

    @Test("a library of another build is refused, and both builds are named")
    func otherBuild() async throws {
        let plugin = try await PluginFolder.shrink.value
        var bytes = plugin.bytes
        let label = try #require(bytes.range(of: Data("build: ".utf8)))
        bytes.replaceSubrange(label.upperBound..<label.upperBound + 12, with: Data("0123456789ab".utf8))
        #expect(try await refusal(bytes).contains("was compiled for another build of this program (for 0123456789ab, this is "))
    }

    @Test("a library that is cut short is refused wherever it is cut", arguments: [0, 3, 63, 64, 1000, 5000, 20000, -1])
    func truncated(count: Int) async throws {
        let bytes = try await PluginFolder.shrink.value.bytes
        _ = try await refusal(count < 0 ? bytes.dropLast(-count) : bytes.prefix(count))
    }

    @Test("a library with a changed byte is refused")
    func changed() async throws {
        let whole = try await PluginFolder.shrink.value.bytes
        for place in stride(from: 4, to: whole.count, by: whole.count / 8) {
            var bytes = whole
            bytes[place] ^= 0x10
            _ = try await refusal(bytes)
        }
    }

    @Test("a library without the entry point is refused before it is loaded")
    func entryPoint() async throws {
        var bytes = try await PluginFolder.shrink.value.bytes
        while let name = bytes.range(of: Data("regulus_register".utf8)) { bytes.replaceSubrange(name, with: Data("regulus_registar".utf8)) }
        let place = try #require(try ELFFile(library: bytes).place(ofSection: ".regulus"))
        #expect(try await refusal(#require(PluginRecord.sealed(bytes, section: place))).contains("has no entry point 'regulus_register'"))
    }

    @Test("text, a folder, nothing, and the program itself are no libraries")
    func noLibrary() async throws {
        #expect(try await refusal(Data("name: small\n".utf8)).contains("is not a shared library"))
        #expect(try await refusal(Data(contentsOf: Regulus.executable)).contains("is a program, not a shared library"))
        let folder = try RecipeFolder()
        try folder.makeFolder("shrink")
        #expect(try await folder.regulus("list", "--plugin", "shrink").messages.contains("it is a folder"))
        let missing = try await folder.regulus("list", "--plugin", "missing.so")
        #expect(missing.code == 2 && missing.messages == "error: plug-in missing.so: No such file or directory\n")
    }

    @Test(
        "a registration that fails, crashes or ends the program is told, and this program goes on",
        arguments: [
            ("crash", "its registration crashed ("), ("crash", "a bad day"), ("signal", "its registration crashed (Segmentation fault"),
            ("exit", "its registration ended the program with exit code 0"), ("throw", "BadMood()"), ("nothing", "it registers nothing"),
        ])
    func registration(mood: String, message: String) async throws {
        let plugin = try await PluginFolder.moody.value
        #expect(try await refusal(plugin.bytes, environment: ["REGISTRATION": mood]).contains(message))
    }

    @Test("a name that is taken, or that no recipe could hold, is told with its owner")
    func names() async throws {
        let plugin = try await PluginFolder.moody.value
        let taken = try await refusal(plugin.bytes, environment: ["NAME": "mer"])
        #expect(taken.contains("cannot register the regularizer 'mer': the name is taken (built-in)"))
        #expect(try await refusal(plugin.bytes, environment: ["NAME": "Big Mood"]).contains("lowercase letters, digits and hyphens"))
    }

    @Test("a row that a library trains has the weights and the figures of the row that the built-in regularizer trains")
    func sameBitsOutside() async throws {
        let plugin = try await PluginFolder.outsideMER.value
        let folder = try RecipeFolder(("seeds: [1, 2]", "seeds: [1]"))
        let recipe = try folder.text("r.yaml")
        try folder.write(recipe.replacing("mer: {weight", with: "outside-mer: {name: mer, weight"), to: "outside.yaml")
        let ours = try await folder.regulus("run", "r.yaml", "--out", "ours")
        let theirs = try await folder.regulus("run", "outside.yaml", "--out", "theirs", "--plugin", plugin.library)
        #expect(ours.code == 0 && theirs.code == 0, "\(ours.messages)\(theirs.messages)")
        let files = folder.files(below: "ours/trials")
        let (figures, weights) = (files.filter { $0.hasSuffix("metrics.jsonl") }, files.filter { $0.hasSuffix(".safetensors") })
        #expect(!figures.isEmpty && !weights.isEmpty)
        for file in figures { #expect(try folder.data("ours/trials/\(file)") == folder.data("theirs/trials/\(file)"), "\(file)") }
        for file in weights {
            let (our, their) = (
                try WeightsFile(folder.data("ours/trials/\(file)"), named: file), try WeightsFile(folder.data("theirs/trials/\(file)"), named: file)
            )
            #expect(our.entries == their.entries, "\(file)")
            for entry in our.entries { #expect(try our.bytes(entry.name) == their.bytes(entry.name), "\(file): \(entry.name)") }
        }
    }

    @Test("what a registration prints is not taken for the program's own report")
    func prints() async throws {
        let plugin = try await PluginFolder.moody.value
        let outcome = try await plugin.folder.regulus.run(["list", "regularizers", "--plugin", "lib.so"], environment: ["REGISTRATION": "print"])
        #expect(outcome.code == 0 && outcome.lines.contains { $0.hasPrefix("moody ") })
    }

    @Test("a library that is named twice is loaded once; a copy of it is refused")
    func twice() async throws {
        let plugin = try await PluginFolder.moody.value
        #expect(try await plugin.folder.regulus("list", "--plugin", "lib.so", "--plugin", plugin.library).code == 0)
        try plugin.folder.write(plugin.bytes, to: "copy.so")
        let outcome = try await plugin.folder.regulus("list", "--plugin", "lib.so", "--plugin", "copy.so")
        #expect(outcome.code == 2 && outcome.messages.hasPrefix("error: plug-in copy.so: its module Moody is also that of lib.so"))
    }

    @Test("a fault of a recipe's library stands at its line; an unknown name lists what libraries brought")
    func places() async throws {
        let plugin = try await PluginFolder.shrink.value
        let folder = try RecipeFolder()
        try folder.write("plugins: [none.so]\n" + RecipeFolder.recipe, to: "none.yaml")
        let missing = try await folder.regulus("check", "none.yaml")
        #expect(missing.code == 2 && missing.messages.hasPrefix("none.yaml:1:11: error: plug-in "))
        let typo = try await RecipeFolder(("mer: {weight", "shrnk-plugin: {weight")).regulus("check", "r.yaml", "--plugin", plugin.library)
        #expect(typo.code == 2 && typo.messages.contains("did you mean 'shrink-plugin'?"))
        #expect(typo.messages.contains("registered besides the built-in ones: regularizer 'shrink-plugin' (from \(plugin.library))"))
    }
}
