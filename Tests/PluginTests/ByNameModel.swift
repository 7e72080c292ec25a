import Networks
import Regularization
import RegularizerTesting
import Tensors

/// A model in which everything depends on the modalities' names and nothing on their order, with a parameter of rank 3 in each encoder.
///
///     z_m = tanh(W_m x_m + b_m) + kernel_m        logits = Σ_m V_m z_m + c
final class ByNameModel: MultimodalModel {
    let modalities: [Modality]
    let embeddingWidths: [Modality: Int]
    let bias: Parameter

    private let encoders: [(modality: Modality, linear: Linear, kernel: Parameter)]
    private let classifiers: [Modality: Linear]

    var parts: Parts {
        [
            "encoders": Parts(encoders.map { (name: $0.modality.name, part: ["linear": $0.linear, "kernel": $0.kernel] as Parts) }),
            "fusion": ["classifiers": Parts(modalities.map { (name: $0.name, part: classifiers[$0]) }), "bias": bias] as Parts,
        ]
    }

    init(_ modalities: [Modality], width: Int = 6, inputs: Int = 5, classes: Int = 3) {
        let initializer = Initializer(seed: 1)
        self.modalities = modalities
        embeddingWidths = Dictionary(uniqueKeysWithValues: modalities.map { ($0, width) })
        encoders = modalities.map { modality in
            let own = initializer["encoders"][modality.name]
            return (modality, Linear(inputs, width, from: own["linear"]), Parameter(own["kernel"].normal([1, 1, width])))
        }
        classifiers = Dictionary(
            uniqueKeysWithValues: modalities.map { ($0, Linear(width, classes, bias: false, from: initializer["fusion"][$0.name])) })
        bias = Parameter(initializer["fusion.bias"].normal([classes]))
    }

    func encode(_ inputs: Inputs, pass: Pass) -> Embeddings {
        Embeddings(
            encoders.map { modality, linear, kernel in
                let x = inputs[modality] ?? Tensor.full(.nan, [1, linear.weight.shape[1]])
                return (modality, Embedding(pooled: linear(x).tanh() + kernel.value.reshaped([kernel.elementCount])))
            })
    }

    func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        Prediction(logits: embeddings.modalities.sorted().map { logits(of: $0, embeddings) }.reduce(bias.value, +))
    }

    /// `V_m z_m`.
    func logits(of modality: Modality, _ embeddings: Embeddings) -> Tensor {
        guard let classifier = classifiers[modality], let z = embeddings[modality]?.pooled else { return Tensor(.nan) }
        return classifier(z)
    }

    /// A training step on normally distributed inputs, which depend on names alone.
    func step(samples: Int = 8, number: Int = 0) -> TrainingStep {
        let random = RandomSource(seed: 7)
        let pass = Pass(isTraining: true, random: random, step: number)
        var inputs: Inputs = [:]
        for modality in modalities {
            var stream = random.stream("input.\(modality)")
            inputs[modality] = stream.normal([samples, encoders[0].linear.weight.shape[1]])
        }
        return step(on: inputs, pass: pass)
    }

    /// The step of a batch under the model's present parameters.
    func step(on inputs: Inputs, pass: Pass) -> TrainingStep {
        let embeddings = encode(inputs, pass: pass)
        let samples = embeddings.batchSize
        return TrainingStep(
            inputs: inputs, embeddings: embeddings, prediction: fuse(embeddings, pass: pass), labels: (0..<samples).map { $0 % 3 },
            domains: (0..<samples).map { $0 % 2 }, model: self, pass: pass, totalSteps: 10)
    }

    /// The gradient of the cross-entropy of a step's batch, with parameters moved.
    func gradients(of step: TrainingStep, movedBy displacement: Gradients? = nil) -> Gradients {
        let parameters = namedParameters
        let values = parameters.map(\.parameter.value)
        for (parameter, move) in zip(parameters, displacement?.values ?? []) {
            if let move { parameter.parameter.value = parameter.parameter.value.detached() + move }
        }
        let loss = self.step(on: step.inputs, pass: step.pass).prediction.logits.crossEntropy(labels: step.labels)
        let found = Tensors.gradients(of: loss, with: parameters.map(\.parameter.value))
        for (parameter, value) in zip(parameters, values) { parameter.parameter.value = value }
        return Gradients(names: parameters.map(\.name), values: found)
    }

    /// The context of a regularizer of this model.
    func context(instance: String = "term") -> RegularizerContext {
        RegularizerContext(
            modalities: modalities, widths: embeddingWidths, classes: 3, model: self, initializer: Initializer(seed: 1), instance: instance)
    }
}

extension Gradients {
    subscript(name: String) -> Tensor? { names.firstIndex(of: name).flatMap { values[$0] } }
}
