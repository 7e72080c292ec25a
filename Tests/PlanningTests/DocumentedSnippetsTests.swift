import Foundation
import Recipes
import TestSupport
import Testing

@testable import Planning
@testable import TrainingSupport

/// The parts of recipes in documentation comments of regularizers, encoders and fusions.
@Suite("Snippets of recipes in the documentation")
struct DocumentedSnippetsTests {
    static var files: [String] {
        ["Plugins", "Sources/Models"].flatMap { folder in
            let paths = FileManager.default.enumerator(atPath: Repository.url(folder).path)?.compactMap { $0 as? String } ?? []
            return paths.filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }
        }.filter { !((try? snippets(of: $0)) ?? []).isEmpty }.sorted()
    }

    /// What stands between the fences, without the comment's signs.
    static func snippets(of file: String) throws -> [String] {
        let lines = try Repository.text(file).split(separator: "\n", omittingEmptySubsequences: false)
        var snippets: [String] = []
        var open: [Substring]?
        for line in lines where line.hasPrefix("///") {
            let text = line.dropFirst(4)
            if let snippet = open {
                if text == "```" { snippets.append(snippet.joined(separator: "\n")) }
                open = text == "```" ? nil : snippet + [text]
            } else if text == "```yaml" {
                open = []
            }
        }
        return snippets
    }

    @Test("there are snippets of regularizers and of models")
    func any() {
        #expect(Self.files.contains("Plugins/MER/MER.swift") && Self.files.contains("Sources/Models/Fusions/GatedFusions.swift"))
    }

    @Test("each can be read as a part of a recipe", arguments: files)
    func reads(_ file: String) throws {
        let catalogue = try Sample.components().catalogue
        for snippet in try Self.snippets(of: file) {
            var text = "data: co-occurrence\nrows:\n  - name: Row\n" + snippet + "\n"
            if !snippet.hasPrefix("model:") { text += "model:\n" }
            if !snippet.contains("encoder") { text += "  encoder: vector-mlp\n" }
            if !snippet.contains("fusion:") { text += "  fusion: late\n" }
            if !snippet.contains("training:") { text += "training: {epochs: 1, batch: 24}\n" }
            _ = try RecipeLoader.load(file: "r.yaml", text: text, overrides: [], catalogue: catalogue)
        }
    }
}
