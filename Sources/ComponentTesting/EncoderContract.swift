import Configuration
import Models
import Networks
import Regularization
import Tensors

/// What every encoder has to keep, checked in one call.
///
/// ```swift
/// @Test func contract() {
///     #expect(EncoderContract.violations(of: MyEncoder.self) == [])
/// }
/// ```
public enum EncoderContract {
    /// The sample shapes that are tried unless others are given: features, a series, an image, a clip.
    public static let sampleShapes: [Shape] = [[12], [16, 3], [28, 28, 1], [32, 32, 3], [8, 32, 32, 3]]

    /// What an encoder does not keep, a sentence each; empty where it keeps everything.
    ///
    /// - Its description names it as recipes can, and at least one of the sample shapes fits it.
    /// - It gives pooled embeddings `N×D` and, where asked for and where it has them, tokens `N×T×D`, all finite.
    /// - In evaluation a sample's embedding depends on nothing but the sample. Training draws from the pass alone.
    /// - Its state says all that it is, and its gradients are those that central differences give.
    /// - One that reads sequences of different lengths does not read their padding.
    ///
    /// - Parameters:
    ///   - encoder: the encoder.
    ///   - options: the options to make it with. Keep the network small.
    ///   - sampleShapes: shapes of one sample. Those that it refuses with an `OptionFault` are left out.
    public static func violations<E: EncoderPlugin>(
        of encoder: E.Type, options: E.Options = E.Options(), sampleShapes: [Shape] = EncoderContract.sampleShapes
    ) -> [String] {
        var violations = E.description.faults(declaring: E.Options.descriptions)
        var refusals: [String] = []
        for shape in sampleShapes {
            do throws(OptionFault) {
                let encoder = try E(options: options, sampleShape: shape, from: Initializer(seed: 1)["contract"])
                violations += self.violations(of: encoder, options: options, sampleShape: shape)
            } catch {
                refusals.append("\(shape.text): \(error)")
            }
        }
        if refusals.count == sampleShapes.count {
            violations.append("it takes none of the sample shapes; " + refusals.joined(separator: "; "))
        }
        return violations
    }

    private static func violations<E: EncoderPlugin>(of first: E, options: E.Options, sampleShape: Shape) -> [String] {
        let setting = "samples of \(sampleShape.text)"
        guard first.embeddingWidth > 0 else { return ["with \(setting) the width of its embedding is \(first.embeddingWidth)"] }
        let x = drawnInputs(sampleShape, name: "input")
        let subject = NetworkSubject(setting: setting) { initializer in
            let encoder = try E(options: options, sampleShape: sampleShape, from: initializer)
            encoder.providesTokens = true
            return NetworkSubject.Instance(module: encoder) { rows, pass in outputs(of: encoder(x.gathering(rows: rows), pass: pass), encoder) }
        }
        return subject.violations() + ((first as? any SequenceEncoder).map { paddingViolations(of: $0, sampleShape: sampleShape) } ?? [])
    }

    private static func outputs(of embedding: Embedding, _ encoder: any Encoder) -> [NetworkSubject.Output] {
        let samples = embedding.pooled.shape.dimensions.first ?? 0
        var outputs = [
            NetworkSubject.Output(name: "the pooled embedding", array: embedding.pooled, expected: [samples, encoder.embeddingWidth])
        ]
        if let tokens = embedding.tokens {
            // Any number of tokens will do.
            let length = tokens.rank == 3 ? tokens.shape[1] : 1
            outputs.append(NetworkSubject.Output(name: "the tokens", array: tokens, expected: [samples, length, encoder.embeddingWidth]))
        }
        return outputs
    }

    private static func paddingViolations(of encoder: any SequenceEncoder, sampleShape: Shape) -> [String] {
        guard sampleShape.rank > 1, sampleShape[0] > 2 else { return [] }
        let whole = drawnInputs(sampleShape, name: "input")
        let places = sampleShape[0]
        let lengths = (0..<NetworkSubject.samples).map { max(1, places - $0) }
        let size = sampleShape.elementCount / places
        var values = whole.values
        for (row, length) in lengths.enumerated() {
            for place in (row * places + length) * size..<(row + 1) * places * size { values[place] = 7 }
        }
        let other = Tensor(values, shape: whole.shape)
        let (one, two) = (encoder(whole, lengths: lengths, pass: .evaluation), encoder(other, lengths: lengths, pass: .evaluation))
        guard !NetworkSubject.areClose([one.pooled], [two.pooled]) else { return [] }
        return ["with sequences of \(sampleShape.text) what stands behind the end of a sequence changes its embedding"]
    }
}
