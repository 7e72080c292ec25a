import Networks
import Tensors

/// One batch: what the model reads and what it is to learn.
package struct Batch {
    /// One array `N×…` for each modality, and what of it is there.
    package let inputs: Inputs

    /// What is to be learned of each sample.
    package let targets: Targets

    /// The source domain of each sample, `N` numbers.
    package let domains: [Int]

    /// The positions of the samples in the data set; empty where they come from none.
    package let rows: [Int]

    package init(inputs: Inputs, targets: Targets, domains: [Int], rows: [Int] = []) {
        self.inputs = inputs
        self.targets = targets
        self.domains = domains
        self.rows = rows
    }

    /// Some of the samples, in the given order.
    package func gathering(rows: [Int]) -> Batch {
        Batch(
            inputs: inputs.gathering(rows: rows), targets: targets.gathering(rows: rows), domains: rows.map { domains[$0] },
            rows: self.rows.isEmpty ? [] : rows.map { self.rows[$0] })
    }
}

/// What a training step minimizes: the criterion of a model's prediction plus the penalties of a list
/// of regularizers.
///
///     inputs ──encode, change maps──► z ──change──► z' ──fuse──► prediction        loss = criterion(prediction, targets') + Σ penalties
///     targets ──change──► targets'
///     loss ──differentiate──► gradients ──change──► optimizer ──► updates are followed
///
/// The step is written here and nowhere else: training, evaluation, the measured cost of a step and the
/// contract of regularizers all call this type, so that what the contract proves is what training does.
/// After every gradient beyond the step's own, parameters and running statistics are put back.
package final class Objective {
    package let model: any MultimodalModel
    package let regularizers: RegularizerList
    package let criterion: Criterion

    /// The width of the prediction; nil for that of the targets.
    package let outputs: Int?

    /// Everything that is trained: the model's parameters, and those that regularizers own as
    /// `regularizers.…`.
    package let parameters: [NamedParameter]

    /// How many steps the whole training has.
    package let totalSteps: Int

    let names: [String]
    let buffers: [Buffer]

    package init(
        _ model: any MultimodalModel, _ regularizers: RegularizerList = RegularizerList([]), criterion: Criterion = .crossEntropy,
        outputs: Int? = nil, totalSteps: Int = 1
    ) {
        self.model = model
        self.regularizers = regularizers
        self.criterion = criterion
        self.outputs = outputs
        self.totalSteps = totalSteps
        let owned = regularizers.parts.namedParameters.map { (name: "regularizers." + $0.name, parameter: $0.parameter) }
        parameters = model.namedParameters + owned
        names = parameters.map(\.name)
        buffers = (model.namedBuffers + regularizers.parts.namedBuffers).map(\.buffer)
    }

    // MARK: Forward

    /// What one forward pass over a batch gives.
    package struct Forward {
        /// The whole loss, a scalar.
        package let loss: Tensor

        /// The step as regularizers see it.
        package let step: TrainingStep

        /// The criterion alone.
        package let task: Tensor

        /// Every weighted penalty by its instance name; with the criterion they add up to the loss.
        package let penalties: [(name: String, value: Tensor)]

        /// The numbers of the penalties, and what the other hooks have reported up to now.
        package var reports: [Penalty.Report] { penaltyReports + early.reports + step.log.reports }

        /// The maps that regularizers were shown inside the encoders, before any of them changed one; empty where none changes any.
        let featureMaps: [(modality: Modality, map: FeatureMap)]

        let penaltyReports: [Penalty.Report]
        let early: ReportLog

        /// Seconds of wall time that the penalties took.
        package let secondsInPenalties: Double

        /// The terms of the loss: `task` and the penalties' names.
        package var terms: [String] { ["task"] + penalties.map(\.name) }

        /// One term of the loss; nil where there is none of that name.
        package subscript(term: String) -> Tensor? {
            term == "task" ? task : penalties.first { $0.name == term }?.value
        }

        /// The first term that is NaN or infinite. Terms of weight 0 are not part of the loss and may be
        /// anything.
        package var firstTermThatIsNotFinite: String? {
            terms.first { self[$0]?.item.isFinite == false }
        }
    }

    /// Runs a batch through the model and every regularizer.
    ///
    /// - Throws: ``TrainingFailure`` where the model or a regularizer gives something that does not
    ///   fit.
    package func forward(_ batch: Batch, _ pass: Pass) throws(TrainingFailure) -> Forward {
        let log = ReportLog()
        var featureMaps: [(modality: Modality, map: FeatureMap)] = []
        let original = try checked(encoded(batch, pass, log, &featureMaps), as: model.modalities, of: batch.inputs, pass)
        let forward = forwardPass(batch, original.presences, pass, log)
        let embeddings = try regularizers.changedEmbeddings(original, in: forward)
        let prediction = try fuse(embeddings, pass)
        let targets = try regularizers.changedTargets(batch.targets.array, in: forward)
        let expected: Shape = [targets.shape[0], outputs ?? targets.shape[1]]
        guard prediction.logits.shape == expected else {
            throw modelFailure(pass, "the prediction must be \(expected), found \(prediction.logits.shape)")
        }
        let task = criterion.loss(of: prediction.logits, targets: targets)
        guard task.shape.rank == 0 else {
            throw TrainingFailure(term: "task", step: pass.step, message: "the loss '\(criterion.name)' must be a scalar, found \(task.shape)")
        }
        let step = TrainingStep(
            inputs: batch.inputs, originalEmbeddings: original, embeddings: embeddings, prediction: prediction, targets: batch.targets,
            domains: batch.domains, model: model, pass: pass, totalSteps: totalSteps)
        let started = ContinuousClock.now
        let penalties = try regularizers.penalties(step)
        let penalty = Penalty.sum(penalties.map(\.penalty))
        return Forward(
            loss: penalty.map { task + $0.value } ?? task, step: step, task: task,
            penalties: penalties.map { ($0.instance, $0.penalty.value) }, featureMaps: featureMaps, penaltyReports: penalty?.reports ?? [],
            early: log,
            secondsInPenalties: started.duration(to: .now) / .seconds(1))
    }

    /// The prediction for some inputs, without any loss.
    ///
    /// - Throws: ``TrainingFailure`` where the model or a regularizer gives something that does not
    ///   fit.
    package func predict(_ inputs: Inputs, _ pass: Pass) throws(TrainingFailure) -> Prediction {
        try prediction(of: try embeddings(inputs, pass), pass)
    }

    /// The embeddings of some inputs, as regularizers have left them.
    ///
    /// - Throws: as ``predict(_:_:)``.
    package func embeddings(_ inputs: Inputs, _ pass: Pass) throws(TrainingFailure) -> Embeddings {
        try changed(encode(inputs, pass), pass)
    }

    /// The embeddings of some modalities of a batch, before regularizers see them.
    ///
    /// - Parameter modalities: some of the model's.
    /// - Throws: as ``predict(_:_:)``.
    package func encode(_ inputs: Inputs, only modalities: Set<Modality>, _ pass: Pass) throws(TrainingFailure) -> Embeddings {
        try checked(
            model.encode(inputs, only: modalities, pass: pass), as: model.modalities.filter(modalities.contains), of: inputs, pass)
    }

    /// Embeddings of all modalities as regularizers leave them.
    ///
    /// - Throws: as ``predict(_:_:)``.
    package func changed(_ original: Embeddings, _ pass: Pass) throws(TrainingFailure) -> Embeddings {
        try regularizers.changedEmbeddings(original, in: ForwardPass(pass, presences: original.presences, totalSteps: totalSteps))
    }

    /// The prediction for some embeddings.
    ///
    /// - Throws: as ``predict(_:_:)``.
    package func prediction(of embeddings: Embeddings, _ pass: Pass) throws(TrainingFailure) -> Prediction { try fuse(embeddings, pass) }

    /// The average that is evaluated and saved in place of the model's own weights; nil where no
    /// regularizer has one.
    ///
    /// - Throws: ``TrainingFailure`` where it does not have exactly the model's names and shapes.
    package func averagedWeights() throws(TrainingFailure) -> (any WeightAverage)? {
        guard let (term, average) = regularizers.lastAverage else { return nil }
        let held = Dictionary(average.parts.layout.map { ($0.name, $0.shape) }) { first, _ in first }
        for (name, shape) in model.parts.layout where held[name] != shape {
            let found = held[name].map { "has \(name) as \($0), not \(shape)" } ?? "lacks \(name)"
            throw TrainingFailure(term: term, hook: .weights, step: 0, message: "the average must be one of the model, but \(found)")
        }
        return average
    }

    func forwardPass(_ batch: Batch, _ presences: [Modality: Presence], _ pass: Pass, _ log: ReportLog = ReportLog()) -> ForwardPass {
        var forward = ForwardPass(pass, targets: batch.targets, domains: batch.domains, presences: presences, totalSteps: totalSteps)
        forward.log = log
        return forward
    }

    /// What the encoders make of a batch, with the feature maps that regularizers change in training.
    private func encoded(
        _ batch: Batch, _ pass: Pass, _ log: ReportLog, _ maps: inout [(modality: Modality, map: FeatureMap)]
    ) throws(TrainingFailure) -> Embeddings {
        guard pass.isTraining, regularizers.changesFeatureMaps, let model = model as? any OffersFeatureMaps else {
            return model.encode(batch.inputs, pass: pass)
        }
        let forward = forwardPass(batch, presences(in: batch.inputs), pass, log)
        do {
            return try model.encode(batch.inputs, pass: pass) { modality, map in
                let samples = forward.presences[modality]?.rows?.count ?? batch.targets.count
                let shape = map.values.shape
                guard shape.rank >= 3, shape[0] == samples else {
                    throw modelFailure(pass, "the feature map of \(modality) at \(map.point) must be \(samples)×…×C, found \(shape)")
                }
                if let lengths = map.lengths, shape.rank != 3 || lengths.count != samples || !lengths.allSatisfy((0...shape[1]).contains) {
                    throw modelFailure(pass, "the feature map of \(modality) at \(map.point) has shape \(shape), which its lengths \(lengths) do not fit")
                }
                var seen = map
                seen.values = map.values.detached()
                maps.append((modality, seen))
                return try regularizers.changedFeatureMap(map, of: modality, in: forward)
            }
        } catch let failure as TrainingFailure {
            throw failure
        } catch {
            throw modelFailure(pass, "\(error)")
        }
    }

    func presences(in inputs: Inputs) -> [Modality: Presence] {
        Dictionary(model.modalities.map { ($0, inputs.presence(of: $0)) }) { first, _ in first }.filter { !$0.value.isWhole }
    }

    private func encode(_ inputs: Inputs, _ pass: Pass) throws(TrainingFailure) -> Embeddings {
        try checked(model.encode(inputs, pass: pass), as: model.modalities, of: inputs, pass)
    }

    private func checked(
        _ embeddings: Embeddings, as modalities: [Modality], of inputs: Inputs, _ pass: Pass
    ) throws(TrainingFailure) -> Embeddings {
        guard embeddings.modalities == modalities else {
            throw modelFailure(pass, "the embeddings must be those of \(list(modalities)), found those of \(list(embeddings.modalities))")
        }
        let samples = embeddings.batchSize
        for (modality, embedding) in embeddings {
            let width = model.embeddingWidths[modality] ?? embedding.width
            guard embedding.pooled.shape == [samples, width] else {
                throw modelFailure(
                    pass, "the embedding of \(modality) must be \(samples)×\(width), found \(embedding.pooled.shape)")
            }
            if let tokens = embedding.tokens, tokens.rank != 3 || tokens.shape[0] != samples {
                throw modelFailure(pass, "the tokens of \(modality) must be \(samples)×T×D, found \(tokens.shape)")
            }
            if let fault = fault(in: embedding, samples: samples) { throw modelFailure(pass, "\(fault) of \(modality)") }
        }
        // What a model makes of samples that lack a modality has no meaning and must not be read.
        return embeddings.mapEmbeddings { $1.clearing(inputs.presence(of: $0)) }
    }

    /// What is wrong in the lengths that a model gives.
    private func fault(in embedding: Embedding, samples: Int) -> String? {
        let presence = embedding.presence
        for count in [presence.samples?.count, presence.lengths?.count] {
            if let count, count != samples { return "there must be a length for each of \(samples) samples, found \(count), in the embedding" }
        }
        guard let tokens = embedding.tokens, let longest = presence.lengths?.max(), longest > tokens.shape[1] else { return nil }
        return "there are \(tokens.shape[1]) tokens, but a sample of \(longest), in the embedding"
    }

    private func fuse(_ embeddings: Embeddings, _ pass: Pass) throws(TrainingFailure) -> Prediction {
        let prediction = model.fuse(embeddings, pass: pass)
        let samples = embeddings.batchSize
        guard prediction.logits.rank == 2, prediction.logits.shape[0] == samples else {
            throw modelFailure(pass, "the prediction must be \(samples)×K, found \(prediction.logits.shape)")
        }
        if let representation = prediction.representation, representation.rank != 2 || representation.shape[0] != samples {
            throw modelFailure(pass, "the fused representation must be \(samples)×F, found \(representation.shape)")
        }
        return prediction
    }

    func modelFailure(_ pass: Pass, _ message: String) -> TrainingFailure {
        TrainingFailure(term: "model", step: pass.step, message: message)
    }

    private func list(_ modalities: [Modality]) -> String { modalities.map(\.name).joined(separator: ", ") }

    // MARK: After the update

    /// Tells the regularizers that the parameters have been updated.
    ///
    /// - Parameter forward: the forward pass that led to the update.
    package func followUpdate(of forward: Forward, learningRate: Float) throws(TrainingFailure) {
        try regularizers.follow(forward.step, learningRate: learningRate)
    }

    /// Shows the source validation samples to the regularizers that follow them.
    ///
    /// - Parameters:
    ///   - step: the last step taken.
    ///   - forEachBatch: calls its argument with every batch; not called where no regularizer follows
    ///     validation.
    /// - Throws: what `forEachBatch` throws, and ``TrainingFailure`` where the model or a regularizer
    ///   returns something that does not fit.
    package func followValidation(at step: Int, _ forEachBatch: @escaping ((Batch) throws -> Void) throws -> Void) throws {
        guard regularizers.followsValidation else { return }
        let pass = Pass(isTraining: false, random: RandomSource(seed: 0), step: step)
        func forEachStep(_ body: (TrainingStep) throws -> Void) throws {
            try forEachBatch { batch in try withoutGradients { try body(try evaluated(batch, pass)) } }
        }
        try regularizers.follow(
            ValidationRound(
                pass: pass,
                loss: {
                    var (sum, samples) = (0.0, 0)
                    try forEachStep { step in
                        sum += Double(self.criterion.loss(of: step.prediction.logits, targets: step.targets.array).item) * Double(step.batchSize)
                        samples += step.batchSize
                    }
                    return sum / Double(samples)
                }, steps: forEachStep))
    }

    /// A batch as a step in evaluation.
    private func evaluated(_ batch: Batch, _ pass: Pass) throws(TrainingFailure) -> TrainingStep {
        let original = try encode(batch.inputs, pass)
        let embeddings = try changed(original, pass)
        return TrainingStep(
            inputs: batch.inputs, originalEmbeddings: original, embeddings: embeddings, prediction: try fuse(embeddings, pass),
            targets: batch.targets, domains: batch.domains, model: model, pass: pass, totalSteps: totalSteps)
    }
}
