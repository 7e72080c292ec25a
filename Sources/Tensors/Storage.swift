internal import CMalloc
import Glibc

/// The memory behind one or more tensors.
///
/// Buffers are aligned for the widest vector instructions. A training step frees and asks for the same sizes over and over,
/// so the allocator is told once to keep freed memory instead of handing it back to the system.
final class Storage {
    let base: UnsafeMutablePointer<Float>
    let count: Int
    /// A number that no magnitude here exceeds, where the operation that wrote the values knows one; whoever writes anew forgets it.
    var bound: Float?

    init(count: Int) {
        _ = Storage.keepsFreedMemory
        var memory: UnsafeMutableRawPointer?
        let status = posix_memalign(&memory, 64, max(count, 1) * MemoryLayout<Float>.stride)
        guard status == 0, let memory else { stop("out of memory: \(count) float values were asked for") }
        base = memory.bindMemory(to: Float.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { free(base) }

    /// Without this, every buffer above 128 KiB is mapped, zeroed page by page and unmapped again.
    private static let keepsFreedMemory: Bool = {
        let megabyte: Int32 = 1 << 20
        return mallopt(M_MMAP_THRESHOLD, 512 * megabyte) == 1 && mallopt(M_TRIM_THRESHOLD, 1024 * megabyte) == 1
    }()
}
