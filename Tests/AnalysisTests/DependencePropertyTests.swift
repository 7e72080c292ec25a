import Foundation
import Tensors
import Testing

@testable import Analysis

@Suite("Measures of dependence") struct DependencePropertyTests {
    /// Every measure of two embeddings, by name.
    static let measures: [(name: String, value: @Sendable (Tensor, Tensor) throws -> Double)] = [
        ("linear CKA", { try Similarity.linearCKA.between($0, $1) }),
        ("RBF CKA", { try Similarity.kernelCKA.between($0, $1) }),
        ("Procrustes", { try Similarity.procrustes.between($0, $1) }),
        ("canonical correlation", { try CanonicalCorrelations($0, $1, ridge: 0.1).values[0] }),
        ("distance correlation", { try DistanceCorrelation($0, $1).correlation }),
        ("corrected distance correlation", { try DistanceCorrelation($0, $1).corrected.get() }),
        ("HSIC", { try HSIC($0, $1).biased }),
        ("unbiased HSIC", { try HSIC($0, $1).unbiased.get() }),
        ("normalized HSIC", { try HSIC($0, $1).normalized.get() }),
        ("mutual information", { try MutualInformation(principalComponentsOf: $0, $1, dimensions: 2).value }),
    ]

    @Test("the same samples in another order give the same value, with N above and below D", arguments: [[40, 6, 5], [9, 20, 14]])
    func permutation(shape: [Int]) throws {
        let x = Samples.normal(shape[0], shape[1])
        let y = Samples.dependent(x, shape[2], noise: 1)
        var stream = RandomSource(seed: 3).stream("order")
        let order = stream.permutation(shape[0])
        for (name, measure) in Self.measures {
            let (plain, moved) = (try measure(x, y), try measure(Samples.rows(x, order), Samples.rows(y, order)))
            #expect(abs(plain - moved) <= 1e-9 * max(1, abs(plain)), "\(name): \(plain) and \(moved)")
        }
    }

    @Test("it is symmetric, and does not change with the mean of the features")
    func symmetry() throws {
        let x = Samples.normal(30, 6)
        let y = Samples.dependent(x, 4, noise: 1)
        for (name, measure) in Self.measures {
            let plain = try measure(x, y)
            #expect(abs(try measure(y, x) - plain) < 1e-9, "\(name)")
            #expect(abs(try measure(x + 3, y - 2) - plain) < 1e-5, "\(name)")
        }
    }

    @Test("features that depend on each other have more of it than independent ones")
    func ordering() throws {
        let x = Samples.normal(300, 4)
        let (dependent, independent) = (Samples.dependent(x, 4, noise: 0.2), Samples.normal(300, 4, seed: 99))
        for (name, measure) in Self.measures {
            let (high, low) = (try measure(x, dependent), try measure(x, independent))
            #expect(high > 2 * low, "\(name): \(high) and \(low)")
        }
    }

    @Test("a value that is not finite is said with its place")
    func notFinite() {
        let x = Samples.normal(20, 3)
        for bad in [Float.nan, .infinity] {
            for (name, measure) in Self.measures {
                let found = reason { try measure(x, Samples.replacing(Samples.normal(20, 3, seed: 2), at: 7, with: bad)) }
                #expect(found?.contains("row 3, column 2") == true, "\(name): \(found ?? "a number")")
            }
        }
    }

    @Test("constant embeddings and single samples have none, whatever the measure", arguments: [1, 20])
    func degenerate(rows: Int) {
        let x = Samples.normal(rows, 3)
        for (name, measure) in Self.measures {
            // 0.1 has no exact binary form: a mean may differ from it, and the deviation must still count as 0.
            #expect(reason { try measure(x, Tensor.full(0.1, [rows, 3])) } != nil, "\(name)")
            #expect(reason { try measure(Tensor.full(0.1, [rows, 3]), x) } != nil, "\(name)")
            #expect(reason { try measure(x, Samples.normal(rows + 1, 3)) } != nil, "\(name)")
        }
    }

