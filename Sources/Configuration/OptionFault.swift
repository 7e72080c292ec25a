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
    /// Why a file that the option names cannot be read, with its path; nil where that is not what is wrong.
    package var unreadable: String?
    /// Where the faulty term stands within sums of terms: its position in the outermost sum first;
    /// empty outside of sums.
    package var terms: [Int] = []

    /// - Parameters:
    ///   - option: the option's name in kebab-case; nil for the component as a whole.
    ///   - expected: what would have been accepted, in words.
    ///   - found: what was given, as it was written.
    ///   - suggestion: one accepted value that is close to what was found.
    public init(option: String?, expected: String, found: String, suggestion: String? = nil) {
        self.option = option
        self.expected = expected
        self.found = found
        self.suggestion = suggestion
    }
}

extension OptionFault {
    /// The same fault as the sum reports it whose term at `index` has it.
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
        return "\(subject)expected \(expected), found \(found)\(suggestionText(suggestion))"
    }
}

/// The end of a sentence that suggests a name: `; did you mean 'adam'?`; empty for none.
package func suggestionText(_ name: String?) -> String { name.map { "; did you mean '\($0)'?" } ?? "" }

/// The known name that a mistyped one most likely stands for, or nil where none is near.
///
/// Near means: no more slips than a third of the longer name (a letter changed, left out, added, or two
/// neighbors exchanged), at least one. Where no name is near in that way, one is that holds the typed words
/// (`mlp` for `vector-mlp`), and after that one whose words are held by what was typed (`gru-encoder` for
/// `gru`). Case does not count, nor does `_` or a space for `-`. Of equally near names the first wins; of
/// those with words in common, the one that has the fewest other letters.
///
/// Cost: length of the name × length of all names.
public func nearestName(to name: String, among names: some Sequence<String>) -> String? {
    let typed = folded(name)
    // A name longer than any sensible one would only cost time: its distance cannot be small.
    guard !typed.isEmpty, typed.count <= 256 else { return nil }
    var best: (name: String, distance: Int)?
    var holding: (name: String, others: Int)?
    var held: (name: String, others: Int)?
    for candidate in names where candidate != name {
        let known = folded(candidate)
        let others = abs(typed.count - known.count)
        if others < (holding?.others ?? .max), hasWords(typed, in: known) { holding = (candidate, others) }
        if others < (held?.others ?? .max), hasWords(known, in: typed) { held = (candidate, others) }
        let allowed = max(1, max(typed.count, known.count) / 3)
        guard others <= allowed, min(typed.count, known.count) > 1 || typed == known else { continue }
        let distance = slips(from: typed, to: known)
        if distance <= allowed && distance < (best?.distance ?? .max) { best = (candidate, distance) }
    }
    return best?.name ?? holding?.name ?? held?.name
}

/// Whether a name begins at a word of a longer one and ends where a word or a number in it does: `mlp` in `vector-mlp`, `resnet` in `resnet18`. Less
/// than three letters say too little.
private func hasWords(_ part: [Character], in whole: [Character]) -> Bool {
    guard part.count >= 3, part.count < whole.count else { return false }
    return (0...whole.count - part.count).contains { start in
        guard start == 0 || !whole[start - 1].isLetter && !whole[start - 1].isNumber, whole[start..<start + part.count].elementsEqual(part) else {
            return false
        }
        let end = start + part.count
        return end == whole.count || !whole[end].isLetter
    }
}

private func folded(_ name: String) -> [Character] {
    name.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 }
}

/// Optimal string alignment distance (Damerau–Levenshtein without editing a transposed pair again).
private func slips(from a: [Character], to b: [Character]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
            row.append(cost)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}

extension String {
    /// The name as a reader of a table sees it: without characters that are not seen, and with blanks
    /// of any kind as single spaces, none at the ends.
    ///
    /// Two names of which this is equal are told apart by the program and by nobody else. Joiners stay:
    /// they make one sign of several.
    package var asSeen: String {
        let scalars = unicodeScalars.compactMap { scalar -> Unicode.Scalar? in
            if scalar.properties.isWhitespace { return " " }
            let isUnseen = [.control, .format].contains(scalar.properties.generalCategory) && scalar != "\u{200D}"
            return isUnseen ? nil : scalar
        }
        return String(String.UnicodeScalarView(scalars)).split(separator: " ").joined(separator: " ")
    }
}
