import Models
import Recipes
import Regularization
import Training

extension Planner {
    /// What keeps the stems of a row from being stored although the recipe asks for it.
    ///
    /// - Parameter model: the model of the variant.
    func stemFaults(of row: Row, model: any MultimodalModel) -> [Diagnostic] {
        guard let training = row.candidates.map(\.training).first(where: \.stemCache) else { return [] }
        let place = training.locations["stem-cache"] ?? training.location
        guard let model = model as? FusionModel else {
            return [Diagnostic("a whole model has no stem to store", at: place, expected: "encoders and a fusion, or stem-cache: false")]
        }
        var faults: [Diagnostic] = []
        var without: [String] = []
        for modality in model.modalities {
            guard let choice = recipe.model.encoder(for: modality.name) else { continue }
            guard let encoder = model.encoder(of: modality) as? any StagedEncoder else {
                without.append("'\(choice.component)' (\(modality))")
                continue
            }
            if encoder.train == .all {
                faults.append(
                    Diagnostic(
                        "a stem that is trained cannot be stored: stem-cache is true, and the \(modality) encoder trains all of its weights",
                        at: choice.location(of: "train"), expected: "train: last-stage or none, or stem-cache: false"))
            } else if encoder.frozenNormalization == .training {
                faults.append(
                    Diagnostic(
                        "a stem whose statistics move cannot be stored: stem-cache is true, and so batch-norm of the \(modality) encoder "
                            + "cannot be training",
                        at: choice.location(of: "batch-norm"), expected: "batch-norm: evaluation, or stem-cache: false"))
            }
        }
        if without.count == model.modalities.count {
            faults.append(
                Diagnostic(
                    "no encoder has a stem to store: \(without.joined(separator: ", "))", at: place,
                    expected: "an encoder such as slowfast, slowonly or resnet18, or stem-cache: false"))
        }
        return faults
    }
}
