import Foundation
import TestSupport

/// Slurm's commands as shell scripts in a temporary folder, with the answers of the real ones. `sbatch` starts each worker as a process of
/// its own, or none, and lets a test say what becomes of it.
package final class FakeSlurm: Sendable {
    package let folder: URL

    /// - Parameter isIdle: whether workers are only written down, and nothing is started.
    package init(isIdle: Bool = false) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fake-slurm-\(UUID().uuidString)")
        let commands = folder.appendingPathComponent("bin")
        try FileManager.default.createDirectory(at: commands, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("jobs"), withIntermediateDirectories: true)
        for (name, text) in [
            ("sbatch", Self.sbatch), ("worker", Self.worker), ("squeue", Self.squeue), ("sacct", Self.sacct), ("scancel", Self.scancel),
            ("sinfo", "printf 'short\\nlong\\n'\n"),
        ] {
            try ExecutableFile.write("#!/bin/sh\nF='\(folder.path)'\n\(text)", to: commands.appendingPathComponent(name))
        }
        if isIdle { try set("idle", "") }
    }

    deinit {
        for process in processes { kill(process, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// For `PATH`: these commands, and the system's others.
    package var path: String { "\(folder.path)/bin:/usr/bin:/bin" }

    /// How often, and with which arguments, workers were submitted.
    package var submissions: [String] {
        (try? String(contentsOf: folder.appendingPathComponent("submissions"), encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
    }

    /// Changes how the commands behave: `refusal` (what sbatch says and does not submit), `lost-answer` (sbatch submits, and fails),
    /// `down` (squeue fails), `accounting` (what sacct prints), `idle`.
    package func set(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }

    package func unset(_ name: String) throws { try FileManager.default.removeItem(at: folder.appendingPathComponent(name)) }

    /// What squeue says of a worker: state, the number of `wait`, reason, node.
    package func say(_ worker: String, _ state: String, status: Int = 0, reason: String = "None", node: String = "node1") throws {
        try set("jobs/\(worker)/state", "\(state)|\(status)|\(reason)|\(node)")
    }

    /// Lets squeue forget a worker.
    package func forget(_ worker: String) throws { try unset("jobs/\(worker)") }

    /// The process of a worker that was started; nil where it has not been yet.
    package func process(_ worker: String) -> pid_t? {
        let text = try? String(contentsOf: folder.appendingPathComponent("jobs/\(worker)/pid"), encoding: .utf8)
        return text.flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private var processes: [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("jobs").path)) ?? []
        return names.filter { state($0)?.hasPrefix("RUNNING") == true }.compactMap(process)
    }

    private func state(_ worker: String) -> String? {
        try? String(contentsOf: folder.appendingPathComponent("jobs/\(worker)/state"), encoding: .utf8)
    }

    private static let sbatch = #"""
        if [ -f "$F/refusal" ]; then cat "$F/refusal" >&2; exit 1; fi
        printf '%s ' "$@" >> "$F/submissions"; echo >> "$F/submissions"
        for word do
            case $word in
            --job-name=*) name=${word#*=} ;;
            --array=*) array=${word#*=} ;;
            --output=*) output=${word#*=} ;;
            --cpus-per-task=*) cores=${word#*=} ;;
            -*) ;;
            *) script=$word ;;
            esac
        done
        job=$(($(cat "$F/last" 2> /dev/null || echo 100) + 1))
        echo $job > "$F/last"
        for range in $(echo "$array" | tr , ' '); do
            for task in $(seq "${range%-*}" "${range#*-}"); do
                mkdir -p "$F/jobs/${job}_$task"
                echo "$name" > "$F/jobs/${job}_$task/name"
                echo 'PENDING|0|Resources|' > "$F/jobs/${job}_$task/state"
                log=$(echo "$output" | sed "s/%A/$job/; s/%a/$task/; s/%%/%/g")
                # As with Slurm, a worker holds nothing open of whoever submits it: that waits for the end of what it started.
                [ -f "$F/idle" ] || bash -c 'for f in /proc/$$/fd/*; do n=${f##*/}; [ $n -gt 2 ] && eval "exec $n>&-"; done; exec "$@"' \
                    - "$F/bin/worker" $job $task "$script" "$cores" < /dev/null >> "$log" 2>&1 &
            done
        done
        if [ -f "$F/lost-answer" ]; then
            rm "$F/lost-answer"
            echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
            exit 1
        fi
        echo $job
        """#

    private static let worker = """
        d="$F/jobs/$1_$2"
        export SLURM_ARRAY_JOB_ID=$1 SLURM_ARRAY_TASK_ID=$2 SLURM_CPUS_PER_TASK=$4
        sh "$3" &
        echo $! > "$d/pid"
        echo 'RUNNING|0|None|node1' > "$d/state"
        wait $!
        code=$?
        word=FAILED
        [ $code = 0 ] && word=COMPLETED
        [ -f "$d/verdict" ] && word=$(cat "$d/verdict")
        [ $code -gt 128 ] && status=$((code - 128)) || status=$((code * 256))
        echo "$word|$status|None|node1" > "$d/new"
        mv "$d/new" "$d/state"
        """

    private static let squeue = """
        if [ -f "$F/down" ]; then
            echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2
            exit 1
        fi
        for word do
            case $word in
            --jobs=*) jobs=$(echo "${word#*=}" | tr , ' ') ;;
            --name=*) name=${word#*=} ;;
            esac
        done
        found=0
        for d in "$F"/jobs/*_*; do
            [ -d "$d" ] || continue
            id=${d##*/}
            if [ -n "$name" ]; then
                [ "$(cat "$d/name")" = "$name" ] && echo "${id%_*}|"
                continue
            fi
            for job in $jobs; do
                if [ "$job" = "${id%_*}" ]; then
                    found=1
                    echo "${id%_*}|${id#*_}|$(cat "$d/state")|"
                fi
            done
        done
        if [ -z "$name" ] && [ $found = 0 ]; then
            echo 'slurm_load_jobs error: Invalid job id specified' >&2
            exit 1
        fi
        """

    private static let sacct = """
        if [ -f "$F/accounting" ]; then cat "$F/accounting"; exit 0; fi
        echo 'Slurm accounting storage is disabled' >&2
        exit 1
        """

    private static let scancel = """
        for id do
            d="$F/jobs/$id"
            case $(cat "$d/state") in
            RUNNING*)
                echo CANCELLED > "$d/verdict"
                kill -TERM "$(cat "$d/pid")"
                ;;
            PENDING*) echo 'CANCELLED|0|None|' > "$d/state" ;;
            esac
            echo "$id" >> "$F/cancelled"
        done
        """
}
