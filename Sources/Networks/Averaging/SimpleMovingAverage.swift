import Tensors

/// The plain mean of all values given so far (stochastic weight averaging, Izmailov et al. 2018).
///
/// The values at construction do not count: after n updates the average is the mean of those n.
public final class SimpleMovingAverage: WeightAverage {
    /// The number of values in the mean.
    public var count: Int { Int(updates.value.item) }

    private let updates = Buffer(Tensor(0), isCount: true)
    private let values: AveragedValues

    public var parts: Parts {
        var parts = values.parts
        parts.append(updates, named: "averaged-updates")
        return parts
    }

    /// Starts an average; until the first update it holds the module's present values.
    public init(of module: any Module) {
        values = AveragedValues(module.contents)
    }

    public func update() {
        let count = count + 1
        updates.value = Tensor(Float(count))
        values.blend(1 / Float(count))
    }

    public func restart() {
        updates.value = Tensor(0)
        update()
    }

    public func withAverage<R>(_ body: () throws -> R) rethrows -> R {
        values.exchange()
        defer { values.exchange() }
        return try body()
    }
}
