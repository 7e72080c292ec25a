import Configuration
import Datasets
import Foundation
import Models
import Networks
import Persistence
import Regularization
import Results
import Tensors

/// Everything besides the row that the outputs of a stem depend on: two files of equal keys hold the
/// same bits.
struct StemKey: Hashable, Sendable {
    /// One line for everything that matters.
    let text: String
    /// Where the file lies in the folder of a cache.
    let path: String
    /// 64 hexadecimal digits that stand for the text.
    let digest: String

    /// What a file shows.
    enum View: Hashable, Sendable {
        case evaluation
        /// A draw of the augmentation, counted from 1.
        case draw(Int)
    }

    /// - Parameters:
    ///   - isDecoded: whether the data set decodes files, which look the same whichever domain is held out.
    ///   - stem: the digest of the stem's values: see `StagedEncoder.stemDigest`.
    ///   - standardization: of the trial, which comes before the encoder.
    init(
        _ plan: TrialPlan, isDecoded: Bool, modality: Modality, encoder: ComponentPlan, stem: String, standardization: Standardization,
        view: View
    ) {
        // Neither the file of the weights nor what is trained above the stem changes its outputs.
        let beside = StartingWeights.names + ["train", "batch-norm"]
        let options = encoder.options.filter { !beside.contains($0.key) }.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        let scale = standardization.scales[modality.name].map { scale in
            (scale.means + scale.deviations).map { String($0.bitPattern, radix: 16) }.joined(separator: " ")
        }
        let shared =
            [
                "program \(plan.program)", "threads \(plan.threads) core \(Threads.coreType)", "data \(plan.dataText)",
                "fingerprint \(plan.dataFingerprint)", "modality \(modality.name)",
                // A generated world may look different from outside.
                isDecoded ? "any target" : "targets \(Set(plan.targets).sorted())",
                "standardization \(scale ?? "none")", "encoder \(encoder.name) \(options)", "stem \(stem)",
            ] + plan.foreignStemCode.map { "code \($0)" }
        let folder = "\(SafeName.encode(modality.name))-\(SHA256Digest(of: shared.joined(separator: "\n")).hex.prefix(32))"
        let (line, name): (String, String) =
            switch view {
            case .evaluation: ("view evaluation", "evaluation")
            case .draw(let number):
                plan.augmentationDraws == nil
                    ? ("view draw \(number) of seed \(plan.seed)", "seed-\(plan.seed)-draw-\(number)")
                    : ("view draw \(number) of all seeds", "draw-\(number)")
            }
        self.init(text: (shared + [line]).joined(separator: "\n"), path: "\(folder)/\(name).stems")
    }

    init(text: String, path: String) {
        self.text = text
        self.path = path
        digest = SHA256Digest(of: text).hex
    }
}

extension StagedEncoder {
    /// A name for the values of the stem.
    var stemDigest: String {
        let lines = stemState.map { name, value in
            let digest = value.withUnsafeValues { SHA256Digest(of: UnsafeRawBufferPointer($0)) }
            return "\(name) \(value.shape) \(digest)"
        }
        return SHA256Digest(of: lines.joined(separator: "\n")).hex
    }
}

extension TrialPlan {
    /// The views in which a trial sees the data, as far as their shapes may differ.
    private static let views: [SampleView] = [.evaluation, .training(epoch: 1, random: RandomSource(seed: 0))]

    /// The model as it is trained: where the plan stores stems, the encoders with fixed ones read what was stored.
    ///
    /// - Returns: the model, and the encoders whose stems are to be stored.
    func makeModelReadingStems(
        of data: any Dataset, components: Components
    ) throws -> (model: any MultimodalModel, stored: [(modality: Modality, encoder: any StagedEncoder, plan: ComponentPlan)]) {
        var stored: [(modality: Modality, encoder: any StagedEncoder, plan: ComponentPlan)] = []
        let model = try makeModel(facts: data.facts, components: components, initializer: initializer) { modality, encoder in
            guard stemCache, let staged = encoder as? any StagedEncoder, staged.hasFixedStem, let plan = self.model.encoders[modality]
            else { return encoder }
            stored.append((modality, staged, plan))
            return StoredStemEncoder(staged, samples: Self.views.map { data.sampleShape(of: modality.name, view: $0) })
        }
        return (model, stored)
    }

    /// The epochs whose views differ: those after them show the same again.
    package var distinctDraws: Int { min(augmentationDraws ?? epochs, epochs) }
}
