import Foundation
import Testing

@Suite struct PublicSurfaceTests {
    private let list = URL(fileURLWithPath: #filePath).appendingPathComponent("../../Fixtures/public-surface/Regularization.txt").standardized

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
}
