import Analysis
import Configuration
import Datasets
import Models
import Networks
import Regularization
import Tensors

extension TrialPlan {
    /// What everything but initial values is drawn from.
    var random: RandomSource { RandomSource(seed: UInt64(bitPattern: Int64(seed))) }

    /// Where initial values are drawn from.
    var initializer: Initializer { Initializer(seed: UInt64(bitPattern: Int64(seed))) }

    /// The rows to train on, to choose by and to measure.
    ///
    /// - Parameter isRehearsal: whether tuning will choose by the validation rows, whatever the plan's own selection does.
    package func makeSplit(of data: any Dataset, isRehearsal: Bool = false) throws(DatasetFault) -> SourceSplit {
        if let target = sources.first, sources == targets {
            return try SourceSplit(
                of: data, trainingOnTarget: target, validation: validation,
                needsValidation: isRehearsal || selection.needsValidation, random: random.child("split"))
        }
        return try SourceSplit(
            of: data, holdingOut: targets, sources: sources, validation: validation,
            needsValidation: isRehearsal || selection.needsValidation, random: random.child("split"))
    }

    /// The domains that are trained on.
    package var trainedDomains: SourceDomains {
        guard case .domain(let kept) = validation else { return SourceDomains(sources) }
        return SourceDomains(sources.filter { $0 != kept })
    }

    /// The batches of every epoch.
    package func makeSampler(of data: any Dataset, rows: SourceIndices) throws(DatasetFault) -> BatchSampler {
        try BatchSampler(rows, of: data, batchSize: batch, order: batching, stepsPerEpoch: stepsPerEpoch, random: random.child("batches"))
    }

    /// How training sees the data in an epoch, counted from 1.
    ///
    /// With a number of draws, a draw is a function of the row and the draw's number alone: all rows and all seeds see the same ones.
    func trainingView(epoch: Int) -> SampleView {
        guard let augmentationDraws else { return .training(epoch: epoch, random: random.child("augmentation")) }
        return .training(epoch: (epoch - 1) % augmentationDraws + 1, random: RandomSource(seed: 0).child("augmentation draws"))
    }

    /// The smallest batch that all regularizers are defined for.
    package func minimumBatch(_ registry: RegularizerRegistry) -> MinimumBatch {
        func largest(_ terms: [TermPlan], _ known: MinimumBatch) -> MinimumBatch {
            terms.reduce(known) { known, term in
                switch term.content {
                case .regularizer(let name, _):
                    let samples = registry[name]?.minimumBatch ?? 1
                    return samples > known.samples ? MinimumBatch(samples: samples, term: term.instance) : known
                case .sum(let terms): return largest(terms, known)
                }
            }
        }
        return largest(regularizers, MinimumBatch())
    }

    /// What is learned of some data.
    ///
    /// - Throws: `OptionFault` where an option does not fit, or the data have other targets.
    package func makeTask(for facts: DatasetFacts, _ components: Components) throws(OptionFault) -> any TaskPlugin {
        try components.tasks.make(task.name, options: task.options, context: TaskContext(targets: facts.targets))
    }

    /// The model, the regularizers and the optimizer of this plan.
    ///
    /// - Throws: `OptionFault` where an option does not fit the data or the model.
    package func makeTrainer(
        facts: DatasetFacts, components: Components, random: RandomSource, stepsPerEpoch: Int
    ) throws(OptionFault) -> Trainer {
        try makeTrainer(
            of: try makeModel(facts: facts, components: components, initializer: initializer), facts: facts, components: components,
            initializer: initializer, random: random, stepsPerEpoch: stepsPerEpoch)
    }

    /// The same for a model that has been made.
    package func makeTrainer(
        of model: any MultimodalModel, facts: DatasetFacts, components: Components, initializer: Initializer, random: RandomSource,
        stepsPerEpoch: Int
    ) throws(OptionFault) -> Trainer {
        let totalSteps = epochs * stepsPerEpoch
        let task = try makeTask(for: facts, components)
        let outputs = task.outputs(for: facts.targets)
        var terms: [RegularizerTerm] = []
        for term in regularizers {
            terms.append(
                try components.regularizers.makeTerm(
                    term, for: model, classes: outputs, task: facts.targets.kind, sourceDomains: trainedDomains, batchSize: batch,
                    initializer: initializer["regularizers"], totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch))
        }
        return try Trainer(
            objective: Objective(model, RegularizerList(terms), criterion: task.criterion, outputs: outputs, totalSteps: totalSteps), task: task,
            schedule: try components.schedules.make(
                schedule.name, options: schedule.options,
                context: ScheduleContext(base: learningRate, totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)),
            gradientClip: gradientClip.map { Float($0) }, rates: rates, random: random.child("training")
        ) { (parameters) throws(OptionFault) in
            try components.optimizers.make(optimizer.name, options: optimizer.options, parameters: parameters)
        }
    }

