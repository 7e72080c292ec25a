import Networks
import Regularization
import Tensors

/// Encoders of the model's own kind with weights of their own, which learn from the classes alone.
///
/// The model's encoders compute for them: for the time of a pass the teacher's values stand in the model, exchanged in place, so that a
/// record that the model's parameters are part of stays as it was.
final class Teacher: Module {
    private let pairs: [(name: String, models: Parameter, own: Parameter)]
    private let statistics: [(name: String, models: Buffer, own: Buffer)]
    private let heads: [(modality: Modality, classifier: Linear)]

    var parts: Parts {
        var parts = Parts(pairs.map { (name: $0.name, part: $0.own) })
        parts.append(contentsOf: Parts(statistics.map { (name: $0.name, part: $0.own) }))
        parts.append(Parts(heads.map { (name: $0.modality.name, part: $0.classifier) }), named: "heads")
        return parts
    }

    /// Starts at the model's present values.
    init(_ context: RegularizerContext) {
        let prefixes = context.modalities.map { "encoders.\($0)." }
        func isSeen(_ name: String) -> Bool { prefixes.contains { name.hasPrefix($0) } }
        pairs = context.model.namedParameters.filter { isSeen($0.name) }.map { ($0.name, $0.parameter, Parameter($0.parameter.value)) }
        statistics = context.model.namedBuffers.filter { isSeen($0.name) }.map {
            ($0.name, $0.buffer, Buffer($0.buffer.value, isCount: $0.buffer.isCount))
        }
        heads = context.modalities.map { ($0, Linear(context.widths[$0] ?? 0, context.classes, from: context.initializer["heads"][$0.name])) }
    }

    /// `Σ_m CE(head_m(teacher_m(x)), y)`, with its gradient in the teacher's own parameters.
    func loss(_ step: TrainingStep) -> Tensor {
        let embeddings = exchanged { step.encoded(step.pass) }
        var sum = Tensor(0)
        for (modality, classifier) in heads {
            guard let z = embeddings[modality]?.pooled else { continue }
            sum += classifier(z).crossEntropy(labels: step.labels)
        }
        guard sum.isTracked else { return sum }
        // The record leads to the model's parameters, at the teacher's values: its gradients are handed over here and now.
        let owned = Parts(heads.map { (name: $0.modality.name, part: $0.classifier) }).namedParameters.map(\.parameter)
        let slopes = gradients(of: sum, with: (pairs.map(\.models) + owned).map(\.value))
        return Tensor.custom(sum, inputs: (pairs.map(\.own) + owned).map(\.value)) { upstream in slopes.map { $0.map { $0 * upstream.item } } }
    }

    /// What the teacher makes of the batch, without gradients, dropout and moving statistics.
    func embeddings(_ step: TrainingStep) -> Embeddings {
        withoutGradients { exchanged { step.encoded(step.evaluationPass) } }
    }

    private func exchanged<Result>(_ body: () -> Result) -> Result {
        exchange()
        defer { exchange() }
        return body()
    }

    private func exchange() {
        func swapped(_ mine: UnsafeMutableBufferPointer<Float>, _ theirs: UnsafeMutableBufferPointer<Float>) {
            for index in mine.indices { swap(&mine[index], &theirs[index]) }
        }
        for (_, models, own) in pairs {
            own.withUnsafeMutableValues { own in models.withUnsafeMutableValues { swapped(own, $0) } }
        }
        for (_, models, own) in statistics {
            own.withUnsafeMutableValues { own in models.withUnsafeMutableValues { swapped(own, $0) } }
        }
    }
}
