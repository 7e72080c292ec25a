import Foundation
import Testing

@testable import Tensors

@Suite("Memory that a thread keeps")
struct KeptMemoryTests {
    @Test("every size holds what was asked for, wastes at most an eighth, and has a number of its own")
    func sizes() {
        var last = MemoryClass(count: 1)
        #expect(last.index == 0 && last.bytes == 64)
        for count in 2...100_000 {
            let size = MemoryClass(count: count)
            #expect(size.bytes >= count * 4 && size.bytes % 64 == 0)
            #expect(count <= 128 || size.bytes <= count * 4 + count / 2 + 64)
            #expect(size.index == last.index ? size.bytes == last.bytes : size.index == last.index + 1 && size.bytes > last.bytes)
            last = size
        }
        #expect(MemoryClass(count: 0) == MemoryClass(count: 1))
    }

    @Test("memory that was freed is given out again for the same size, and for no other")
    func reuse() {
        var first: Storage? = Storage(count: 4000)
        let place = first?.base
        let before = KeptMemory.ofThisThread.allocations
        first = nil
        let other = Storage(count: 9000)
        #expect(other.base != place)
        let second = Storage(count: 3990)
        #expect(second.base == place)
        #expect(KeptMemory.ofThisThread.allocations <= before + 1)
    }

    @Test("two tensors never share memory that was given out twice")
    func distinct() {
        let buffers = (0..<50).map { _ in Storage(count: 256) }
        #expect(Set(buffers.map(\.base)).count == 50)
    }

    @Test("a step like the one before asks the system for no memory")
    func steadyState() {
        func step() {
            let weight = Tensor.full(0.1, [8, 3, 3]).tracked()
            let x = Tensor.full(0.5, [16, 20, 3])
            let scale = Tensor.ones([8]).tracked()
            let y = x.convolved(weight: weight, padding: [1]).batchNormalized(weight: scale, bias: .zeros([8]), appliesReLU: true).output
            _ = gradients(of: (y.mean(axis: 1) * 2).sum(), with: [weight, scale])
        }
        for _ in 0..<3 { step() }
        let before = KeptMemory.ofThisThread.allocations
        for _ in 0..<5 { step() }
        #expect(KeptMemory.ofThisThread.allocations == before)
    }
}

@Suite("Kernels for the processor")
struct ProcessorKernelsTests {
    @Test("a processor that OpenBLAS does not know gets the kernels for its instructions, one that it knows keeps its own")
    func choice() {
        #expect(ProcessorKernels.better(than: "Prescott", instructions: .avx512) == "SkylakeX")
        #expect(ProcessorKernels.better(than: "Prescott", instructions: .avx2) == "Haswell")
        #expect(ProcessorKernels.better(than: "Core2", instructions: .basic) == nil)
        for known in ["Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"] {
            #expect(ProcessorKernels.better(than: known, instructions: .avx512) == nil)
        }
    }

    @Test("the type that is reported is the one that computes")
    func reported() {
        let isOld = ProcessorKernels.better(than: Threads.coreType, instructions: .present) != nil
        // Only the environment may ask for older kernels than the processor's.
        #expect(!isOld || ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] != nil)
    }

    @Test("a large piece begins where a large page does, and a small one where a vector does")
    func largePieces() {
        for (count, alignment) in [(3, 64), (1 << 18, 64), (1 << 19, 2 << 20), (900_001, 2 << 20)] {
            let piece = Storage(count: count)
            piece.base.update(repeating: 1, count: count)
            #expect(Int(bitPattern: piece.base) % alignment == 0)
        }
    }
}
