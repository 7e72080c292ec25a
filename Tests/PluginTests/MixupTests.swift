import Configuration
import GoldenFixtures
@testable import MixupPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Mixup") struct MixupTests {
    @Test("mixed embeddings with mixed targets have the stored loss and gradients", arguments: GoldenFixtures.cases(kind: "mixup"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let (z, labels) = (try fixture.tensor("z"), try fixture.integers("labels"))
        let (weight, bias) = (try fixture.tensor("weight"), try fixture.tensor("bias"))
        let groups = DomainRows.all(of: try fixture.integers("domains"))
        let domains = groups.map(\.rows)
        let targets = Tensor.oneHot(labels, classes: weight.shape[0])
        func loss(_ mixing: Mixing, rows: [[Int]], _ x: [Tensor]) -> Tensor {
            let logits = mixing(x[0]).matmul(x[1], transposingRight: true) + x[2]
            return Tensor.stacked(rows.map { logits.gathering(rows: $0).crossEntropy(targets: mixing(targets).gathering(rows: $0)) }).mean()
        }
        let within = Mixing(order: try fixture.integers("perm"), share: try fixture.tensor("lam").item)
        let order = try fixture.integers("order").map { number in try #require(groups.firstIndex { $0.domain == number }) }
        let across = Mixing(across: domains, order: order, shares: try fixture.tensor("lam_pairs").values)
        // The stored loss leaves out what the smaller domain of a pair has no partner for.
        let met = order.indices.map { domains[order[$0]].prefix(domains[order[($0 + 1) % order.count]].count).map { $0 } }
        for (name, mixing, rows) in [("within", within, [Array(0..<labels.count)]), ("across", across, met)] {
            let inputs = [z, weight, bias]
            try fixture.expect(loss(mixing, rows: rows, inputs), matches: name)
            let tracked = inputs.map { $0.tracked() }
            let slopes = gradients(of: loss(mixing, rows: rows, tracked), with: tracked)
            for (input, slope) in zip(["z", "weight", "bias"], slopes) { try fixture.expect(try #require(slope), matches: "grad_\(name).\(input)") }
        }
    }

    @Test("embeddings of all modalities, tokens and targets are mixed with those of the same samples", arguments: Mixup.Pairs.allCases)
    func together(pairs: Mixup.Pairs) throws {
        let plugin = try make(pairs)
        let forward = ForwardPass(
            Pass(isTraining: true, random: RandomSource(seed: 5), step: 1), targets: .classes([0, 1, 2, 0, 1], of: 3), domains: [0, 0, 1, 1, 1])
        // Each array says of itself which samples are in it.
        let identity = Tensor.identity(5)
        let tokens = identity.reshaped([5, 1, 5]).expanded(to: [5, 2, 5])
        let embeddings: Embeddings = ["video": Embedding(pooled: identity, tokens: tokens), "audio": Embedding(pooled: identity)]
        let changed = plugin.changedEmbeddings(embeddings, in: forward)
        let shares = plugin.changedTargets(identity, in: forward)
        #expect(shares.values != identity.values)
        #expect(changed["video"]?.pooled.values == shares.values && changed["audio"]?.pooled.values == shares.values)
        #expect(changed["video"]?.tokens?.values == shares.reshaped([5, 1, 5]).expanded(to: [5, 2, 5]).values)
        if pairs == .across {
            for row in 0..<5 {
                let partners = (0..<5).filter { $0 != row && shares.values[row * 5 + $0] != 0 }
                #expect(partners.count <= 1 && partners.allSatisfy { ($0 < 2) != (row < 2) })
            }
        }
    }

    @Test("in evaluation, and across a single domain, nothing is changed") func untouched() throws {
        let embeddings: Embeddings = ["video": Embedding(pooled: normal([4, 6])), "audio": Embedding(pooled: normal([4, 4]))]
        #expect(try make(.within).changedEmbeddings(embeddings, in: ForwardPass(.evaluation))["video"]?.pooled.values == normal([4, 6]).values)
        let forward = ForwardPass(Pass(isTraining: true, random: RandomSource(seed: 5), step: 1), domains: [1, 1, 1, 1])
        #expect(try make(.across).changedEmbeddings(embeddings, in: forward)["video"]?.pooled.values == normal([4, 6]).values)
    }

    @Test("shares follow the beta distribution", arguments: [0.1, 0.2, 1, 5]) func beta(concentration: Double) {
        var stream = RandomSource(seed: 1).stream("shares")
        let draws = (0..<20_000).map { _ in Double(stream.beta(concentration)) }
        let mean = draws.reduce(0, +) / 20_000
        let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        #expect(draws.allSatisfy { (0...1).contains($0) })
        #expect(abs(mean - 0.5) < 0.01)
        #expect(abs(variance - 0.25 / (2 * concentration + 1)) < 0.004)
    }

    @Test("a part of the modalities is refused") func faults() {
        let fault = #expect(throws: OptionFault.self) {
            try Mixup(options: .init(), context: .sample(["video"], widths: ["video": 6], instance: "mixup"))
        }
        #expect(fault?.option == "on")
    }

    @Test("mixing across domains is refused where the training has one, and goes on where they are not known") func singleSource() throws {
        var context = RegularizerContext.sample(widths: ["video": 6, "audio": 4], instance: "mixup")
        var options = Mixup.Options()
        options.pairs = .across
        context.sourceDomains = [2]
        let fault = #expect(throws: OptionFault.self) { try Mixup(options: options, context: context) }
        #expect(fault?.option == "pairs" && fault?.suggestion == "within")
        for domains: SourceDomains in [[], [0, 2]] {
            context.sourceDomains = domains
            _ = try Mixup(options: options, context: context)
        }
    }

    private func make(_ pairs: Mixup.Pairs) throws -> Mixup {
        var options = Mixup.Options()
        options.pairs = pairs
        return try Mixup(options: options, context: .sample(widths: ["video": 6, "audio": 4], instance: "mixup"))
    }
}
