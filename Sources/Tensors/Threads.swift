internal import COpenBLAS
import Glibc
internal import Processes

/// The one place that decides how many threads the libraries below use.
///
/// Only oneDNN splits work over threads, through OpenMP. OpenBLAS computes on the calling thread: its own pool would fight
/// OpenMP's for the cores, as both let idle workers spin, and a step of a small model hands work from one to the other a hundred times.
/// Large matrix products go to oneDNN where more than one thread may be used.
public enum Threads {
    /// Lets the calling thread's convolutions and large matrix products use `count` threads.
    ///
    /// The number belongs to the calling thread. It is part of what makes a run repeatable: sums are split differently over different
    /// numbers of threads.
    public static func use(_ count: Int) {
        require(count >= 1, "\(count) threads cannot compute")
        openblas_set_num_threads(1)
        setOpenMPThreads?(Int32(count))
    }

    /// How many threads the calling thread's work may be split over.
    static var current: Int { getOpenMPThreads.map { Int($0()) } ?? 1 }

    /// The number of processors available to this process, at least 1: those that its affinity mask names, and no more than the processor
    /// time that its control groups grant, rounded down. More threads than that only wait for one another.
    public static let available: Int = {
        let processors = max(1, Int(openblas_get_num_procs()))
        return ControlGroups().processors.map { max(1, min(processors, Int($0))) } ?? processors
    }()

    /// The processor type whose kernels OpenBLAS chose: results are equal to the bit only on the same one.
    public static var coreType: String { String(cString: openblas_get_corename()) }

    // oneDNN brings the OpenMP runtime into the process; it is found there by name, since its linker name depends on the compiler.
    private static let setOpenMPThreads = openMP("omp_set_num_threads", as: (@convention(c) (Int32) -> Void).self)
    private static let getOpenMPThreads = openMP("omp_get_max_threads", as: (@convention(c) () -> Int32).self)

    static func openMP<Function>(_ name: String, as type: Function.Type) -> Function? {
        dlsym(UnsafeMutableRawPointer(bitPattern: 0), name).map { unsafeBitCast($0, to: type) }
    }
}
