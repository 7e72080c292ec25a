import Configuration
import Foundation
import Persistence

/// A data file that comes with the program, verified to be the one that was bundled.
///
/// The digest is checked each time that the file is opened: a result must not come from data that were
/// edited in place.
struct BundledFile {
    /// The name of its folder among the resources.
    let folder: String
    /// The name of the file.
    let name: String
    /// The SHA-256 of its content, which the file `SHA256SUMS` in the same folder lists too.
    let digest: String

    /// Where the folder may be: in the program's resources, then in the sources.
    ///
    /// The package manager's own `Bundle.module` stops the program where the folder is missing; a user
    /// who copied the program without its resources gets an error message instead.
    var folders: [String] {
        let beside = Bundle.main.bundleURL.appendingPathComponent("regulus_Datasets.resources/\(folder)").path
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return [beside, sources.appendingPathComponent("Resources/\(folder)").path]
    }

    /// The path of the verified file in the first of `folders` that exists.
    ///
    /// - Throws: `DatasetFault` where there is none, or its digest differs.
    ///
    /// - Parameter folders: where to look, for tests; the usual places if left out.
    func path(in folders: [String]? = nil) throws(DatasetFault) -> String {
        let folders = folders ?? self.folders
        guard let folder = folders.first(where: Folder.exists) else {
            throw DatasetFault(
                message: "the bundled data set is not beside the program: no folder "
                    + folders.joined(separator: " and no folder "),
                expected: "the folder regulus_Datasets.resources in the same place as the program")
        }
        let path = "\(folder)/\(name)"
        do throws(FileFault) {
            let found = try SHA256Digest(ofFile: path).hex
            guard found == digest else {
                throw FileFault(
                    action: "use", path: path,
                    reason: "its SHA-256 is \(found), the bundled file's is \(digest); it was changed or damaged")
            }
        } catch {
            throw DatasetFault(message: "\(error)")
        }
        return path
    }
}
