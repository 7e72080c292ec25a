import Tensors

/// The averaged values of a module's parameters and buffers, in one block of memory, beside the module itself.
final class AveragedValues {
    private let entries: [(name: String, entry: ModuleContents.Entry)]
    private let offsets: [Int]
    private let count: Int
    private let block: UnsafeMutablePointer<Float>

    /// Starts at the module's present values.
    init(_ contents: ModuleContents) {
        entries = contents.entries
        var offsets: [Int] = []
        var count = 0
        for (_, entry) in entries {
            offsets.append(count)
            count += entry.value.elementCount
        }
        self.offsets = offsets
        self.count = count
        block = .allocate(capacity: max(count, 1))
        block.initialize(repeating: 0, count: max(count, 1))
        blend(1)
    }

    deinit { block.deallocate() }

    /// average ← average + share·(present − average); counts are copied.
    func blend(_ share: Float) {
        for (offset, (_, entry)) in zip(offsets, entries) {
            let average = block + offset
            let share = share < 1 && entry.isAveraged ? share : 1
            entry.value.withUnsafeValues { present in
                guard let start = present.baseAddress else { return }
                if share == 1 {
                    average.update(from: start, count: present.count)
                } else {
                    for i in 0..<present.count { average[i] += share * (start[i] - average[i]) }
                }
            }
        }
    }

    /// Exchanges the averaged values and the module's.
    func exchange() {
        for (offset, (_, entry)) in zip(offsets, entries) {
            let average = block + offset
            entry.withUnsafeMutableValues { present in
                for i in 0..<present.count { swap(&present[i], &average[i]) }
            }
        }
    }

    func state() -> [(name: String, value: Tensor)] {
        zip(offsets, entries).map { offset, named in
            let value = Tensor(shape: named.entry.value.shape) { values in
                values.baseAddress?.update(from: block + offset, count: values.count)
            }
            return (name: named.name, value: value)
        }
    }

    func load(_ state: [String: Tensor]) throws {
        let layout = entries.map { (name: $0.name, shape: $0.entry.value.shape) }
        if let mismatch = StateMismatch(expected: layout, found: state) { throw mismatch }
        for (offset, (name, _)) in zip(offsets, entries) {
            state[name]?.withUnsafeValues { values in
                guard let start = values.baseAddress else { return }
                (block + offset).update(from: start, count: values.count)
            }
        }
    }
}

extension ModuleContents.Entry {
    fileprivate var isAveraged: Bool {
        if case .buffer(let buffer) = self { !buffer.isCount } else { true }
    }

    fileprivate func withUnsafeMutableValues(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
        switch self {
        case .parameter(let parameter): parameter.withUnsafeMutableValues(body)
        case .buffer(let buffer): buffer.withUnsafeMutableValues(body)
        }
    }
}
