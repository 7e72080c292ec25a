import Glibc

extension Threads {
    /// Calls `body` with parts that together are `0..<count`, on as many threads as the calling thread's work may be split over.
    ///
    /// The threads are OpenMP's, which oneDNN uses too: a second pool would fight it for the cores. Where they cannot be had, the calling
    /// thread does everything.
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
    private static let parallel = openMP("GOMP_parallel", as: (@convention(c) (Work, UnsafeMutableRawPointer?, UInt32, UInt32) -> Void).self)
    private static let threadNumber = openMP("omp_get_thread_num", as: (@convention(c) () -> Int32).self)
    private static let threadCount = openMP("omp_get_num_threads", as: (@convention(c) () -> Int32).self)
}
