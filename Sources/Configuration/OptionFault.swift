/// Why a value cannot be an option: what was expected, what was found, and what may have been meant.
public struct OptionFault: Error, Sendable, Hashable {
    /// The option's name; nil where the fault lies in the component as a whole.
    public var option: String?
    /// What would have been accepted, in words: `a number from 0 to 1`.
    public var expected: String
    /// What stood there.
    public var found: String
    /// The nearest thing that would have been accepted, where one is near.
    public var suggestion: String?
    /// The way to the term inside sums that the fault is of, by positions; empty where the term is in no sum, or there is none.
    package var terms: [Int] = []

    public init(option: String?, expected: String, found: String, suggestion: String? = nil) {
        self.option = option
        self.expected = expected
        self.found = found
        self.suggestion = suggestion
    }
}

extension OptionFault {
    /// The same fault, seen from the sum whose term it is of.
    package func inside(term index: Int) -> OptionFault {
        var fault = self
        fault.terms.insert(index, at: 0)
        return fault
    }
}

extension OptionFault: CustomStringConvertible {
    /// `rate: expected a number from 0 to 1, found 7`.
    public var description: String {
        let subject = option.map { "\($0): " } ?? ""
        let hint = suggestion.map { "; did you mean '\($0)'?" } ?? ""
        return "\(subject)expected \(expected), found \(found)\(hint)"
    }
}
