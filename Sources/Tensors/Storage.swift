internal import CMalloc
import Glibc

/// The memory behind one or more tensors.
///
/// Buffers are aligned for the widest vector instructions. A training step frees and asks for the same
/// sizes over and over, so that memory comes from what the thread kept of the step before; see
/// ``KeptMemory``.
final class Storage {
    /// The first element.
    let base: UnsafeMutablePointer<Float>
    /// The number of elements that were asked for.
    let count: Int
    /// A number that no magnitude here exceeds, where the operation that wrote the values knows one;
    /// writing again clears it.
    var bound: Float?
    /// Whether the memory was mapped for this storage alone, and no thread keeps it.
    private let isMapped: Bool

    /// Memory whose contents are undefined.
    ///
    /// - Parameter count: the number of elements, 0 or more.
    init(count: Int) {
        base = KeptMemory.ofThisThread.take(MemoryClass(count: count)).bindMemory(to: Float.self, capacity: max(count, 1))
        self.count = count
        isMapped = false
    }

    /// The same for bytes.
    ///
    /// - Parameter bytes: how many at least, 0 or more.
    convenience init(bytes: Int) { self.init(count: (bytes + 3) / 4) }

    /// Zeros that take up memory only where somebody reads or writes them, however many there are.
    ///
    /// They belong to no thread's ``KeptMemory``: the system gives the pages one by one as they are
    /// touched, and takes them back when the storage goes.
    ///
    /// - Parameter count: the number of elements, 1 or more.
    init(untouchedZeros count: Int) {
        let bytes = count * MemoryLayout<Float>.stride
        // Nothing is reserved: the machine may have less memory than this.
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else { KeptMemory.endForLack(of: bytes) }
        base = memory.bindMemory(to: Float.self, capacity: count)
        self.count = count
        isMapped = true
    }

    /// The same memory for numbers of places, of which as many fit.
    var places: UnsafeMutablePointer<Int32> { UnsafeMutableRawPointer(base).assumingMemoryBound(to: Int32.self) }

    /// The same memory for bytes, of which four times as many fit.
    var bytes: UnsafeMutablePointer<UInt8> { UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt8.self) }

    deinit {
        if isMapped {
            munmap(base, count * MemoryLayout<Float>.stride)
        } else {
            KeptMemory.ofThisThread.give(base, MemoryClass(count: count))
        }
    }
}

/// Memory in pages of two mebibytes: what is touched for the first time is then handed over by the system in fewer and much cheaper steps.
package enum LargePages {
    /// The number of bytes of such a page, and what it is aligned to.
    static let size = 2 << 20

    /// Asks the system for large pages in some memory that nobody has touched yet. It may refuse, and gives small ones where none fits.
    package static func ask(for memory: UnsafeMutableRawBufferPointer) {
        guard memory.count >= size, let start = memory.baseAddress else { return }
        let first = (Int(bitPattern: start) + size - 1) / size * size
        let end = (Int(bitPattern: start) + memory.count) / size * size
        if first < end { madvise(UnsafeMutableRawPointer(bitPattern: first), end - first, MADV_HUGEPAGE) }
    }
}

/// The size of a piece of memory: there are eight sizes between a power of two and the next, so that
/// at most an eighth of a piece is not used.
///
/// Sizes are rounded because those of a training differ a little from step to step, as where sequences are
/// padded to the longest of their batch.
struct MemoryClass: Hashable {
    /// The position of the size among all sizes, from the smallest.
    let index: Int

    /// The smallest size that holds `count` floats.
    init(count: Int) {
        // In units of 64 bytes, to which all memory is aligned.
        let units = max(1, (count + 15) / 16)
        if units <= 8 {
            index = units - 1
        } else {
            let shift = Int.bitWidth - (units - 1).leadingZeroBitCount - 4
            index = 8 * shift + (units - 1) >> shift
        }
    }

    /// The number of bytes.
    var bytes: Int { index < 8 ? (index + 1) * 64 : (index % 8 + 9) << (index / 8 - 1) * 64 }
}

