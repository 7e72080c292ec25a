import Configuration
import Weights

/// One number or name for each row: labels, domains, groups.
enum RowValues: Hashable, Sendable {
    case integers([Int])
    case texts([String])

    /// The label of rows that have none.
    static let unlabeled = -1

    var count: Int {
        switch self {
        case .integers(let values): values.count
        case .texts(let values): values.count
        }
    }

    /// Whether a row has no label: −1, or nothing.
    func isMissing(_ row: Int) -> Bool {
        switch self {
        case .integers(let values): values[row] == Self.unlabeled
        case .texts(let values): values[row].isEmpty || values[row] == "-1"
        }
    }

    /// These values and then those; numbers become names where the others are names.
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

    func keeping(_ rows: [Int]) -> RowValues {
        switch self {
        case .integers(let values): .integers(rows.map { values[$0] })
        case .texts(let values): .texts(rows.map { values[$0] })
        }
    }

    /// Numbers from `start` on, equal where the values are.
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

    /// Names that are all whole numbers are those numbers: what a table cannot tell apart.
    var asNumbersWherePossible: RowValues {
        guard case .texts(let texts) = self else { return self }
        let numbers = texts.map { $0.isEmpty ? Self.unlabeled : Int($0) }
        return numbers.contains(nil) ? self : .integers(numbers.compactMap { $0 })
    }
}

/// Values of rows as indices into names.
struct Categories {
    let names: [String]
    let indices: [Int]

    /// - Parameter names: given names, counted from 0; empty to take the distinct values in ascending order.
    init(_ values: RowValues, names: [String], what: String, option: String) throws(DatasetFault) {
        if let twice = Self.firstTwice(names) {
            throw DatasetFault(option: "\(what)-names", message: "the \(what) name '\(twice)' is there twice")
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

    private static func firstTwice(_ names: [String]) -> String? {
        var seen: Set<String> = []
        return names.first { !seen.insert($0).inserted }
    }
}

/// How parts of a split are called in files.
enum SplitNames {
    static let known: [String: (value: SplitName, order: Int)] = [
        "train": (.train, 0), "training": (.train, 0), "val": (.validation, 1), "valid": (.validation, 1), "validation": (.validation, 1),
        "dev": (.validation, 1), "test": (.test, 2), "testing": (.test, 2), "held-back": (.heldBack, 3),
    ]

    static func names(of values: RowValues, in path: String, option: String) throws(DatasetFault) -> [SplitName] {
        var names: [SplitName] = []
        for (row, text) in values.asTexts.enumerated() {
            let numbered: [String: SplitName] = ["0": .train, "1": .validation, "2": .test]
            guard let name = numbered[text] ?? known[text.lowercased()]?.value else {
                throw DatasetFault(
                    option: option, message: "\(path): row \(row) has split \(text)",
                    expected: "0 train, 1 validation or 2 test")
            }
            names.append(name)
        }
        return names
    }
}
