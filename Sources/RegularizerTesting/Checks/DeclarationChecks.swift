import Configuration
import Regularization

/// The description has a name in kebab-case, a summary and a source, every option has a name in
/// kebab-case and a few words of help, and the type conforms to at least one hook.
enum DescriptionCheck: Check {
    static let check = ContractCheck.description
    static let needsInstance = false

    /// All faults of the declaration in one finding.
    static func findings(on subject: Subject) -> [Finding] {
        let description = subject.description
        var faults: [String] = []
        if subject.hooks.isEmpty { faults.append("\(RegularizerRefusal.withoutHooks(name: description.name, type: subject.type))") }
        if !isKebabCase(description.name) { faults.append("the name '\(description.name)' is not in kebab-case") }
        if description.summary.isEmpty { faults.append("there is no summary") }
        if description.source?.isEmpty ?? true { faults.append("there is no source: name the paper and equation, or say that it is your own") }
        for option in subject.declared {
            if !isKebabCase(option.name) { faults.append("the option '\(option.name)' is not in kebab-case") }
            if option.help.isEmpty { faults.append("the option '\(option.name)' has no help") }
        }
        let names = subject.declared.map(\.name)
        if Set(names).count != names.count { faults.append("an option is declared twice: \(names.joined(separator: ", "))") }
        let options = names.count == 1 ? "1 option" : "\(names.count) options"
        return [
            Finding(
                check, fault: faults.isEmpty ? nil : faults.joined(separator: "; "),
                passed: "\(subject.hooks.map(\.summary).joined(separator: ", ")); \(options)")
        ]
    }

    /// Whether a name consists of lowercase ASCII letters and digits, with single hyphens between them.
    private static func isKebabCase(_ name: String) -> Bool {
        let words = name.split(separator: "-", omittingEmptySubsequences: false)
        return words.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) } }
    }
}

/// Options are checked as their fields declare them.
///
/// - They survive encoding and decoding.
/// - Values on a declared bound are accepted; values just beyond it, NaN, infinity and values of
///   another kind are refused under the option's name.
/// - Every word of a choice and both values of a flag make a regularizer whose results are finite, or
///   are refused.
enum OptionsCheck: Check {
    static let check = ContractCheck.options
    static let needsInstance = false

    /// Tries the values of ``OptionSamples`` one at a time, with all other options as they are under
    /// test.
    static func findings(on subject: Subject) -> [Finding] {
        if let refusal = subject.refusal { return [Finding(check, .failed, "the options under test are refused: \(refusal)")] }
        let values = Dictionary(subject.options.map { ($0.name, $0.value) }) { first, _ in first }
        var faults: [String] = []
        if let fault = roundTripFault(subject, values) { faults.append(fault) }
        var tried = 0
        for option in subject.declared {
            let samples = OptionSamples(option)
            tried += samples.accepted.count + samples.refused.count
            for value in samples.accepted {
                if let fault = attempt(subject, values, option, value) { faults.append("\(option.name): \(value) is refused: \(fault)") }
            }
            for value in samples.refused {
                guard let fault = attempt(subject, values, option, value) else {
                    faults.append("\(option.name): \(value) is accepted")
                    continue
                }
                if fault.option != option.name { faults.append("\(option.name): \(value) is refused without the option's name: \(fault)") }
            }
            for choice in samples.choices where values[option.name] != choice {
                if let fault = choiceFault(subject, values.merging([option.name: choice]) { $1 }) {
                    faults.append("\(option.name): \(choice): \(fault)")
                }
            }
        }
        return [Finding(check, fault: faults.isEmpty ? nil : faults.joined(separator: "; "), passed: "\(tried) values tried")]
    }

