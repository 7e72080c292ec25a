import Planning
import Recipes
import Testing
import Training

@testable import TrainingSupport

extension Sample {
    /// The data and the model of a small recipe: two modalities of vectors, three domains of 48 samples.
    static let recipeHead = """
        data: {use: co-occurrence, classes: 4, samples: 48}
        model:
          encoder: {use: vector-mlp, hidden: [16], embedding: 8}
          fusion: {use: late, hidden: 16}
        """

    /// The study of a recipe's text, planned.
    static func planned(
        _ text: String, file: String = "r.yaml", overrides: [String] = [], foreignCode: [String: String] = [:], components given: Components? = nil,
        threads: Int = 1
    ) throws -> PlannedStudy {
        let components = try given ?? components(foreignCode: foreignCode)
        let study = try RecipeLoader.load(file: file, text: text, overrides: overrides, catalogue: components.catalogue)
        return try PlannedStudy(study, components: PlannedComponents(components), threads: threads)
    }
    /// Everything that is said against a recipe's text; empty where nothing is.
    static func messages(_ text: String, overrides: [String] = []) throws -> String {
        do {
            _ = try planned(text, overrides: overrides)
            return ""
        } catch {
            return "\(try #require(error as? RecipeError))"
        }
    }
}
