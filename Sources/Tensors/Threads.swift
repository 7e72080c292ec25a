internal import COpenBLAS
import Glibc

/// The one place that decides how many threads the libraries below use.
///
/// OpenBLAS has a pool of its own and one number for the process; oneDNN uses OpenMP, which keeps a number for every calling
/// thread. Both are set together, from the thread that is going to compute.
public enum Threads {
    /// Lets the calling thread's matrix products and convolutions use `count` threads.
    ///
    /// The number is part of what makes a run repeatable: sums are split differently over different numbers of threads.
    public static func use(_ count: Int) {
        require(count >= 1, "\(count) threads cannot compute")
        openblas_set_num_threads(Int32(count))
        setOpenMPThreads?(Int32(count))
    }

    /// How many threads a single matrix product may use at present.
    static var ofMatrixProducts: Int { Int(openblas_get_num_threads()) }

    /// The number of processors available to this process.
    public static var available: Int { max(1, Int(openblas_get_num_procs())) }

    /// The processor type whose kernels OpenBLAS chose: results are equal to the bit only on the same one.
    public static var coreType: String { String(cString: openblas_get_corename()) }

    /// oneDNN brings the OpenMP runtime into the process; it is found there by name, since its linker name depends on the compiler.
    private static let setOpenMPThreads: (@convention(c) (Int32) -> Void)? = {
        guard let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "omp_set_num_threads") else { return nil }
        return unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Void).self)
    }()
}
