import BuiltIn
import Foundation
import Regularization
import RegularizerTesting
import Testing

@Suite("The contract of every built-in regularizer") struct BuiltInContractTests {
    @Test("is kept", arguments: BuiltInContract.all) func kept(_ contract: BuiltInContract) {
        let report = contract.check()
        #expect(report.failures.isEmpty, "\(report)")
    }

    @Test("is checked for each folder in Plugins") func complete() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folders = try FileManager.default.contentsOfDirectory(atPath: repository.appending(path: "Plugins").path)
            .filter { !$0.hasPrefix(".") }
        #expect(Set(folders).subtracting(BuiltInContract.all.map(\.folder)).sorted() == [])
    }

    @Test("is that of a regularizer with a hook, which registration takes on trust") func hooks() throws {
        let registry = try RegularizerRegistry.builtIn()
        #expect(registry.names.count > 50)
        for name in registry.names { #expect(registry[name]?.hooks.isEmpty == false, "\(name)") }
    }
}
