import Configuration
import Datasets
import Models
import Networks
import Recipes
import Regularization
import Synchronization
import Tensors
import Training

/// Opens each data set once, however many variants and checks ask for it.
package final class OpenedDatasets: Sendable {
    private struct Entry {
        let dataset: any Dataset
        var fingerprint: String?
    }

    private let registry: DatasetRegistry
    private let entries = Mutex<[ComponentPlan: Entry]>([:])

    package init(_ registry: DatasetRegistry) { self.registry = registry }

    /// - Throws: `DatasetFault` where it cannot be opened.
    package func dataset(for choice: ComponentChoice) throws(DatasetFault) -> any Dataset {
        let plan = ComponentPlan(choice)
        if let entry = entries.withLock({ $0[plan] }) { return entry.dataset }
        let dataset = try registry.make(choice.component, options: choice.options)
        entries.withLock { $0[plan] = Entry(dataset: dataset) }
        return dataset
    }

    /// - Throws: where the data cannot be read.
    package func fingerprint(for choice: ComponentChoice) throws -> String {
        let plan = ComponentPlan(choice)
        if let known = entries.withLock({ $0[plan]?.fingerprint }) { return known }
        let fingerprint = try Fingerprint.of(dataset(for: choice))
        entries.withLock { $0[plan]?.fingerprint = fingerprint }
        return fingerprint
    }
}

extension Components {
    /// What reading a recipe needs to know of these components.
    ///
    /// - Parameters:
    ///   - datasets: where data sets are opened.
    ///   - models: where encoders are made to see whether they fit.
    package func catalogue(opening datasets: OpenedDatasets, planning models: PlannedModels) -> Catalogue {
        let regularizers = regularizers
        return Catalogue(
            datasets: self.datasets.descriptions, encoders: encoders.descriptions, fusions: fusions.descriptions,
            models: self.models.descriptions, regularizers: regularizers.descriptions,
            measurements: measurements.descriptions, optimizers: optimizers.descriptions,
            schedules: LearningRateSchedule.descriptions,
            minimumBatch: { name, _ in regularizers[name]?.minimumBatch ?? 1 },
            places: { regularizers[$0]?.places ?? [] },
            encoderFault: { choice, modality in
                do throws(OptionFault) {
                    _ = try models.encoder(ComponentPlan(choice), of: modality)
                    return nil
                } catch {
                    return error
                }
            },
            inspect: { (choice) throws(DatasetFault) in try datasets.dataset(for: choice).facts })
    }
}

extension LearningRateSchedule {
    /// The shapes as components: the name of a schedule in a recipe is its shape.
    fileprivate static var descriptions: [ComponentDescription] {
        let options = Options.descriptions.filter { $0.name != "shape" }
        return [
            ComponentDescription(
                name: Shape.constant.rawValue, summary: "one rate throughout, after an optional linear warm-up",
                options: options.filter { $0.name == "warm-up" }),
            ComponentDescription(
                name: Shape.cosine.rawValue, summary: "an optional linear warm-up, then half a cosine down",
                source: "Loshchilov and Hutter 2017; with the warm-up rule of Bardes et al. 2022", options: options),
        ]
    }
}
