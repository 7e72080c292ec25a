import Configuration
import Foundation
import Models
import Networks
import Recipes
import Regularization
import Tensors
import Training

/// The models of a study as planning sees them: names and shapes, with zeros for initial values.
///
/// Each is made once, however many rows, variants and checks ask for it: a large encoder takes a while to fill.
///
/// Unchecked, since the lock guards what is kept, and a planned model is only read: it has nothing worth computing with.
package final class PlannedModels: @unchecked Sendable {
    let components: Components
    private let lock = NSLock()
    private var encoders: [EncoderKey: Result<any Encoder, OptionFault>] = [:]
    private var models: [ModelKey: Result<any MultimodalModel, OptionFault>] = [:]

    /// How many encoders and models have been made.
    struct Count: Hashable {
        var encoders = 0
        var models = 0
    }

    /// What has been made so far.
    var made: Count { lock.withLock { Count(encoders: encoders.count, models: models.count) } }

    package init(_ components: Components) { self.components = components }

    private struct EncoderKey: Hashable {
        let plan: ComponentPlan
        /// With its name: two modalities never share parameters, however alike they are.
        let modality: DatasetFacts.ModalityFacts
    }

    private struct ModelKey: Hashable {
        let model: TrialModel
        let modalities: [DatasetFacts.ModalityFacts]
        let classes: Int
    }

    /// - Throws: `OptionFault` where options do not fit each other or the modality.
    func encoder(_ plan: ComponentPlan, of modality: DatasetFacts.ModalityFacts) throws(OptionFault) -> any Encoder {
        let key = EncoderKey(plan: plan, modality: modality)
        if let known = lock.withLock({ encoders[key] }) { return try known.get() }
        let made: Result<any Encoder, OptionFault>
        do throws(OptionFault) {
            made = .success(
                try components.encoders.make(
                    plan.name, options: plan.options, sampleShape: Shape(modality.sampleShape), from: .zeros))
        } catch {
            made = .failure(error)
        }
        lock.withLock { encoders[key] = made }
        return try made.get()
    }

    /// - Throws: `OptionFault` where an option does not fit the data or another part of the model.
    func model(_ model: TrialModel, facts: DatasetFacts) throws(OptionFault) -> any MultimodalModel {
        let key = ModelKey(model: model, modalities: facts.modalities, classes: facts.classes.count)
        if let known = lock.withLock({ models[key] }) { return try known.get() }
        let made: Result<any MultimodalModel, OptionFault>
        do throws(OptionFault) {
            made = .success(
                try model.make(facts: facts, components: components, from: .zeros) { (plan, modality, _) throws(OptionFault) in
                    try encoder(plan, of: modality)
                })
        } catch {
            made = .failure(error)
        }
        lock.withLock { models[key] = made }
        return try made.get()
    }
}
