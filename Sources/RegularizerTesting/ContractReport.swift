/// What the contract found out about a regularizer.
public struct ContractReport: Sendable, CustomStringConvertible {
    /// How one check ended on one batch.
    public enum Outcome: String, Sendable {
        case passed
        case failed
        /// It deviates, and says so: by an exception given to the contract, or by refusing what it is not made for.
        case declared
        /// The regularizer has nothing that the check is about.
        case none = "not used"
        /// Not run, because another check failed first.
        case skipped
    }

    /// One result.
    public struct Finding: Sendable {
        /// Which check it is about.
        public let check: ContractCheck
        /// The batch or value, such as `N < D`; empty where there is only one.
        public let scenario: String
        /// How it came out.
        public let outcome: Outcome
        /// What was found, with the numbers.
        public let detail: String
        /// The larger, the worse, where there is such a number: the table shows the worst.
        let measure: Double
    }

    /// The name in the regularizer's description.
    public let regularizer: String

    /// Every result, in the order of the checks.
    public let findings: [Finding]

    /// What penalty and gradient cost; nil where the regularizer could not be made.
    public let cost: RegularizerCost?

    /// The results that break the contract.
    public var failures: [Finding] { findings.filter { $0.outcome == .failed } }

    /// - Throws: ``ContractFailure`` that lists all failures.
    public func requirePassed() throws(ContractFailure) {
        if !failures.isEmpty { throw ContractFailure(regularizer: regularizer, failures: failures) }
    }

    /// A table in Markdown with a row for each check, then what failed.
    public var markdown: String {
        var lines = ["| \(regularizer) | result | cases | what was found |", "|---|---|---|---|"]
        for check in ContractCheck.allCases {
            let findings = findings.filter { $0.check == check }
            guard !findings.isEmpty else { continue }
            lines.append("| \(check.title) | \(result(of: findings)) | \(cases(of: findings)) | \(summary(of: findings)) |")
        }
        if let cost { lines.append("| cost of penalty and gradient | measured | \(cost.sizes) | \(cost) |") }
        if !failures.isEmpty { lines += [""] + failures.map { "- \($0)" } }
        return lines.joined(separator: "\n")
    }

    public var description: String { markdown }

    private func result(of findings: [Finding]) -> String {
        let order: [Outcome] = [.failed, .declared, .skipped, .passed, .none]
        // A case that is refused beside others that pass does not make the row an exception.
        if findings.contains(where: { $0.outcome == .passed }), !findings.contains(where: { $0.outcome == .failed }) { return "passed" }
        let outcome = order.first { outcome in findings.contains { $0.outcome == outcome } } ?? .none
        return outcome == .failed ? "**failed**" : outcome.rawValue
    }

    private func cases(of findings: [Finding]) -> String {
        let run = findings.filter { $0.outcome == .passed || $0.outcome == .failed }.map(\.scenario).filter { !$0.isEmpty }
        var seen: Set<String> = []
        return run.filter { seen.insert($0).inserted }.joined(separator: ", ")
    }

    private func summary(of findings: [Finding]) -> String {
        var details: [String] = []
        for outcome in [Outcome.failed, .passed, .declared, .skipped, .none] {
            let some = findings.filter { $0.outcome == outcome && !$0.detail.isEmpty }
            if outcome == .declared {
                details += Dictionary(grouping: some, by: \.detail).sorted { $0.key < $1.key }.map { detail, findings in
                    let names = findings.map(\.scenario).filter { !$0.isEmpty }.joined(separator: ", ")
                    return "declared\(names.isEmpty ? "" : " (\(names))"): \(detail)"
                }
            } else if let worst = some.max(by: { $0.measure < $1.measure }) {
                details.append(worst.detail)
            }
        }
        return details.joined(separator: "; ").replacing("|", with: "\\|")
    }
}

extension ContractReport.Finding: CustomStringConvertible {
    /// `gradient against central differences [N < D]: …`.
    public var description: String {
        check.title + (scenario.isEmpty ? "" : " [\(scenario)]") + ": \(outcome.rawValue), \(detail)"
    }
}

/// A regularizer broke its contract.
public struct ContractFailure: Error, Sendable, CustomStringConvertible {
    /// The name of the regularizer.
    public let regularizer: String
    /// What failed, in the order of the checks.
    public let failures: [ContractReport.Finding]

    public var description: String {
        "\(regularizer) breaks its contract:\n" + failures.map { "- \($0)" }.joined(separator: "\n")
    }
}
