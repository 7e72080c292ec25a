import Tensors

/// The plain mean of all values given so far (stochastic weight averaging, Izmailov et al. 2018).
///
/// The values at construction do not count: after n updates the average is the mean of those n.
public final class SimpleMovingAverage: WeightAverage {
    /// The number of values in the mean.
    public private(set) var count = 0
    private let values: AveragedValues
    private static let countName = "averaged-updates"

    /// Starts an average; until the first update it holds the module's present values.
    public init(of module: any Module) {
        values = AveragedValues(module.contents)
    }

    public func update() {
        count += 1
        values.blend(1 / Float(count))
    }

    public func withAverage<R>(_ body: () throws -> R) rethrows -> R {
        values.exchange()
        defer { values.exchange() }
        return try body()
    }

    public func averages() -> [(name: String, value: Tensor)] { values.state() }

    public func state() -> [(name: String, value: Tensor)] {
        values.state() + [(name: Self.countName, value: Tensor(Float(count)))]
    }

    public func load(_ state: [String: Tensor]) throws {
        var rest = state
        let count = rest.removeValue(forKey: Self.countName)
        try values.load(rest)
        self.count = count.map { Int($0.item.rounded()) } ?? 0
    }
}
