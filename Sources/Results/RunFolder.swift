import Foundation

/// Where everything of one run lies on disk. It only names places; it reads and writes nothing.
///
/// ```
/// recipe.resolved.yaml
/// settings.json
/// report.md  report.csv
/// trials/<row>/<target>/<seed>/{metrics.jsonl,checkpoint.safetensors,result.json}
/// trials/<dial=value,…>/@<dial=value,…>/<row>/…      with a sweep, with repetitions
/// ```
///
/// The sweep's folder has a literal `=` and the repetition's starts with a literal `@`, which no row's
/// name can have once it is made safe, so no two trials share a folder.
package struct RunFolder: Hashable, Sendable {
    package let root: URL

    package init(_ root: URL) {
        self.root = root
    }

    /// The recipe with every default, override and inherited value written out.
    package var resolvedRecipe: URL { root.appendingPathComponent("recipe.resolved.yaml") }
    /// The run's `RunSettings`, so that a report can be made again without the recipe.
    package var settings: URL { root.appendingPathComponent("settings.json") }
    package var markdownReport: URL { root.appendingPathComponent("report.md") }
    package var csvReport: URL { root.appendingPathComponent("report.csv") }
    package var trials: URL { root.appendingPathComponent("trials", isDirectory: true) }

    /// The folder of one trial.
    package func trial(_ key: TrialKey) -> URL {
        root.appendingPathComponent(Self.path(of: key), isDirectory: true)
    }

    /// One line of JSON an epoch.
    package func metrics(_ key: TrialKey) -> URL { trial(key).appendingPathComponent("metrics.jsonl") }
    package func checkpoint(_ key: TrialKey) -> URL {
        trial(key).appendingPathComponent("checkpoint.safetensors")
    }
    /// The trial's `TrialResult`; it exists once the trial has ended.
    package func result(_ key: TrialKey) -> URL { trial(key).appendingPathComponent("result.json") }

    /// A trial's folder relative to the run's.
    package static func path(of key: TrialKey) -> String {
        var pieces = ["trials"]
        if !key.variant.isEmpty { pieces.append(SafeName.encode(key.variant)) }
        if !key.repetition.isEmpty { pieces.append("@" + SafeName.encode(key.repetition)) }
        pieces += [SafeName.encode(key.row), SafeName.encode(key.target), String(key.seed)]
        return pieces.joined(separator: "/")
    }
}
