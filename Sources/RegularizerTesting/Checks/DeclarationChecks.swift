import Configuration
import Regularization

/// The description has a name in kebab-case, a summary, a source, and every option with a few words of help.
enum DescriptionCheck: Check {
    static let check = ContractCheck.description
    static let needsInstance = false

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

    private static func isKebabCase(_ name: String) -> Bool {
        let words = name.split(separator: "-", omittingEmptySubsequences: false)
        return words.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) } }
    }
}

/// Options survive encoding and decoding, declared bounds are accepted, what lies outside is refused under the option's name, and every
/// choice makes a regularizer whose results are finite, or is refused.
enum OptionsCheck: Check {
    static let check = ContractCheck.options
    static let needsInstance = false

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

    /// What is not finite with other options; a refusal is none.
    private static func choiceFault(_ subject: Subject, _ values: [String: OptionValue]) -> String? {
        guard let scenario = subject.ordinary else { return nil }
        var variant = subject
        let make = subject.makeWith
        variant.make = { try make(values, $0) }
        guard let rehearsal = try? Rehearsal(variant, on: scenario) else { return nil }
        do { return try rehearsal.trace().firstNonFinite } catch { return "\(error)" }
    }
}

/// Values on and beyond the edge of what an option accepts.
private struct OptionSamples {
    var accepted: [OptionValue] = []
    var refused: [OptionValue] = []
    /// Words and flags, each to be tried on a batch.
    var choices: [OptionValue] = []

    init(_ option: OptionDescription) {
        add(option.kind)
        if option.acceptsNull { accepted.append(.null) } else { refused.append(.null) }
    }

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
            // Numbers that a Double does not count one by one have no next one.
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
        }
    }

    private init() {}
}
