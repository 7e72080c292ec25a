/// Why a scheduler cannot be used, or does not take what it is asked.
package enum LaunchFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The wish itself is wrong: an option, a partition, a machine without Slurm.
    case refused(String)
    /// The scheduler does not answer; it may do so later.
    case unreachable(String)

    package var description: String {
        switch self {
        case .refused(let text), .unreachable(let text): text
        }
    }
}
