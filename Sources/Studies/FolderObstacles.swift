import Foundation
import Persistence
import Results

extension RunFolder {
    /// What lies in the way of a run: a folder where it keeps a file, or something else where it keeps a folder.
    ///
    /// It is asked before anything is trained, because a training whose result cannot be written is lost. Nothing is moved or removed: what a run
    /// has not written is somebody's own.
    ///
    /// - Parameter keys: the trials of the run.
    package func obstacles(to keys: [TrialKey]) -> [Obstacle] {
        if let obstacle = Obstacle(at: root.path, of: .folder) { return [obstacle] }
        let files = [
            resolvedRecipe, settings, registration, looks, looksSeal, markdownReport, csvReport, costs,
            measurementsCSV, htmlReport, latexReport, verdictPage,
            verdictCSV, verdictJSON,
        ]
        var found = files.compactMap { Obstacle(at: $0.path, of: .file) }
        let folders: [(URL, String?)] = [(figures, ".svg"), (tuning, ".json"), (choice, ".json"), (trials, nil), (stems, nil), (slurm, nil)]
        for (folder, ending) in folders {
            found += Self.obstacles(inFolder: folder.path, ofFilesEndingIn: ending)
        }
        for key in keys { found += obstacles(inTrial: key) }
        // A file in the place of a row's folder is in the way of every trial of the row.
        return found.distinct
    }

    private func obstacles(inTrial key: TrialKey) -> [Obstacle] {
        let folder = trial(key).path
        if let obstacle = Obstacle(at: folder, of: .folder) { return [obstacle] }
        guard let names = try? Folder.names(in: folder) else { return [] }
        return names.flatMap { name -> [Obstacle] in
            let path = "\(folder)/\(name)"
            switch name {
            case "measurements": return Self.obstacles(inFolder: path, ofFilesEndingIn: ".json")
            // A link in its place is replaced, and never followed.
            case "resume": return Folder.isLink(path) ? [] : Self.obstacles(inFolder: path, ofFilesEndingIn: ".safetensors")
            case "other-plans": return Self.obstacles(inFolder: path, ofFilesEndingIn: nil)
            default: return Self.isFile(name) ? [Obstacle(at: path, of: .file)].compactMap(\.self) : []
            }
        }
    }

    /// Whether a run keeps a file of this name in a trial's folder.
    private static func isFile(_ name: String) -> Bool {
        ["metrics.jsonl", "checkpoint.safetensors", resultName, "progress.jsonl"].contains(name) || name.hasPrefix("claim.") || name.contains("tfevents")
    }

    /// What is in the way of a folder, or of the files in it.
    ///
    /// - Parameter ending: of the files; nil where their names are not known here.
    private static func obstacles(inFolder folder: String, ofFilesEndingIn ending: String?) -> [Obstacle] {
        if let obstacle = Obstacle(at: folder, of: .folder) { return [obstacle] }
        guard let ending, let names = try? Folder.names(in: folder) else { return [] }
        return names.filter { $0.hasSuffix(ending) }.compactMap { Obstacle(at: "\(folder)/\($0)", of: .file) }
    }
}
