import Tensors

/// A saved state that does not fit what it is loaded into.
public struct StateMismatch: Error, Equatable, CustomStringConvertible {
    /// A tensor whose shape differs.
    public struct Misshaped: Equatable, Sendable {
        public let name: String
        public let expected: Shape
        public let found: Shape
    }

    /// Names that are needed and not in the state, in the order of the module's parts.
    public let missing: [String]
    /// Names that are in the state and belong to nothing, sorted.
    public let unexpected: [String]
    /// Tensors whose shape differs, in the order of the module's parts.
    public let misshaped: [Misshaped]

    /// Compares names and shapes; `nil` when everything fits.
    init?(expected: [(name: String, shape: Shape)], found state: [String: Tensor]) {
        var missing: [String] = []
        var misshaped: [Misshaped] = []
        for (name, shape) in expected {
            guard let found = state[name] else {
                missing.append(name)
                continue
            }
            if found.shape != shape {
                misshaped.append(Misshaped(name: name, expected: shape, found: found.shape))
            }
        }
        let known = Set(expected.map(\.name))
        let unexpected = state.keys.filter { !known.contains($0) }.sorted()
        if missing.isEmpty && unexpected.isEmpty && misshaped.isEmpty { return nil }
        self.missing = missing
        self.unexpected = unexpected
        self.misshaped = misshaped
    }

    public var description: String {
        var lines = ["the saved state does not fit:"]
        lines += missing.map { "  missing: \($0)" }
        lines += unexpected.map { "  unexpected: \($0)" }
        lines += misshaped.map { "  shape of \($0.name): expected \($0.expected), found \($0.found)" }
        return lines.joined(separator: "\n")
    }
}
