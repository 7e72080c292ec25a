@testable import FeatureStatisticsPlugin
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Statistics of feature maps") struct FeatureStatisticsTests {
    private func normal(_ shape: Shape, seed: UInt64 = 5) -> Tensor {
        var stream = RandomSource(seed: seed).stream("map")
        return stream.normal(shape, mean: 0.3, deviation: 1.5)
    }

    private func pass(_ step: Int, domains: [Int]? = nil) -> ForwardPass {
        ForwardPass(Pass(isTraining: true, random: RandomSource(seed: 9), step: step), domains: domains)
    }

    private func mixStyle(_ change: (inout MixStyle.Options) -> Void = { _ in }) -> MixStyle {
        var options = MixStyle.Options()
        options.probability = 1
        change(&options)
        return MixStyle(options: options, context: .sample(instance: "style"))
    }

    @Test("DSU gives the stored maps and gradients", arguments: GoldenFixtures.cases(kind: "dsu"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let x = try fixture.tensor("x").tracked()
        func noise(_ name: String) throws -> Tensor { try fixture.tensor(name).unsqueezed(axis: 1) }
        // Stored arrays have their channels first.
        let places = x.reshaped([x.shape[0], x.shape[1], x.elementCount / (x.shape[0] * x.shape[1])]).transposed(1, 2)
        let y = DSU.perturbed(
            FeatureMap(places, at: "layer1"), meanNoise: try noise("noise_mu"), deviationNoise: try noise("noise_sigma"))
        let back = y.transposed(1, 2).reshaped(x.shape)
        try fixture.expect(back, matches: "y")
        let slope = gradients(of: (back * (try fixture.tensor("dy"))).sum(), with: [x])[0]
        try fixture.expect(try #require(slope), matches: "grad.x")
    }

    @Test("MixStyle leaves each sample's normalized map, with statistics between its own and its partner's") func mixed() {
        let map = FeatureMap(normal([3, 4, 5, 2]), at: "layer1")
        let shares: [Float] = [0.25, 1, 0]
        let changed = MixStyle.mixed(map, with: [2, 0, 1], shares: Tensor(shares, shape: [3, 1, 1]))
        let (old, new) = (ChannelStatistics(of: map), ChannelStatistics(of: FeatureMap(changed, at: "layer1")))
        func expectNear(_ found: Tensor, _ expected: Tensor) { #expect(areClose(found.values, expected.values, within: 1e-4)) }
        func mix(_ x: Tensor) -> Tensor {
            Tensor.concatenated(
                [2, 0, 1].enumerated().map { row, partner in
                    let (own, other) = (x[row..<row + 1], x[partner..<partner + 1])
                    return own * shares[row] + other * (1 - shares[row])
                }, axis: 0)
        }
        expectNear(new.mean, mix(old.mean))
        expectNear(new.deviation, mix(old.deviation))
        expectNear((new.places - new.mean) / new.deviation, (old.places - old.mean) / old.deviation)
    }

    @Test("MixStyle's statistics are constants for the gradient, which is the mixed deviation over the own one") func constants() throws {
        let map = FeatureMap(normal([2, 6, 3]).tracked(), at: "layer1")
        let changed = MixStyle.mixed(map, with: [1, 0], shares: Tensor([0, 0], shape: [2, 1, 1]))
        let slope = try #require(gradients(of: changed.sum(), with: [map.values])[0])
        let deviation = ChannelStatistics(of: map).deviation.detached()
        let expected = (deviation.gathering(rows: [1, 0]) / deviation).expanded(to: slope.shape)
        #expect(areClose(slope.values, expected.values, within: 1e-5))
    }

    @Test("across domains a sample's partner is of another one, and a single domain stays as it is") func across() {
        // Each sample's mean tells its domain.
        let domains = [0, 0, 1, 1, 1]
        let values = normal([5, 8, 1]) * 0.01 + Tensor(domains.map { Float($0) * 100 }, shape: [5, 1, 1])
        let map = FeatureMap(values, at: "layer1")
        let style = mixStyle { ($0.pairs, $0.concentration) = (.across, 1000) }
        let means = ChannelStatistics(of: FeatureMap(style.changedFeatureMap(map, of: "video", in: pass(1, domains: domains)), at: "layer1")).mean.values
        #expect(means.allSatisfy { abs($0 - 50) < 10 }, "\(means)")
        #expect(style.changedFeatureMap(map, of: "video", in: pass(1, domains: [3, 3, 3, 3, 3])).values == values.values)
    }

    @Test("both act as often as they should, anew at each step and point, and alike for the pathways of one point") func coin() {
        let values = normal([2, 4, 2])
        var options = DSU.Options()
        options.probability = 0.25
        let dsu = DSU(options: options, context: .sample(instance: "dsu"))
        let style = mixStyle { $0.probability = 0.25 }
        for change in [dsu.changedFeatureMap, style.changedFeatureMap] as [(FeatureMap, Modality, ForwardPass) -> Tensor] {
            func acts(_ step: Int, _ point: String, _ pathway: String = "") -> Bool {
                change(FeatureMap(values, at: point, pathway: pathway), "video", pass(step)).values != values.values
            }
            let steps = 0..<400
            #expect((60..<140).contains(steps.count { acts($0, "layer1", "fast") }))
            #expect(steps.contains { acts($0, "layer1") != acts($0, "layer2") })
        }
        // MixStyle may draw the sample itself, so that DSU alone tells the pathways' coin.
        #expect(
            (0..<40).allSatisfy { step in
                let maps = ["fast", "slow"].map { dsu.changedFeatureMap(FeatureMap(values, at: "layer1", pathway: $0), of: "video", in: pass(step)).values }
                return (maps[0] == values.values) == (maps[1] == values.values) && (maps[0] == values.values || maps[0] != maps[1])
            })
    }

    @Test("a padded series has the statistics of its real places") func padded() {
        let values = normal([2, 5, 3])
        let padded = ChannelStatistics(of: FeatureMap(values, at: "layer1", lengths: [5, 3]))
        let short = ChannelStatistics(of: FeatureMap(values[1..<2].slice(axis: 1, 0..<3), at: "layer1"))
        #expect(areClose(padded.mean[1..<2].values, short.mean.values, within: 1e-6))
        #expect(areClose(padded.deviation[1..<2].values, short.deviation.values, within: 1e-6))
    }

    @Test("a map of one place stays as it is") func onePlace() {
        let map = FeatureMap(normal([4, 1, 3]), at: "layer4")
        var options = DSU.Options()
        options.probability = 1
        #expect(DSU(options: options, context: .sample(instance: "dsu")).changedFeatureMap(map, of: "video", in: pass(1)).values == map.values.values)
        #expect(mixStyle().changedFeatureMap(map, of: "video", in: pass(1)).values == map.values.values)
    }

    @Test("MixStyle acts after the first two stages, or at the lower half of other points") func points() {
        #expect(MixStyle.points(among: ["conv1", "layer1", "layer2", "layer3", "layer4"]) == ["layer1", "layer2"])
        #expect(MixStyle.points(among: ["conv1", "conv2", "conv3"]) == ["conv1", "conv2"])
        #expect(MixStyle.points(among: ["layer3", "layer4"]) == ["layer3"])
        #expect(DSU.points(among: ["layer3", "layer4"]) == ["layer3", "layer4"])
    }
}
