import Networks
import Tensors

/// A forward pass as hooks see it that act within it, before there is a prediction.
public struct ForwardPass {
    /// Whether this is training, where random numbers come from, and the number of the step.
    public let pass: Pass

    /// What is to be learned of each sample; nil in evaluation, where no regularizer may look at it.
    public let targets: Targets?

    /// The source domain of each sample, `N` numbers; nil in evaluation.
    public let domains: [Int]?

    /// Which samples and tokens of each modality are real; a modality without an entry is complete.
    public let presences: [Modality: Presence]

    /// The number of steps of the whole training.
    public let totalSteps: Int

    /// The name of the term whose hook this is given to.
    public internal(set) var instance: String

    var log = ReportLog()

    /// - Parameters:
    ///   - pass: of training or of evaluation.
    ///   - targets: ignored in evaluation.
    ///   - domains: the source domain of each sample; ignored in evaluation.
    ///   - presences: which samples and tokens are real.
    ///   - totalSteps: the length of the training.
    ///   - instance: the term's name.
    public init(
        _ pass: Pass, targets: Targets? = nil, domains: [Int]? = nil, presences: [Modality: Presence] = [:], totalSteps: Int = 1,
        instance: String = "term"
    ) {
        self.pass = pass
        self.targets = pass.isTraining ? targets : nil
        self.domains = pass.isTraining ? domains : nil
        self.presences = presences
        self.totalSteps = totalSteps
        self.instance = instance
    }

    /// The pass as it is for some of the samples alone.
    func gathering(rows: [Int]) -> ForwardPass {
        var some = ForwardPass(
            pass, targets: targets?.gathering(rows: rows), domains: domains.map { domains in rows.map { domains[$0] } },
            presences: presences.mapValues { $0.gathering(rows: rows) }, totalSteps: totalSteps, instance: instance)
        some.log = log
        return some
    }

    /// Whether this is training. Noise and the like belong there alone.
    public var isTraining: Bool { pass.isTraining }

    /// The share of the training that is done, from 0 to 1.
    public var progress: Double { pass.progress(of: totalSteps) }

    /// Random numbers of the term's own at this step. The same name at the same step gives the same
    /// numbers, from the first one.
    public func stream(_ name: String) -> RandomStream { pass.stream(ReportLog.join(instance, name)) }

    /// Puts a number into the log, as `<instance>.<name>`.
    public func report(_ name: String, _ value: Float) { log.add(name, value) }
}

/// One step of training as a penalty sees it: after the forward pass, before the gradients.
public struct TrainingStep {
    /// The batch, one array `N×…` for each modality, as the encoders were given it.
    public private(set) var inputs: Inputs

    /// What the encoders returned, before any regularizer changed it. Terms that are defined on "the
    /// encoder's output" read these.
    public var originalEmbeddings: Embeddings

    /// The embeddings after every regularizer's changes: what the fusion was given.
    public var embeddings: Embeddings

    /// What the fusion returned.
    public var prediction: Prediction

    /// What is to be learned of each sample, before any regularizer changed it.
    public private(set) var targets: Targets

    /// The source domain of each sample, `N` numbers.
    public private(set) var domains: [Int]

    /// The model, for terms that fuse embeddings of their own making or read its parameters.
    public let model: any MultimodalModel

    /// Whether this is training, where random numbers come from, and the number of the step.
    public let pass: Pass

    /// The number of steps of the whole training.
    public let totalSteps: Int

    /// The name of the term whose hook this is given to.
    public internal(set) var instance: String

    var log = ReportLog()

    /// What makes of a whole batch's embeddings those that the term sees: its modalities, place, part and samples.
    var seeing: (Embeddings) -> Embeddings = { $0 }

    private var second: SecondView

    /// - Parameter originalEmbeddings: left out where no regularizer changes embeddings.
    public init(
        inputs: Inputs = [:], originalEmbeddings: Embeddings? = nil, embeddings: Embeddings,
        prediction: Prediction, targets: Targets, domains: [Int], model: any MultimodalModel, pass: Pass, totalSteps: Int,
        instance: String = "term"
    ) {
        self.inputs = inputs
        self.originalEmbeddings = originalEmbeddings ?? embeddings
        self.embeddings = embeddings
        self.prediction = prediction
        self.targets = targets
        self.domains = domains
        self.model = model
        self.pass = pass
        self.totalSteps = totalSteps
        self.instance = instance
        second = SecondView(of: inputs, model: model, pass: pass)
    }

