import Configuration
import Models
import Networks
import Regularization
import Tensors

/// What every whole model has to keep, checked in one call: `#expect(ModelContract.violations(of: MyModel.self) == [])`.
public enum ModelContract {
    private static let names: [Modality] = ["video", "audio"]
    private static let classes = 4

    /// What a model does not keep, a sentence each; empty where it keeps everything.
    ///
    /// - Its description names it as recipes can, and it can be made for two modalities of at least one of the sample shapes.
    /// - It encodes every modality that it was made for to `N×D` of the width that it tells, and fuses these to `N×K`, all finite.
    /// - In evaluation what a sample gives depends on nothing but the sample. Training draws from the pass alone.
    /// - Its state says all that it is, its gradients are those that central differences give, and its parameters are named
    ///   `encoders.<modality>.…` and `fusion.…`.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - options: the options to make it with. Keep the network small.
    ///   - sampleShapes: shapes of one sample of either modality. Those that it refuses with an `OptionFault` are left out.
    public static func violations<M: ModelPlugin>(
        of model: M.Type, options: M.Options = M.Options(), sampleShapes: [Shape] = EncoderContract.sampleShapes
    ) -> [String] {
        var violations = M.description.faults(declaring: M.Options.descriptions)
        var refusals: [String] = []
        for shape in sampleShapes {
            do throws(OptionFault) {
                let model = try M(options: options, context: context(shape, from: Initializer(seed: 1)["contract"]))
                violations += self.violations(of: model, options: options, sampleShape: shape)
            } catch {
                refusals.append("\(shape.text): \(error)")
            }
        }
        if refusals.count == sampleShapes.count {
            violations.append("it takes two modalities of none of the sample shapes; " + refusals.joined(separator: "; "))
        }
        return violations
    }

    private static func context(_ shape: Shape, from initializer: Initializer) -> ModelContext {
        ModelContext(samples: names.map { (modality: $0, shape: shape) }, classes: classes, from: initializer)
    }

    private static func violations<M: ModelPlugin>(of first: M, options: M.Options, sampleShape: Shape) -> [String] {
        let setting = "samples of \(sampleShape.text)"
        guard Set(first.modalities) == Set(names) else {
            return ["with \(setting) it says that it reads \(first.modalities), and was made for \(names)"]
        }
        let arrays = Dictionary(names.map { ($0, drawnInputs(sampleShape, name: $0.name)) }) { first, _ in first }
        let encoded = first.encode(arrays, pass: .evaluation)
        let missing = first.modalities.filter { encoded[$0] == nil }
        guard missing.isEmpty else { return ["with \(setting) it gives no embedding of \(missing.map(\.name).joined(separator: ", "))"] }
        let subject = NetworkSubject(setting: setting) { initializer in
            let model = try M(options: options, context: context(sampleShape, from: initializer))
            return NetworkSubject.Instance(module: model) { rows, pass in outputs(of: model, arrays, rows: rows, pass: pass) }
        }
        let strange = first.namedParameters.map(\.name).filter { name in
            !name.hasPrefix("fusion.") && !first.modalities.contains { name.hasPrefix("encoders.\($0.name).") }
        }
        let named = strange.prefix(3).map {
            "the parameter '\($0)' belongs to neither 'encoders.<modality>.' nor 'fusion.'; regularizers tell encoders apart by these names"
        }
        return named + subject.violations()
    }

    private static func outputs(
        of model: some ModelPlugin, _ arrays: [Modality: Tensor], rows: [Int], pass: Pass
    ) -> [NetworkSubject.Output] {
        let embeddings = model.encode(arrays.mapValues { $0.gathering(rows: rows) }, pass: pass)
        let widths = model.embeddingWidths
        let encoded = model.modalities.compactMap { name in
            embeddings[name].map {
                NetworkSubject.Output(name: "the embedding of \(name)", array: $0.pooled, expected: [rows.count, widths[name] ?? 0])
            }
        }
        let prediction = model.fuse(embeddings, pass: pass)
        return encoded
            + FusionContract.outputs(of: prediction, samples: rows.count, representation: model.representationWidth, classes: classes)
    }
}
