import Glibc
import GoldenFixtures
import Testing

@testable import Tensors

@Suite("Operations that other libraries have names for")
struct NamedOperationTests {
    private let x = sample([2, 3, 4])

    @Test("trigonometric functions are the C library's, and their gradients agree with central differences")
    func trigonometry() {
        let angles = sample([9])
        #expect(angles.sin().values == angles.values.map { sinf($0) } && angles.cos().values == angles.values.map { cosf($0) })
        #expect(angles.tan().values == angles.values.map { tanf($0) } && angles.atan().values == angles.values.map { atanf($0) })
        for function in [{ $0.sin() }, { $0.cos() }, { $0.tan() }, { $0.atan() }] as [(Tensor) -> Tensor] {
            expectGradientsAgree(of: { function($0[0]) }, at: [sample([9], in: 0.2..<1.0)])
        }
        for function in [{ $0.asin() }, { $0.acos() }] as [(Tensor) -> Tensor] {
            expectGradientsAgree(of: { function($0[0]) }, at: [sample([9], in: 0.1..<0.8)])
        }
        #expect(Tensor([2, -2, .nan], shape: [3]).asin().values.allSatisfy { $0.isNaN })
    }

    @Test("the angle of a point is right in every quarter, broadcasts, and has no slope at the origin")
    func angles() {
        let (y, x) = (Tensor([1, 1, -1, -1, 0], shape: [5]), Tensor([1, -1, -1, 1, 0], shape: [5]))
        #expect(areClose(Tensor.atan2(y, x).values, [0.25, 0.75, -0.75, -0.25, 0].map { $0 * .pi }, within: 1e-6))
        expectGradientsAgree(of: { Tensor.atan2($0[0], $0[1]) }, at: [sample([3, 4], "y"), sample([4], "x")])
        let origin = Tensor.zeros([1]).tracked()
        #expect(gradients(of: Tensor.atan2(origin, Tensor.zeros([1])).sum(), with: [origin])[0]?.values == [0])
    }

    @Test("sorting goes along its axis, keeps the order of equals, and puts NaN where the largest belong")
    func sorting() {
        let rows = Tensor([3, 1, 2, 5, .nan, 4], shape: [2, 3])
        #expect(rows.slice(axis: 0, 0..<1).sorted().values == [1, 2, 3])
        #expect(Array(rows.sorted().values[3..<5]) == [4, 5] && rows.sorted().values[5].isNaN)
        #expect(rows.argsorted(descending: true) == [0, 2, 1, 1, 0, 2])
        #expect(Tensor([1, 0, 1, 0], shape: [4]).argsorted() == [1, 3, 0, 2])
        #expect(Tensor([4, 1, 2, 3], shape: [2, 2]).sorted(axis: 0).values == [2, 1, 4, 3])
        expectGradientsAgree(of: { $0[0].sorted(axis: 1, descending: true) }, at: [x], step: 1e-3, tolerance: 5e-2)
    }

    @Test("the largest few come with their places")
    func largest() {
        let rows = Tensor([3, 1, 2, 5, 7, 5], shape: [2, 3])
        let found = rows.largest(2)
        #expect(found.values.values == [3, 2, 7, 5] && found.positions == [0, 2, 1, 0])
        #expect(rows.largest(1, axis: 0).positions == [1, 1, 1])
        #expect(rows.largest(0).values.shape == [2, 0])
        expectGradientsAgree(of: { $0[0].largest(2, axis: 2).values }, at: [x], step: 1e-3, tolerance: 5e-2)
    }

    @Test("running sums go along their axis", arguments: 0..<3)
    func cumulativeSum(axis: Int) {
        #expect(Tensor([1, 2, 3, 4], shape: [2, 2]).cumulativeSum().values == [1, 3, 3, 7])
        #expect(Tensor([1, 2, 3, 4], shape: [2, 2]).cumulativeSum(axis: 0).values == [1, 2, 4, 6])
        expectGradientsAgree(of: { $0[0].cumulativeSum(axis: axis) }, at: [x])
    }

    @Test("the standard deviation is the root of the variance, with no slope where all entries are equal")
    func deviation() {
        let found = x.standardDeviation(axis: 1), expected = x.variance(axis: 1).sqrt()
        #expect(found.shape == [2, 4] && areClose(found.values, expected.values, within: 1e-6))
        #expect(Tensor([1, 3], shape: [2]).standardDeviation(axis: 0, unbiased: false).item == 1)
        expectGradientsAgree(of: { $0[0].standardDeviation(axis: 1, unbiased: false, keepingAxis: true) }, at: [x])
        let constant = Tensor.ones([4, 2]).tracked()
        #expect(gradients(of: constant.standardDeviation(axis: 0).sum(), with: [constant])[0]?.values == .init(repeating: 0, count: 8))
    }

