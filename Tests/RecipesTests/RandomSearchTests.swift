import Configuration
import Foundation
import Testing

@testable import Recipes

@Suite("Random search")
struct RandomSearchTests {
    private let grid = "tune:\n      mer.weight: [0.1, 1]"
    private let search = "tune: {search: random, budget: 12, mer.weight: {between: [0.01, 10], scale: log}, mer.estimator: [paper, reference]}"

    private func row(_ search: String, set overrides: [String] = []) throws -> Row {
        try Sample.study(Sample.recipe(grid, search), set: overrides).variants[0].recipe.rows[1]
    }

    private func messages(_ search: String) -> String { Sample.messages(Sample.recipe(grid, search)) }

    private func weights(_ row: Row) -> [Double] { row.candidates.compactMap(\.regularizers[0].weight) }

    @Test("draws as many different combinations as its budget, within the ranges and lists")
    func draws() throws {
        let row = try row(search)
        #expect(row.budget == 12 && row.candidates.count == 12)
        #expect(Set(row.candidates.map { $0.values.map(\.value) }).count == 12)
        #expect(weights(row).allSatisfy { (0.01...10).contains($0) })
        #expect(row.grid.map(\.path) == ["mer.weight", "mer.estimator"])
        #expect(row.grid.map(\.range) == ["0.01 to 10, logarithmic", nil])
        #expect(Set(row.grid[1].values) == [.string("paper"), .string("reference")])
    }

    @Test("draws the same values on every machine, of four significant digits")
    func fixed() throws {
        #expect(try weights(row(search)).prefix(4) == [0.5718, 0.2796, 0.0219, 4.743])
    }

    @Test("a larger budget keeps what a smaller one has drawn, and another seed draws others")
    func budgets() throws {
        let twelve = try weights(row(search))
        #expect(try weights(row(search, set: ["rows[+ MER].tune.budget=20"])).starts(with: twelve))
        #expect(try weights(row(search, set: ["rows[+ MER].tune.seed=1"])) != twelve)
    }

    @Test("a logarithmic range is evenly drawn from by orders of magnitude, a linear one by length")
    func scales() throws {
        let logarithmic = try weights(row("tune: {search: random, budget: 300, mer.weight: {between: [0.01, 10], scale: log}}"))
        let linear = try weights(row("tune: {search: random, budget: 300, mer.weight: {between: [0, 10]}}"))
        #expect((80...120).contains(logarithmic.count { $0 < 0.1 }))
        #expect((130...170).contains(linear.count { $0 < 5 }))
    }

    @Test("with a step all values are multiples of it from the lower end, and whole numbers stay whole")
    func steps() throws {
        let row = try row("tune: {search: random, budget: 5, training.batch: {between: [16, 80], step: 16}}")
        #expect(row.candidates.map(\.training.batch).sorted() == [16, 32, 48, 64, 80])
    }

    @Test("what is resolved draws the same")
    func resolved() throws {
        let study = try Sample.study(Sample.recipe(grid, search))
        let again = try Sample.study(study.resolvedYAML)
        #expect(try weights(again.variants[0].recipe.rows[1]) == weights(row(search)))
    }

    @Test("a changed range and budget show as differences")
    func difference() throws {
        func resolved(_ search: String) throws -> ResolvedRecipe {
            try RecipeLoader.resolve(recipeAt: "/here/r.yaml", files: .sample(["/here/r.yaml": Sample.recipe(grid, search)]))
        }
        let changes = RecipeDifference(
            from: try resolved(search), to: try resolved(search.replacing("10]", with: "20]").replacing("12", with: "24"))
        ).changes
        #expect(changes.count == 2)
    }

    @Test("an end of a range that its option does not take is a fault at that end, and the only one")
    func outside() {
        #expect(
            messages("tune: {search: random, budget: 50, mer.weight: {between: [-1, 10]}}") == """
                r.yaml:19:63: error: weight cannot be '-1'
                   19 |     tune: {search: random, budget: 50, mer.weight: {between: [-1, 10]}}
                      |                                                               ^~
                      = expected a number from 0 up, or null
                """)
    }

    @Test(
        "what is no search",
        arguments: [
            ("tune: {search: random, mer.weight: [1, 2]}", "tune lacks the required key 'budget'"),
            ("tune: {search: random, budget: 3, mer.weight: [1, 2]}", "a budget of 3 is more than the number of different combinations"),
            ("tune: {search: random, budget: 3}", "a random search has nothing to draw"),
            ("tune: {budget: 3, mer.weight: [1, 2]}", "'budget' belongs to a random search"),
            ("tune: {mer.weight: {between: [1, 2]}}", "a range needs a random search"),
            ("tune: {serach: random, mer.weight: [1, 2]}", "unknown key 'serach' in tune"),
            ("tune: {search: random, budget: 0, mer.weight: [1, 2]}", "budget cannot be '0'"),
            ("tune: {search: random, budget: 3, mer.weight: {between: [2, 1]}}", "between cannot be '[2, 1]'"),
            ("tune: {search: random, budget: 3, mer.weight: {between: [0, 1], scale: log}}", "a logarithmic range cannot begin at '0'"),
            ("tune: {search: random, budget: 3, mer.weight: {between: [0, 1], step: 2}}", "step cannot be 2"),
            ("tune: {search: random, budget: 3, mer.weight: {from: 0}}", "unknown key 'from' in mer.weight"),
        ])
    func faults(_ search: String, _ message: String) {
        let found = messages(search)
        #expect(found.contains("error: \(message)\n"), "\(found)")
    }
}
