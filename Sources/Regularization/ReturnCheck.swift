internal import Processes
import Tensors

/// Why a training cannot go on: the model or a regularizer returned something that does not fit, or a
/// term of the loss is no longer finite.
///
/// It ends this training alone; other trials of the study go on.
public struct TrainingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The instance name of the term; `task` for the criterion, `model` for the model.
    public let term: String

    /// The hook whose result did not fit; nil where it was none.
    public let hook: RegularizerHook?

    /// The step at which it was found, counted from 0.
    public let step: Int

    /// What was expected and what was found.
    public let message: String

    /// - Parameters:
    ///   - term: the instance name; `task` for the criterion, `model` for the model.
    ///   - hook: whose result did not fit; nil for none.
    ///   - step: counted from 0.
    ///   - message: what was expected and what was found.
    public init(term: String, hook: RegularizerHook? = nil, step: Int, message: String) {
        self.term = term
        self.hook = hook
        self.step = step
        self.message = message
    }

    public var description: String { "\(term) at step \(step): \(message)" }
}

/// The checks of what one hook of one term returns.
struct ReturnCheck {
    let term: String
    let hook: RegularizerHook?
    let step: Int

    func failure(_ message: String) -> TrainingFailure { TrainingFailure(term: term, hook: hook, step: step, message: message) }

    /// Runs a hook. What it throws becomes this term's failure, unless it already is the failure of a
    /// term inside.
    ///
    /// The call is also noted in the trace, from which a watching process reads which hook never
    /// returned.
    func calling<Result>(_ body: () throws -> Result) throws(TrainingFailure) -> Result {
        do {
            guard let hook else { return try body() }
            return try CallTrace.during(hook.function, of: term, body)
        } catch let inner as TrainingFailure {
            throw inner
        } catch {
            throw failure("\(error)")
        }
    }

    /// A scalar that can be differentiated. Whether it is finite is checked on the loss, which a term
    /// of weight 0 is not part of.
    func penalty(_ penalty: Penalty) throws(TrainingFailure) {
        let value = penalty.value
        guard value.elementCount == 1 else { throw failure("the penalty must be a scalar, found the shape \(value.shape)") }
        try notAGradient(value, "the penalty")
    }

    /// The same shape, finite where it was.
    func featureMap(_ new: Tensor, of old: FeatureMap, _ modality: Modality) throws(TrainingFailure) {
        try array(new, of: old.values, "the feature map of \(modality) at \([old.point, old.pathway].filter { !$0.isEmpty }.joined(separator: ", "))")
    }

    /// The same modalities and shapes, finite where they were.
    func embeddings(_ new: Embeddings, of old: Embeddings) throws(TrainingFailure) {
        guard new.modalities == old.modalities else {
            throw failure("the embeddings must be those of \(list(old.modalities)), found those of \(list(new.modalities))")
        }
        for ((modality, before), (_, after)) in zip(old, new) {
            try array(after.pooled, of: before.pooled, "the embedding of \(modality)")
            if let count = after.presence.samples?.count, count != after.pooled.shape[0] {
                throw failure("\(count) samples are marked in the embedding of \(modality), which has \(after.pooled.shape[0])")
            }
            switch (before.tokens, after.tokens) {
            case (nil, nil): break
            case (let before?, let after?): try array(after, of: before, "the tokens of \(modality)")
            case (.some, nil): throw failure("the tokens of \(modality) are missing")
            case (nil, .some): throw failure("there are tokens of \(modality), which has none")
            }
        }
    }

    /// The same shape, finite where they were, without a record.
    func targets(_ new: Tensor, of old: Tensor) throws(TrainingFailure) {
        try array(new, of: old, "the targets")
        guard !new.isTracked else { throw failure("the targets must not depend on anything that is trained") }
    }

    /// The same names in the same order, the same shapes, finite where they were.
    func gradients(_ new: Gradients, of old: Gradients) throws(TrainingFailure) {
        guard new.names == old.names else {
            if let missing = old.names.first(where: { !new.names.contains($0) }) { throw failure("the gradient of \(missing) is missing") }
            if let extra = new.names.first(where: { !old.names.contains($0) }) {
                throw failure("there is a gradient of \(extra), which is not trained")
            }
            throw failure("the gradients must keep their order, which begins with \(old.names.prefix(3).joined(separator: ", "))")
        }
        guard new.values.count == new.names.count else {
            throw failure("there must be a value for each of \(new.names.count) gradients, found \(new.values.count)")
        }
        for (name, (before, after)) in zip(old.names, zip(old.values, new.values)) {
            if let before, let after, before.shape != after.shape { throw failure(shapes("the gradient of \(name)", before.shape, after.shape)) }
        }
        // One norm tells of all of them; only where it is not finite is it worth finding out which.
        guard !new.norm.isFinite, old.norm.isFinite else { return }
        for (name, value) in zip(new.names, new.values) {
            if let found = value?.firstNonFinite { throw failure("the gradient of \(name) holds \(found)") }
        }
        throw failure("the norm of the gradients became \(new.norm)")
    }

    private func array(_ new: Tensor, of old: Tensor, _ name: String) throws(TrainingFailure) {
        guard new.shape == old.shape else { throw failure(shapes(name, old.shape, new.shape)) }
        try notAGradient(new, name)
        if let found = new.firstNonFinite, old.firstNonFinite == nil { throw failure("\(name) holds \(found), where it was finite before") }
    }

    private func notAGradient(_ value: Tensor, _ name: String) throws(TrainingFailure) {
        guard value.dependsOnGradient else { return }
        throw failure("\(name) depends on a gradient, and gradients cannot be differentiated again")
    }

    private func shapes(_ name: String, _ expected: Shape, _ found: Shape) -> String {
        "\(name) must keep the shape \(expected), found \(found)"
    }

    private func list(_ modalities: [Modality]) -> String {
        modalities.isEmpty ? "none" : modalities.map(\.name).joined(separator: ", ")
    }
}

extension Tensor {
    /// The first value that is NaN or infinite.
    package var firstNonFinite: Float? { withUnsafeValues { values in values.first { !$0.isFinite } } }

    /// Whether shape and all values are the same, bit for bit.
    package func hasSameBits(as other: Tensor) -> Bool {
        shape == other.shape
            && withUnsafeValues { mine in
                other.withUnsafeValues { theirs in
                    mine.baseAddress == theirs.baseAddress || zip(mine, theirs).allSatisfy { $0.bitPattern == $1.bitPattern }
                }
            }
    }
}

extension RegularizerHook {
    /// The function that a regularizer implements, as its author reads it.
    fileprivate var function: StaticString {
        switch self {
        case .featureMaps: "changedFeatureMap(_:of:in:)"
        case .embeddings: "changedEmbeddings(_:in:)"
        case .targets: "changedTargets(_:in:)"
        case .penalty: "penalty(_:)"
        case .gradients: "changedGradients(_:at:of:)"
        case .updates: "follow(_:learningRate:)"
        case .validation: "follow(_:)"
        case .weights: "averagedWeights"
        }
    }
}
