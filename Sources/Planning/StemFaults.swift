import Models
import Recipes
import Regularization
import Training

extension Planner {
    /// What keeps the stems of a row from being stored although the recipe asks for it.
    ///
    /// - Parameters:
    ///   - path: the way to the row.
    ///   - model: the row's model.
    func stemFaults(of candidate: Row.Candidate, at path: RecipePath, model: any MultimodalModel) -> [RecipeFault] {
        guard candidate.training.stemCache else { return [] }
        let place = path["training"]["stem-cache"]
        let encoders = path["model"]["encoders"]
        guard let model = model as? FusionModel else {
            return [RecipeFault(place, "a whole model has no stem to store", expected: "encoders and a fusion, or stem-cache: false")]
        }
        var faults: [RecipeFault] = []
        var without: [String] = []
        for modality in model.modalities {
            guard let choice = candidate.model.encoder(for: modality.name) else { continue }
            guard let encoder = model.encoder(of: modality) as? any StagedEncoder else {
                without.append("'\(choice.component)' (\(modality))")
                continue
            }
            if encoder.train == .all {
                faults.append(
                    RecipeFault(
                        encoders[modality.name]["train"],
                        "a stem that is trained cannot be stored: stem-cache is true, and the \(modality) encoder trains all of its weights",
                        expected: "train: last-stage or none, or stem-cache: false"))
            } else if encoder.frozenNormalization == .training {
                faults.append(
                    RecipeFault(
                        encoders[modality.name]["batch-norm"],
                        "a stem whose statistics move cannot be stored: stem-cache is true, and so batch-norm of the \(modality) encoder "
                            + "cannot be training",
                        expected: "batch-norm: evaluation, or stem-cache: false"))
            }
        }
        if without.count == model.modalities.count {
            faults.append(
                RecipeFault(
                    place, "no encoder has a stem to store: \(without.joined(separator: ", "))",
                    expected: "an encoder such as slowfast, slowonly or resnet18, or stem-cache: false"))
        }
        return faults
    }
}
