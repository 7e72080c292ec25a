import Configuration
import Foundation
import Persistence
import Weights

/// The bundled recordings of the smartwatch.
enum WatchFile {
    static let file = BundledFile(
        folder: "watch", name: "watch.safetensors", digest: "f77b8ecd25927f850e0d7f69a309819dd47b14f0d592f47915c9c01c6de90e61")

    /// Opens and verifies the file; in the first of `folders` that exists where they are given.
    static func open(in folders: [String]? = nil) throws(DatasetFault) -> SafetensorsFile {
        let path = try file.path(in: folders)
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
