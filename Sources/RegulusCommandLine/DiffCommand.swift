import ArgumentParser
import Persistence
import Recipes

/// `regulus diff A B`: how two recipes differ.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Prints how two recipes differ, path by path.",
        discussion: """
            Both are compared in resolved form, with all included files and variables in place. Exit codes: 0 the \
            recipes are the same, 1 they differ, 2 one of them cannot be read.
            """)

    @Argument(help: "A recipe, a YAML file.", completion: .file(extensions: ["yaml", "yml"]), transform: { UserPath.expanded($0) })
    var old: String

    @Argument(help: "The recipe to compare it with.", completion: .file(extensions: ["yaml", "yml"]), transform: { UserPath.expanded($0) })
    var new: String

    func validate() throws {
        if old.isEmpty || new.isEmpty { throw ValidationError("a recipe needs a path") }
    }

    func run() throws {
        let difference = RecipeDifference(from: try resolved(old), to: try resolved(new))
        guard !difference.changes.isEmpty else { return }
        try StandardOutput.print(difference.changes.map(\.description).joined(separator: "\n"))
        throw ExitCode(1)
    }

    private func resolved(_ recipe: String) throws -> ResolvedRecipe {
        do throws(RecipeError) {
            return try RecipeLoader.resolve(recipeAt: recipe)
        } catch {
            throw CommandFault.input("\(error)")
        }
    }
}