/// The memory that one thread has freed and will use again.
///
/// In the steady state of a training every step finds here what the step before gave back, and asks the
/// system for nothing. What is kept is bounded; memory beyond the bound goes back to the allocator. A thread's memory
/// belongs to it alone, so that nothing is locked; a buffer that another thread frees stays with that thread.
final class KeptMemory {
    /// The number of bytes that a thread keeps at most.
    static let limit = 256 << 20
    /// Larger pieces are not kept: computing on them takes far longer than asking for them.
    private static let largest = 64 << 20

    /// The first free piece of each size; each piece begins with the address of the next.
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    /// The number of sizes that are kept.
    private static let sizes = MemoryClass(count: KeptMemory.largest / 4).index + 1
    /// The number of bytes that are kept.
    private(set) var bytes = 0
    /// How many pieces have been asked of the allocator since the thread began.
    private(set) var allocations = 0

    /// Keeps nothing at first.
    ///
    /// The first memory of the process also settles which kernels matrix products use, since nothing
    /// can be multiplied before.
    private init() {
        _ = KeptMemory.keepsFreedMemory
        _ = ProcessorKernels.selected
        free = .allocate(capacity: KeptMemory.sizes)
        free.initialize(repeating: nil, count: KeptMemory.sizes)
    }

    /// A piece of the given size, aligned to 64 bytes, with undefined contents.
    ///
    /// The piece that was freed last is given out first: it is the likeliest to be in the processor's
    /// cache still.
    func take(_ size: MemoryClass) -> UnsafeMutableRawPointer {
        if size.index < KeptMemory.sizes, let piece = free[size.index] {
            free[size.index] = piece.load(as: UnsafeMutableRawPointer?.self)
            bytes -= size.bytes
            return piece
        }
        allocations += 1
        var memory: UnsafeMutableRawPointer?
        let status = posix_memalign(&memory, size.bytes < LargePages.size ? 64 : LargePages.size, size.bytes)
        guard status == 0, let memory else { Self.endForLack(of: size.bytes) }
        LargePages.ask(for: UnsafeMutableRawBufferPointer(start: memory, count: size.bytes))
        return memory
    }

    /// Ends the process where the system gives no more memory.
    ///
    /// That is no broken rule, as those that ``stop(_:file:line:)`` is for, so there is a sentence with
    /// the size that was asked for and no trace of calls. The exit code is 1.
    ///
    /// - Parameter bytes: what the system did not give.
    static func endForLack(of bytes: Int) -> Never {
        "error: out of memory: \(bytes) bytes were asked for\n".withCString { _ = write(STDERR_FILENO, $0, strlen($0)) }
        _exit(1)
    }

    /// Takes back a piece that ``take(_:)`` gave out on this or another thread.
    func give(_ piece: UnsafeMutableRawPointer, _ size: MemoryClass) {
        guard size.index < KeptMemory.sizes, bytes + size.bytes <= KeptMemory.limit else { return Glibc.free(piece) }
        piece.storeBytes(of: free[size.index], as: UnsafeMutableRawPointer?.self)
        free[size.index] = piece
        bytes += size.bytes
    }

    deinit {
        for index in 0..<KeptMemory.sizes {
            while let piece = free[index] {
                free[index] = piece.load(as: UnsafeMutableRawPointer?.self)
                Glibc.free(piece)
            }
        }
        free.deallocate()
    }

    /// The memory of the calling thread, which ends with it.
    static var ofThisThread: KeptMemory {
        if let own = pthread_getspecific(key) { return Unmanaged<KeptMemory>.fromOpaque(own).takeUnretainedValue() }
        let own = KeptMemory()
        pthread_setspecific(key, Unmanaged.passRetained(own).toOpaque())
        return own
    }

    /// Where the C library keeps each thread's memory, which it releases when the thread ends.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key) { own in
            if let own { Unmanaged<KeptMemory>.fromOpaque(own).release() }
        }
        guard status == 0 else { stop("no memory can be kept for threads (status \(status))") }
        return key
    }()

    /// Tells the allocator to keep freed memory. Otherwise every buffer above 128 KiB would be mapped,
    /// zeroed page by page and unmapped again.
    private static let keepsFreedMemory: Bool = {
        let megabyte: Int32 = 1 << 20
        return mallopt(M_MMAP_THRESHOLD, 512 * megabyte) == 1 && mallopt(M_TRIM_THRESHOLD, 1024 * megabyte) == 1
    }()
}
