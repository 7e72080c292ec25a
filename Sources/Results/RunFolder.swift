import Foundation

/// Where everything of one run lies on disk. It names places and lists them; it neither reads nor writes what is there.
///
/// ```
/// recipe.resolved.yaml
/// settings.json
/// registration.json                                  where the study was registered
/// looks.jsonl  looks.jsonl.seal                      who looked at target figures, and how many lines that were
/// report.md  report.csv  costs.csv  measurements.csv  report.html  report.tex  figures/<name>.svg
/// verdict.html  verdict.csv  verdict.json            over several data sets
/// trials/<row>/<target>/<seed>/{metrics.jsonl,checkpoint.safetensors,result.json,events.out.tfevents.…}
/// trials/<row>/<target>/<seed>/measurements/<measurement>.<options>.json      where the model was measured
/// trials/<row>/<target>/<seed>/{resume/<step>.safetensors,claim.<generation>,progress.jsonl}      while the trial runs
/// trials/<dial=value,…>/@<dial=value,…>/<row>/…      with a sweep, with repetitions
/// tuning/<plan>.json                                 where something is tuned
/// choice/<plan>.json                                 where it is asked how well values are chosen
/// stems/<modality>-<key>/{evaluation,draw-1,…}.stems   where stems are stored
/// slurm/{worker.sh,array.json,<array>_<worker>.log,<worker>.json}      where workers were submitted to Slurm
/// ```
///
/// The sweep's folder has a literal `=` and the repetition's starts with a literal `@`, which no row's
/// name can have once it is made safe, so no two trials share a folder.
package struct RunFolder: Hashable, Sendable {
    package let root: URL

    package init(_ root: URL) {
        self.root = root
    }

    /// A file by its path in the folder. Foundation is told that it is no folder: else it asks the file system, for each of some ten files of each
    /// of ten thousand trials.
    package func file(_ path: String) -> URL { root.appendingPathComponent(path, isDirectory: false) }

    /// The recipe with every default, override and inherited value written out.
    package var resolvedRecipe: URL { file("recipe.resolved.yaml") }
    /// The run's `RunSettings`, so that a report can be made again without the recipe.
    package var settings: URL { file("settings.json") }
    package var markdownReport: URL { file("report.md") }
    package var csvReport: URL { file("report.csv") }
    /// What a training step of each row takes, as comma-separated values.
    package var costs: URL { file("costs.csv") }
    /// One page that needs no other file.
    package var htmlReport: URL { file("report.html") }
    /// The tables, to be included in a LaTeX document.
    package var latexReport: URL { file("report.tex") }
    /// What a study over several data sets says of each row, as a page, as values and for machines.
    package var verdictPage: URL { file("verdict.html") }
    package var verdictCSV: URL { file("verdict.csv") }
    package var verdictJSON: URL { file("verdict.json") }
    package var figures: URL { root.appendingPathComponent("figures", isDirectory: true) }
    package var trials: URL { root.appendingPathComponent("trials", isDirectory: true) }

    /// The folder of one trial.
    package func trial(_ key: TrialKey) -> URL {
        root.appendingPathComponent(Self.path(of: key), isDirectory: true)
    }

    /// A file by its path in a trial's folder.
    package func file(_ path: String, of key: TrialKey) -> URL { file("\(Self.path(of: key))/\(path)") }

    /// One line of JSON an epoch.
    package func metrics(_ key: TrialKey) -> URL { file("metrics.jsonl", of: key) }
    package func checkpoint(_ key: TrialKey) -> URL { file("checkpoint.safetensors", of: key) }
    /// The trial's `TrialResult`; it exists once the trial has ended.
    package func result(_ key: TrialKey) -> URL { file(Self.resultName, of: key) }
    /// The file name of every trial's result.
    package static let resultName = "result.json"

    /// The trial's curves for TensorBoard, which recognizes its files by `tfevents` in their name.
    package func events(_ key: TrialKey) -> URL { file("events.out.tfevents.0000000000.regulus", of: key) }

    /// The epochs that a running trial has told of, for whoever looks into the folder; it is gone once the trial has ended.
    package func progress(_ key: TrialKey) -> URL { file("progress.jsonl", of: key) }

    /// What a trial goes on from when its process ends before it does; the folder is gone once the trial has ended.
    package func resume(_ key: TrialKey) -> URL { trial(key).appendingPathComponent("resume", isDirectory: true) }

    /// What frozen stems made of the clips, where the recipe stores it and no other folder is named.
    package var stems: URL { root.appendingPathComponent("stems", isDirectory: true) }

    /// What concerns workers that were submitted to Slurm.
    package var slurm: URL { root.appendingPathComponent("slurm", isDirectory: true) }

    /// The results of the trainings that tuning learns from.
    package var tuning: URL { root.appendingPathComponent("tuning", isDirectory: true) }
    /// The result of one of them, by its plan's hash.
    ///
    /// - Parameter measuresTarget: whether the report measures it on the target: such results lie apart from those that tuning alone reads.
    package func rehearsal(_ plan: String, measuresTarget: Bool = false) -> URL {
        (measuresTarget ? choice : tuning).appendingPathComponent("\(plan).json", isDirectory: false)
    }
    /// The results of those of them that the report measures on the target.
    package var choice: URL { root.appendingPathComponent("choice", isDirectory: true) }

    /// Paths, relative to the folder, of results of trials with other keys than these. Links are not followed: what they lead to is no
    /// part of the folder.
    package func strayResults(beside keys: [TrialKey]) -> [String] {
        let known = Set(keys.map { "\(Self.path(of: $0))/\(Self.resultName)" })
        guard let files = FileManager.default.enumerator(atPath: trials.path) else { return [] }
        var paths: [String] = []
        while let path = files.nextObject() as? String {
            // What other recipes have left is kept on purpose, under its own name.
            if path.hasSuffix("/other-plans") { files.skipDescendants() }
            if (path as NSString).lastPathComponent == Self.resultName, !known.contains("trials/\(path)") { paths.append("trials/\(path)") }
        }
        return paths.sorted()
    }

    /// A trial's folder relative to the run's.
    package static func path(of key: TrialKey) -> String {
        var pieces = ["trials"]
        if !key.variant.isEmpty { pieces.append(SafeName.encode(key.variant)) }
        if !key.repetition.isEmpty { pieces.append("@" + SafeName.encode(key.repetition)) }
        pieces += [SafeName.encode(key.row), SafeName.encode(key.target), String(key.seed)]
        return pieces.joined(separator: "/")
    }
}
