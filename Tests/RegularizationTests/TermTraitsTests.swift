import Configuration
import Networks
import RegularizerTesting
import Tensors
import Testing

@testable import Regularization

private let odd = TermTrait("is odd")

private struct Odd: RegularizerPlugin, AddsPenalty {
    static var description: ComponentDescription { ComponentDescription(name: "odd", summary: "a test's") }
    static var traits: [TermTrait] { [odd] }
    init(options: NoOptions, context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { nil }
}

private struct Even: RegularizerPlugin, AddsPenalty {
    static var description: ComponentDescription { ComponentDescription(name: "even", summary: "a test's") }
    static var excludes: [TermExclusion] { [TermExclusion(odd, because: "it is even")] }
    init(options: NoOptions, context: RegularizerContext) {}
    func penalty(_ step: TrainingStep) -> Penalty? { nil }
}

private struct Averaged: RegularizerPlugin, AveragesWeights {
    static var description: ComponentDescription { ComponentDescription(name: "averaged", summary: "a test's") }
    init(options: NoOptions, context: RegularizerContext) {}
    var averagedWeights: (any WeightAverage)? { nil }
}

@Suite("Terms that exclude each other") struct TermTraitsTests {
    private func faults(_ plans: TermPlan...) throws -> [(index: Int, fault: OptionFault)] {
        var registry = RegularizerRegistry()
        try registry.register(Odd.self)
        try registry.register(Even.self)
        try registry.register(Averaged.self)
        return registry.exclusions(among: plans, totalSteps: 100, stepsPerEpoch: 10)
    }

    @Test("the later term is refused, whichever of the two says so") func either() throws {
        for plans in [[TermPlan("odd"), TermPlan("even")], [TermPlan("even"), TermPlan("odd")]] {
            let found = try faults(plans[0], TermPlan("other"), plans[1])
            #expect(found.map(\.index) == [2])
            #expect(found.first?.fault.expected == "no two terms of which one excludes the other: any other term that is odd, as it is even")
            #expect(found.first?.fault.found == "'\(plans[0].instance)' beside it")
        }
        #expect(try faults(TermPlan("odd"), TermPlan("odd", instance: "again")).isEmpty)
    }

    @Test("terms of weight 0 and terms that act one after the other are in nobody's way") func apart() throws {
        #expect(try faults(TermPlan("odd", weight: 0), TermPlan("even")).isEmpty)
        #expect(try faults(TermPlan("odd", until: .share(0.5)), TermPlan("even", after: .share(0.5))).isEmpty)
        #expect(try faults(TermPlan("odd", until: .share(0.6)), TermPlan("even", after: .share(0.5))).count == 1)
    }

    @Test("a term inside a sum is named where it stands") func sums() throws {
        let sum = TermPlan(sumOf: [TermPlan("other"), TermPlan("even")], instance: "sum")
        let found = try faults(TermPlan("odd"), sum)
        #expect(found.map(\.index) == [1] && found.first?.fault.terms == [1])
    }

    @Test("one average of weights is evaluated, whenever another one ends") func averages() throws {
        let found = try faults(TermPlan("averaged", until: .share(0.2)), TermPlan("averaged", instance: "second", after: .share(0.8)))
        #expect(found.map(\.index) == [1])
    }
}
