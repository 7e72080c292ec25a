import Foundation
import Testing

@Suite("list, describe, help")
struct InformationTests {
    @Test("list prints every component, by kind")
    func list() async throws {
        let outcome = try await RecipeFolder().regulus("list")
        #expect(outcome.code == 0 && outcome.messages.isEmpty)
        for kind in ["regularizers:", "encoders:", "fusions:", "datasets:", "optimizers:"] { #expect(outcome.lines.contains(kind)) }
        for name in ["mer", "vicreg", "dropout", "noise", "label-smoothing", "weight-decay", "series-resnet", "late", "watch", "adam"] {
            #expect(outcome.lines.contains { $0.hasPrefix("  \(name) ") })
        }
    }

    @Test("list of one kind prints its names alone, a line each")
    func listKind() async throws {
        let outcome = try await RecipeFolder().regulus("list", "datasets")
        #expect(outcome.code == 0)
        let names = outcome.lines.compactMap { $0.split(separator: " ").first }
        #expect(names.starts(with: ["watch", "digits", "arrays", "tensors", "co-occurrence"]))
        #expect(!names.contains("mer") && !names.contains("datasets:"))
    }

    @Test("list of an unknown kind names the kinds, with exit code 2")
    func listUnknown() async throws {
        let outcome = try await RecipeFolder().regulus("list", "losses")
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        for kind in ["regularizers", "encoders", "fusions", "models", "datasets", "optimizers"] { #expect(outcome.messages.contains(kind)) }
    }

    @Test("describe mer prints formula, source, and options with ranges, units and defaults")
    func describe() async throws {
        let outcome = try await RecipeFolder().regulus("describe", "mer")
        #expect(outcome.code == 0 && outcome.messages.isEmpty)
        #expect(outcome.lines.first == "mer (regularizer)")
        #expect(outcome.output.contains("formula: Σ_m"))
        #expect(outcome.output.contains("source:  Yarici and AlRegib, MER-DG"))
        #expect(outcome.output.contains("estimator: one of: paper, reference, default paper"))
        #expect(outcome.output.contains("gamma: a number from 0 up (standard deviation)"))
        #expect(outcome.output.contains("epsilon: a number from 1e-12 to 1 (variance)"))
        #expect(outcome.output.contains("default 0.0001"))
        #expect(outcome.output.contains("weight: a number from 0 up, default 3\n"))
    }

    @Test("describe with --json prints one JSON document")
    func describeJSON() async throws {
        let outcome = try await RecipeFolder().regulus("describe", "mer", "--json")
        let documents = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        #expect(documents.count == 1)
        #expect(documents.first?["name"] as? String == "mer")
    }

    @Test("describe of a mistyped name suggests the right one, with exit code 2")
    func suggestion() async throws {
        let outcome = try await RecipeFolder().regulus("describe", "mre")
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("error: nothing is called 'mre'; did you mean 'mer'?\nknown names: mer, "))
    }

    @Test("describe lists the keys that every regularizer has")
    func keys() async throws {
        let lines = try await RecipeFolder().regulus("describe", "mer").lines
        for key in ["name", "weight", "schedule", "after", "until", "on", "at", "part", "projection"] {
            #expect(lines.contains { $0.hasPrefix("    \(key): ") }, "\(key)")
        }
    }

    @Test("a mistyped command suggests the right one, with exit code 2")
    func command() async throws {
        let outcome = try await RecipeFolder().regulus("rnu", "r.yaml")
        #expect(outcome.code == 2 && outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("error: there is no command 'rnu'; did you mean 'run'?\ncommands: run, status, watch, runs, check, "))
    }

    @Test("a path with spaces is a path")
    func spaces() async throws {
        let folder = try RecipeFolder()
        try folder.makeFolder("a b")
        try folder.write(RecipeFolder.recipe, to: "a b/my recipe.yaml")
        #expect(try await folder.regulus("check", "a b/my recipe.yaml", "--no-estimate").code == 0)
    }

    @Test("help and version are answers, not errors")
    func help() async throws {
        let regulus = try RecipeFolder().regulus
        let help = try await regulus("--help")
        #expect(help.code == 0 && help.output.contains("Exit codes: 0") && help.messages.isEmpty)
        let version = try await regulus("--version")
        #expect(version.code == 0 && version.output.hasPrefix("Regulus "))
    }
}
