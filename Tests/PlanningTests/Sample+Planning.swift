import Planning
import Recipes
import Training

@testable import TrainingSupport

extension Sample {
    /// The experiment of a recipe's text.
    static func experiment(
        _ text: String, file: String = "r.yaml", overrides: [String] = [], foreignCode: [String: String] = [:], components given: Components? = nil
    ) throws -> Experiment {
        let components = try given ?? components(foreignCode: foreignCode)
        let datasets = OpenedDatasets(components.datasets)
        let models = PlannedModels(components)
        let study = try RecipeLoader.load(
            file: file, text: text, overrides: overrides, catalogue: components.catalogue(opening: datasets, planning: models))
        return try Experiment(study, models: models, datasets: datasets, threads: 1)
    }
}
