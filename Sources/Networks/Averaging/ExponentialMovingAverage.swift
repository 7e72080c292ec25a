import Tensors

/// An average that forgets: `average ← decay·average + (1 − decay)·weights`, started at the weights.
public final class ExponentialMovingAverage: WeightAverage {
    /// How much of the average each update keeps, 0…1.
    public let decay: Float
    private let values: AveragedValues

    public var parts: Parts { values.parts }

    /// Starts an average at the module's present values.
    public init(of module: any Module, decay: Float) {
        require((0...1).contains(decay), "ExponentialMovingAverage: a decay of \(decay); it must lie in 0...1")
        self.decay = decay
        values = AveragedValues(module.contents)
    }

    public func update() { values.blend(1 - decay) }

    public func restart() { values.blend(1) }

    public func withAverage<R>(_ body: () throws -> R) rethrows -> R {
        values.exchange()
        defer { values.exchange() }
        return try body()
    }
}
