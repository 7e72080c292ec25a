import Testing

@testable import Tensors

@Suite struct RandomSourceTests {
    // Known answers of the generator's authors (Random123, `kat_vectors`, philox4x32 with 10 rounds).
    @Test("the generator gives the published known answers")
    func knownAnswers() {
        #expect(Philox.block(key: 0, step: 0, block: 0) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        #expect(
            Philox.block(key: .max, step: .max, block: .max) == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    }

    @Test("the draws of a mask are those of the blocks one by one, and numbers go on with a fresh block")
    func vectorized() {
        let (key, step): (UInt64, UInt64) = (0xFEDC_BA98_7654_3210, 0x1_0000_0003)
        var stream = RandomStream(key: key, step: step)
        // Three groups of eight blocks and a rest, twice.
        for first in [UInt64(0), 32] {
            for (index, value) in stream.bernoulli([200], keeping: 0.3, value: 2).values.enumerated() {
                // A group is 64 numbers: of each of four words first the lower and then the upper halves of eight blocks.
                let (group, place) = (index / 64, index % 64)
                let word = Philox.block(key: key, step: step, block: first + UInt64(8 * group + place % 8))[place / 16]
                let draw = place % 16 < 8 ? word & 0xFFFF : word >> 16
                #expect(value == (draw < UInt32((Float(0.3) * 65536).rounded()) ? 2 : 0))
            }
        }
        #expect(stream.next32() == Philox.block(key: key, step: step, block: 64)[0])
    }

    @Test("the same seed, name and step give the same numbers, any other give different ones")
    func keyed() {
        func draw(_ seed: UInt64, _ name: String, _ step: Int) -> UInt64 {
            var stream = RandomSource(seed: seed).stream(name, step: step)
            return stream.next()
        }
        #expect(draw(1, "a", 0) == draw(1, "a", 0))
        #expect(Set([draw(1, "a", 0), draw(2, "a", 0), draw(1, "b", 0), draw(1, "a", 1)]).count == 4)
    }

    @Test("uniform and normal numbers have the right moments")
    func moments() {
        var stream = RandomSource(seed: 3).stream("moments")
        let uniform = stream.uniform([40_000])
        #expect(abs(uniform.mean().item - 0.5) < 0.01)
        #expect(uniform.values.allSatisfy { $0 >= 0 && $0 < 1 })
        let normal = stream.normal([40_000])
        #expect(abs(normal.mean().item) < 0.02)
        #expect(abs(normal.variance(axis: 0).item - 1) < 0.03)
    }

    @Test("a mask keeps the asked share, and everything or nothing at the ends")
    func masks() {
        var stream = RandomSource(seed: 3).stream("mask")
        #expect(abs(stream.bernoulli([40_003], keeping: 0.3).mean().item - 0.3) < 0.01)
        #expect(stream.bernoulli([100], keeping: 1).values.allSatisfy { $0 == 1 })
        #expect(stream.bernoulli([100], keeping: 0).values.allSatisfy { $0 == 0 })
    }

    @Test("a permutation names every position once")
    func permutations() {
        var stream = RandomSource(seed: 3).stream("order")
        let order = stream.permutation(100)
        #expect(order.sorted() == Array(0..<100))
        #expect(order != Array(0..<100))
    }
}