    /// What is lost when the options are encoded and decoded, in words; nil where nothing is.
    private static func roundTripFault(_ subject: Subject, _ values: [String: OptionValue]) -> String? {
        do {
            let decoded = try subject.decode(values)
            for (before, after) in zip(subject.options, decoded) where before.name != after.name || before.value != after.value {
                return "\(before.name): \(before.value) comes back as \(after.value)"
            }
            return nil
        } catch {
            return "the options cannot be read back: \(error)"
        }
    }

    /// The fault with which one changed value is refused; nil where it is accepted.
    private static func attempt(
        _ subject: Subject, _ values: [String: OptionValue], _ option: OptionDescription, _ value: OptionValue
    ) -> OptionFault? {
        do {
            _ = try subject.decode(values.merging([option.name: value]) { $1 })
            return nil
        } catch {
            return error as? OptionFault ?? OptionFault(option: nil, expected: option.expectation, found: "\(error)")
        }
    }

    /// What is not finite when the regularizer is made with other options; nil where everything is. A
    /// refusal of these options is not a fault: a choice may not suit the others.
    private static func choiceFault(_ subject: Subject, _ values: [String: OptionValue]) -> String? {
        guard let scenario = subject.ordinary else { return nil }
        var variant = subject
        let make = subject.makeWith
        variant.make = { try make(values, $0) }
        guard let rehearsal = try? Rehearsal(variant, on: scenario) else { return nil }
        do { return try rehearsal.trace().firstNonFinite } catch { return "\(error)" }
    }
}

/// Values on the edge of what an option accepts and just beyond it: for `0...1` the numbers 0 and 1,
/// which have to be accepted, and their neighbors below 0 and above 1, NaN, infinity and a word, which
/// have to be refused.
private struct OptionSamples {
    /// Values that have to be accepted.
    var accepted: [OptionValue] = []
    /// Values that have to be refused.
    var refused: [OptionValue] = []
    /// The words of a choice or the two values of a flag, each of which is tried on a batch.
    var choices: [OptionValue] = []

    /// The samples of one option.
    init(_ option: OptionDescription) {
        add(option.kind)
        if option.acceptsNull { accepted.append(.null) } else { refused.append(.null) }
    }

    /// Adds the samples of a kind of option; those of a list are lists of one value.
    private mutating func add(_ kind: OptionKind) {
        switch kind {
        case .number(let range):
            if let lower = range.lower {
                accepted.append(.number(lower))
                refused.append(.number(lower.nextDown))
            }
            if let upper = range.upper {
                accepted.append(.number(range.includesUpper ? upper : upper.nextDown))
                refused.append(.number(range.includesUpper ? upper.nextUp : upper))
            }
            refused += [.number(.nan), .number(.infinity), .string("many")]
        case .integer(let range):
            // Beyond 2⁵³ a Double cannot tell a whole number from the next.
            if let lower = range.lower, abs(lower) < 0x1p53 {
                accepted.append(.integer(Int(lower)))
                refused.append(.integer(Int(lower) - 1))
            }
            if let upper = range.upper, abs(upper) < 0x1p53 {
                accepted.append(.integer(Int(upper) - (range.includesUpper ? 0 : 1)))
                refused.append(.integer(Int(upper) + (range.includesUpper ? 1 : 0)))
            }
            refused += [.number(0.5), .string("many")]
        case .flag:
            choices = [.bool(true), .bool(false)]
            accepted += choices
            refused.append(.string("perhaps"))
        case .choice(let words):
            choices = words.map(OptionValue.string)
            accepted += choices
            refused.append(.string(words.joined() + "?"))
        case .text, .path:
            accepted.append(.string("text"))
            refused.append(.integer(1))
        case .list(let element):
            var inner = OptionSamples()
            inner.add(element)
            accepted += inner.accepted.filter { $0 != .null }.map { .list([$0]) }
            refused += inner.refused.filter { $0 != .null }.map { .list([$0]) }
        case .components:
            // What a component accepts is not known here.
            refused += [.string("text"), .list([.integer(1)])]
        }
    }

    /// No samples yet.
    private init() {}
}
