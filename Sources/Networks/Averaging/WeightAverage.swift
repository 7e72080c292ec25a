import Tensors

/// A running average of a module's parameters and buffers, such as weights averaged over training for
/// evaluation.
///
/// The average is bound to the module that it was made from: ``update()`` reads the module's current
/// values. Counts such as `num_batches_tracked` are copied and not averaged. An average is itself a
/// module whose parts are the averaged values under the module's own names, so that it is saved and
/// restored like any other state.
public protocol WeightAverage: Module {
    /// Adds the module's current values to the average.
    func update()

    /// Forgets the past: the module's current values become the first ones that count.
    func restart()

    /// Runs `body` while the module holds the averaged values, then puts the module's own values back,
    /// also when `body` throws.
    ///
    /// Values are swapped in place, without allocating; `body` must not train the module.
    func withAverage<R>(_ body: () throws -> R) rethrows -> R
}

/// The averaged values of a module's parameters and buffers: one buffer beside each.
final class AveragedValues {
    private let entries: [(name: String, present: ModuleContents.Entry, average: Buffer)]

    /// Starts at the module's present values.
    ///
    /// They are copied when either side changes first: what never trains, such as the model of a plan, is
    /// never copied, however large it is and however many averages follow it.
    init(_ contents: ModuleContents) {
        entries = contents.entries.map { name, entry in (name: name, present: entry, average: Buffer(entry.value, isCount: entry.isCount)) }
    }

    /// Every average under the module's own name for the value.
    var parts: Parts { Parts(entries.map { (name: $0.name, part: $0.average) }) }

    /// Moves the average toward the module: `average ← average + share·(present − average)`; counts
    /// are copied.
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

    /// Swaps the averaged values with the module's, in place: a loss that was recorded before can still
    /// be differentiated afterwards.
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
/// The values at construction do not count: after `n` updates the average is the mean of those `n`. It
/// is computed as a running mean in single precision, `average += (value − average)/n`.
public final class SimpleMovingAverage: WeightAverage {
    /// The number of updates that the mean is taken over.
    public var count: Int { Int(updates.value.item) }

    private let updates = Buffer(Tensor(0), isCount: true)
    private let values: AveragedValues

    public var parts: Parts {
        var parts = values.parts
        parts.append(updates, named: "averaged-updates")
        return parts
    }

    /// Starts an average; until the first update it holds the module's current values.
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

/// An average that forgets exponentially: `average ← decay·average + (1 − decay)·values`, starting at
/// the values at construction.
public final class ExponentialMovingAverage: WeightAverage {
    /// The share of the average that each update keeps, from 0 (only the last values) to 1 (only the
    /// first).
    public let decay: Float
    private let values: AveragedValues

    public var parts: Parts { values.parts }

    /// Starts an average at the module's current values.
    ///
    /// - Precondition: `decay` lies in 0…1.
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
