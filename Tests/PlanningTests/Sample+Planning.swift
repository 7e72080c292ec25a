import Planning
import Recipes
import Training

@testable import TrainingSupport

extension Sample {
    /// The planned of a recipe's text.
    static func planned(
        _ text: String, file: String = "r.yaml", overrides: [String] = [], foreignCode: [String: String] = [:], components given: Components? = nil,
        threads: Int = 1
    ) throws -> PlannedStudy {
        let components = try given ?? components(foreignCode: foreignCode)
        let study = try RecipeLoader.load(file: file, text: text, overrides: overrides, catalogue: components.catalogue)
        return try PlannedStudy(study, components: PlannedComponents(components), threads: threads)
    }
}
