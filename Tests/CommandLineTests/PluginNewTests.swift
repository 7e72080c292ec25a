import Foundation
import Processes
import TestSupport
import Testing

@Suite("plugin new")
struct PluginNewTests {
    private func new(_ arguments: String...) async throws -> (folder: RecipeFolder, outcome: Regulus.Outcome) {
        let folder = try RecipeFolder()
        return (folder, try await folder.regulus.run(["plugin", "new"] + arguments))
    }

    @Test("a folder in Plugins gets a regularizer, a test and a recipe")
    func folder() async throws {
        let folder = try RecipeFolder()
        for name in ["Plugins", "Sources/Regularization"] { try folder.makeFolder(name) }
        let outcome = try await folder.regulus("plugin", "new", "entropy-bonus")
        #expect(outcome.code == 0 && outcome.messages.isEmpty)
        #expect(
            folder.files == [
                "Plugins/EntropyBonus/EntropyBonus.swift", "Tests/PluginTests/EntropyBonusTests.swift", "r.yaml", "recipes/entropy-bonus.yaml",
            ])
        #expect(outcome.output.contains("try registry.register(tested: EntropyBonus.self)"))
        #expect(try folder.text("Plugins/EntropyBonus/EntropyBonus.swift").contains("name: \"entropy-bonus\""))
        #expect(try folder.text("Plugins/EntropyBonus/EntropyBonus.swift").contains("import Regularization\n"))
    }

    @Test("a package of its own has a program, or is made to become a library")
    func packages() async throws {
        let (own, outcome) = try await new("shrink", "--standalone", "--directory", "mine", "--regulus", Repository.root.path)
        #expect(outcome.code == 0)
        #expect(
            own.files(below: "mine/shrink") == [
                "Package.swift", "Sources/ShrinkPlugin/Register.swift", "Sources/ShrinkPlugin/Shrink.swift", "Sources/regulus-shrink/main.swift",
                "Tests/ShrinkPluginTests/ShrinkTests.swift", "shrink.yaml",
            ])
        #expect(try own.text("mine/shrink/Package.swift").contains("path: \"\(Repository.root.path)\""))
        let (library, _) = try await new("shrink", "--library", "--regulus", Repository.root.path)
        #expect(!library.files.contains { $0.hasSuffix("main.swift") })
        #expect(try library.text("shrink/shrink.yaml").contains("plugins: [libShrinkPlugin.so]"))
    }

    @Test("no existing file is touched")
    func existing() async throws {
        let folder = try RecipeFolder()
        try folder.makeFolder("shrink")
        try folder.write("mine", to: "shrink/Package.swift")
        let outcome = try await folder.regulus("plugin", "new", "shrink", "--library", "--regulus", Repository.root.path)
        #expect(outcome.code == 2 && outcome.messages == "error: nothing was written, because these files exist: shrink/Package.swift\n")
        #expect(folder.files == ["r.yaml", "shrink/Package.swift"])
        #expect(try folder.text("shrink/Package.swift") == "mine")
    }

    @Test(
        "a name that is taken, impossible, Swift's own, or that of one of Regulus's modules is refused",
        arguments: ["mer", "Shrink", "a--b", "../a", "", "type", "tensor", "confidence"])
    func names(name: String) async throws {
        let (folder, outcome) = try await new(name, "--library", "--regulus", Repository.root.path)
        #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.messages.hasPrefix("error: "))
        #expect(folder.files == ["r.yaml"])
    }

    @Test("outside Regulus's package the other doors are offered")
    func outside() async throws {
        let (folder, outcome) = try await new("shrink")
        #expect(outcome.code == 2 && outcome.messages.contains("--standalone or --library"))
        #expect(folder.files == ["r.yaml"])
    }

    @Test("whatever is no regularizer is a package of its own, with the test of its kind")
    func kinds() async throws {
        let (folder, outcome) = try await new("late-mean", "--fusion", "--regulus", Repository.root.path)
        #expect(outcome.code == 0 && outcome.output.contains("regulus plugin test late-mean/libLateMeanPlugin.so"))
        #expect(try folder.text("late-mean/Package.swift").contains(".product(name: \"ComponentTesting\", package: \"regulus\")"))
        #expect(try folder.text("late-mean/Tests/LateMeanPluginTests/LateMeanTests.swift").contains("FusionContract.violations(of: LateMean.self)"))
        #expect(try folder.text("late-mean/late-mean.yaml").contains("fusion: {use: late-mean, width: 16}"))
        let (_, taken) = try await new("late", "--fusion", "--regulus", Repository.root.path)
        #expect(taken.code == 2 && taken.messages == "error: there is a fusion 'late' already (built-in)\n")
        let (_, both) = try await new("mine", "--fusion", "--encoder")
        #expect(both.code == 2)
    }

    @Test("where Regulus's package is not here, a library is its sources and a recipe, and a program of its own asks for the package")
    func withoutPackage() async throws {
        let folder = try RecipeFolder()
        // A program without the record of its build is one without sources.
        let copy = folder.url.appendingPathComponent("regulus").path
        try FileManager.default.copyItem(atPath: Regulus.executable.path, toPath: copy)
        let library = try ChildProcess.run(copy, ["plugin", "new", "shrink", "--library", "--directory", folder.url.path], limit: 60)
        #expect(library.end == .code(0) && library.output.contains("pass --regulus"), "\(library.messages)")
        #expect(
            folder.files(below: "shrink") == ["Sources/ShrinkPlugin/Register.swift", "Sources/ShrinkPlugin/Shrink.swift", "shrink.yaml"])
        let program = try ChildProcess.run(copy, ["plugin", "new", "mine", "--standalone", "--directory", folder.url.path], limit: 60)
        #expect(program.end == .code(2) && program.messages.contains("give its folder, or its repository's address, with --regulus"))
    }

    @Test("a package can find Regulus by its repository's address")
    func address() async throws {
        let (folder, outcome) = try await new("shrink", "--library", "--regulus", "https://example.org/regulus.git")
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(try folder.text("shrink/Package.swift").contains(".package(url: \"https://example.org/regulus.git\", from: \"0."))
    }
}
