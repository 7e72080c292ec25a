import Regularization
import RegularizerTesting
import Testing

@Suite("The cost of a regularizer") struct RegularizerCostTests {
    @Test("is measured for each size, with an exponent for samples and one for width") func sizes() throws {
        let cost = try RegularizerCost.measure(samples: [4, 8], widths: [3, 6, 12], modalities: 1, repetitions: 1) { Sound($0) }
        #expect(cost.bySamples.map(\.samples) == [4, 8] && cost.bySamples.map(\.width) == [3, 3])
        #expect(cost.byWidth.map(\.samples) == [4, 4, 4] && cost.byWidth.map(\.width) == [3, 6, 12])
        #expect((cost.bySamples + cost.byWidth).allSatisfy { $0.seconds > 0 })
        #expect(cost.exponentOfSamples?.isFinite == true && cost.exponentOfWidth?.isFinite == true)
        #expect(cost.description.contains(" ms at N = 8, D = 3"))
    }

    @Test("has no exponent for one size") func oneSize() throws {
        let cost = try RegularizerCost.measure(samples: [4], widths: [3], repetitions: 1) { Sound($0) }
        #expect(cost.exponentOfSamples == nil && cost.exponentOfWidth == nil)
    }
}
