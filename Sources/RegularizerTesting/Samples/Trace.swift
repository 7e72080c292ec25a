import Tensors

/// Everything that came out of something, by name, to be compared bit by bit.
struct Trace {
    private(set) var entries: [(name: String, value: Tensor?)] = []

    mutating func add(_ name: String, _ value: Tensor?) {
        entries.append((name, value?.detached()))
    }

    /// Where this trace's entry of the same name differs from one of `reference`, in words; nil where every bit is the same.
    func firstDifference(from reference: Trace) -> String? {
        let mine = Dictionary(entries.map { ($0.name, $0.value) }) { first, _ in first }
        for (name, value) in reference.entries {
            guard let own = mine[name] else { return "\(name) is missing" }
            switch (own, value) {
            case (nil, nil): continue
            case (nil, _): return "\(name) is missing"
            case (_, nil): return "\(name) is new"
            case (let own?, let value?):
                guard own.shape == value.shape else { return "\(name) has shape \(own.shape), not \(value.shape)" }
                let pairs = zip(own.values, value.values)
                guard let (index, pair) = pairs.enumerated().first(where: { $1.0.bitPattern != $1.1.bitPattern }).map({ ($0, $1) }) else { continue }
                return "\(name)\(own.elementCount == 1 ? "" : "[\(index)]") is \(pair.0), not \(pair.1)"
            }
        }
        return nil
    }

    /// The first entry with a value that is NaN or infinite.
    var firstNonFinite: String? {
        for (name, value) in entries {
            if let found = value?.values.first(where: { !$0.isFinite }) { return "\(name) holds \(found)" }
        }
        return nil
    }
}
