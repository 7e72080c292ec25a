import Regularization

/// One check of the contract. A check is a type without instances, listed in
/// `RegularizerContract.checks`.
///
/// A check runs the regularizer on batches of its own and returns findings; it never throws. To add
/// one, write an enumeration that conforms, give it a case in ``ContractCheck``, and list it.
protocol Check: SendableMetatype {
    /// Its name in the report.
    static var check: ContractCheck { get }

    /// The checks that have to pass before this one's outcome means anything; where one of them failed,
    /// this one is skipped. The options, by default.
    static var presumes: [ContractCheck] { get }

    /// Whether a regularizer has to be made for it; otherwise its declaration is enough. True by
    /// default.
    static var needsInstance: Bool { get }

    /// The hooks that the check is about; a regularizer with none of them is not checked. Empty for a
    /// check of every regularizer.
    static var hooks: [RegularizerHook] { get }

    /// Runs the check.
    ///
    /// - Returns: a finding for each batch, or a single one.
    static func findings(on subject: Subject) -> [Finding]
}

/// The defaults, and how checks run a regularizer.
extension Check {
    /// Only that the options can be read.
    static var presumes: [ContractCheck] { [.options] }
    /// A check runs the regularizer.
    static var needsInstance: Bool { true }
    /// A check is about every regularizer.
    static var hooks: [RegularizerHook] { [] }

    /// What `body` finds for the subject made for each scenario. A scenario that the subject refuses to
    /// be made for counts as declared.
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

    /// What `body` finds on the batch that most checks start from.
    static func onOrdinary(_ subject: Subject, _ body: (Rehearsal) throws -> [Finding]) -> [Finding] {
        guard let ordinary = subject.ordinary else { return [] }
        return found { try body(try Rehearsal(subject, on: ordinary)) }
    }

    /// What `body` finds. An error that it throws fails the check, or the check that is about the hook
    /// that threw it.
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
        case .featureMaps, .embeddings, .penalty, .updates, .validation: .finiteness
        case .targets: .targets
        case .gradients: .gradientTransform
        case .weights: .evaluatedWeights
        }
    }
}

/// A result before it is known which scenario it belongs to.
struct Finding {
    /// The check that found it.
    let check: ContractCheck
    /// How the check ended.
    let outcome: ContractReport.Outcome
    /// What was found, in words.
    let detail: String
    /// The batch; empty where there is only one or it is not yet known.
    var scenario: String
    /// How far from perfect the result is, where there is a number for that.
    let measure: Double
    /// The check that is about the fault itself; nil where it is this one.
    let cause: ContractCheck?

    /// Makes a finding.
    ///
    /// - Parameter cause: the check that is about the fault itself, where it is another one.
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

    /// Passed where there is not a fault.
    init(_ check: ContractCheck, fault: String?, passed: String = "", scenario: String = "") {
        self.init(check, fault == nil ? .passed : .failed, fault ?? passed, scenario: scenario)
    }

    /// The finding under a scenario's name, unless it has one of its own.
    func naming(_ scenario: String) -> Finding {
        var finding = self
        if finding.scenario.isEmpty { finding.scenario = scenario }
        return finding
    }

    /// The finding as the report shows it.
    var published: ContractReport.Finding {
        ContractReport.Finding(check: check, scenario: scenario, outcome: outcome, detail: detail, measure: measure)
    }
}
