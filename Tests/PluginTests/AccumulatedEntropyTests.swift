import GoldenFixtures
import MERPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// MER's spectral term of a moving average of correlation matrices, a penalty that remembers:
/// `A_t = β A_{t−1} + (1 − β) C_t`, `penalty = −1/D · log det(A_t/(1 − βᵗ) + εI)`, with a gradient through `C_t` alone.
private final class AveragedEntropy: Regularizer, AddsPenalty, FollowsUpdates {
    let beta: Float
    let epsilon: Double
    let average: Buffer
    let steps = Buffer(Tensor(0), isCount: true)

    var parts: Parts { ["average": average, "steps": steps] }

    init(beta: Float, epsilon: Double, width: Int) {
        (self.beta, self.epsilon) = (beta, epsilon)
        average = Buffer(Tensor.zeros([width, width]))
    }

    func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in
            Penalty(value: logDeterminant(corrected(moved(by: z))) * (-1 / Float(z.shape[1])))
        }
    }

    /// The only place where the average changes.
    func follow(_ step: TrainingStep, learningRate: Float) {
        for (_, embedding) in step.originalEmbeddings { average.value = moved(by: embedding.pooled.detached()) }
        steps.value = steps.value + 1
    }

    /// The average with a batch's correlation matrix.
    private func moved(by z: Tensor) -> Tensor {
        let centered = z - z.mean(axis: 0, keepingAxis: true)
        let divisor = Float(z.shape[0] - 1)
        let standardized = centered / (centered.squared().sum(axis: 0, keepingAxis: true) / divisor + 1e-12).sqrt()
        let correlation = standardized.matmul(standardized, transposingLeft: true) / divisor
        return average.value * beta + correlation * (1 - beta)
    }

    /// Without the zeros that the average began with.
    func corrected(_ average: Tensor) -> Tensor {
        var power: Float = 1
        for _ in 0...Int(steps.value.item) { power *= beta }
        return average / (1 - power)
    }

    private func logDeterminant(_ matrix: Tensor) -> Tensor {
        var shifted = Matrix(matrix)
        for index in 0..<shifted.rows { shifted[index, index] += epsilon }
        guard let found = shifted.positiveDefiniteInverse() else { return Tensor(Float.nan) }
        var inverse = found.inverse
        for row in 0..<inverse.rows { for column in 0..<row { inverse[column, row] = inverse[row, column] } }
        let slope = inverse.tensor
        return Tensor.custom(Tensor(Float(found.logDeterminant)), inputs: [matrix]) { upstream in [slope * upstream.item] }
    }
}

@Suite("MER over accumulated statistics") struct AccumulatedEntropyTests {
    @Test("a penalty that remembers a moving average agrees with the stored numbers, step by step", arguments: GoldenFixtures.cases(kind: "mer-moving-average"))
    func movingAverage(fixture: GoldenFixture) throws {
        let penalty = AveragedEntropy(
            beta: try fixture.params.float("beta"), epsilon: try fixture.params.number("eps"), width: try fixture.params.integer("D"))
        for step in 1...(try fixture.params.integer("steps")) {
            let z = try fixture.tensor("z_\(step)").tracked()
            let training = TrainingStep.sample(embeddings: ["video": Embedding(pooled: z)])
            let found = try #require(penalty.penalty(training)?.value)
            try fixture.expect(found.item, matches: "loss_\(step)")
            try fixture.expect(try #require(gradients(of: found, with: [z])[0]), matches: "grad_\(step).z_\(step)")
            penalty.follow(training, learningRate: 0.1)
        }
    }

    @Test("with a queue of past embeddings before the batch, MER agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "mer-queue"))
    func queue(fixture: GoldenFixture) throws {
        let (queue, z) = (try fixture.tensor("queue"), try fixture.tensor("z"))
        func entropy(_ z: Tensor, _ options: MER.Options) -> ModalityEntropy {
            ModalityEntropy(of: queue.shape[0] > 0 ? Tensor.concatenated([queue, z], axis: 0) : z, options: options)
        }
        // The released program leaves the spectral term of a single feature out; the stored numbers do not.
        for estimator in MER.Estimator.allCases where estimator == .paper || z.shape[1] > 1 {
            var options = MER.Options()
            (options.estimator, options.gamma) = (estimator, try fixture.params.number("gamma"))
            options.epsilon = try fixture.params.number("eps")
            let found = entropy(z, options)
            try fixture.expect(Float(found.marginal), matches: "marg", mixed: true)
            try fixture.expect(Float(found.spectral), matches: "\(estimator.rawValue).spec", mixed: true)
            (options.alphaMarginal, options.alphaSpectral) = (1, 0)
            try fixture.expect(gradient(at: z) { entropy($0, options).loss }, matches: "grad_marg.z", mixed: true)
            (options.alphaMarginal, options.alphaSpectral) = (0, 1)
            try fixture.expect(gradient(at: z) { entropy($0, options).loss }, matches: "\(estimator.rawValue).grad_spec.z", mixed: true)
        }
    }
}
