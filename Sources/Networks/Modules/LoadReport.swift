import Tensors

/// How saved tensors fit the parameters and buffers that they are meant for.
///
/// Names are compared as dotted paths and shapes exactly. ``summary`` is one line of counts, ``text``
/// names everything that does not fit.
public struct LoadReport: Hashable, Sendable {
    /// A tensor whose shape differs.
    public struct Misshaped: Hashable, Sendable {
        /// The name in the module.
        public let name: String
        /// The shape in the module.
        public let expected: [Int]
        /// The shape in the file.
        public let found: [Int]
    }

    /// Names in both, with the same shape, in the order of the parameters.
    public let matched: [String]
    /// Parameters and buffers without a saved tensor, in the order of the module.
    public let missing: [String]
    /// Saved tensors without a parameter or buffer, in the order in which they were saved.
    public let unexpected: [String]
    /// Names in both with different shapes, in the order of the parameters.
    public let misshaped: [Misshaped]

    /// Compares names and shapes.
    ///
    /// - Parameters:
    ///   - expected: what the module has, in order.
    ///   - found: what was saved. Of two entries with one name the first counts.
    public init(expected: [(name: String, shape: [Int])], found: [(name: String, shape: [Int])]) {
        let shapes = Dictionary(found.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        matched = expected.filter { shapes[$0.name] == $0.shape }.map(\.name)
        missing = expected.filter { shapes[$0.name] == nil }.map(\.name)
        misshaped = expected.compactMap { name, shape in
            guard let found = shapes[name], found != shape else { return nil }
            return Misshaped(name: name, expected: shape, found: found)
        }
        let known = Set(expected.map(\.name))
        unexpected = found.map(\.name).filter { !known.contains($0) }
    }

    /// Throws unless everything fits except what `exceptions` name.
    ///
    /// - Parameter exceptions: names that may be missing, unexpected or of another shape; `*` stands
    ///   for any characters, as in `fc.*` or `*.num_batches_tracked`.
    /// - Throws: ``StateMismatch`` with every name that does not fit; also where exceptions cover
    ///   everything and no tensor at all would be used.
    public func check(exceptions: [String] = []) throws(StateMismatch) {
        func isExcepted(_ name: String) -> Bool { exceptions.contains { Self.matches(name, $0) } }
        let isComplete =
            missing.allSatisfy(isExcepted) && unexpected.allSatisfy(isExcepted) && misshaped.allSatisfy { isExcepted($0.name) }
        // Exceptions may name everything; a state of which nothing is used is wrong all the same.
        let isIdle = matched.isEmpty && !(missing.isEmpty && unexpected.isEmpty && misshaped.isEmpty)
        guard isComplete && !isIdle else { throw StateMismatch(report: self, exceptions: exceptions) }
    }

    /// Whether `name` is what `pattern` describes.
    package static func matches(_ name: String, _ pattern: String) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else { return name == pattern }
        guard name.hasPrefix(first), name.hasSuffix(last), name.count >= first.count + last.count else { return false }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }

    /// One line of counts.
    public var summary: String {
        "\(matched.count) matched, \(missing.count) missing, \(unexpected.count) unexpected, \(misshaped.count) mis-shaped"
    }

    /// The counts, then a line for every name that does not fit.
    public var text: String { text(atMost: .max) { _ in true } }

    /// The counts, then a line for names that do not fit and are to be shown, of each kind at most
    /// some.
    func text(atMost limit: Int, where isShown: (String) -> Bool) -> String {
        func lines(_ kind: String, _ all: [(name: String, detail: String)]) -> [String] {
            let shown = all.filter { isShown($0.name) }
            let rest = shown.count - min(shown.count, limit)
            return shown.prefix(limit).map { "  \(kind): \($0.name)\($0.detail)" } + (rest > 0 ? ["  \(kind): … and \(rest) more"] : [])
        }
        let shapes = misshaped.map {
            (name: $0.name, detail: ": expected \(Self.text($0.expected)), found \(Self.text($0.found))")
        }
        return
            ([summary] + lines("missing", missing.map { ($0, "") }) + lines("unexpected", unexpected.map { ($0, "") })
            + lines("mis-shaped", shapes)).joined(separator: "\n")
    }

    private static func text(_ shape: [Int]) -> String {
        shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
    }
}

/// Saved state does not fit the module that it is loaded into.
///
/// The description lists what does not fit, at most 5 names of each kind: it may stand in one line.
public struct StateMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    /// What fits and what does not.
    public let report: LoadReport
    /// What was allowed not to fit.
    public let exceptions: [String]

    init(report: LoadReport, exceptions: [String] = []) {
        self.report = report
        self.exceptions = exceptions
    }

    /// Compares names and shapes; nil when everything fits.
    init?(expected: [(name: String, shape: Shape)], found state: [String: Tensor]) {
        do {
            try LoadReport(expected: expected, found: state).check()
            return nil
        } catch {
            self = error
        }
    }

    /// How many names of each kind the description lists: a network has a thousand.
    private static let listed = 5

    /// The counts, then what does not fit and was not excepted.
    public var description: String {
        let problem = report.matched.isEmpty ? "nothing of the saved state fits" : "the saved state does not fit"
        return "\(problem): " + report.text(atMost: Self.listed) { name in !exceptions.contains { LoadReport.matches(name, $0) } }
    }
}

extension LoadReport {
    /// Compares the names and shapes of parameters with those of a state in memory, whose names are
    /// taken in alphabetical order.
    init(expected: [(name: String, shape: Shape)], found state: [String: Tensor]) {
        self.init(
            expected: expected.map { (name: $0.name, shape: $0.shape.dimensions) },
            found: state.sorted { $0.key < $1.key }.map { (name: $0.key, shape: $0.value.shape.dimensions) })
    }
}
