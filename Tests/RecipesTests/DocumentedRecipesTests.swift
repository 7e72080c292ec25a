import Foundation
import Testing

@testable import Recipes

/// The blocks of YAML in README, the guide and the articles, which readers copy.
@Suite("Recipes in the documents")
struct DocumentedRecipesTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardized
    private static let articles = "Sources/Regulus/Regulus.docc"

    static var documents: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(articles).path)) ?? []
        return ["README.md", "GUIDE.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "\(articles)/\($0)" }
    }

    /// The text of every block of YAML.
    static func blocks(of document: String) throws -> [String] {
        let text = try String(contentsOf: root.appendingPathComponent(document), encoding: .utf8)
        return text.matches(of: /(?m)^```yaml\n((?:(?!```).*\n)*)```$/).map { String($0.1) }
    }

    @Test("README, the guide and articles have blocks of YAML")
    func any() throws {
        for document in ["README.md", "GUIDE.md", "\(Self.articles)/WriteARecipe.md"] { #expect(try !Self.blocks(of: document).isEmpty, "\(document)") }
    }

    @Test("every block can be read as YAML", arguments: documents)
    func reads(_ document: String) throws {
        for block in try Self.blocks(of: document) {
            let faults = FaultCollector()
            let node = YAMLParser.parse(Array(block.utf8), file: document, faults: faults)
            #expect(node != nil && faults.diagnostics.map(\.message) == [], "\(block)")
        }
    }
}
