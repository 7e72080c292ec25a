import Foundation

/// The limit on this process's address space (`ulimit -v`, `RLIMIT_AS`).
///
/// Stacks of threads and the arenas of the allocator reserve it long before they are filled, and the
/// libraries below end the process without a message where a reservation fails. Code that starts
/// threads therefore checks first.
package enum AddressSpace {
    /// A sentence that says what is missing; nil where there is room, or no limit.
    ///
    /// - Parameters:
    ///   - threads: the number of threads that are going to compute.
    ///   - limit: the bytes that the process may map; nil for no limit.
    ///   - used: the bytes that it has mapped.
    package static func shortage(
        forThreads threads: Int, limit: Int? = AddressSpace.limit, used: Int = AddressSpace.used
    ) -> String? {
        guard let limit else { return nil }
        let needed = reserve + threads * reservePerThread
        guard limit - used < needed else { return nil }
        func mebibytes(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
        return """
            the address space of this process is limited to \(mebibytes(limit)), of which \(mebibytes(used)) are taken; \
            \(threads == 1 ? "1 thread needs" : "\(threads) threads need") \(mebibytes(needed)) more. \
            Raise the limit (ulimit -v), or bound memory by a control group instead
            """
    }

    /// What data, models and their libraries take at the least.
    private static let reserve = 192 << 20
    /// A stack, an arena of the allocator, and buffers for matrix products.
    private static let reservePerThread = 128 << 20

    /// Bytes that this process may map; nil for no limit.
    package static var limit: Int? {
        var bounds = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &bounds) == 0, bounds.rlim_cur < rlim_t(Int.max) else { return nil }
        return Int(bounds.rlim_cur)
    }

    /// Bytes that this process has mapped.
    package static var used: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").first.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
