import Analysis
import ArgumentParser
import Configuration
import Datasets
import Foundation
import Persistence
import Planning
import Recipes
import Results
import Studies
import Tensors
import Training

/// What `evaluate`, `embed` and `predict` have in common: a checkpoint, and data to apply its model to.
struct CheckpointArguments: ParsableArguments {
    @Argument(help: "A trial's checkpoint.safetensors.", completion: .file(extensions: ["safetensors"]), transform: { UserPath.expanded($0) })
    var checkpoint: String

    @Option(
        help: ArgumentHelp(
            "The data set, as in a recipe: watch, or '{use: arrays, path: heart.safetensors, modalities: [ecg, sound]}'; by default the data set that the model was trained on.",
            valueName: "data"))
    var data: String?

    @Option(help: ArgumentHelp("Domains of the data, separated by commas; all by default.", valueName: "names"))
    var domains: String?

    @OptionGroup var plugins: PluginArguments

    @Option(help: "Cores to use; all cores of this machine by default.")
    var threads: Int?

    func validate() throws {
        if checkpoint.isEmpty { throw ValidationError("the checkpoint needs a path") }
        if let threads { try ThreadCount.check(threads) }
    }

    /// A model, the data it is applied to, and the rows of them.
    struct Application {
        let model: TrainedModel
        let saved: SavedModel
        let data: any Dataset
        let rows: [Int]
        let components: Components
    }

    /// - Parameter needsTargets: whether the data must have the targets that the model predicts.
    /// - Throws: `CommandFault` where the checkpoint cannot be used, the data cannot be opened, or the two do not fit.
    func application(needsTargets: Bool) throws -> Application {
        try ThreadCount.use(threads ?? Threads.available)
        let components = try plugins.components().components
        do {
            let saved = try SavedModel(checkpoint, components: components)
            let data = try opened(saved, components)
            let rows = try rows(of: data)
            let model = try saved.applied(to: data, rows: rows, needsTargets: needsTargets)
            noteTrainedSamples(among: rows, of: data, heldOut: saved.description.heldOut)
            return Application(model: model, saved: saved, data: data, rows: rows, components: components)
        } catch let fault as CheckpointFault {
            throw CommandFault.input("error: \(fault)")
        } catch let fault as DatasetFault {
            throw CommandFault.input("error: \(fault)")
        } catch let fault as OptionFault {
            throw CommandFault.input("error: the data set that the model was trained on cannot be opened: \(fault)")
        } catch let fault as RecipeError {
            throw CommandFault.input("\(fault)")
        }
    }

    /// Records, in the run folder of the checkpoint, that figures of its trial are shown.
    func noteLook(by command: any ParsableCommand.Type) {
        var place = URL(fileURLWithPath: checkpoint).standardizedFileURL.deletingLastPathComponent()
        let trial = place
        while place.pathComponents.count > 1 {
            place.deleteLastPathComponent()
            let folder = RunFolder(place)
            guard trial.path.hasPrefix(folder.trials.path + "/"), FileManager.default.fileExists(atPath: folder.settings.path) else { continue }
            let store = RunStore(folder)
            let result = try? store.result(at: trial.appendingPathComponent(RunFolder.resultName), verifyingFiles: false)
            return store.noteLook(by: command, at: [result?.outline].compactMap(\.self))
        }
    }

    private func opened(_ saved: SavedModel, _ components: Components) throws -> any Dataset {
        guard let data else {
            let own = saved.description.data
            let dataset = try components.datasets.make(own.use, options: own.options)
            let known = saved.description.heldOut.filter { dataset.facts.domains.indices.contains($0) }
            // A generated world makes its held-out domain in another way than the rest.
            return dataset.holdingOut(known)
        }
        let choice = try RecipeLoader.dataset(data, catalogue: components.catalogue)
        return try components.datasets.make(choice.component, options: choice.options)
    }

    /// Warns that a score on the model's own data is not a score on unseen domains.
    private func noteTrainedSamples(among rows: [Int], of dataset: any Dataset, heldOut: [Int]) {
        let names = dataset.facts.domains
        guard data == nil, rows.contains(where: { !heldOut.contains(dataset.domains[$0]) }) else { return }
        let unseen = heldOut.filter(names.indices.contains).map { names[$0] }
        StandardError.print(
            "note: these are the data that the model was trained on, training samples included; "
                + (unseen.isEmpty ? "no domain was held out" : "held out: \(unseen.joined(separator: ", ")) (--domains \(unseen.joined(separator: ",")))"))
    }

    private func rows(of data: any Dataset) throws -> [Int] {
        let known = data.knownRows
        guard let domains else { return known }
        var chosen: Set<Int> = []
        for name in domains.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            guard let number = data.facts.domains.firstIndex(of: name) else {
                let hint = suggestionText(nearestName(to: name, among: data.facts.domains))
                throw CommandFault.input("error: the data have no domain '\(name)', only \(data.facts.domains.joined(separator: ", "))\(hint)")
            }
            chosen.insert(number)
        }
        let rows = known.filter { chosen.contains(data.domains[$0]) }
        guard !rows.isEmpty else { throw CommandFault.input("error: there are no samples in the domains \(domains)") }
        return rows
    }
}