    @Test("distances are those of rows, and 0 without a slope between equal ones")
    func distances() {
        let (a, b) = (Tensor([0, 0, 3, 4], shape: [2, 2]), Tensor([0, 0, 6, 8, 3, 0], shape: [3, 2]))
        #expect(a.distances(to: b).values == [0, 10, 3, 5, 5, 4])
        #expect(a.squaredDistances(to: b).values == [0, 100, 9, 25, 25, 16])
        let (left, right) = (sample([4, 3], "left"), sample([5, 3], "right"))
        expectGradientsAgree(of: { $0[0].distances(to: $0[1]) }, at: [left, right])
        expectGradientsAgree(of: { $0[0].squaredDistances(to: $0[1]) }, at: [left, right])
        let point = Tensor([1, 2], shape: [1, 2]).tracked()
        #expect(gradients(of: point.distances(to: point.detached()).sum(), with: [point])[0]?.values == [0, 0])
        #expect(a.distances(to: Tensor.zeros([0, 2])).shape == [2, 0])
    }

    @Test("eigenvectors rebuild their matrix, and gradients agree with central differences")
    func eigenvectors() {
        let a = sample([4, 4])
        let symmetric = (a + a.transposed()) * 0.5
        let found = symmetric.symmetricEigenvectors()
        let rebuilt = (found.vectors * found.values).matmul(found.vectors, transposingRight: true)
        #expect(areClose(rebuilt.values, symmetric.values, within: 1e-5))
        #expect(found.values.values == found.values.values.sorted())
        expectGradientsAgree(of: { (($0[0] + $0[0].transposed()) * 0.5).symmetricEigenvectors().values }, at: [a])
        // An eigenvector's sign is the solver's choice, its projection is not.
        expectGradientsAgree(
            of: {
                let v = (($0[0] + $0[0].transposed()) * 0.5).symmetricEigenvectors().vectors.slice(axis: 1, 0..<1)
                return v.matmul(v, transposingRight: true)
            }, at: [a], step: 3e-3)
        #expect(Tensor.full(.nan, [2, 2]).symmetricEigenvectors().values.values.allSatisfy { $0.isNaN })
    }

    @Test(
        "Einstein's summation is what the written sums are",
        arguments: [
            ("nd,md->nm", [[3, 4], [5, 4]]), ("bij,bjk->bik", [[2, 3, 4], [2, 4, 5]]), ("ij->ji", [[3, 4]]), ("nmd->md", [[2, 3, 4]]),
            ("ij,ij->", [[3, 4], [3, 4]]), ("i,j->ij", [[3], [4]]), ("bhqd,bhkd->bhqk", [[2, 2, 3, 4], [2, 2, 5, 4]]),
            ("ij,jk,kl->il", [[2, 3], [3, 4], [4, 2]]), ("ij,k->i", [[2, 3], [4]]), ("bi,bi->bi", [[2, 3], [2, 3]]),
        ] as [(String, [Shape])])
    func einsum(formula: String, shapes: [Shape]) {
        let factors = shapes.enumerated().map { sample($1, "factor \($0)") }
        let found = Self.einsum(formula, factors)
        let expected = Self.written(formula, factors)
        #expect(found.shape == expected.shape && areClose(found.values, expected.values, within: 1e-4))
        expectGradientsAgree(of: { Self.einsum(formula, $0) }, at: factors)
    }

    private static func einsum(_ formula: String, _ factors: [Tensor]) -> Tensor {
        switch factors.count {
        case 1: Tensor.einsum(formula, factors[0])
        case 2: Tensor.einsum(formula, factors[0], factors[1])
        default: Tensor.einsum(formula, factors[0], factors[1], factors[2])
        }
    }

    /// The sums as they are written, entry by entry.
    private static func written(_ formula: String, _ factors: [Tensor]) -> Tensor {
        let sides = formula.split(separator: "->", omittingEmptySubsequences: false).map(String.init)
        let letters = sides[0].split(separator: ",").map(Array.init), result = Array(sides[1])
        var extents: [Character: Int] = [:]
        for (names, factor) in zip(letters, factors) { for (name, extent) in zip(names, factor.shape.dimensions) { extents[name] = extent } }
        let order = result + extents.keys.filter { !result.contains($0) }.sorted()
        func place(_ names: [Character], _ index: [Character: Int]) -> Int {
            names.reduce(0) { $0 * (extents[$1] ?? 0) + (index[$1] ?? 0) }
        }
        var sums = [Float](repeating: 0, count: result.reduce(1) { $0 * (extents[$1] ?? 0) })
        for number in 0..<order.reduce(1, { $0 * (extents[$1] ?? 0) }) {
            var (rest, index): (Int, [Character: Int]) = (number, [:])
            for name in order.reversed() { (rest, index[name]) = rest.quotientAndRemainder(dividingBy: extents[name] ?? 1) }
            let product = zip(letters, factors).reduce(Float(1)) { $0 * $1.1.values[place($1.0, index)] }
            sums[place(result, index)] += product
        }
        return Tensor(sums, shape: Shape(result.map { extents[$0] ?? 0 }))
    }
}