    @Test("a constant column beside others changes nothing but the number of features")
    func constantColumn() throws {
        let x = Samples.normal(30, 3)
        let y = Samples.dependent(x, 3, noise: 1)
        let wider = Tensor.concatenated([x, Tensor.full(5, [30, 1])], axis: 1)
        for (name, measure) in Self.measures {
            #expect(abs(try measure(wider, y) - measure(x, y)) < 1e-6, "\(name)")
        }
    }

    @Test("mutual information of a correlated Gaussian is that of theory")
    func gaussian() throws {
        let x = Samples.normal(2000, 1, seed: 4)
        let y = x * 0.9 + Samples.normal(2000, 1, seed: 5) * Float(0.19).squareRoot()
        let expected = -0.5 * log(1 - 0.81)
        #expect(abs(try MutualInformation(x, y).value - expected) < 0.05)
    }

    @Test("samples that coincide have no mutual information")
    func coinciding() throws {
        let few = Samples.rows(Samples.normal(4, 2), (0..<40).map { $0 % 4 })
        #expect(reason { try MutualInformation(few, few) }?.contains("coincide") == true)
        // Two of a kind leave the third neighbor at a distance.
        let pairs = Samples.rows(Samples.normal(20, 2), (0..<40).map { $0 / 2 })
        #expect(reason { try MutualInformation(pairs, pairs) } == nil)
    }

    @Test("a kernel without a width gives no HSIC and no RBF CKA")
    func noWidth() {
        let mostlyEqual = Samples.rows(Samples.normal(2, 3), (0..<20).map { $0 == 0 ? 0 : 1 })
        let other = Samples.normal(20, 3, seed: 5)
        #expect(reason { try HSIC(mostlyEqual, other) }?.contains("width") == true)
        #expect(reason { try Similarity.kernelCKA.between(mostlyEqual, other) }?.contains("distances") == true)
    }

    @Test("a singular covariance has canonical correlations with a ridge only")
    func singular() throws {
        let (wide, other) = (Samples.normal(10, 20), Samples.normal(10, 3, seed: 2))
        #expect(reason { try CanonicalCorrelations(wide, other, ridge: 0) }?.contains("singular") == true)
        #expect(reason { try CanonicalCorrelations(wide, other, ridge: 0.1) } == nil)
        let x = Samples.normal(30, 2)
        let twice = Tensor.concatenated([x, x], axis: 1)
        #expect(reason { try CanonicalCorrelations(twice, Samples.normal(30, 2, seed: 2), ridge: 0) }?.contains("singular") == true)
    }

