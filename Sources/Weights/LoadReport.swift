import Tensors

/// How the tensors of a file fit the parameters that they are meant for.
package struct LoadReport: Hashable, Sendable {
    /// A tensor whose shape differs.
    package struct Misshaped: Hashable, Sendable {
        package let name: String
        package let expected: [Int]
        package let found: [Int]
    }

    /// Names in both, with the same shape, in the order of the parameters.
    package let matched: [String]
    /// Parameters that have no tensor, in their order.
    package let missing: [String]
    /// Tensors that have no parameter, in the order of the file.
    package let unexpected: [String]
    /// Names in both with different shapes, in the order of the parameters.
    package let misshaped: [Misshaped]

    package init(expected: [(name: String, shape: [Int])], found: [(name: String, shape: [Int])]) {
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

    /// Throws unless everything fits but what `exceptions` name.
    ///
    /// - Parameter exceptions: names that may be missing, unexpected or mis-shaped; `*` stands for any characters, as
    ///   in `fc.*` or `*.num_batches_tracked`.
    package func check(exceptions: [String] = []) throws(LoadMismatch) {
        func isExcepted(_ name: String) -> Bool { exceptions.contains { Self.matches(name, $0) } }
        let isComplete =
            missing.allSatisfy(isExcepted) && unexpected.allSatisfy(isExcepted) && misshaped.allSatisfy { isExcepted($0.name) }
        // Exceptions may name everything; a file of which nothing is used is wrong all the same.
        guard isComplete, !matched.isEmpty else { throw LoadMismatch(report: self, exceptions: exceptions) }
    }

    /// Whether `name` is what `pattern` describes.
    static func matches(_ name: String, _ pattern: String) -> Bool {
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
    package var summary: String {
        "\(matched.count) matched, \(missing.count) missing, \(unexpected.count) unexpected, \(misshaped.count) mis-shaped"
    }

    /// The counts, then a line for every key that does not fit.
    package var text: String { text { _ in true } }

    func text(where isShown: (String) -> Bool) -> String {
        var lines = [summary]
        lines += missing.filter(isShown).map { "  missing: \($0)" }
        lines += unexpected.filter(isShown).map { "  unexpected: \($0)" }
        lines += misshaped.filter { isShown($0.name) }
            .map { "  mis-shaped: \($0.name): expected \(Self.text($0.expected)), found \(Self.text($0.found))" }
        return lines.joined(separator: "\n")
    }

    private static func text(_ shape: [Int]) -> String {
        shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
    }
}

/// A file whose tensors do not fit, with what was not excepted.
package struct LoadMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    package let report: LoadReport
    package let exceptions: [String]

    package var description: String {
        let problem = report.matched.isEmpty ? "no tensor of the file fits a parameter" : "the tensors of the file do not fit"
        let shown = report.text { name in !exceptions.contains { LoadReport.matches(name, $0) } }
        return "\(problem): \(shown)"
    }
}

extension WeightsFile {
    /// The tensors for the named parameters, and how they fitted. Nothing is read before the names and shapes are
    /// known to fit.
    ///
    /// - Parameters:
    ///   - expected: the parameters' names and shapes.
    ///   - mapping: how the file's keys become these names.
    ///   - exceptions: see ``LoadReport/check(exceptions:)``; what they name and does not fit is left out.
    /// - Throws: ``LoadMismatch``, or ``WeightsFile/Fault`` from the file.
    package func state(
        for expected: [(name: String, shape: Shape)], mapping: KeyMapping = KeyMapping(), exceptions: [String] = []
    ) throws -> (tensors: [String: Tensor], report: LoadReport) {
        let taken = try taken(by: mapping)
        let report = LoadReport(
            expected: expected.map { (name: $0.name, shape: $0.shape.dimensions) },
            found: taken.map { (name: $0.name, shape: $0.entry.shape) })
        try report.check(exceptions: exceptions)
        let matched = Set(report.matched)
        var tensors: [String: Tensor] = [:]
        for (name, entry) in taken where matched.contains(name) {
            tensors[name] = try tensor(entry.name, convertingIntegers: true)
        }
        return (tensors, report)
    }
}