    /// The model alone.
    ///
    /// - Parameter wrapping: what takes an encoder's place in the model; the encoder itself by default.
    package func makeModel(
        facts: DatasetFacts, components: Components, initializer: Initializer,
        wrapping: (Modality, any Encoder) -> any Encoder = { $1 }
    ) throws(OptionFault) -> any MultimodalModel {
        let outputs = try makeTask(for: facts, components).outputs(for: facts.targets)
        return try model.make(
            facts: facts, outputs: outputs, components: components, from: initializer
        ) { (plan, modality, initializer) throws(OptionFault) in
            wrapping(Modality(modality.name), try components.encoder(plan, of: modality, from: initializer))
        }
    }
}

extension Components {
    /// Makes the encoder of a modality.
    ///
    /// - Throws: `OptionFault` where options do not fit each other or the modality, or the modality has sequences of different lengths and the
    ///   encoder cannot tell their padding from the rest.
    package func encoder(
        _ plan: ComponentPlan, of modality: DatasetFacts.ModalityFacts, from initializer: Initializer
    ) throws(OptionFault) -> any Encoder {
        let encoder = try encoders.make(plan.name, options: plan.options, sampleShape: Shape(modality.sampleShape), from: initializer, modality: modality.name)
        guard !modality.isPadded || encoder is any SequenceEncoder else {
            throw OptionFault(
                option: nil, expected: "an encoder for sequences of different lengths, such as series-resnet or features, as those of \(modality.name) are",
                found: plan.name)
        }
        return encoder
    }
}

extension TrialModel {
    /// Makes the model.
    ///
    /// - Parameters:
    ///   - outputs: the width of its prediction.
    ///   - encoder: makes, or finds, the encoder of a modality.
    /// - Throws: `OptionFault` where an option does not fit the data or another part.
    package func make(
        facts: DatasetFacts, outputs: Int, components: Components, from initializer: Initializer,
        encoder: (ComponentPlan, DatasetFacts.ModalityFacts, Initializer) throws(OptionFault) -> any Encoder
    ) throws(OptionFault) -> any MultimodalModel {
        switch self {
        case .assembled(let encoders, let fusion):
            var made: [Modality: any Encoder] = [:]
            for (modality, plan) in encoders.sorted(by: { $0.key < $1.key }) {
                guard let modalityFacts = facts.modalities.first(where: { $0.name == modality.name }) else {
                    throw OptionFault(
                        option: nil, expected: "a modality of the data: " + facts.modalities.map(\.name).joined(separator: ", "),
                        found: modality.name, suggestion: nearestName(to: modality.name, among: facts.modalities.map(\.name)))
                }
                made[modality] = try encoder(plan, modalityFacts, initializer["encoders"][modality.name])
            }
            let context = FusionContext(encoders: made, classes: outputs, from: initializer["fusion"])
            let network = try components.fusions.make(fusion.name, options: fusion.options, context: context)
            if network.readsTokens, !network.leavesOutPadding, let padded = facts.modalities.first(where: { $0.isPadded && made[Modality($0.name)] != nil }) {
                throw OptionFault(
                    option: nil, expected: "a fusion that leaves padded tokens out, as sequences of \(padded.name) differ in length", found: fusion.name)
            }
            return FusionModel(encoders: made, fusion: network)
        case .whole(let model, let modalities):
            let samples = facts.modalities.map { (modality: Modality($0.name), shape: Shape($0.sampleShape)) }
            let padded = facts.modalities.filter(\.isPadded).map { Modality($0.name) }.filter(modalities.contains)
            return try components.models.make(
                model.name, options: model.options,
                context: ModelContext(
                    samples: samples.filter { modalities.contains($0.modality) }, padded: padded, classes: outputs, from: initializer))
        }
    }
}
