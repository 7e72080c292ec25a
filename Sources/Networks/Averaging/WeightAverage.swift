import Tensors

/// A running average of a module's parameters and buffers.
///
/// The average is bound to the module that it was made from: ``update()`` reads the module's present values. Counts (such as
/// `num_batches_tracked`) are copied and not averaged. It is itself a module, whose parts are the averages under the names of what they
/// follow, so that it is saved and restored as any other state is.
public protocol WeightAverage: Module {
    /// Takes the module's present values into the average.
    func update()

    /// Begins anew, with the module's present values as the first that count.
    func restart()

    /// Runs `body` while the module holds the averaged values, then gives the module its own values back.
    func withAverage<R>(_ body: () throws -> R) rethrows -> R
}

/// The averaged values of a module's parameters and buffers: one buffer beside each.
final class AveragedValues {
    private let entries: [(name: String, present: ModuleContents.Entry, average: Buffer)]

    /// Starts at the module's present values.
    init(_ contents: ModuleContents) {
        entries = contents.entries.map { name, entry in
            (name: name, present: entry, average: Buffer(Tensor(entry.value.values, shape: entry.value.shape), isCount: entry.isCount))
        }
    }

    /// Every average under the module's own name for the value.
    var parts: Parts { Parts(entries.map { (name: $0.name, part: $0.average) }) }

    /// average ← average + share·(present − average); counts are copied.
    func blend(_ share: Float) {
        for (_, entry, average) in entries {
            let share = share < 1 && !entry.isCount ? share : 1
            entry.value.withUnsafeValues { present in
                average.withUnsafeMutableValues { average in
                    if share == 1 {
                        _ = average.update(fromContentsOf: present)
                    } else {
                        for i in 0..<present.count { average[i] += share * (present[i] - average[i]) }
                    }
                }
            }
        }
    }

    /// Exchanges the averaged values and the module's, in place: a recorded loss can still be differentiated afterwards.
    func exchange() {
        for (_, entry, average) in entries {
            average.withUnsafeMutableValues { average in
                entry.withUnsafeMutableValues { present in
                    for i in 0..<present.count { swap(&present[i], &average[i]) }
                }
            }
        }
    }
}

extension ModuleContents.Entry {
    fileprivate var isCount: Bool {
        if case .buffer(let buffer) = self { buffer.isCount } else { false }
    }

    fileprivate func withUnsafeMutableValues(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
        switch self {
        case .parameter(let parameter): parameter.withUnsafeMutableValues(body)
        case .buffer(let buffer): buffer.withUnsafeMutableValues(body)
        }
    }
}

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
