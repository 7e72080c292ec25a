import Configuration
import Foundation
import Persistence
import Weights

/// Finds the bundled file and makes sure that it is the one that was bundled.
enum WatchFile {
    /// The digest of `watch.safetensors`; `SHA256SUMS` beside it says the same.
    static let digest = "f77b8ecd25927f850e0d7f69a309819dd47b14f0d592f47915c9c01c6de90e61"

    /// Where the folder `watch` may be: beside the program as the package manager puts it, then in the sources.
    ///
    /// The package manager's own `Bundle.module` stops the program where the folder is gone; a user who copied the
    /// program without its resources is told so instead.
    static var folders: [String] {
        let beside = Bundle.main.bundleURL.appendingPathComponent("regulus_Datasets.resources/watch").path
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return [beside, sources.appendingPathComponent("Resources/watch").path]
    }

    /// Opens and verifies the file in the first of `folders` that exists.
    static func open(in folders: [String] = folders) throws(DatasetFault) -> SafetensorsFile {
        guard let folder = folders.first(where: Folder.exists) else {
            throw DatasetFault(
                message: "the bundled data set is not beside the program: no folder "
                    + folders.joined(separator: " and no folder "),
                expected: "the folder regulus_Datasets.resources in the same place as the program")
        }
        let path = folder + "/watch.safetensors"
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
        do throws(WeightsFault) {
            return try SafetensorsFile(path)
        } catch {
            throw DatasetFault(message: "\(error)")
        }
    }

    /// One modality, from windows × 3 × 100 in the file to 100×3 samples.
    static func array(_ name: String, key: String, of file: SafetensorsFile) throws(WeightsFault) -> ModalityArray {
        let shape = try file.entry(key).shape
        guard shape.count == 3 else {
            throw WeightsFault(file: file.path, tensor: key, reason: "expected windows × channels × samples")
        }
        let values = ModalityArray.channelsLast(
            try file.floats(key), rows: shape[0], channels: shape[1], positions: shape[2])
        return ModalityArray(name: name, sampleShape: [shape[2], shape[1]], values: values)
    }
}
