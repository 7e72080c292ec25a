import Foundation

/// The repository that a test was built from, for tests that hold its recipes, articles and fixtures against the program.
package enum Repository {
    // This file lies in <repository>/Tests/TestSupport.
    package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file or folder by its path in the repository, such as `recipes/table13.yaml`.
    package static func url(_ path: String) -> URL { root.appendingPathComponent(path) }

    /// The text of a file in the repository.
    package static func text(_ path: String) throws -> String { try String(contentsOf: url(path), encoding: .utf8) }
}
