import Foundation
import GoldenFixtures
import Testing
import Weights

@Suite("Golden fixtures")
struct GoldenFixturesTests {
    @Test("Every sidecar can be read, and there is at least one")
    func readable() {
        #expect(GoldenFixtures.unreadable == [])
        #expect(!GoldenFixtures.all.isEmpty)
    }

    @Test("Every tensor in a file is in its sidecar with the same shape, and the reverse", arguments: GoldenFixtures.all)
    func sidecars(fixture: GoldenFixture) throws {
        let file = try SafetensorsFile(fixture.path)
        #expect(file.names.sorted() == fixture.tensorNames.sorted())
        for name in fixture.tensorNames {
            #expect(try fixture.shape(of: name) == fixture.sidecar["tensors"]?[name]?["shape"]?.elements?.compactMap(\.whole))
            if file[name]?.type.isInteger == false {
                let numbers = try fixture.tensor(name).values
                #expect(numbers.allSatisfy { !$0.isNaN })
            } else {
                _ = try fixture.integers(name)
            }
        }
    }

    @Test("Kinds that no test checks, and checks without a fixture, are listed")
    func coverage() {
        if !CoveredKinds.missing.isEmpty {
            Issue.record(
                "not covered by any test: \(CoveredKinds.missing.joined(separator: ", ")) (fixtures in \(GoldenFixtures.folder))",
                severity: .warning)
        }
        if !CoveredKinds.withoutFixtures.isEmpty {
            Issue.record(
                "no fixture for: \(CoveredKinds.withoutFixtures.joined(separator: ", ")) (looked in \(GoldenFixtures.folder))",
                severity: .warning)
        }
    }

    @Test("A case has its own parameters over those of its fixture, and its own tensors", arguments: GoldenFixtures.all)
    func cases(fixture: GoldenFixture) throws {
        let names = fixture.cases.flatMap { one in one.tensorNames.map { one.caseName == nil ? $0 : "\(one.caseName ?? "").\($0)" } }
        for name in names { #expect(fixture.has(name)) }
        #expect(Set(names).count == names.count)
    }

    @Test("A value outside its tolerance is recorded, one inside is not")
    func expectation() throws {
        let fixture = try #require(GoldenFixtures.all.first { $0.tensorNames.contains { $0.hasPrefix("grad") } })
        let name = try #require(fixture.tensorNames.first { fixture.role(of: $0) == "output" })
        let tolerance = try fixture.tolerance(name)
        var values = try fixture.tensor(name).values
        try fixture.expect(values, matches: name)
        values[0] += Float(4 * (tolerance.absolute + tolerance.relative * abs(Double(values[0]))))
        withKnownIssue { try fixture.expect(values, matches: name) }
        values[0] = .nan
        withKnownIssue { try fixture.expect(values, matches: name) }
        withKnownIssue { try fixture.expect(values + [0], matches: name) }
    }
}
