import Foundation

/// What the kernel knows about this process.
enum ProcessFigures {
    /// The most memory held at once, in MiB.
    static var peakMebibytes: Double? {
        field("VmHWM:", of: "/proc/self/status").flatMap { $0.split(whereSeparator: \.isWhitespace).first.flatMap { Double($0) } }.map { $0 / 1024 }
    }

    /// Seconds since the kernel started this process, to a clock tick.
    static var secondsSinceStart: Double? {
        // The command's name, in parentheses, may itself contain spaces.
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func field(_ name: String, of path: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
    }
}
