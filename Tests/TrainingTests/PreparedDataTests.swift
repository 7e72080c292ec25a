import Configuration
import Datasets
import Regularization
import Results
import Testing

@testable import Training
@testable import TrainingSupport

@Suite("What trials share of the data")
struct PreparedDataTests {
    @Test("rows of a table share one division and one scale, the ones that each would have made for itself")
    func shared() throws {
        let dataset = try Sample.dataset()
        let prepared = PreparedData()
        let plans = [Sample.plan(), Sample.plan([TermPlan("mer")]), Sample.plan { $0.learningRate = 0.1 }]
        for plan in plans {
            let (parts, own) = (try prepared.parts(for: plan, of: dataset), try PreparedData().parts(for: plan, of: dataset))
            #expect(parts.split.training == own.split.training && parts.split.validation == own.split.validation)
            #expect(parts.split.target == own.split.target && parts.standardization == own.standardization)
        }
        #expect(prepared.count == 1)
    }

    @Test("a model's description has one text, whichever row asks for it")
    func descriptions() throws {
        let dataset = try Sample.dataset()
        let prepared = PreparedData()
        let plans = [Sample.plan(), Sample.plan([TermPlan("mer")]), Sample.plan { $0.standardization = .channel }]
        for plan in plans {
            let scale = try prepared.parts(for: plan, of: dataset).standardization
            let model = ModelDescription(plan, facts: dataset.facts, standardization: scale)
            #expect(try prepared.text(of: model) == model.text)
        }
    }

    @Test("whatever decides about them has parts of its own")
    func different() throws {
        let dataset = try Sample.dataset()
        let prepared = PreparedData()
        let plans = [
            Sample.plan(), Sample.plan(seed: 2), Sample.plan { $0.validation = .fraction(0.4) }, Sample.plan { $0.standardization = .channel },
            Sample.plan { ($0.sources, $0.targets) = ([0, 2], [1]) }, Sample.plan { $0.dataFingerprint = "other" },
            Sample.plan { ($0.validation, $0.selection) = (.fraction(0), .lastEpoch) },
        ]
        let parts = try plans.map { try prepared.parts(for: $0, of: dataset) }
        #expect(prepared.count == plans.count)
        #expect(parts[0].split.validation != parts[1].split.validation && parts[0].split.validation.count < parts[2].split.validation.count)
        #expect(parts[4].split.targetDomains == [1])
    }

    @Test("no more rows are kept than there is room for, and one division in any case")
    func capacity() throws {
        let dataset = try Sample.dataset()
        for (room, kept) in [(0, 1), (dataset.count, 1), (3 * dataset.count, 3)] {
            let prepared = PreparedData(capacity: room)
            for seed in 1...5 { _ = try prepared.parts(for: Sample.plan(seed: seed), of: dataset) }
            #expect(prepared.count == kept)
        }
    }

    @Test("what cannot be divided is refused each time that it is asked for")
    func refused() throws {
        let dataset = try Sample.dataset()
        let prepared = PreparedData()
        for _ in 1...2 {
            #expect(throws: DatasetFault.self) { try prepared.parts(for: Sample.plan { $0.validation = .perClass(1000) }, of: dataset) }
        }
    }

    @Test("a trial that is given what others made trains to the same bits")
    func sameBits() throws {
        let (dataset, components) = (try Sample.dataset(), try Sample.components())
        let prepared = PreparedData()
        let (first, plan) = (Sample.plan([TermPlan("mer")]), Sample.plan())
        func run(_ plan: TrialPlan) throws -> Trial.Outcome {
            try Trial(plan, key: TrialKey(row: "row", target: "d3", seed: 1), dataset: dataset, components: components, prepared: prepared).run()
        }
        _ = try run(first)
        #expect(try run(plan).bits == Sample.run(plan).bits && prepared.count == 1)
    }
}
