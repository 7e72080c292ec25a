import GoldenFixtures
import Tensors
import Testing

@testable import Analysis

@Suite("Stored numbers: representation") struct GoldenRepresentationTests {
    @Test("similarities, RankMe and singular values", arguments: GoldenFixtures.cases(kind: "representation-metrics"))
    func representation(fixture: GoldenFixture) throws {
        let (x, y, rotated) = (try fixture.tensor("x"), try fixture.tensor("y"), try fixture.tensor("x_rotated"))
        let names: [(Similarity, String)] = [(.linearCKA, "cka_linear"), (.kernelCKA, "cka_rbf"), (.procrustes, "procrustes")]
        for (similarity, name) in names {
            try fixture.expect(Float(similarity.between(x, y)), matches: name, mixed: true)
            try fixture.expect(Float(similarity.between(x, rotated)), matches: "\(name)_rotated", mixed: true)
        }
        try fixture.expect(Float(Similarity.linearCKA.between(x, x)), matches: "cka_linear_self", mixed: true)
        for (tensor, name) in [(x, "x"), (y, "y")] {
            let spectrum = try Spectrum(of: tensor)
            try fixture.expect(Float(spectrum.rank), matches: "rankme_paper_\(name)")
            try fixture.expect(Float(spectrum.rank(adding: 1e-7)), matches: "rankme_eps_\(name)")
        }
        try fixture.expect(Float(Spectrum(of: fixture.tensor("rank1")).rank(adding: 1e-7)), matches: "rankme_eps_rank1")
        try fixture.expect(Spectrum(of: x).singularValues.map(Float.init), matches: "singular_values_x")
        let median = PairDistances(try SampleMatrix(x)).medianSquared(includingDiagonal: true)
        try fixture.expect(Float(median), matches: "median_sqdist_x")
    }

    @Test("similarity of source and target within classes", arguments: GoldenFixtures.cases(kind: "class-conditional-metrics"))
    func classConditional(fixture: GoldenFixture) throws {
        let names: [(Similarity, String)] = [
            (.linearCKA, "cka_linear"), (.kernelCKA, "cka_rbf"), (.procrustes, "procrustes"), (.featureGram, "feature_gram"),
        ]
        for (similarity, name) in names {
            let found = try ClassConditionalSimilarity(
                similarity, source: fixture.tensor("source"), sourceLabels: fixture.integers("source_labels"),
                target: fixture.tensor("target"), targetLabels: fixture.integers("target_labels"))
            #expect(try found.classes == fixture.integers("classes_used"))
            try fixture.expect(found.values.map(Float.init), matches: "\(name)_per_class", mixed: true)
            try fixture.expect(Float(found.mean.get()), matches: "\(name)_mean", mixed: true)
            #expect(!found.leftOut.isEmpty)
        }
    }
}
