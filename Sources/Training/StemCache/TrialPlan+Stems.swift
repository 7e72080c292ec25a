import Datasets
import Models
import Networks
import Regularization
import Tensors

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
