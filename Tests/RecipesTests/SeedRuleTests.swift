import Configuration
import Testing

@testable import Recipes

@Suite("Seeds by a rule")
struct SeedRuleTests {
    private func rule(_ seeds: String) throws -> SeedRule? {
        try Sample.study(Sample.recipe("seeds: [1, 2]", "seeds: \(seeds)")).variants[0].recipe.seedRule
    }

    private func messages(_ seeds: String) -> String { Sample.messages(Sample.recipe("seeds: [1, 2]", "seeds: \(seeds)")) }

    @Test("are as many as are trained at most, with looks at about a third more each")
    func rule() throws {
        let recipe = try Sample.study(Sample.recipe("seeds: [1, 2]", "seeds: {until: 1.0 points, at-most: 30}")).variants[0].recipe
        #expect(recipe.seeds == Array(1...30))
        #expect(recipe.seedRule?.looks == [5, 7, 9, 12, 16, 21, 30])
        #expect(recipe.seedRule?.until == 1 && recipe.seedRule?.isInPoints == true)
        #expect(recipe.tuning.seeds == [1])
    }

    @Test("may have looks and a first stage of their own")
    func looks() throws {
        #expect(try rule("{until: 0.02, at-most: 20, looks: [5, 10, 20]}")?.looks == [5, 10, 20])
        #expect(try rule("{until: 0.02, at-most: 12, first: 3}")?.looks == [3, 4, 5, 7, 9, 12])
        #expect(try rule("{until: 0.02, at-most: 20}")?.isInPoints == false)
        #expect(try rule("{until: 1 point, at-most: 3}")?.looks == [3])
    }

    @Test("always rise to the most seeds")
    func rising() {
        for most in 2...60 {
            let looks = SeedRule.looks(first: 5, most: most)
            #expect(looks.last == most && zip(looks, looks.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test("stay when the resolved recipe is read again, and a list in a setting replaces them")
    func resolved() throws {
        let text = Sample.recipe("seeds: [1, 2]", "seeds: {until: 1.0 points, at-most: 30}")
        #expect(try Sample.study(Sample.study(text).resolvedYAML).variants[0].recipe.seedRule?.looks.last == 30)
        #expect(try Sample.study(text, set: ["seeds=[4]"]).variants[0].recipe.seeds == [4])
        #expect(try Sample.study(text, set: ["seeds.at-most=8"]).variants[0].recipe.seeds == Array(1...8))
    }

    @Test("that no study could follow are refused")
    func faults() {
        #expect(messages("{at-most: 30}").contains("seeds lacks the required key 'until'"))
        #expect(messages("{until: 1.0 points}").contains("seeds lacks the required key 'at-most'"))
        #expect(messages("{until: 1.0 percent, at-most: 30}").contains("until cannot be '1.0 percent'"))
        #expect(messages("{until: -1, at-most: 30}").contains("until cannot be '-1'"))
        #expect(messages("{until: 1, at-most: 1}").contains("at-most cannot be '1'"))
        #expect(messages("{until: 1, at-most: 9, first: 12}").contains("first cannot be 12"))
        #expect(messages("{until: 1, at-most: 9, looks: [3, 7]}").contains("looks cannot be '[3, 7]'"))
        #expect(messages("{until: 1, at-most: 9, sometimes: 3}").contains("unknown key 'sometimes' in seeds"))
    }

    @Test("go by a difference: they need a row beside the baseline, and no draws beside the seeds")
    func difference() {
        let text = Sample.recipe("seeds: [1, 2]", "seeds: {until: 1, at-most: 9}")
        let repeated = Sample.messages(text + "repeat: {training.batch: [8, 16]}\n")
        #expect(repeated.contains("the number of seeds cannot depend on a difference in a recipe with 'repeat'"))
        let alone = Sample.messages(text, set: ["rows=[Fusion]"])
        #expect(alone.contains("the number of seeds cannot depend on a difference"))
    }
}
