import Configuration
import Models
import Networks
import Regularization
import Tensors

/// What every fusion has to keep, checked in one call: `#expect(FusionContract.violations(of: MyFusion.self) == [])`.
public enum FusionContract {
    private static let names: [Modality] = ["audio", "flow", "video"]
    private static let classes = 4

    /// What a fusion does not keep, a sentence each; empty where it keeps everything.
    ///
    /// - Its description names it as recipes can, and it fuses one modality, two or three: at least one of these numbers, refusing the others
    ///   with an `OptionFault`.
    /// - It gives logits `N×K` and a representation `N×F` of the width that it tells, all finite.
    /// - In evaluation what a sample gives depends on nothing but the sample. Training draws from the pass alone.
    /// - Its state says all that it is, and its gradients are those that central differences give.
    /// - The order in which embeddings are given means nothing.
    ///
    /// - Parameters:
    ///   - fusion: the fusion.
    ///   - options: the options to make it with.
    ///   - width: the width of every embedding; fusions that need equal widths have them.
    public static func violations<F: FusionPlugin>(of fusion: F.Type, options: F.Options = F.Options(), width: Int = 8) -> [String] {
        var violations = F.description.faults(declaring: F.Options.descriptions)
        var refusals: [String] = []
        for count in 1...names.count {
            let setting = count == 1 ? "one modality" : "\(count) modalities"
            let modalities = Array(names.prefix(count))
            let widths = Dictionary(modalities.map { ($0, width) }) { first, _ in first }
            do throws(OptionFault) {
                let fusion = try F(options: options, context: FusionContext(widths: widths, classes: classes, from: Initializer(seed: 1)["contract"]))
                if fusion.modalities != modalities {
                    violations.append("with \(setting) it says that it reads \(fusion.modalities), and was made for \(modalities)")
                    continue
                }
                violations += self.violations(of: fusion, options: options, widths: widths, setting: setting)
            } catch {
                refusals.append("\(setting): \(error)")
            }
        }
        if refusals.count == names.count { violations.append("it fuses no number of modalities; " + refusals.joined(separator: "; ")) }
        return violations
    }

    private static func violations<F: FusionPlugin>(
        of first: F, options: F.Options, widths: [Modality: Int], setting: String
    ) -> [String] {
        let arrays = widths.keys.sorted().map { name -> (modality: Modality, embedding: Embedding) in
            let width = widths[name] ?? 0
            let tokens = first.readsTokens ? drawnInputs([5, width], name: "\(name).tokens") : nil
            return (name, Embedding(pooled: drawnInputs([width], name: name.name), tokens: tokens))
        }
        func embeddings(_ rows: [Int]) -> Embeddings {
            Embeddings(arrays.map { ($0.modality, $0.embedding.gathering(rows: rows)) })
        }
        let subject = NetworkSubject(setting: setting) { initializer in
            let fusion = try F(options: options, context: FusionContext(widths: widths, classes: classes, from: initializer))
            return NetworkSubject.Instance(module: fusion) { rows, pass in
                outputs(of: fusion(embeddings(rows), pass: pass), samples: rows.count, representation: fusion.representationWidth)
            }
        }
        let violations = subject.violations()
        guard violations.isEmpty, arrays.count > 1 else { return violations }
        let rows = Array(0..<NetworkSubject.samples)
        let turned = Embeddings(Array(embeddings(rows).map { (modality: $0.modality, embedding: $0.embedding) }.reversed()))
        let (one, two) = (first(embeddings(rows), pass: .evaluation), first(turned, pass: .evaluation))
        return NetworkSubject.areClose([one.logits], [two.logits])
            ? [] : ["with \(setting) the order in which embeddings are given changes the prediction: ask for each by its name"]
    }

    /// What a prediction has to look like.
    static func outputs(
        of prediction: Prediction, samples: Int, representation width: Int?, classes: Int = FusionContract.classes
    ) -> [NetworkSubject.Output] {
        var outputs = [NetworkSubject.Output(name: "the prediction", array: prediction.logits, expected: [samples, classes])]
        if let width, let representation = prediction.representation {
            outputs.append(NetworkSubject.Output(name: "the representation", array: representation, expected: [samples, width]))
        }
        return outputs
    }
}
