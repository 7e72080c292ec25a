import Foundation
import TestSupport
import Testing

@Suite struct PublicSurfaceTests {
    private let list = Repository.url("Tests/Fixtures/public-surface/Regularization.txt")

    /// Whoever makes something of the protocol layer public, or takes it away, changes the list too:
    /// `REGULUS_UPDATE_SURFACE=1 make test` writes it anew.
    @Test func `the protocol layer makes public what the list says, and no more`() throws {
        let lines = try SymbolGraph(of: "Regularization").lines
        if ProcessInfo.processInfo.environment["REGULUS_UPDATE_SURFACE"] != nil {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: list)
        }
        let known = try String(contentsOf: list, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(Set(lines).subtracting(known).sorted() == [], "new")
        #expect(Set(known).subtracting(lines).sorted() == [], "gone")
    }

    @Test(
        arguments: [
            "Configuration", "Tensors", "Networks", "Regularization", "Models", "Datasets", "Analysis", "Registration", "RegularizerTesting",
            "ComponentTesting", "MeasurementTesting", "Selection",
        ])
    func `everything public is documented`(module: String) throws {
        let undocumented = try SymbolGraph(of: module).symbols.filter { $0.docComment == nil }
        #expect(undocumented.map(\.path).sorted() == [])
    }

    @Test func `what the article for people from PyTorch names is public`() throws {
        let symbols = try ["Tensors", "Networks", "Regularization"].flatMap { try SymbolGraph(of: $0).symbols }
        let known = Set(symbols.flatMap(\.pathComponents).map { $0.prefix { $0 != "(" } })
        // What stands for a value, and a command with what it reads.
        let others: Set<Substring> = ["x", "pass", "model", "regulus", "apply", "pth"]
        var named = 0
        for line in try Repository.text("Sources/Regulus/Regulus.docc/ComeFromPyTorch.md").split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.dropFirst(2).split(separator: " | ")
            guard cells.count == 2 else { continue }
            for code in cells[1].matches(of: /`+([^`]+)`/).map(\.output.1) {
                for name in code.matches(of: /(?:^|\.|\/)([A-Za-z]\w*)/).map(\.output.1) where !others.contains(name) {
                    #expect(known.contains(name) || ["Tensors", "Networks", "Regularization"].contains(name), "`\(code)`")
                    named += 1
                }
            }
        }
        #expect(named > 60)
    }
}
