import Networks
import Tensors

/// A batch encoded once more: a second view of every sample, for terms that compare two.
///
/// It is made when a term first asks for it, and all terms of the step are shown the same one, so that two terms speak of the same rows and it
/// costs one pass. Dropout in the encoders draws anew, and inputs get noise; running statistics stay as the first view has left them.
final class SecondView {
    private let model: any MultimodalModel
    private let inputs: Inputs
    private let pass: Pass
    private var made: [Float: Embeddings] = [:]

    init(of inputs: Inputs, model: any MultimodalModel, pass: Pass) {
        (self.inputs, self.model, self.pass) = (inputs, model, pass.child("second view"))
    }

    /// The embeddings of all modalities, with what is missing marked.
    ///
    /// - Parameter noise: its standard deviation, relative to that of all of a modality's inputs in the batch.
    func embeddings(noise: Float) -> Embeddings {
        if let known = made[noise] { return known }
        let statistics = model.namedBuffers.map { (buffer: $0.buffer, value: $0.buffer.value, version: $0.buffer.version) }
        var changed = inputs
        for modality in inputs.modalities where noise > 0 {
            guard let array = inputs[modality] else { continue }
            var stream = pass.stream("noise.\(modality)")
            changed[modality] = array + stream.normal(array.shape, deviation: noise * Self.deviation(of: array, inputs.presence(of: modality)))
        }
        let view = model.encode(changed, pass: pass).mapEmbeddings { $1.clearing(inputs.presence(of: $0)) }
        for (buffer, value, version) in statistics where buffer.version != version { buffer.value = value }
        made[noise] = view
        return view
    }

    /// The standard deviation of all entries of an array `N×…` that are really there; 0 without any.
    private static func deviation(of array: Tensor, _ presence: Presence) -> Float {
        let samples = array.shape[0]
        guard samples > 0, array.elementCount > 0 else { return 0 }
        let (size, places) = (array.elementCount / samples, array.rank > 1 ? array.shape[1] : 1)
        let real = presence.lengths(of: samples, places: places).enumerated().map { sample, length in
            sample * size..<sample * size + length * (size / places)
        }
        let count = Double(real.reduce(0) { $0 + $1.count })
        guard count > 0 else { return 0 }
        return array.detached().withUnsafeValues { values in
            func sum(_ term: (Double) -> Double) -> Double {
                real.reduce(0) { $0 + values[$1].reduce(0) { $0 + term(Double($1)) } }
            }
            let mean = sum { $0 } / count
            return Float((sum { ($0 - mean) * ($0 - mean) } / count).squareRoot())
        }
    }
}
