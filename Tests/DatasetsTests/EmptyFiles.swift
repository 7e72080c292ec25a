import Foundation
import TestSupport

extension TemporaryFolder {
    /// Makes files with nothing in them, and the folders above them: what is in them is not looked at where a manifest is written.
    func makeEmptyFiles(_ names: [String]) throws {
        for name in names {
            let path = self(name)
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: path))
        }
    }
}
