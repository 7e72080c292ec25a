import Tensors

/// What generated samples were made from.
///
/// With it, analysis can say how much of an embedding is cue and how much is invariant signal.
public struct GeneratingFactors: Sendable {
    /// Latent values of every row, before they are mixed into inputs.
    public struct Latents: Sendable {
        /// Row-major, `rows` × `width`.
        public let values: [Float]
        /// Latent dimensions a row.
        public let width: Int

        /// The latent values of some rows, N×`width`.
        public func tensor(_ rows: [Int]) -> Tensor { gather(rows, from: values, sampleShape: [width]) }
    }

    /// What one modality was made from.
    public struct Parts: Sendable {
        /// The value of this modality's partial cue in every row; nil where the row carries none.
        public let cueValues: [Int?]
        /// The latent dimensions with the class code that is the same in every domain, noise included.
        public let invariant: Latents
        /// The latent dimensions with the cue's pattern, noise included.
        public let cue: Latents
        /// The latent dimensions that say nothing about the class.
        public let nuisance: Latents
    }

    /// The class that the joint cue of a row names; nil where the row carries none.
    public let cueClasses: [Int?]
    /// By the modality's name.
    public let modalities: [String: Parts]
}
