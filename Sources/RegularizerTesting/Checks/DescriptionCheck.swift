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
