import Networks
import Regularization
import Tensors

/// A change of the embeddings between encoding and fusing, in evaluation: noise, a modality that is
/// missing.
public struct EmbeddingChange {
    let apply: (_ embeddings: Embeddings, _ rows: [Int]) -> Embeddings

    /// - Parameter apply: given the embeddings of a batch and its samples' rows in the data set,
    ///   returns embeddings of the same shapes.
    public init(_ apply: @escaping (_ embeddings: Embeddings, _ rows: [Int]) -> Embeddings) {
        self.apply = apply
    }

    /// No change.
    public static var none: EmbeddingChange { EmbeddingChange { embeddings, _ in embeddings } }

    /// Sets some modalities' embeddings to zero, as the paper's Table 14 and MMDG-Bench drop an encoder.
    public static func dropping(_ modalities: [Modality]) -> EmbeddingChange {
        EmbeddingChange { embeddings, _ in
            embeddings.mapEmbeddings { modality, embedding in
                modalities.contains(modality) ? embedding.map { array, _ in Tensor.zeros(array.shape) } : embedding
            }
        }
    }

    /// Adds Gaussian noise to the embeddings of one modality.
    ///
    /// The noise of a sample is a function of the seed, the modality and the sample's row in the data
    /// set alone, so that all rows of a table, whatever their batches, meet the same corrupted data.
    ///
    /// - Parameters:
    ///   - deviation: σ.
    ///   - seed: another seed gives other noise.
    public static func noise(_ deviation: Float, on modality: Modality, seed: UInt64) -> EmbeddingChange {
        let source = RandomSource(seed: seed).child("corruption").child(modality.name)
        return EmbeddingChange { embeddings, rows in
            embeddings.mapEmbeddings { own, embedding in
                guard own == modality else { return embedding }
                return embedding.map { array, isTokens in
                    let numbers = source.child(isTokens ? "tokens" : "pooled")
                    let width = array.elementCount / max(rows.count, 1)
                    var values = array.values
                    for (place, row) in rows.enumerated() {
                        var stream = numbers.stream(step: row)
                        for index in place * width..<(place + 1) * width { values[index] += deviation * stream.normal() }
                    }
                    return Tensor(values, shape: array.shape)
                }.cleared()
            }
        }
    }
}

/// A change of what the encoders read, in evaluation: sensors that drift, frames that are lost,
/// pictures out of focus.
public struct InputChange {
    let apply: (_ inputs: Inputs, _ rows: [Int]) -> Inputs
    /// The modalities whose inputs it may change; nil for all.
    let modalities: Set<Modality>?

    /// - Parameters:
    ///   - modalities: those whose inputs it may change, so that the others need not be encoded again; nil for all.
    ///   - apply: given the inputs of a batch and its samples' rows in the data set, returns
    ///     inputs of the same modalities and shapes.
    public init(of modalities: Set<Modality>? = nil, _ apply: @escaping (_ inputs: Inputs, _ rows: [Int]) -> Inputs) {
        self.modalities = modalities
        self.apply = apply
    }

    /// No change.
    public static var none: InputChange { InputChange(of: []) { inputs, _ in inputs } }

    /// Corrupts one modality of every sample that has it.
    ///
    /// What happens to a sample is a function of the seed, the modality, the kind and the sample's row
    /// in the data set alone, so that all rows of a table, whatever their batches, meet the same
    /// corrupted data. At another severity the same numbers are drawn: the same gap, longer. Padding
    /// stays as it is.
    ///
    /// - Parameters:
    ///   - kind: what is done; it must suit samples of the modality's shape.
    ///   - severity: from 1 to 5.
    ///   - modality: whose inputs are corrupted.
    ///   - seed: another seed gives other noise.
    public static func corrupting(_ kind: Corruption, severity: Int, of modality: Modality, seed: UInt64) -> InputChange {
        let source = RandomSource(seed: seed).child("input-corruption").child(modality.name).child(kind.rawValue)
        return InputChange(of: [modality]) { inputs, rows in
            guard let array = inputs[modality] else { return inputs }
            let (presence, shape) = (inputs.presence(of: modality), Array(array.shape.dimensions.dropFirst()))
            let (width, lengths) = (array.elementCount / max(rows.count, 1), presence.lengths)
            var values = array.values
            for (place, row) in rows.enumerated() where presence.contains(place) {
                let sample = Array(values[place * width..<(place + 1) * width])
                values.replaceSubrange(
                    place * width..<(place + 1) * width,
                    with: kind.applied(to: sample, shape: shape, length: lengths?[place], severity: severity, stream: source.stream(step: row)))
            }
            var changed = inputs
            changed[modality] = Tensor(values, shape: array.shape)
            return changed
        }
    }
}
