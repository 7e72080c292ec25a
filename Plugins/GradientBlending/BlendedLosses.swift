import Networks
import Tensors

/// The losses of some terms over the epochs, and the weights that follow from them.
final class BlendedLosses: Module {
    /// Present weights, training losses of the epoch so far (summed), and both losses at the last measurement; one for each term.
    private let weightValues, sums, trainingBefore, validationBefore: Buffer
    private let steps = Buffer(Tensor(0), isCount: true)
    private let epochs = Buffer(Tensor(0), isCount: true)

    var parts: Parts {
        [
            "weights": weightValues, "sums": sums, "training": trainingBefore, "validation": validationBefore, "steps": steps, "epochs": epochs,
        ]
    }

    init(terms: Int) {
        weightValues = Buffer(.full(1 / Float(terms), [terms]))
        sums = Buffer(.zeros([terms]))
        trainingBefore = Buffer(.zeros([terms]))
        validationBefore = Buffer(.zeros([terms]))
    }

    /// Sum to 1.
    var weights: [Float] { weightValues.value.values }

    /// Adds the training losses of a step.
    func add(_ losses: [Double]) {
        sums.value = Tensor(zip(sums.value.values, losses).map { $0 + Float($1) }, shape: sums.shape)
        steps.value = Tensor(steps.value.item + 1)
    }

    /// Ends an epoch, and measures the weights anew every so many of them.
    func look(validation: [Double], every: Int) {
        guard steps.value.item > 0 else { return }
        let training = sums.value.values.map { Double($0) / Double(steps.value.item) }
        let epoch = Int(epochs.value.item)
        (sums.value, steps.value, epochs.value) = (.zeros(sums.shape), Tensor(0), Tensor(Float(epoch + 1)))
        guard epoch % every == 0 else { return }
        if epoch > 0 {
            let new = Self.weights(
                before: (trainingBefore.value.values.map(Double.init), validationBefore.value.values.map(Double.init)),
                after: (training, validation), guarding: 1e-6)
            if new.allSatisfy(\.isFinite) { weightValues.value = Tensor(new.map { Float($0) }, shape: weightValues.shape) }
        }
        trainingBefore.value = Tensor(training.map { Float($0) }, shape: sums.shape)
        validationBefore.value = Tensor(validation.map { Float($0) }, shape: sums.shape)
    }

    /// `|G|/(O² + guarding)` over the sum, 0 where `O = 0`; equal weights where all are 0.
    static func weights(
        before: (training: [Double], validation: [Double]), after: (training: [Double], validation: [Double]), guarding: Double
    ) -> [Double] {
        let raw = before.training.indices.map { k in
            let gain = before.validation[k] - after.validation[k]
            let overfitting = (after.validation[k] - after.training[k]) - (before.validation[k] - before.training[k])
            return overfitting == 0 ? 0 : abs(gain) / (overfitting * overfitting + guarding)
        }
        let sum = raw.reduce(0, +)
        return sum == 0 ? raw.map { _ in 1 / Double(raw.count) } : raw.map { $0 / sum }
    }
}
