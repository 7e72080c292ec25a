import Foundation
import Tensors

/// How the learning rate goes over a training: an optional linear warm-up, then constant or along a half cosine.
///
/// ```
/// t < W:   base·t/W                                     (so the first step of a warm-up has rate 0)
/// cosine:  base·(q + end·(1 − q)),  q = (1 + cos(π(t − W)/(T − W)))/2
/// ```
///
/// with T steps in all, W of them warm-up; the rule of VICReg (Bardes et al. 2022, main_vicreg.py). The last step is
/// t = T − 1, one before the minimum; steps from T on keep the end's rate.
public struct LearningRateSchedule: LearningRateRule {
    /// What the rate does after the warm-up.
    public enum Shape: String, Sendable, CaseIterable {
        /// It keeps its value.
        case constant
        /// It falls along half a period of a cosine.
        case cosine
    }

    /// The rate that the warm-up reaches.
    public let base: Double
    /// How the rate changes.
    public let shape: Shape
    /// W and T, in optimizer steps.
    public let warmUpSteps, totalSteps: Int
    /// What is left of the rate at the end of a cosine.
    public let endFactor: Double

    /// - Parameters:
    ///   - base: the rate that the warm-up reaches.
    ///   - warmUpSteps: steps in which the rate rises linearly from 0.
    ///   - totalSteps: the length of the training.
    ///   - endFactor: what is left of the rate at the end of a cosine.
    /// - Precondition: neither number of steps is negative.
    public init(base: Double, shape: Shape = .constant, warmUpSteps: Int = 0, totalSteps: Int, endFactor: Double = 0) {
        require(
            warmUpSteps >= 0 && totalSteps >= 0,
            "LearningRateSchedule: \(warmUpSteps) warm-up steps of \(totalSteps); neither may be negative")
        self.base = base
        self.shape = shape
        self.warmUpSteps = warmUpSteps
        self.totalSteps = totalSteps
        self.endFactor = endFactor
    }

    /// The schedule of a training; the warm-up, a fraction of it, is rounded to whole steps.
    init(_ shape: Shape, warmUp: Double, endFactor: Double = 0, context: ScheduleContext) {
        self.init(
            base: context.base, shape: shape, warmUpSteps: Int((warmUp * Double(context.totalSteps)).rounded()),
            totalSteps: context.totalSteps, endFactor: endFactor)
    }

    /// The rate of a step, counted from 0.
    public func rate(atStep step: Int) -> Float {
        if step < warmUpSteps { return Float(base * Double(step) / Double(warmUpSteps)) }
        switch shape {
        case .constant:
            return Float(base)
        case .cosine:
            let span = Double(totalSteps - warmUpSteps)
            let done = span > 0 ? min(Double(step - warmUpSteps) / span, 1) : 0
            let q = (1 + cos(.pi * done)) / 2
            return Float(base * (q + endFactor * (1 - q)))
        }
    }
}
