/// What Slurm says of one worker.
package struct WorkerState: Hashable, Sendable {
    /// Slurm's own word, such as `RUNNING` or `NODE_FAIL`; `UNKNOWN` for a job that it has forgotten.
    package let word: String
    /// How the program ended; nil where that is not known.
    package let end: End?
    /// Why it waits; nil where it does not.
    package let reason: String?
    /// Where it runs or ran; nil where that is not known.
    package let node: String?

    package init(_ word: String, end: End? = nil, reason: String? = nil, node: String? = nil) {
        self.word = word
        self.end = end
        self.reason = reason
        self.node = node
    }

    /// How a program ended.
    package enum End: Hashable, Sendable {
        case code(Int)
        case signal(Int)
    }

    static let unknown = WorkerState("UNKNOWN")

    private static let ended: Set<String> = [
        "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "LAUNCH_FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
        "RECONFIG_FAIL", "REVOKED", "TIMEOUT", "UNKNOWN",
    ]

    /// Whether nothing more will come of the worker. An unknown word counts as a state of one that has
    /// not ended.
    package var isOver: Bool { Self.ended.contains(word) }
    package var isRunning: Bool { word == "RUNNING" || word == "COMPLETING" }

    /// What the end of a worker means for the remaining work.
    enum Meaning {
        /// Somebody asked for it to end.
        case cancelled
        /// It cannot work there, and would fail again.
        case impossible
        /// It finished, successfully or not, or nothing is known about its end.
        case done
        /// It was stopped, possibly after saving its progress: it can be submitted again.
        case interrupted
    }

    var meaning: Meaning {
        if word == "CANCELLED" { return .cancelled }
        guard word == "FAILED" || word == "COMPLETED" || self == .unknown else { return .interrupted }
        return switch end {
        // Wrong arguments, and what a shell says of a program that cannot be started.
        case .code(2), .code(126), .code(127): .impossible
        case .code(0), .code(1): .done
        case .code, .signal: .interrupted
        case nil: .done
        }
    }

    /// For people: `FAILED (exit code 75)`.
    package var phrase: String {
        switch end {
        case .code(75): "\(word) (saved, exit code 75)"
        case .code(let code) where code != 0: "\(word) (exit code \(code))"
        case .signal(let number): "\(word) (signal \(number))"
        case .code, nil: word
        }
    }
}

extension WorkerState.End {
    /// Reads `CODE:SIGNAL`, or the bare number of `wait` that `squeue` prints.
    init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: ":").map { Int($0) }
        switch (numbers.count, numbers.first ?? nil, numbers.last ?? nil) {
        case (2, let code?, let signal?): self = signal == 0 ? .code(code) : .signal(signal)
        case (1, let status?, _): self = status & 0x7f == 0 ? .code(status >> 8) : .signal(status & 0x7f)
        default: return nil
        }
    }
}
