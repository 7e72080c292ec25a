internal import CMalloc
import Foundation
import Processes
import Training

/// What the kernel says about memory, in bytes.
package enum MachineMemory {
    /// What this process may still allocate: the machine's available memory, or less where a control
    /// group sets a limit. Nil where it is not known.
    package static var available: Int? {
        [field("MemAvailable:", of: "/proc/meminfo"), ControlGroups().availableMemory].compactMap(\.self).min()
    }

    /// What this process holds now.
    static var resident: Int? { field("VmRSS:", of: "/proc/self/status") }

    /// The part of it that is no file's, and that nobody else has a share in.
    static var own: Int? { field("RssAnon:", of: "/proc/self/status") }

    /// The most that this process has held at once, since its start or ``forgetPeak()``.
    package static var peak: Int? { field("VmHWM:", of: "/proc/self/status") }

    /// Returns freed memory to the system: what a measurement has used is not kept for threads that
    /// have ended.
    static func releaseFreed() { malloc_trim(0) }

    /// Gives freed memory back to the system, and begins to measure the peak anew.
    static func forgetPeak() {
        releaseFreed()
        // Where the kernel refuses, the peak is that of the whole process: an estimate on the safe side.
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }

    private static func field(_ name: String, of path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) })
        else { return nil }
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
