import Tensors

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
