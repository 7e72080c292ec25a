import Configuration
import Networks
import Regularization
import Tensors

/// Keeps each modality's mean embedding near that of the last batches: `penalty = Σ_m ‖mean(Z⁽ᵐ⁾) − mean(queue⁽ᵐ⁾)‖² / D`.
public struct Drift: RegularizerPlugin, AddsPenalty, FollowsUpdates {
    public struct Options: ComponentOptions {
        public var batches = 8
        public init() {}
        public static var fields: [OptionField<Options>] {
            [.integer("batches", \.batches, in: 1...1000, unit: "batches", "how many of the last batches are remembered")]
        }
    }

    public static let description = ComponentDescription(
        name: "drift", summary: "keeps mean embeddings near those of the last batches", source: "our own")

    private let queues: [Modality: Buffer]
    private let filled = Buffer(Tensor(0), isCount: true)

    /// Buffers are saved with the model, so that a training that is resumed goes on with the same queue.
    public var parts: Parts {
        var parts = Parts(queues.sorted { $0.key < $1.key }.map { (name: $0.key.name, part: $0.value) })
        parts.append(filled, named: "filled")
        return parts
    }

    public init(options: Options, context: RegularizerContext) {
        queues = context.widths.mapValues { Buffer(Tensor.zeros([options.batches, $0])) }
    }

    public func penalty(_ step: TrainingStep) -> Penalty? {
        let count = Int(filled.value.item)
        guard count > 0 else { return nil }
        return Penalty.sum(over: step.originalEmbeddings) { z, modality in
            guard let queue = queues[modality] else { return nil }
            let past = queue.value.slice(axis: 0, 0..<count).mean(axis: 0)
            return Penalty(value: (z.mean(axis: 0) - past).squared().mean())
        }
    }

    /// The only place where the queue changes: a penalty may be computed more than once in a step.
    public func follow(_ step: TrainingStep, learningRate: Float) {
        for (modality, embedding) in step.originalEmbeddings {
            guard let queue = queues[modality] else { continue }
            let newest = embedding.pooled.mean(axis: 0, keepingAxis: true)
            let kept = queue.value.slice(axis: 0, 0..<queue.shape[0] - 1)
            queue.value = Tensor.concatenated([newest, kept], axis: 0)
        }
        let length = queues.first?.value.shape[0] ?? 0
        filled.value = Tensor(Float(min(Int(filled.value.item) + 1, length)))
    }
}
