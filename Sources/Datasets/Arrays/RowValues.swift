import Configuration
import Weights

/// One number or name for each row: labels, domains or groups as a file holds them.
enum RowValues: Hashable, Sendable {
    /// Whole numbers, −1 for one that is missing.
    case integers([Int])
    /// Names, empty for one that is missing; so are `NaN` and `-1`, also as `-1.0`, as tables of other programs have them where a column of numbers has gaps.
    case texts([String])

    /// The number that says that a row has no label.
    static let unlabeled = -1

    /// The number of rows.
    var count: Int {
        switch self {
        case .integers(let values): values.count
        case .texts(let values): values.count
        }
    }

    /// Whether a row has no label: −1, empty text, or text that is NaN.
    func isMissing(_ row: Int) -> Bool {
        switch self {
        case .integers(let values): values[row] == Self.unlabeled
        case .texts(let values): values[row].isEmpty || Double(values[row]).map { $0.isNaN || $0 == Double(Self.unlabeled) } ?? false
        }
    }

    /// Whether a row is said to be of a class with a negative number other than −1, which no class has: another program's mark for
    /// something, and never a class of its own.
    ///
    /// - Parameter row: counted from 0. A class that is named by such a number counts as one.
    func isNegativeClass(_ row: Int) -> Bool {
        switch self {
        case .integers(let values): values[row] < Self.unlabeled
        case .texts(let values): (Double(values[row]) ?? 0) < Double(Self.unlabeled)
        }
    }

    /// These values followed by others; numbers become names where the others are names.
    ///
    /// - Returns: as many values as both have together.
    func joined(_ other: RowValues) -> RowValues {
        switch (self, other) {
        case (.integers(let first), .integers(let second)): .integers(first + second)
        default: .texts(asTexts + other.asTexts)
        }
    }

    /// Numbers as they are written, names as they are.
    var asTexts: [String] {
        switch self {
        case .integers(let values): values.map(String.init)
        case .texts(let values): values
        }
    }

    /// Only some of the values, in this order.
    ///
    /// Rows may repeat.
    func keeping(_ rows: [Int]) -> RowValues {
        switch self {
        case .integers(let values): .integers(rows.map { values[$0] })
        case .texts(let values): .texts(rows.map { values[$0] })
        }
    }

    /// A number for each value, counted from `start`: equal values get equal numbers.
    ///
    /// Numbers follow the ascending order of the values, names the alphabetical one, so they do not
    /// depend on the order of the rows.
    func numbered(from start: Int = 0) -> [Int] {
        switch self {
        case .integers(let values):
            let places = Dictionary(uniqueKeysWithValues: Set(values).sorted().enumerated().map { ($1, start + $0) })
            return values.compactMap { places[$0] }
        case .texts(let values):
            let places = Dictionary(uniqueKeysWithValues: Set(values).sorted().enumerated().map { ($1, start + $0) })
            return values.compactMap { places[$0] }
        }
    }

    /// Numbers where all names are whole numbers, which a table cannot tell apart.
    ///
    /// An empty name becomes −1, which is missing. Values that are numbers stay as they are.
    var asNumbersWherePossible: RowValues {
        guard case .texts(let texts) = self else { return self }
        let numbers = texts.map { $0.isEmpty ? Self.unlabeled : Int($0) }
        return numbers.contains(nil) ? self : .integers(numbers.compactMap { $0 })
    }
}

/// Values of rows as indices into a list of names: `[2, 5, 2]` becomes indices `[0, 1, 0]` and names
/// `2` and `5`.
struct Categories {
    /// The names in the order of their indices.
    let names: [String]
    /// The index of each row's name.
    let indices: [Int]

    /// Finds the index of every row.
    ///
    /// - Parameters:
    ///   - values: a number or a name for each row.
    ///   - names: given names, counted from 0; empty to take the distinct values in ascending order.
    ///   - what: the kind of thing, `class` or `domain`, for messages.
    ///   - option: the option that named the values, for messages.
    /// - Throws: `DatasetFault` where a given name occurs twice, or a value is not among the given
    ///   ones.
    ///
    /// Numbers without names keep their order but not their values: `[2, 5, 2]` has two classes. With
    /// names given, numbers are indices into them.
    init(_ values: RowValues, names: [String], what: String, option: String) throws(DatasetFault) {
        if let twice = Self.firstTwice(names) {
            throw DatasetFault(option: "\(what)-names", message: "the \(what) name '\(twice)' appears twice")
        }
        switch values {
        case .integers(let values) where names.isEmpty:
            self.names = Set(values).sorted().map(String.init)
            indices = RowValues.integers(values).numbered()
        case .integers(let values):
            if let row = values.firstIndex(where: { !names.indices.contains($0) }) {
                throw DatasetFault(
                    option: option, message: "row \(row) has \(what) \(values[row]), but \(names.count) \(what) names are given",
                    expected: "0 to \(names.count - 1)")
            }
            (self.names, indices) = (names, values)
        case .texts(let values):
            let known = names.isEmpty ? Set(values).sorted() : names
            let places = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
            if let row = values.firstIndex(where: { places[$0] == nil }) {
                throw DatasetFault(
                    option: option, message: "row \(row) has the \(what) '\(values[row])'",
                    expected: "one of: " + known.joined(separator: ", "), suggestion: nearestName(to: values[row], among: known))
            }
            (self.names, indices) = (known, values.compactMap { places[$0] })
        }
    }

    /// The first name that occurs a second time.
    private static func firstTwice(_ names: [String]) -> String? {
        var seen: Set<String> = []
        return names.first { !seen.insert($0).inserted }
    }
}

/// The names that files use for the parts of a split: words such as `train`, `valid` and `test`, or the
/// numbers 0, 1 and 2.
enum SplitNames {
    /// The part for each name in lower case, and its place where parts of one file follow each other.
    static let known: [String: (value: SplitName, order: Int)] = [
        "train": (.train, 0), "training": (.train, 0), "val": (.validation, 1), "valid": (.validation, 1), "validation": (.validation, 1),
        "dev": (.validation, 1), "test": (.test, 2), "testing": (.test, 2), "held-back": (.heldBack, 3),
    ]

    /// How a part is numbered.
    ///
    /// The number under which conversions write it, 0 to 3.
    static func number(_ name: SplitName) -> Int {
        switch name {
        case .train: 0
        case .validation: 1
        case .test: 2
        case .heldBack: 3
        }
    }

    /// The part of the split of every row.
    ///
    /// - Throws: `DatasetFault` with the first row whose value is neither a known name nor 0 to 3.
    ///
    /// - Parameters:
    ///   - values: a word in any case, or a number, for each row.
    ///   - path: the file, for the message.
    ///   - option: which option named the values, for the message.
    static func names(of values: RowValues, in path: String, option: String) throws(DatasetFault) -> [SplitName] {
        var names: [SplitName] = []
        for (row, text) in values.asTexts.enumerated() {
            let numbered: [String: SplitName] = ["0": .train, "1": .validation, "2": .test, "3": .heldBack]
            guard let name = numbered[text] ?? known[text.lowercased()]?.value else {
                throw DatasetFault(
                    option: option, message: "\(path): row \(row) has split \(text)",
                    expected: "0 train, 1 validation, 2 test or 3 held-back")
            }
            names.append(name)
        }
        return names
    }
}
