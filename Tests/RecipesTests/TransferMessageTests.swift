import Testing

@testable import Recipes

/// What is wrong about transfers, lengths in steps and rates of parts, at its place.
@Suite("Transfers, steps and rates")
struct TransferMessageTests {
    @Test("several sources and arrows of both kinds are read")
    func read() throws {
        let text = Sample.recipe + "evaluation:\n  transfers: [group-1 + group-2 -> group-3, \"group-3→group-1\"]\n"
        let recipe = try Sample.study(text).variants[0].recipe
        #expect(recipe.evaluation.transfers?.map(\.name) == ["group-1 + group-2 → group-3", "group-3 → group-1"])
    }

    @Test(
        "what is none, stands twice or names an unknown domain is said",
        arguments: [
            ("[group-1]", "transfers cannot contain 'group-1'"), ("[group-1 -> group-1]", "transfers cannot contain 'group-1 -> group-1'"),
            ("[group-1 + -> group-2]", "transfers cannot contain 'group-1 + -> group-2'"),
            ("[group-1 -> group-2, group-1→group-2]", "'group-1 → group-2' appears twice in transfers"),
            ("[group-1 -> group-4]", "unknown domain 'group-4'"), ("[]", "transfers cannot be an empty list"),
        ])
    func faults(transfers: String, message: String) {
        #expect(Sample.messages(set: ["evaluation.transfers=\(transfers)"]).contains(message))
    }

    @Test("a protocol cannot stand beside transfers")
    func both() {
        let messages = Sample.messages(set: ["evaluation.transfers=[group-1 -> group-2]", "evaluation.protocol=single-source"])
        #expect(messages.contains("evaluation has both protocol and transfers"))
    }

    @Test("a length is in epochs or in steps, and steps are whole checks")
    func lengths() throws {
        #expect(Sample.messages(set: ["training.steps=100", "training.check-every=10"]).contains("training has both epochs and steps"))
        let odd = Sample.messages(set: ["training.epochs=null", "training.steps=105", "training.check-every=10"])
        #expect(odd.contains("105 steps are not a multiple of check-every 10") && odd.contains("did you mean '100'?"))
        #expect(Sample.messages(set: ["training.epochs=null", "training.steps=100"]).contains("training lacks the required key 'check-every'"))
        #expect(Sample.messages(set: ["training.epochs=null"]).contains("epochs"))
        let training = try Sample.study(set: ["training.epochs=null", "training.steps=100", "training.check-every=20"]).variants[0].recipe.training
        #expect(training.epochs == 5 && training.checkEvery == 20)
    }

    @Test("rates of parts are numbers from 0 on")
    func rates() throws {
        let training = try Sample.study(set: ["training.optimizer.rates.encoders=0.1", "training.optimizer.rates.fusion=1"]).variants[0].recipe.training
        #expect(training.rates.map(\.part) == ["encoders", "fusion"] && training.rates.map(\.factor) == [0.1, 1])
        #expect(Sample.messages(set: ["training.optimizer.rates.encoders=-1"]).contains("encoders of optimizer.rates cannot be"))
        #expect(Sample.messages(set: ["training.optimizer.rates=3"]).contains("optimizer.rates cannot be '3'"))
    }
}
