import Tensors

/// A saved state that does not fit what it is loaded into.
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
    private static let listed = 20

    /// The counts, then what does not fit and was not excepted.
    public var description: String {
        let problem = report.matched.isEmpty ? "nothing of the saved state fits" : "the saved state does not fit"
        return "\(problem): " + report.text(atMost: Self.listed) { name in !exceptions.contains { LoadReport.matches(name, $0) } }
    }
}

extension LoadReport {
    /// Compares the names and shapes of parameters with those of a state in memory, whose names are taken in alphabetical order.
    init(expected: [(name: String, shape: Shape)], found state: [String: Tensor]) {
        self.init(
            expected: expected.map { (name: $0.name, shape: $0.shape.dimensions) },
            found: state.sorted { $0.key < $1.key }.map { (name: $0.key, shape: $0.value.shape.dimensions) })
    }
}