    @Test("whitening by samples and by features agree")
    func whiteningSides() throws {
        // With as many samples as features the samples' side is used, with one more the features'.
        let x = Samples.normal(13, 12)
        let y = Samples.normal(13, 30, seed: 2)
        let mixed = try CanonicalCorrelations(x, y, ridge: 0.3).values
        let padded = Tensor.concatenated([x, Tensor.zeros([13, 8])], axis: 1)
        let samples = try CanonicalCorrelations(padded, y, ridge: 0.3).values
        for (a, b) in zip(mixed, samples) { #expect(abs(a - b) < 1e-9) }
        #expect(samples.dropFirst(12).allSatisfy { $0 < 1e-6 })
    }

    @Test("blocks of any size give the same sums and the same median")
    func blocks() throws {
        let samples = try SampleMatrix(Samples.normal(50, 3))
        let whole = PairDistances(samples, block: 64)
        for (block, held) in [(1, 2048), (7, 2048), (50, 2048), (7, 0), (64, 49)] {
            let parts = PairDistances(samples, block: block, holdingUpTo: held)
            for including in [true, false] {
                #expect(abs(parts.medianSquared(includingDiagonal: including) - whole.medianSquared(includingDiagonal: including)) < 1e-12)
            }
            let sums = try PairSums(parts, parts, .distance, .distance)
            #expect(abs(sums.centeredXX - (try PairSums(whole, whole, .distance, .distance)).centeredXX) < 1e-9)
        }
    }

    @Test("distances that are held give the numbers of those that are computed for each who asks")
    func heldDistances() throws {
        let (x, y) = (try SampleMatrix(Samples.normal(40, 5)), try SampleMatrix(Samples.normal(40, 7, seed: 2)))
        func measures(_ held: Int) throws -> [Double] {
            let (x, y) = (PairDistances(x, block: 16, holdingUpTo: held), PairDistances(y, block: 16, holdingUpTo: held))
            let (criterion, correlation) = (try HSIC(x, y), try DistanceCorrelation(x, y))
            return try [criterion.widthX, criterion.biased, criterion.unbiased.get(), correlation.squared, correlation.corrected.get()]
        }
        for (held, computed) in zip(try measures(2048), try measures(0)) { #expect(abs(held - computed) <= 1e-12 * max(1, abs(computed))) }
    }

    @Test("what is standardized on the way is what the scale makes of the rows afterwards, a constant column included")
    func standardizing() throws {
        var samples = try SampleMatrix(Samples.normal(20, 4))
        for row in 0..<20 { samples[row, 2] = 0.1 }
        let scale = Standardizing(samples)
        for (own, after) in zip(scale.training.values, scale(samples).values) { #expect(abs(own - after) <= 1e-15) }
        #expect((0..<20).allSatisfy { scale.training[$0, 2] == 0 })
    }

    @Test("the median is that of the sorted distances, also where most are equal", arguments: [2, 3, 4, 5, 37, 64], [1, 2, 5, 1000])
    func selectedMedian(count: Int, distinct: Int) throws {
        let scale = Double(distinct)
        let values = Samples.normal(count, 2).values.map { value -> Double in (Double(value) * scale).rounded() / scale }
        let distances = PairDistances(SampleMatrix(rows: count, columns: 2, values: values), block: 8)
        var (all, pairs): ([Double], [Double]) = ([], [])
        for i in 0..<count {
            for j in 0..<count {
                let (x, y) = (values[2 * i] - values[2 * j], values[2 * i + 1] - values[2 * j + 1])
                all.append(x * x + y * y)
                if i < j { pairs.append(x * x + y * y) }
            }
        }
        all.sort()
        pairs.sort()
        let medianOfAll = (all[(all.count - 1) / 2] + all[all.count / 2]) / 2
        let medianOfPairs = (pairs[(pairs.count - 1) / 2] + pairs[pairs.count / 2]) / 2
        #expect(abs(distances.medianSquared(includingDiagonal: true) - medianOfAll) < 1e-9)
        #expect(abs(distances.medianSquared(includingDiagonal: false) - medianOfPairs) < 1e-9)
    }

    @Test("the median of millions of distances is counted to nine digits, the zeros of the diagonal included or not")
    func countedMedian() throws {
        // One feature 0, 1, 2 …: the distance d occurs N − d times.
        let count = 3000
        let line = PairDistances(SampleMatrix(rows: count, columns: 1, values: (0..<count).map(Double.init)))
        func expected(_ total: Int, skipping: Int) -> Double {
            var distances: [Double] = Array(repeating: 0, count: skipping)
            for d in 1..<count { distances += Array(repeating: Double(d), count: (skipping > 0 ? 2 : 1) * (count - d)) }
            return (distances[(total - 1) / 2] + distances[total / 2]) / 2
        }
        let pairs = count * (count - 1) / 2
        #expect(abs(line.medianDistance - expected(pairs, skipping: 0)) < 1e-6)
        let all = line.medianSquared(includingDiagonal: true).squareRoot()
        #expect(abs(all - expected(count * count, skipping: count)) < 1e-6)
    }

    @Test("an embedding that is a linear image of another is predicted, an independent one is not")
    func crossPrediction() throws {
        let x = Samples.normal(200, 5)
        let (training, test) = (Array(0..<150), Array(150..<200))
        let image = try CrossPrediction(from: x, to: Samples.dependent(x, 3, noise: 0.01), training: training, test: test, lambda: 1e-6)
        #expect(image.score > 0.99)
        let other = try CrossPrediction(from: x, to: Samples.normal(200, 3, seed: 9), training: training, test: test, lambda: 1e-6)
        #expect(other.score < 0.1)
        #expect(other.trainingScore > other.score)
        #expect(reason { try CrossPrediction(from: x, to: Tensor.full(0.1, [200, 2]), training: training, test: test, lambda: 1) } != nil)
        #expect(reason { try CrossPrediction(from: x, to: x, training: training, test: [3], lambda: 1) } != nil)
    }
}
