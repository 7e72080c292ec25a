import Foundation

/// Finds stored reference numbers.
///
/// They lie in the folder that `REGULUS_FIXTURES` names, or else in the repository's `Tests/Fixtures`.
package enum GoldenFixtures {
    /// The folder that is searched.
    ///
    /// Links are followed here, as listing a folder does not follow a link to it.
    package static let folder: String = {
        let path = ProcessInfo.processInfo.environment["REGULUS_FIXTURES"] ?? repositoryFolder + "/Tests/Fixtures"
        return URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }()

    /// The folder of the package's own sources.
    package static let repositoryFolder: String = {
        // This file lies in <repository>/Tests/GoldenFixtures.
        let file = URL(fileURLWithPath: #filePath)
        return file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }()

    /// Every fixture in the folder, by path.
    package static let all: [GoldenFixture] = discovered.fixtures

    /// Sidecars that cannot be read, as messages.
    package static let unreadable: [String] = discovered.unreadable

    /// The fixtures of one kind, for `@Test(arguments:)`. Whether there are any is checked for all kinds in one place,
    /// by the test of what is covered.
    package static func all(kind: String) -> [GoldenFixture] {
        all.filter { $0.kind == kind }
    }

    /// The cases of all fixtures of one kind, for `@Test(arguments:)`.
    package static func cases(kind: String) -> [GoldenFixture] {
        all(kind: kind).flatMap(\.cases)
    }

    /// The kinds in the folder, sorted.
    package static var kinds: [String] { Set(all.map(\.kind)).sorted() }

    private static let discovered: (fixtures: [GoldenFixture], unreadable: [String]) = {
        var fixtures: [GoldenFixture] = []
        var unreadable: [String] = []
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        if names.isEmpty { unreadable.append("\(folder): no such folder, or nothing in it") }
        for name in names.sorted() where name.hasSuffix(".json") {
            do {
                if let fixture = try GoldenFixture(sidecarAt: "\(folder)/\(name)") { fixtures.append(fixture) }
            } catch {
                unreadable.append("\(folder)/\(name): \(error)")
            }
        }
        return (fixtures, unreadable)
    }()
}
