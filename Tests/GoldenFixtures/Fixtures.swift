import Foundation

/// Files of the folder `Tests/Fixtures`.
package enum Fixtures {
    /// Where a fixture lies, by its path in that folder.
    package static func path(_ name: String) -> String {
        // This file lies in <repository>/Tests/GoldenFixtures.
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return tests.appendingPathComponent("Fixtures/" + name).path
    }
}
