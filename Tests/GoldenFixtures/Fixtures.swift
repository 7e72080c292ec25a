/// Files of the folder `Tests/Fixtures`.
package enum Fixtures {
    /// Where a fixture lies, by its path in that folder.
    package static func path(_ name: String) -> String { "\(GoldenFixtures.repositoryFolder)/Tests/Fixtures/\(name)" }
}
