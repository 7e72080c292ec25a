import Configuration
import Recipes
import Regularization
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

@Suite("Terms of a recipe in its plans")
struct PlannedTermTests {
    private func text(_ regularizers: String) -> String {
        """
        \(Sample.recipeHead)
        training: {epochs: 2, batch: 8}
        seeds: [1]
        rows:
          - name: Row
            regularizers: [\(regularizers)]

        """
    }

    private func plan(_ regularizers: String) throws -> TrialPlan {
        try #require(try Sample.planned(text(regularizers)).cells.first).candidates[0].plan
    }

    @Test("a sum, its moments and its terms' parts get there")
    func sum() throws {
        let term = try plan("sum: {name: s, after: 5 steps, until: 0.75, terms: [{use: mer, part: shared}, dropout]}").regularizers[0]
        #expect(term.instance == "s")
        #expect(term.after == .steps(5))
        #expect(term.until == .share(0.75))
        #expect(term.terms.map(\.regularizer) == ["mer", "dropout"])
        #expect(term.terms.map(\.part) == [.shared, .whole])
    }

    @Test(
        "a change of any of these is another plan",
        arguments: [
            "mer: {after: 0.5}", "mer: {until: 0.5}", "mer: {part: shared}", "sum: {name: mer, terms: [mer]}",
            "sum: {name: mer, terms: [mer: {weight: 2}]}",
        ])
    func hash(regularizers: String) throws {
        let others = ["mer", "mer: {after: 5 steps}", "mer: {part: specific}", "sum: {name: mer, terms: [dropout]}"]
        let hash = try plan(regularizers).hash
        for other in others { #expect(try plan(other).hash != hash) }
    }

    @Test("moments that change places only beside the number of steps are a fault at their line")
    func moments() {
        let error = #expect(throws: RecipeError.self) {
            try Sample.planned(text("sum: {terms: [mer: {after: 0.9, until: 2 steps}]}"))
        }
        #expect(
            error?.description == """
                r.yaml:9:59: error: until of regularizer 'mer' in row 'Row' does not fit: found 2 steps
                    9 |     regularizers: [sum: {terms: [mer: {after: 0.9, until: 2 steps}]}]
                      |                                                           ^~~~~~~
                      = expected a moment that does not come before 'after: 0.9'
                """)
    }

    @Test("a fault of a term inside a sum is shown at that term")
    func insideSum() {
        let text = text("sum: {terms: [dropout, mer: {part: specific}]}").replacing("embedding: 8", with: "embedding: 1")
        let error = #expect(throws: RecipeError.self) { try Sample.planned(text) }
        #expect(error?.diagnostics.first?.location.description == "r.yaml:9:55")
    }
}
