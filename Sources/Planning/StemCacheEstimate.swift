import Configuration
import Datasets
import Foundation
import Models
import Persistence
import Regularization
import Tensors
import Training

/// What storing the stems of a study takes on disk, before anything is computed.
package struct StemCacheEstimate: Sendable, Hashable {
    /// One modality of one variant.
    package struct Part: Sendable, Hashable {
        package let modality: String
        package let encoder: String
        /// Outputs of the stem: clips times draws, and clips in evaluation.
        package var outputs = 0
        package var bytes = 0
    }

    package var parts: [Part] = []
    /// Encoders beside them that have no stem, each as `name (modality)`.
    package var others: [String] = []

    package init() {}

    /// Bytes of all stems.
    package var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

    /// The room that the folder at `path` lacks; nil where it can take the stems. What is in it already is taken to be part of them.
    package func shortage(in path: String) -> (needed: Int, free: Int)? {
        guard let free = Folder.freeBytes(at: path) else { return nil }
        let needed = bytes - Folder.occupiedBytes(at: path)
        return needed > free ? (needed, free) : nil
    }

    /// Adds what the plans of one variant store.
    ///
    /// - Parameters:
    ///   - plans: every trial's and rehearsal's.
    ///   - model: a model of the variant.
    mutating func add(_ plans: [TrialPlan], model: any MultimodalModel, dataset: any Dataset) {
        guard let first = plans.first(where: \.stemCache), let model = model as? FusionModel else { return }
        let decodes = dataset.decoder != nil
        let rows = Self.rows(of: plans.filter(\.stemCache), dataset: dataset, decodes: decodes)
        for (modality, component) in first.model.encoders.sorted(by: { $0.key < $1.key }) {
            guard let encoder = model.encoder(of: modality) as? any StagedEncoder, encoder.hasFixedStem else {
                let name = "\(component.name) (\(modality))"
                if !others.contains(name) { others.append(name) }
                continue
            }
            func bytes(_ view: SampleView) -> Int {
                StemFile.recordBytes(values: encoder.stemShapes(of: dataset.sampleShape(of: modality.name, view: view)).storedValues)
            }
            let (evaluation, training) = (bytes(.evaluation), bytes(.training(epoch: 1, random: RandomSource(seed: 0))))
            // Weights that come from a file are the same for all seeds.
            let isLoaded = component.options["weights"].map { $0 != .null } ?? false
            let seeds: [Int?] = isLoaded ? [nil] : Set(rows.keys.map(\.seed)).map { $0 }
            var part = Part(modality: modality.name, encoder: component.name)
            for seed in seeds {
                var byView: [RowsKey: Set<Int>] = [:]
                for (key, rows) in rows where seed == nil || key.seed == seed {
                    var merged = key
                    if seed == nil { merged.seed = 0 }
                    byView[merged, default: []].formUnion(rows)
                }
                for (key, rows) in byView {
                    part.outputs += rows.count
                    part.bytes += rows.count * (key.draw == nil ? evaluation : training)
                }
            }
            parts.append(part)
        }
    }

    /// What tells files apart that hold different rows.
    private struct RowsKey: Hashable {
        var seed: Int
        /// Nil in evaluation.
        let draw: Int?
        /// Where every seed draws for itself.
        let drawSeed: Int?
        let targets: [Int]?
    }

    /// The rows that some plan needs, for each seed and view.
    private static func rows(of plans: [TrialPlan], dataset: any Dataset, decodes: Bool) -> [RowsKey: Set<Int>] {
        struct Division: Hashable {
            let sources: [Int]
            let targets: [Int]
            let validation: ValidationRule
            let seed: Int
            let epochs: Int
        }
        var seen: Set<Division> = []
        var rows: [RowsKey: Set<Int>] = [:]
        for plan in plans {
            let division = Division(
                sources: plan.sources, targets: plan.targets, validation: plan.validation, seed: plan.seed, epochs: plan.epochs)
            // What cannot be divided is reported elsewhere.
            guard seen.insert(division).inserted, let split = try? plan.makeSplit(of: dataset) else { continue }
            func add(_ new: [Int], draw: Int?) {
                let key = RowsKey(
                    seed: plan.seed, draw: draw, drawSeed: draw != nil && plan.augmentationDraws == nil ? plan.seed : nil,
                    targets: decodes ? nil : Set(plan.targets).sorted())
                rows[key, default: []].formUnion(new)
            }
            add(split.validation.rows + split.target.rows, draw: nil)
            if decodes {
                for draw in 1...plan.distinctDraws { add(split.training.rows, draw: draw) }
            } else {
                add(split.training.rows, draw: nil)
            }
        }
        return rows
    }
}
