import Analysis
import Configuration

/// What every measurement has to keep, checked in one call.
///
/// ```swift
/// @Test func contract() {
///     #expect(MeasurementContract.violations(of: Confidence.self) == [])
/// }
/// ```
///
/// The measurement is run on small models: ordinary ones with one to three modalities, and others with
/// one sample, one class, one domain, constant or repeated embeddings, equal or saturated logits,
/// values that are not finite, and sets that are empty.
public enum MeasurementContract {
    /// What a measurement does not keep, a sentence each; empty where it keeps everything.
    ///
    /// - It can be made with the options, and its description names it as recipes can.
    /// - Of an ordinary model it finds something, with a value for at least one number and no sample
    ///   set that it did not name.
    /// - Equal models give equal findings, whatever the batches are.
    /// - It ends on every model, and says why where there is no number: a fault, or no findings at all,
    ///   is a violation.
    ///
    /// - Parameters:
    ///   - measurement: the measurement.
    ///   - options: the options to run it with.
    public static func violations<M: MeasurementPlugin>(of measurement: M.Type, options: M.Options = M.Options()) -> [String] {
        var violations = M.description.faults(declaring: M.Options.descriptions)
        let made: M
        do throws(OptionFault) {
            made = try M(options: options)
        } catch {
            return violations + ["it cannot be made with the options: \(error)"]
        }
        if made.reads.isEmpty { violations.append("it reads no samples at all") }
        for kind in SampleModel.Kind.allCases {
            do {
                let findings = try SampleModel(kind).trained().measure(with: made)
                let again = try SampleModel(kind, batch: 7).trained().measure(with: made)
                if findings != again { violations.append("two runs on \(kind.rawValue) differ, in batches of 16 and of 7") }
                if kind == .ordinary, !findings.numbers.isEmpty, findings.numbers.allSatisfy({ $0.value == nil }) {
                    violations.append("no number of an ordinary model has a value: \(findings.numbers[0].reason ?? "")")
                }
            } catch {
                violations.append("\(kind.rawValue): \(error)")
            }
        }
        return violations
    }
}
