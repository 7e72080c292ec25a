import Foundation
import Testing

@testable import Processes

@Suite("What control groups allow")
struct ControlGroupsTests {
    /// Made-up `/proc` and `/sys`.
    private final class Root {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-\(UUID().uuidString)").path

        init(_ files: [String: String]) throws {
            for (name, text) in files {
                let url = URL(fileURLWithPath: "\(path)/\(name)")
                try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: url)
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var groups: ControlGroups { ControlGroups(below: path) }
    }

    private let unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

    @Test("a quota of version 2 is read, and `max` is none")
    func quota() throws {
        func processors(_ text: String) throws -> Double? {
            try Root([
                "proc/self/cgroup": "0::/job\n", "proc/self/mountinfo": unified, "sys/fs/cgroup/job/cpu.max": text,
            ]).groups.processors
        }
        #expect(try processors("150000 100000\n") == 1.5)
        #expect(try processors("max 100000\n") == nil)
        #expect(try processors("") == nil)
    }

    @Test("the least quota and the least free memory on the way up count")
    func nested() throws {
        let root = try Root([
            "proc/self/cgroup": "0::/user/job/step\n", "proc/self/mountinfo": unified,
            "sys/fs/cgroup/user/cpu.max": "200000 100000", "sys/fs/cgroup/user/job/cpu.max": "50000 50000",
            "sys/fs/cgroup/user/job/step/cpu.max": "max 100000",
            "sys/fs/cgroup/user/memory.max": "268435456", "sys/fs/cgroup/user/memory.current": "100000000",
            "sys/fs/cgroup/user/memory.stat": "anon 60000000\ninactive_file 40000000\n",
            "sys/fs/cgroup/user/job/memory.max": "max", "sys/fs/cgroup/user/job/memory.current": "1",
            "sys/fs/cgroup/user/job/step/memory.max": "1073741824", "sys/fs/cgroup/user/job/step/memory.current": "0",
        ])
        #expect(root.groups.processors == 1)
        #expect(root.groups.availableMemory == 268_435_456 - 60_000_000)
    }

    @Test("version 1 is read, where controllers are mounted apart")
    func versionOne() throws {
        let mounts = """
            31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
            32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
            """
        let root = try Root([
            "proc/self/cgroup": "4:memory:/slurm/job\n3:cpu,cpuacct:/slurm/job\n1:name=systemd:/\n", "proc/self/mountinfo": mounts,
            "sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us": "300000\n", "sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/slurm/job/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu,cpuacct/slurm/job/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/slurm/job/memory.limit_in_bytes": "500\n", "sys/fs/cgroup/memory/slurm/job/memory.usage_in_bytes": "200\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "900\n",
        ])
        #expect(root.groups.processors == 3)
        #expect(root.groups.availableMemory == 300)
    }

    @Test("both versions side by side both count")
    func hybrid() throws {
        let root = try Root([
            "proc/self/cgroup": "3:memory:/job\n0::/job\n",
            "proc/self/mountinfo": unified.replacing("/sys/fs/cgroup ", with: "/sys/fs/cgroup/unified ")
                + "32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
            "sys/fs/cgroup/unified/job/cpu.max": "100000 100000", "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "700",
            "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "0",
        ])
        #expect(root.groups.processors == 1 && root.groups.availableMemory == 700)
    }

    @Test("a container sees the tree from its own group on, and may name its group as its host does")
    func container() throws {
        let files = ["sys/fs/cgroup/cpu.max": "100000 100000"]
        let mount = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
        for path in ["/docker/abc", "/", "/../other"] {
            let root = try Root(files.merging(["proc/self/cgroup": "0::\(path)\n", "proc/self/mountinfo": mount]) { $1 })
            #expect(root.groups.processors == 1)
        }
    }

    @Test("a machine without control groups, and files that make no sense, limit nothing")
    func nothing() throws {
        #expect(try Root([:]).groups.processors == nil)
        let root = try Root([
            "proc/self/cgroup": "0::/job\nnonsense\n::\n", "proc/self/mountinfo": "a b\n" + unified,
            "sys/fs/cgroup/job/cpu.max": "-5 0\n", "sys/fs/cgroup/job/memory.max": "99999999999999999999\n",
            "sys/fs/cgroup/job/memory.current": "x\n",
        ])
        #expect(root.groups.processors == nil && root.groups.availableMemory == nil)
    }

    @Test("this machine's own files can be read")
    func own() {
        let groups = ControlGroups()
        #expect(groups.processors.map { $0 > 0 } ?? true)
        #expect(groups.availableMemory.map { $0 >= 0 } ?? true)
    }
}
