import Foundation

/// The fixture kinds that tests check, read from the tests themselves, so that no list can fall behind.
///
/// A test checks a kind by asking for it: `GoldenFixtures.all(kind: "mer")` or `GoldenFixtures.cases(kind: "mer")`.
package enum CoveredKinds {
    /// Kind → the test sources that ask for it, as paths below `Tests`.
    package static let sources: [String: [String]] = {
        let folder = URL(fileURLWithPath: GoldenFixtures.repositoryFolder + "/Tests").resolvingSymlinksInPath().path
        var sources: [String: [String]] = [:]
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        for name in names.sorted() where name.hasSuffix(".swift") && !name.hasPrefix("GoldenFixtures/") {
            guard let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) else { continue }
            for match in text.matches(of: /GoldenFixtures\.(?:all|cases)\(kind:\s*"([^"]+)"\)/) {
                sources[String(match.output.1), default: []].append(name)
            }
        }
        return sources
    }()

    /// The kinds in the fixture folder that no test asks for, sorted.
    package static var missing: [String] {
        GoldenFixtures.kinds.filter { sources[$0] == nil }
    }

    /// The kinds that tests ask for and the fixture folder does not have, sorted.
    package static var withoutFixtures: [String] {
        sources.keys.filter { !GoldenFixtures.kinds.contains($0) }.sorted()
    }
}
