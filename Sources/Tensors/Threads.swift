internal import COpenBLAS
internal import CProcesses
import Glibc
internal import Processes

/// The only place that decides how many threads the libraries below use.
///
/// Work is split over threads by oneDNN alone, through OpenMP. OpenBLAS computes on the calling thread:
/// its own pool would compete with OpenMP's for the cores, because idle workers of both wait actively,
/// and a step of a small model alternates between them a hundred times. Large matrix products go to
/// oneDNN where more than one thread may be used, and where it is faster on one.
public enum Threads {
    /// Lets the calling thread's convolutions and large matrix products use `count` threads.
    ///
    /// The setting belongs to the calling thread. It is part of what makes a run repeatable to the bit,
    /// because sums are split differently over different numbers of threads.
    ///
    /// - Precondition: `count` is at least 1.
    ///
    /// ```swift
    /// Threads.use(Threads.available)      // all cores for this thread's work
    /// ```
    public static func use(_ count: Int) {
        require(count >= 1, "\(count) threads cannot compute")
        _ = ProcessorKernels.selected
        openblas_set_num_threads(1)
        setOpenMPThreads?(Int32(count))
    }

    /// The number of threads that the calling thread's work may be split over.
    package static var current: Int { getOpenMPThreads.map { Int($0()) } ?? 1 }

    /// The number of processors available to this process, at least 1: those in its affinity mask, but
    /// no more than the processor time that its control groups grant, rounded down. With more threads
    /// than that, threads only wait for one another.
    public static let available: Int = {
        let affinity = Int(regulus_affinity_count())
        let processors = max(1, affinity > 0 ? affinity : Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        return ControlGroups().processors.map { max(1, min(processors, Int($0))) } ?? processors
    }()

    /// What is missing in the address space of this process for so many threads that compute; nil where
    /// there is room, or no limit.
    ///
    /// Where there is a limit, OpenBLAS is opened first, so that what it maps is among what is taken.
    ///
    /// - Parameter count: the number of threads.
    package static func shortage(for count: Int) -> String? {
        guard AddressSpace.limit != nil else { return nil }
        _ = ProcessorKernels.selected
        return AddressSpace.shortage(forThreads: count)
    }

    /// The processor type whose kernels OpenBLAS selected. Results are equal to the bit only for the
    /// same type.
    public static var coreType: String {
        _ = ProcessorKernels.selected
        return String(cString: openblas_get_corename())
    }

    // oneDNN brings the OpenMP runtime into the process; it is found there by name, since its linker name depends on the compiler.
    private static let setOpenMPThreads = function("omp_set_num_threads", as: (@convention(c) (Int32) -> Void).self)
    private static let getOpenMPThreads = function("omp_get_max_threads", as: (@convention(c) () -> Int32).self)

    /// A function of a library in this process, such as the OpenMP runtime; nil where there is none.
    static func function<Function>(_ name: String, as type: Function.Type) -> Function? {
        dlsym(UnsafeMutableRawPointer(bitPattern: 0), name).map { unsafeBitCast($0, to: type) }
    }
}

extension Threads {
    /// Calls `body` with ranges that together are `0..<count`, on as many threads as the calling
    /// thread's work may be split over.
    ///
    /// The threads are OpenMP's, which oneDNN uses too; a second pool would compete with it for the
    /// cores. Where OpenMP is not available, the calling thread does everything.
    static func split(_ count: Int, _ body: (Range<Int>) -> Void) {
        let threads = min(current, count)
        guard threads > 1, let parallel, let threadNumber, let threadCount else { return body(0..<count) }
        withoutActuallyEscaping(body) { body in
            var region = Region(count: count, number: threadNumber, threads: threadCount, body: body)
            withUnsafeMutablePointer(to: &region) { region in
                parallel({ $0?.assumingMemoryBound(to: Region.self).pointee.run() }, region, UInt32(threads), 0)
            }
        }
    }

    /// What each thread of a parallel region is given.
    private struct Region {
        let count: Int
        let number, threads: @convention(c) () -> Int32
        let body: (Range<Int>) -> Void

        func run() {
            let (index, all) = (Int(number()), Int(threads()))
            let range = (index * count / all)..<((index + 1) * count / all)
            if !range.isEmpty { body(range) }
        }
    }

    private typealias Work = @convention(c) (UnsafeMutableRawPointer?) -> Void
    // The entry that GCC compiles parallel regions to; LLVM's runtime has it too.
    private static let parallel = function("GOMP_parallel", as: (@convention(c) (Work, UnsafeMutableRawPointer?, UInt32, UInt32) -> Void).self)
    private static let threadNumber = function("omp_get_thread_num", as: (@convention(c) () -> Int32).self)
    private static let threadCount = function("omp_get_num_threads", as: (@convention(c) () -> Int32).self)
}