    /// Number of samples `N`.
    public var batchSize: Int { targets.count }

    /// The class of each sample, `N` numbers in `0..<K`; none where the task is another one. A
    /// regularizer that reads them serves classification alone, see ``RegularizerPlugin/tasks``.
    public var labels: [Int] { targets.classes ?? [] }

    /// The share of the training that lies behind, from 0 to 1.
    public var progress: Double { pass.progress(of: totalSteps) }

    /// The pass for asking the model again: without dropout and without moving statistics.
    public var evaluationPass: Pass { Pass(isTraining: false, random: pass.random, step: pass.step) }

    /// What the model makes of the batch in another pass, all modalities of it, with what is missing
    /// marked.
    public func encoded(_ pass: Pass) -> Embeddings {
        model.encode(inputs, pass: pass).mapEmbeddings { $1.clearing(inputs.presence(of: $0)) }
    }

    /// A second view of every sample: the batch encoded once more, with other draws of the encoders' dropout and with noise on the inputs.
    ///
    /// The rows, modalities and place are those of ``originalEmbeddings``; projection heads are the term's own. All terms of a step are shown the
    /// same view, and the first to ask pays for it, with one more pass through the encoders. Running statistics stay as they are.
    ///
    /// - Parameter noise: the standard deviation of normal noise, relative to that of all of a modality's inputs in the batch.
    public func secondView(noise: Double) -> Embeddings { seeing(second.embeddings(noise: Float(noise))) }

    /// Random numbers of the term's own at this step; the same name gives the same numbers.
    public func stream(_ name: String) -> RandomStream { pass.stream(ReportLog.join(instance, name)) }

    /// Puts a number into the log, under `<instance>.<name>`. A penalty may return its numbers with its
    /// value instead.
    public func report(_ name: String, _ value: Float) { log.add(name, value) }

    /// What hooks have reported of this step up to now.
    public var reports: [Penalty.Report] { log.reports }

    /// The step for a hook that is called once more: what it reports then is not logged.
    func withoutLog() -> TrainingStep {
        var step = self
        step.log = ReportLog()
        return step
    }

    /// The step as it is for some of the samples alone.
    func gathering(rows: [Int]) -> TrainingStep {
        var step = self
        step.inputs = inputs.gathering(rows: rows)
        step.originalEmbeddings = originalEmbeddings.gathering(rows: rows)
        step.embeddings = embeddings.gathering(rows: rows)
        step.prediction = Prediction(
            logits: prediction.logits.gathering(rows: rows), representation: prediction.representation?.gathering(rows: rows))
        step.targets = targets.gathering(rows: rows)
        step.domains = rows.map { domains[$0] }
        step.seeing = { [seeing] in seeing($0).gathering(rows: rows) }
        return step
    }

    /// The step with arrays that carry no record for gradients.
    func detached() -> TrainingStep { mapArrays { $0.detached() } }

    /// The step with embeddings and prediction as variables of their own.
    func cut() -> TrainingStep { mapArrays { $0.detached().tracked() } }

    private func mapArrays(_ change: (Tensor) -> Tensor) -> TrainingStep {
        var step = self
        // What has been encoded before belongs to the record of another gradient.
        step.second = SecondView(of: inputs, model: model, pass: pass)
        step.originalEmbeddings = originalEmbeddings.mapEmbeddings { $1.map { array, _ in change(array) } }
        step.embeddings = embeddings.mapEmbeddings { $1.map { array, _ in change(array) } }
        step.prediction = Prediction(logits: change(prediction.logits), representation: prediction.representation.map(change))
        return step
    }
}

extension Pass {
    /// The share of a training of `totalSteps` steps that lies behind this pass, from 0 to 1.
    public func progress(of totalSteps: Int) -> Double {
        min(1, Double(step) / Double(max(totalSteps, 1)))
    }
}

/// The numbers that hooks have reported since it was made.
final class ReportLog {
    private(set) var reports: [Penalty.Report] = []

    func add(_ name: String, _ value: Float) { reports.append((name, value)) }

    static func join(_ instance: String, _ name: String) -> String { name.isEmpty ? instance : "\(instance).\(name)" }
}
