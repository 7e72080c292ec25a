import Foundation
import Tensors
import Testing

@testable import Analysis

@Suite("Representation") struct RepresentationPropertyTests {
    @Test("RankMe is the number of equally strong directions, and 1 for one")
    func ranks() throws {
        let identity = try Spectrum(of: Tensor.identity(6))
        #expect(abs(identity.rank - 6) < 1e-9)
        #expect(abs(identity.participation - 6) < 1e-9)
        let line = Samples.normal(40, 1).matmul(Samples.normal(1, 7, seed: 2))
        #expect(abs(try Spectrum(of: line).rank - 1) < 1e-4)
    }

    @Test("a tall matrix, worked on in blocks, has the singular values of the whole")
    func blocks() throws {
        let tall = try SampleMatrix(Samples.normal(2000, 5))
        let found = try tall.singularValues()
        let (eigenvalues, _) = try tall.gram(ofSamples: false).symmetricEigen()
        #expect(found.count == 5 && eigenvalues.count == 5)
        for (value, square) in zip(found, eigenvalues.reversed()) { #expect(abs(value * value - square) < 1e-8 * square) }
    }

    @Test(
        "singular values as they are and centered come from one reduction, for tall, square, wide and long matrices, with means far off and features that are 0",
        arguments: [(40, 30), (30, 30), (20, 30), (29, 30), (700, 5), (2, 9), (2, 2), (9, 1)])
    func plainAndCentered(rows: Int, columns: Int) throws {
        for offset in [Float(0), 3, -100] {
            var values = Samples.normal(rows, columns).values.map { $0 + offset }
            if columns > 4 { for row in 0..<rows { (values[row * columns + 2], values[row * columns + 4]) = (0, 0.1) } }
            let samples = Tensor(values, shape: [rows, columns])
            let found = Spectrum.plainAndCentered(of: samples)
            for (together, apart) in [(found.plain, try Spectrum(of: samples)), (found.centered, try Spectrum(of: samples, centering: true))] {
                let values = try together.get().singularValues
                #expect(values.count == min(rows, columns))
                let largest = apart.singularValues[0]
                for (value, expected) in zip(values, apart.singularValues) { #expect(abs(value - expected) < 1e-13 * largest) }
            }
        }
    }

    @Test("where embeddings have no spectrum, plain or centered, both ways to it say the same")
    func plainAndCenteredDegenerate() {
        for samples in [
            Tensor.zeros([4, 3]), Tensor.full(0.1, [7, 3]), Tensor.full(0.1, [3, 7]), Tensor.full(.nan, [4, 3]), Tensor.zeros([0, 3]), Tensor.ones([1, 3]),
        ] {
            let found = Spectrum.plainAndCentered(of: samples)
            #expect(reason { try found.plain.get() } == reason { try Spectrum(of: samples) })
            // Fewer samples than one are said to be that.
            if samples.shape[0] > 0 { #expect(reason { try found.centered.get() } == reason { try Spectrum(of: samples, centering: true) }) }
        }
    }

    @Test("the spectrum's curve begins at 0, falls, and ends before values that are 0 but for rounding")
    func curve() throws {
        let planar = Samples.normal(50, 2).matmul(Samples.normal(2, 8, seed: 2))
        let spectrum = try Spectrum(of: planar)
        #expect(spectrum.singularValues.count == 8)
        #expect(spectrum.logNormalized[0] == 0)
        #expect(zip(spectrum.logNormalized, spectrum.logNormalized.dropFirst()).allSatisfy { $0 >= $1 })
        let exact = try Spectrum(of: Tensor([1, 0, 0, 2, 0, 0], shape: [2, 3]))
        #expect(exact.logNormalized.count == 1)
    }

    @Test("embeddings that are all 0, constant when centered, not finite or none have no spectrum")
    func degenerate() {
        #expect(reason { try Spectrum(of: Tensor.zeros([4, 3])) } == "all embeddings are 0")
        #expect(reason { try Spectrum(of: Tensor.full(0.1, [7, 3]), centering: true) } == "all samples have the same embedding")
        #expect(reason { try Spectrum(of: Tensor.full(.nan, [4, 3])) }?.contains("not finite") == true)
        #expect(reason { try Spectrum(of: Tensor.zeros([0, 3])) }?.contains("at least 1 sample") == true)
        #expect(reason { try Spectrum(of: Tensor.ones([1, 3]), centering: true) }?.contains("at least 2 samples") == true)
    }

    @Test("Procrustes by samples and by features agree")
    func procrustesSides() throws {
        let (x, y) = (Samples.normal(12, 10), Samples.normal(12, 11, seed: 2))
        let byFeatures = try Similarity.procrustes.between(x, y)
        let zeros = Tensor.zeros([12, 20])
        let bySamples = try Similarity.procrustes.between(Tensor.concatenated([x, zeros], axis: 1), Tensor.concatenated([y, zeros], axis: 1))
        #expect(abs(byFeatures - bySamples) < 1e-9)
    }

    @Test("similarities that are measured together are those that are measured one by one")
    func together() throws {
        let (x, y) = (Samples.normal(40, 12), Samples.normal(36, 12, seed: 2))
        let (own, other) = ((0..<40).map { $0 % 3 }, (0..<36).map { $0 % 4 })
        let all = try ClassConditionalSimilarity.all(Similarity.allCases, source: x, sourceLabels: own, target: y, targetLabels: other)
        for (similarity, found) in zip(Similarity.allCases, all) {
            let alone = try ClassConditionalSimilarity(similarity, source: x, sourceLabels: own, target: y, targetLabels: other)
            #expect(found.classes == [0, 1, 2] && found.leftOut.map(\.class) == [3])
            #expect(found.classes == alone.classes && found.values == alone.values)
        }
    }

    @Test("a similarity does not change with rotation and scale", arguments: Similarity.allCases.filter(\.pairsRows))
    func invariance(similarity: Similarity) throws {
        let x = Samples.normal(20, 3)
        let rotation = Tensor([0, -1, 0, 1, 0, 0, 0, 0, 1], shape: [3, 3])
        #expect(abs(try similarity.between(x, x.matmul(rotation) * 4) - 1) < 1e-6)
    }

    @Test("classes without two pairs are left out with the reason, and none at all give no mean")
    func leftOut() throws {
        let x = Samples.normal(6, 3)
        let found = try ClassConditionalSimilarity(
            .linearCKA, source: x, sourceLabels: [0, 0, 0, 1, 1, 2], target: x, targetLabels: [0, 0, 0, 1, 3, 3])
        #expect(found.classes == [0])
        #expect(found.leftOut.map(\.class) == [1, 2, 3])
        #expect(found.leftOut[0].reason.reason == "it has 2 source and 1 target samples")
        let none = try ClassConditionalSimilarity(
            .linearCKA, source: x, sourceLabels: [0, 1, 2, 3, 4, 5], target: x, targetLabels: [0, 1, 2, 3, 4, 5])
        #expect(none.mean.number == nil)
        #expect(reason { try none.mean.get() }?.contains("class 0: it has 1 source and 1 target samples") == true)
    }

    @Test("features that are constant change nothing about a domain probe, also where they make it wider than there are samples")
    func probeSides() throws {
        let (x, domains) = (Samples.normal(30, 6), (0..<30).map { $0 * 7 % 3 })
        let probe = try DomainProbe(on: x, domains: domains, count: 3, lambda: 0.01)
        let wide = Tensor.concatenated([x, Tensor.full(0.1, [30, 40])], axis: 1)
        let other = try DomainProbe(on: wide, domains: domains, count: 3, lambda: 0.01)
        #expect(abs(probe.objective - other.objective) < 1e-12)
        #expect(zip(probe.bias, other.bias).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(try probe.predictions(for: x) == other.predictions(for: wide))
    }

    @Test("a descent that knows the curvature ends at the same minimum after far fewer evaluations")
    func preconditioned() throws {
        // A valley: 60 directions, the first 10³ times as steep as the last.
        let steepness = (0..<60).map { pow(10, -Double($0) / 20) }
        func descend(_ preconditioner: (([Double]) -> [Double])?) throws -> (point: [Double], evaluations: Int) {
            var evaluations = 0
            let found = try minimize(from: [Double](repeating: 0, count: 60), tolerance: 1e-10, preconditioner: preconditioner) { point in
                evaluations += 1
                var (value, slopes) = (0.0, [Double]())
                for (steep, place) in zip(steepness, point) {
                    // Not quite a quadratic, so that one step does not end it.
                    let moved = place - 1
                    let square = moved * moved
                    value += steep * (square / 2 + square * square / 4)
                    slopes.append(steep * (moved + square * moved))
                }
                return (value, slopes)
            }
            return (found.point, evaluations)
        }
        let (plain, helped) = (try descend(nil), try descend { zip($0, steepness).map { $0 / $1 } })
        #expect(zip(plain.point, helped.point).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(helped.point.allSatisfy { abs($0 - 1) < 1e-5 })
        #expect(4 * helped.evaluations < plain.evaluations)
    }

    @Test("a probe needs two classes, and says what does not fit")
    func probes() throws {
        let x = Samples.normal(10, 3)
        #expect(reason { try RidgeProbe(on: x, labels: Array(repeating: 1, count: 10), classes: 2, lambda: 1) } == "all samples are of one class")
        #expect(reason { try RidgeProbe(on: x, labels: [0, 1], classes: 2, lambda: 1) } == "10 samples have 2 labels")
        #expect(reason { try RidgeProbe(on: x, labels: (0..<10).map { $0 }, classes: 9, lambda: 1) }?.contains("label 9") == true)
        #expect(reason { try DomainProbe(on: x, domains: Array(repeating: 0, count: 10), count: 1, lambda: 1) } == "all samples are of one domain")
        #expect(reason { try DomainProbe(on: x, domains: (0..<10).map { $0 % 2 }, count: 3, lambda: 1) } == "domain 2 has no training samples")
        let probe = try RidgeProbe(on: x, labels: (0..<10).map { $0 % 2 }, classes: 2, lambda: 1)
        #expect(reason { try probe.predictions(for: Samples.normal(4, 2)) }?.contains("reads 3 features") == true)
    }

    @Test("a domain probe converges on separable domains and with constant columns")
    func separableDomains() throws {
        let x = Tensor.concatenated([Samples.normal(60, 4), Tensor.full(0.1, [60, 1])], axis: 1)
        let domains = x.values.enumerated().filter { $0.offset % 5 == 0 }.map { $0.element > 0 ? 1 : 0 }
        let probe = try DomainProbe(on: x, domains: domains, count: 2, lambda: 1e-4)
        #expect(try probe.accuracy(on: x, domains: domains) > 0.95)
        #expect(probe.weight.values[4] == 0)
    }

    @Test("chance is the share of the most frequent training domain among the test rows")
    func chance() throws {
        #expect(try DomainProbe.chance(training: [0, 1, 1, 2], test: [1, 0, 0, 0]) == 0.25)
        #expect(reason { try DomainProbe.chance(training: [0], test: []) } != nil)
    }
}
