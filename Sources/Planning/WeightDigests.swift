import Configuration
import Persistence
import Regularization
import Synchronization
import Training

/// Digests of the files that models take their weights from, each read once.
final class WeightDigests: Sendable {
    private let known = Mutex<[String: String]>([:])

    /// One line for each encoder with an option `weights` that names a readable file; a file that is not is reported where the encoder is
    /// made.
    func digests(of model: TrialModel) -> [String] {
        model.encoders.sorted { $0.key < $1.key }.compactMap { modality, encoder in
            guard case .string(let path)? = encoder.options["weights"], let digest = digest(of: path) else { return nil }
            return "\(modality) \(digest)"
        }
    }

    private func digest(of path: String) -> String? {
        if let digest = known.withLock({ $0[path] }) { return digest }
        guard let digest = try? SHA256Digest(ofFile: path).hex else { return nil }
        known.withLock { $0[path] = digest }
        return digest
    }
}
