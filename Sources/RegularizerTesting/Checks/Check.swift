import Regularization

/// One check of the contract.
protocol Check: SendableMetatype {
    static var check: ContractCheck { get }

    /// The checks without which this one's outcome means nothing.
    static var presumes: [ContractCheck] { get }

    /// Whether a regularizer is made for it.
    static var needsInstance: Bool { get }

    /// The hooks that the check is about; empty for one that is about any regularizer.
    static var hooks: [RegularizerHook] { get }

    static func findings(on subject: Subject) -> [Finding]
}

extension Check {
    static var presumes: [ContractCheck] { [.options] }
    static var needsInstance: Bool { true }
    static var hooks: [RegularizerHook] { [] }

    /// The findings of `body` on the subject made for each scenario; a scenario that the subject refuses is declared.
    static func onEach(
        _ scenarios: [Scenario], of subject: Subject, _ body: (Rehearsal) throws -> [Finding]
    ) -> [Finding] {
        scenarios.flatMap { scenario -> [Finding] in
            let rehearsal: Rehearsal
            do {
                rehearsal = try Rehearsal(subject, on: scenario)
            } catch {
                return [Finding(check, .declared, "refused: \(error)", scenario: scenario.name)]
            }
            return found { try body(rehearsal) }.map { $0.naming(scenario.name) }
        }
    }

    static func onOrdinary(_ subject: Subject, _ body: (Rehearsal) throws -> [Finding]) -> [Finding] {
        guard let ordinary = subject.ordinary else { return [] }
        return found { try body(try Rehearsal(subject, on: ordinary)) }
    }

    /// What `body` finds; what it throws fails the check.
    private static func found(_ body: () throws -> [Finding]) -> [Finding] {
        do {
            return try body()
        } catch let failure as TrainingFailure {
            let cause = failure.hook?.check ?? check
            return [Finding(check, .failed, failure.message, cause: cause == check ? nil : cause)]
        } catch {
            return [Finding(check, .failed, "refused: \(error)")]
        }
    }
}

extension RegularizerHook {
    /// The check that is about what the hook returns.
    fileprivate var check: ContractCheck {
        switch self {
        case .embeddings, .penalty, .updates, .validation: .finiteness
        case .targets: .targets
        case .gradients: .gradientTransform
        case .weights: .evaluatedWeights
        }
    }
}

/// A result, before it is known which scenario it belongs to.
struct Finding {
    let check: ContractCheck
    let outcome: ContractReport.Outcome
    let detail: String
    var scenario: String
    /// The larger, the worse, where there is such a number.
    let measure: Double
    /// The check that is about the fault itself, where it is not this one.
    let cause: ContractCheck?

    init(
        _ check: ContractCheck, _ outcome: ContractReport.Outcome, _ detail: String = "", scenario: String = "", measure: Double = 0,
        cause: ContractCheck? = nil
    ) {
        self.cause = cause
        self.measure = measure
        self.check = check
        self.outcome = outcome
        self.detail = detail
        self.scenario = scenario
    }

    /// `passed` where there is no fault.
    init(_ check: ContractCheck, fault: String?, passed: String = "", scenario: String = "") {
        self.init(check, fault == nil ? .passed : .failed, fault ?? passed, scenario: scenario)
    }

    /// The finding under a scenario's name, unless it has one of its own.
    func naming(_ scenario: String) -> Finding {
        var finding = self
        if finding.scenario.isEmpty { finding.scenario = scenario }
        return finding
    }

    var published: ContractReport.Finding {
        ContractReport.Finding(check: check, scenario: scenario, outcome: outcome, detail: detail, measure: measure)
    }
}
