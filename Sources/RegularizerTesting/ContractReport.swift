/// What the contract found out about a regularizer.
///
/// Its description is the table of ``markdown``, so that a failed expectation that prints the report
/// shows everything.
public struct ContractReport: Sendable, CustomStringConvertible {
    /// How one check ended on one batch.
    public enum Outcome: String, Sendable {
        /// What the check demands holds.
        case passed
        /// It does not hold, and no exception was declared for it.
        case failed
        /// It does not hold, and the regularizer says so: by an exception given to the contract, or by
        /// refusing what it is not made for.
        case declared
        /// The regularizer has nothing that the check is about.
        case none = "not used"
        /// The check was not run, because its outcome would mean nothing after another one failed.
        case skipped
    }

    /// The result of one check on one batch.
    public struct Finding: Sendable {
        /// The check that it belongs to.
        public let check: ContractCheck
        /// The batch or input, such as `N < D`; empty where there is only one.
        public let scenario: String
        /// How the check ended.
        public let outcome: Outcome
        /// What was found, with the numbers and, for a failure, where.
        public let detail: String
        /// How far from perfect the result is, where there is a number for that: the table shows the
        /// worst one.
        let measure: Double
    }

    /// The name in the regularizer's description.
    public let regularizer: String

    /// Every result, in the order of the checks, then of the batches.
    public let findings: [Finding]

    /// What the regularizer's part of a step costs; nil where it could not be made.
    public let cost: RegularizerCost?

    /// The results that break the contract; a regularizer fit for use has none.
    public var failures: [Finding] { findings.filter { $0.outcome == .failed } }

    /// Does nothing where the contract is kept.
    ///
    /// - Throws: ``ContractFailure`` with all failures.
    ///
    /// ```swift
    /// try RegularizerContract.check(Shrink.self).requirePassed()
    /// ```
    public func requirePassed() throws(ContractFailure) {
        if !failures.isEmpty { throw ContractFailure(regularizer: regularizer, failures: failures) }
    }

    /// A table in Markdown with a row for each check, then a list of the failures.
    ///
    /// The columns are the check, its result, the batches on which it was really run, and what was
    /// found there: for each outcome the worst case, and each declared exception with its batches.
    ///
    /// ```
    /// | shrink | result | cases | what was found |
    /// |---|---|---|---|
    /// | value and gradient are finite | passed | N < D, N > D, N = 1, … | penalty 0.81 |
    /// | gradient against central differences | passed | N < D, N > D, N = 1, … | largest error 3.1e-5 of 0.01 allowed |
    /// ```
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

    /// The table of ``markdown``.
    public var description: String { markdown }

    /// The outcome of a row: failed before anything else, passed where at least one batch passed.
    private func result(of findings: [Finding]) -> String {
        let order: [Outcome] = [.failed, .declared, .skipped, .passed, .none]
        // Where some batches pass and others are refused, the row as a whole has passed.
        if findings.contains(where: { $0.outcome == .passed }), !findings.contains(where: { $0.outcome == .failed }) { return "passed" }
        let outcome = order.first { outcome in findings.contains { $0.outcome == outcome } } ?? .none
        return outcome == .failed ? "**failed**" : outcome.rawValue
    }

    /// The batches on which the check was really run.
    private func cases(of findings: [Finding]) -> String {
        let run = findings.filter { $0.outcome == .passed || $0.outcome == .failed }.map(\.scenario).filter { !$0.isEmpty }
        var seen: Set<String> = []
        return run.filter { seen.insert($0).inserted }.joined(separator: ", ")
    }

    /// For each outcome the worst detail, and every declared exception with its batches.
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

/// A regularizer breaks its contract.
public struct ContractFailure: Error, Sendable, CustomStringConvertible {
    /// The name of the regularizer.
    public let regularizer: String
    /// What failed, in the order of the checks.
    public let failures: [ContractReport.Finding]

    /// The regularizer's name, and each failure on a line of its own.
    public var description: String {
        "\(regularizer) breaks its contract:\n" + failures.map { "- \($0)" }.joined(separator: "\n")
    }
}
