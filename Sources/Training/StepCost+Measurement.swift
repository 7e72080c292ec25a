import Networks
import Regularization
import Results
import Tensors

extension Trainer {
    /// Times whole steps on a batch, and each term's part of one: the median of some repetitions.
    ///
    /// A term's part is its own hooks, and the way back from its penalty to the embeddings and to everything that is trained. The way on
    /// from the embeddings through the encoders is the step's own and counts for no term.
    ///
    /// These are steps like any other and change the model: meant for a trainer that is done.
    ///
    /// - Returns: nil where a step fails.
    package func measureCost(on batch: Batch, repetitions: Int = 3) -> StepCost? {
        func median(_ body: () throws(TrainingFailure) -> Void) throws(TrainingFailure) -> Double {
            var times: [Double] = []
            for _ in 0..<repetitions {
                let started = ContinuousClock.now
                try body()
                times.append(started.duration(to: .now) / .seconds(1))
            }
            return times.sorted()[repetitions / 2]
        }
        do {
            let seconds = try median { () throws(TrainingFailure) in _ = try train(on: batch) }
            let pass = Pass(isTraining: true, random: RandomSource(seed: 0), step: step)
            let forward = try objective.forward(batch, pass)
            let gradients = objective.gradients(of: forward.loss)
            let terms = try regularizers.terms.map { (term) throws(TrainingFailure) in
                StepCost.Term(
                    instance: term.instance,
                    seconds: try median { () throws(TrainingFailure) in try objective.passThrough(term, forward, gradients: gradients, batch) })
            }
            return StepCost(seconds: seconds, terms: terms)
        } catch {
            return nil
        }
    }
}
