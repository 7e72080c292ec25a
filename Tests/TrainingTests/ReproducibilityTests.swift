import Configuration
import Foundation
import Regularization
import Testing

@testable import Training
@testable import TrainingSupport

@Suite("Equal plans give equal bits, and rows share everything but what they are about")
struct ReproducibilityTests {
    private let terms = [TermPlan("mer"), TermPlan("dropout"), TermPlan("noise")]

    @Test("a trial that is run twice gives the same bits")
    func twice() throws {
        let (one, other) = (try Sample.run(Sample.plan(terms)), try Sample.run(Sample.plan(terms)))
        #expect(one.result.timeless == other.result.timeless)
        #expect(one.bits == other.bits)
    }

    @Test("another seed gives other bits")
    func seeds() throws {
        let (one, other) = (try Sample.run(Sample.plan(seed: 1)), try Sample.run(Sample.plan(seed: 2)))
        #expect(one.bits.keys == other.bits.keys)
        #expect(one.bits != other.bits)
    }

    @Test("two rows share initial values and the order of the data")
    func paired() throws {
        let alone = try Sample.run(Sample.plan([TermPlan("probe")])).result
        let beside = try Sample.run(Sample.plan([TermPlan("mer", at: .projection), TermPlan("dropout"), TermPlan("probe")])).result
        let other = try Sample.run(Sample.plan([TermPlan("probe")], seed: 2)).result
        for name in ["probe.order", "probe.first"] {
            let (a, b, c) = (alone.epochs.map { $0.terms[name] }, beside.epochs.map { $0.terms[name] }, other.epochs.map { $0.terms[name] })
            #expect(a == b)
            #expect(a != c)
        }
        #expect(alone.epochs != beside.epochs)
    }

    @Test("every epoch has an order of its own")
    func epochs() throws {
        let orders = try Sample.run(Sample.plan([TermPlan("probe")]) { $0.epochs = 3 }).result.epochs.map { $0.terms["probe.order"] }
        #expect(Set(orders).count == 3)
    }

    @Test("a regularizer that draws random numbers shifts no other draw")
    func draws() throws {
        #expect(try Sample.run(Sample.plan([TermPlan("probe")])).bits == Sample.run(Sample.plan()).bits)
    }

    @Test(
        "a regularizer of weight 0 trains the same bits as none",
        arguments: ["mer", "vicreg", "dropout", "noise", "label-smoothing", "weight-decay"])
    func weightZero(_ name: String) throws {
        let (with, without) = (try Sample.run(Sample.plan([TermPlan(name, weight: 0)])), try Sample.run(Sample.plan()))
        #expect(with.bits == without.bits)
        #expect(with.result.epochs.map(\.trainingLoss) == without.result.epochs.map(\.trainingLoss))
        #expect(with.result.epochs.map(\.targetScore) == without.result.epochs.map(\.targetScore))
    }

    @Test("parameters that a regularizer owns shift no initial value of the model")
    func owned() throws {
        let with = try Sample.run(Sample.plan([TermPlan("mer", weight: 0, at: .projection)]))
        #expect(try with.modelBits == Sample.run(Sample.plan()).bits)
        #expect(with.bits.count > with.modelBits.count)
    }

    @Test("every value of a plan is part of its name")
    func hash() {
        let changes: [(inout TrialPlan) -> Void] = [
            { _ in }, { $0.data.options["draw"] = .integer(1) }, { $0.dataFingerprint = "other" }, { $0.standardization = .channel },
            { $0.model = Sample.model(embedding: 9) }, { $0.model = Sample.model(["m1"]) }, { $0.model = Sample.model(hidden: 17) },
            { $0.model = .whole(ComponentPlan("tensor-fusion"), modalities: ["m1", "m2"]) },
            { $0.model = .whole(ComponentPlan("tensor-fusion"), modalities: ["m1"]) },
            { $0.program = "another build" }, { $0.sources = [0] }, { $0.targets = [1] }, { $0.validation = .fraction(0.3) }, { $0.validation = .domain(0) },
            { $0.selection = .lastEpoch }, { $0.selection = .epoch(2) }, { $0.epochs = 3 }, { $0.batch = 8 }, { $0.batching = .shuffled },
            { $0.optimizer.name = "sgd" }, { $0.learningRate = 0.02 }, { $0.schedule.options["warm-up"] = .number(0.5) }, { $0.gradientClip = 1 },
            { $0.regularizers = [TermPlan("mer")] }, { $0.regularizers = [TermPlan("mer", instance: "other")] },
            { $0.regularizers = [TermPlan("mer", options: ["gamma": .number(2)])] }, { $0.regularizers = [TermPlan("mer", weight: 2)] },
            { $0.regularizers = [TermPlan("mer", on: ["m1"])] }, { $0.regularizers = [TermPlan("mer", at: .projection)] },
            { $0.regularizers = [TermPlan("mer", schedule: WeightSchedule(.cosine))] }, { $0.regularizers = [TermPlan("mer", part: .shared)] },
            { $0.regularizers = [TermPlan("mer", after: .steps(2))] }, { $0.regularizers = [TermPlan("mer", until: .steps(2))] },
            { $0.regularizers = [TermPlan(sumOf: [TermPlan("mer")], instance: "mer")] },
            { $0.regularizers = [TermPlan(sumOf: [TermPlan("mer", weight: 2)], instance: "mer")] },
            { $0.foreignCode = ["0af1"] }, { $0.seed = 2 }, { $0.threads = 2 },
        ]
        let hashes = changes.map { Sample.plan(change: $0).hash }
        #expect(Set(hashes).count == changes.count)
        #expect(hashes[0] == Sample.plan().hash)
    }
}
