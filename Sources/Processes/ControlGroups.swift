import Foundation

/// What the control groups of this process allow it to use (Linux cgroups, versions 1 and 2, also side
/// by side).
///
/// Groups are nested and each limits everything below it, so the smallest value counts on the way from
/// the process's own group to the top of what is mounted. Everything is read below a root folder, so
/// that tests can replace the system's `/proc` and `/sys`.
package struct ControlGroups: Sendable {
    /// The processor time in each period, in processors, for example 1.5; nil where there is no quota.
    package let processors: Double?
    /// Bytes that may still be taken before a limit is reached; nil where none is set. Cached files that can be dropped count as free.
    package let availableMemory: Int?

    /// Reads the limits of this process.
    ///
    /// - Parameter root: the folder that holds `proc` and `sys`.
    package init(below root: String = "") {
        let memberships = Self.memberships(in: Self.text("\(root)/proc/self/cgroup"))
        let mounts = Self.mounts(in: Self.text("\(root)/proc/self/mountinfo"))
        func groups(_ controller: String) -> [(folder: String, isUnified: Bool)] {
            mounts.flatMap { mount -> [(folder: String, isUnified: Bool)] in
                // The hierarchy of version 2 names no controllers, and has all that no hierarchy of version 1 has.
                let wanted: Bool? = mount.controllers == nil ? nil : true
                guard mount.controllers?.contains(controller) != false,
                    let path = memberships.first(where: { $0.controllers?.contains(controller) == wanted })?.path
                else { return [] }
                return mount.folders(of: path).map { ("\(root)\($0)", mount.controllers == nil) }
            }
        }
        processors = groups("cpu").compactMap { folder, isUnified in
            isUnified
                ? Self.quota(Self.text("\(folder)/cpu.max"))
                : Self.quota(
                    Self.text("\(folder)/cpu.cfs_quota_us") + " " + Self.text("\(folder)/cpu.cfs_period_us"))
        }.min()
        availableMemory = groups("memory").compactMap { folder, isUnified in
            Self.available(
                limit: Self.text("\(folder)/\(isUnified ? "memory.max" : "memory.limit_in_bytes")"),
                used: Self.text("\(folder)/\(isUnified ? "memory.current" : "memory.usage_in_bytes")"),
                statistics: Self.text("\(folder)/memory.stat"))
        }.min()
    }

    // MARK: The forms of the files

    /// `quota period` in microseconds; a quota of `max` or −1 is none.
    static func quota(_ text: String) -> Double? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), quota > 0, period > 0 else { return nil }
        return quota / period
    }

    /// What is left under a limit; nil where there is none. Version 1 writes a number near 2⁶³ for none.
    static func available(limit: String, used: String, statistics: String) -> Int? {
        func number(_ text: some StringProtocol) -> Int? { Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) }
        guard let limit = number(limit), limit >= 0, limit < 1 << 60, let used = number(used), used >= 0 else { return nil }
        let lines = statistics.split(separator: "\n")
        func statistic(_ name: String) -> Int? { lines.first { $0.hasPrefix(name + " ") }.flatMap { number($0.dropFirst(name.count)) } }
        let droppable = statistic("total_inactive_file") ?? statistic("inactive_file") ?? 0
        return max(0, limit - max(0, used - max(0, droppable)))
    }

    /// Which group this process is in, for each hierarchy.
    struct Membership: Equatable {
        /// Nil for the one hierarchy of version 2, which has them all.
        let controllers: [String]?
        let path: String
    }

    /// The lines `number:controllers:path` of `/proc/self/cgroup`.
    static func memberships(in text: String) -> [Membership] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].hasPrefix("/") else { return nil }
            let controllers = fields[1].isEmpty ? nil : fields[1].split(separator: ",").map(String.init)
            return Membership(controllers: controllers, path: String(fields[2]))
        }
    }

    /// Where a hierarchy is mounted.
    struct Mount: Equatable {
        let controllers: [String]?
        /// The group at the top of what is mounted: a container sees the tree from its own group down.
        let top: String
        let folder: String

        /// The folders of a group and of all those above it that can be seen.
        func folders(of path: String) -> [String] {
            var names: [Substring] = []
            // A path that does not lie below the top is written as another name space sees it.
            if path == top || path.hasPrefix(top == "/" ? "/" : top + "/") { names = path.dropFirst(top == "/" ? 0 : top.count).split(separator: "/") }
            if names.contains("..") { names = [] }
            return (0...names.count).map { ([folder] + names.prefix($0).map(String.init)).joined(separator: "/") }
        }
    }

    /// The lines of `/proc/self/mountinfo` that mount control groups.
    static func mounts(in text: String) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ").map(String.init)
            guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 3 else { return nil }
            let controllers: [String]?
            switch fields[dash + 1] {
            case "cgroup2": controllers = nil
            case "cgroup": controllers = fields[dash + 3].split(separator: ",").map(String.init)
            default: return nil
            }
            return Mount(controllers: controllers, top: unescaped(fields[3]), folder: unescaped(fields[4]))
        }
    }

    /// Spaces and the like stand as a backslash and three octal digits.
    private static func unescaped(_ text: String) -> String {
        var result = text
        for (code, character) in [("\\040", " "), ("\\011", "\t"), ("\\134", "\\")] { result = result.replacing(code, with: character) }
        return result
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
