import Foundation
import Tensors

/// The step that Adam and AdamW share. They differ in where the decay acts.
struct AdamRule {
    let beta1, beta2, epsilon, coupledDecay, decoupledDecay: Double
    let learningRate: Float

    func update(_ memory: OptimizerMemory, _ gradients: [Tensor?]) {
        let (beta1, beta2) = (Float(beta1), Float(beta2))
        let (share1, share2) = (Float(1 - self.beta1), Float(1 - self.beta2))
        let (epsilon, decay) = (Float(epsilon), Float(coupledDecay))
        let keep = Float(1 - Double(learningRate) * decoupledDecay)
        var number = 0
        var (rate, scale): (Float, Float) = (0, 0)
        memory.forEachStep(gradients) { step in
            // Almost always every parameter is at the same step, and powers are dear beside small tensors.
            if step.number != number {
                number = step.number
                rate = Float(Double(learningRate) / (1 - pow(self.beta1, Double(number))))
                scale = Float(1 / (1 - pow(self.beta2, Double(number))).squareRoot())
            }
            let (rate, scale) = (rate, scale)
            let (values, gradient) = (step.values, step.gradient)
            let (mean, square) = (step.slot(0), step.slot(1))
            for i in 0..<step.count {
                let g = gradient[i] + decay * values[i]
                let m = beta1 * mean[i] + share1 * g
                let v = beta2 * square[i] + share2 * (g * g)
                mean[i] = m
                square[i] = v
                values[i] = keep * values[i] - rate * m / (Self.root(v) * scale + epsilon)
            }
        }
    }

    /// √x of a number that is not negative, to about one unit in the last place.
    ///
    /// The standard square root asks for negative numbers with a branch, and that branch would keep the loop above from
    /// running on vectors. This is x·(1/√x), the inverse root by three steps of Newton's method from a guess that halves
    /// the exponent.
    @inline(__always)
    private static func root(_ x: Float) -> Float {
        var y = Float(bitPattern: 0x5F37_59DF &- (x.bitPattern &>> 1))
        let half = 0.5 * x
        y *= 1.5 - half * y * y
        y *= 1.5 - half * y * y
        y *= 1.5 - half * y * y
        return x * y
    }
}
