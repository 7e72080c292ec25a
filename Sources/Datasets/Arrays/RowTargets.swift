import Configuration
import Foundation
import Weights

/// What there is to learn of each row, as a file holds it.
enum RowTargets: Sendable {
    /// A number or a name of a class for each row; −1 or empty where there is none.
    case classes(RowValues)
    /// Row-major, rows × `width`: 0 and 1 for labels, any numbers for values; NaN where one is missing.
    case numbers([Float], width: Int)

    /// The largest number of targets: more than is likely, and fewer than fill the memory.
    static let mostNumbers = 1 << 28

    /// The number of rows.
    var count: Int {
        switch self {
        case .classes(let values): values.count
        case .numbers(let numbers, let width): numbers.count / max(width, 1)
        }
    }

    /// Whether there is nothing to learn of a row: its class is −1 or empty, or one of its numbers is
    /// missing.
    ///
    /// - Parameter row: counted from 0.
    func isMissing(_ row: Int) -> Bool {
        switch self {
        case .classes(let values): values.isMissing(row)
        case .numbers(let numbers, let width): numbers[row * width..<(row + 1) * width].contains(where: \.isNaN)
        }
    }

    /// Rows of classes with negative numbers other than −1, as a sentence begins; nil where there are none.
    ///
    /// - Parameter name: what a row is called in messages, such as its line.
    /// - Returns: the rows, and how many they are, with the first number and the first five of them.
    func negativeClasses(naming name: (Int) -> String) -> (rows: [Int], text: String)? {
        guard case .classes(let values) = self else { return nil }
        let rows = (0..<count).filter { values.isNegativeClass($0) }
        guard let first = rows.first else { return nil }
        let some = rows.prefix(5).map(name).joined(separator: ", ") + (rows.count > 5 ? ", …" : "")
        return (rows, "\(rows.count) of \(count) rows have a negative label such as \(values.keeping([first]).asTexts[0]) (\(some))")
    }

    /// What labels may be, for messages.
    static let classRule = "classes from 0 on, or names; -1, NaN or an empty label says that a row has none"

    /// These rows followed by others.
    ///
    /// - Parameter path: the file of the others, for messages.
    /// - Throws: `DatasetFault` where the two are of different kinds or widths.
    func joined(_ other: RowTargets, in path: String) throws(DatasetFault) -> RowTargets {
        switch (self, other) {
        case (.classes(let first), .classes(let second)): return .classes(first.joined(second))
        case (.numbers(let first, let width), .numbers(let second, let other)) where width == other:
            return .numbers(first + second, width: width)
        case (.numbers(_, let width), .numbers(_, let other)):
            throw DatasetFault(
                option: "labels", message: "\(path): the targets have \(other) entries a row, those of the files before \(width)",
                expected: "the same number in all files")
        default:
            throw DatasetFault(option: "labels", message: "\(path): the targets are of another kind than those of the files before")
        }
    }

    /// Numbers of an array with NaN for those that are missing: for labels −1 says it too.
    ///
    /// - Parameters:
    ///   - numbers: as the array has them.
    ///   - kind: what they are: of values, which may be negative, none is replaced.
    static func marked(_ numbers: [Float], _ kind: TargetKind) -> [Float] {
        kind == .labels ? numbers.map { $0 == Float(RowValues.unlabeled) ? .nan : $0 } : numbers
    }

    /// What there is to learn: the classes of the rows, or numbers with a single class for all rows.
    ///
    /// - Parameters:
    ///   - kind: what it is.
    ///   - names: of classes, labels or values, in order; empty where nothing gives them.
    ///   - option: which option named the targets, for messages.
    /// - Returns: the facts with names for all; the class of each row; labels or values row-major, nil for classes.
    /// - Throws: `DatasetFault` where names do not fit, a label is neither 0 nor 1, or a value is not finite.
    func learned(
        _ kind: TargetKind, names: [String], option: String
    ) throws(DatasetFault) -> (facts: TargetFacts, classes: [Int], numbers: [Float]?) {
        switch self {
        case .classes(let values):
            let classes = try Categories(values, names: names, what: "class", option: option)
            return (TargetFacts(.classes, names: classes.names), classes.indices, nil)
        case .numbers(let numbers, let width):
            guard names.isEmpty || names.count == width else {
                throw DatasetFault(
                    option: "class-names", message: "\(names.count) names are given for \(width) \(kind.rawValue)", expected: "\(width) names")
            }
            if kind == .labels, let place = numbers.firstIndex(where: { $0 != 0 && $0 != 1 }) {
                throw DatasetFault(
                    option: option, message: "row \(place / width) holds \(numbers[place]) in column \(place % width)", expected: "0 or 1",
                    suggestion: nil)
            }
            if let place = numbers.firstIndex(where: { !$0.isFinite }) {
                throw DatasetFault(option: option, message: "the value of row \(place / width) is \(numbers[place])", expected: "a finite number")
            }
            let noun = kind == .labels ? "label" : "value"
            let names = names.isEmpty ? (width == 1 ? [noun] : (1...width).map { "\(noun)-\($0)" }) : names
            return (TargetFacts(kind, names: names), Array(repeating: 0, count: count), numbers)
        }
    }

    /// Only some of the rows, in this order.
    ///
    /// Rows may repeat.
    func keeping(_ rows: [Int]) -> RowTargets {
        switch self {
        case .classes(let values): .classes(values.keeping(rows))
        case .numbers(let numbers, let width): .numbers(rows.flatMap { numbers[$0 * width..<($0 + 1) * width] }, width: width)
        }
    }
}

// MARK: - Reading

extension ArrayContainer {
    /// What there is to learn of `rows` rows, from the array `key`.
    ///
    /// Classes are an array of `N` numbers or names; labels are `N×K` of 0 and 1; values are `N` or
    /// `N×V` numbers.
    ///
    /// - Throws: `DatasetFault` where the array does not fit the rows, or holds something that cannot
    ///   be targets of this kind.
    ///
    /// - Parameters:
    ///   - key: of the array.
    ///   - kind: what is learned.
    ///   - rows: the number of samples `N`; an array of one column may be stored as `1×N`.
    /// - Returns: numbers of classes or names as they are; labels and values as 32-bit floats, NaN
    ///   where one is missing.
    func targets(_ key: String, kind: TargetKind, rows: Int) throws(DatasetFault) -> RowTargets {
        guard kind != .classes else { return .classes(try values(key, option: "labels", rows: rows)) }
        let array = try array(key, option: "labels")
        let shape = array.shape
        // A table of one column may be stored as one row.
        let width = shape.count == 2 && shape[0] == rows ? shape[1] : shape == [rows] || shape == [1, rows] ? 1 : 0
        guard width > 0, rows <= RowTargets.mostNumbers / width else {
            throw DatasetFault(
                option: "labels", message: "\(path): the array '\(key)' of shape \(array.shapeText) cannot hold \(kind.rawValue)",
                expected: kind == .labels
                    ? "0 or 1 for each of \(rows) rows and each label: \(rows)×K" : "one number or several for each of \(rows) rows: \(rows) or \(rows)×V")
        }
        do throws(WeightsFault) {
            if let beyond = try array.beyondSinglePrecision(rows: 0..<array.rowCount) {
                throw array.fault("holds \(beyond.text) for row \(shape.first == rows ? beyond.row : 0)")
            }
            return .numbers(RowTargets.marked(try array.floats(rows: 0..<array.rowCount), kind), width: width)
        } catch {
            throw DatasetFault(option: "labels", message: "\(error)", expected: "numbers")
        }
    }
}

extension Manifest {
    /// The rows of clips with a label.
    ///
    /// - Parameters:
    ///   - rule: whether rows without one are left out, with a remark, or refused.
    ///   - kind: what the labels are.
    ///   - names: names of labels; empty to take those that occur.
    /// - Throws: `DatasetFault` with the lines of rows without a label, or of a negative class that is not −1.
    func labeled(_ rule: Arrays.Incomplete, _ kind: TargetKind, names: [String]) throws(DatasetFault) -> Manifest {
        let targets = try targets(kind, names: names, option: "manifest").targets
        if let (_, text) = targets.negativeClasses(naming: { "line \(lines[$0])" }) {
            throw DatasetFault(option: "manifest", message: "\(path): \(text)", expected: RowTargets.classRule)
        }
        let missing = (0..<count).filter { targets.isMissing($0) }
        guard let first = missing.first else { return self }
        guard missing.count < count else {
            throw DatasetFault(option: "manifest", message: "\(path): none of its \(count) clips has a label", expected: "a class in the column 'label'")
        }
        guard rule == .leaveOut else {
            throw DatasetFault(
                option: "manifest", message: "\(path):\(lines[first]): the clip has no label" + (missing.count > 1 ? ", as \(missing.count - 1) more" : ""),
                expected: "a label in every row, or unlabeled: leave-out")
        }
        var kept = keeping((0..<count).filter { !targets.isMissing($0) })
        let some = missing.prefix(5).map { String(lines[$0]) }.joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
        kept.remarks.append("\(path): \(missing.count) of \(count) rows have no label (-1 or empty; lines \(some)); they are left out")
        return kept
    }

    /// What there is to learn of the rows, by the column `label`: a class, a number, or names of labels
    /// with semicolons between them. An empty cell has no class or no value; for labels it means that
    /// none applies, and `-1` that they are unknown.
    ///
    /// - Parameters:
    ///   - kind: what they are.
    ///   - names: names of the labels; empty to take those that occur, in ascending order.
    ///   - option: which option the labels belong to, for messages.
    /// - Returns: the targets, and the names of labels; no names for classes and values.
    /// - Throws: `DatasetFault` with the file and line of a cell that is none of these.
    ///
    /// Numbers are read with a decimal point and may have an exponent.
    func targets(
        _ kind: TargetKind, names: [String], option: String
    ) throws(DatasetFault) -> (targets: RowTargets, names: [String]) {
        let cells = texts("label") ?? []
        switch kind {
        case .classes: return (.classes(try values("label", option: option)), [])
        case .values:
            var numbers: [Float] = []
            for (row, cell) in cells.enumerated() {
                let number = cell.isEmpty ? .nan : Double(cell)
                guard let number else {
                    throw DatasetFault(
                        option: option, message: "\(path):\(lines[row]): '\(cell)' is not a number", expected: "a number in the column 'label'")
                }
                guard !number.isFinite || Float(number).isFinite else {
                    throw DatasetFault(
                        option: "labels", message: "\(path):\(lines[row]): \(cell) is beyond what single precision holds",
                        expected: "numbers within ±\(Float.greatestFiniteMagnitude)")
                }
                numbers.append(Float(number))
            }
            return (.numbers(numbers, width: 1), [])
        case .labels:
            let lists = cells.map { cell in
                cell.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            }
            let known = names.isEmpty ? Set(lists.joined()).subtracting(["-1"]).sorted() : names
            let places = Dictionary(known.enumerated().map { ($1, $0) }) { first, _ in first }
            guard !known.isEmpty, lists.count <= RowTargets.mostNumbers / known.count else {
                throw DatasetFault(
                    option: option, message: "\(path): no row names a label", expected: "names with semicolons between them in the column 'label'")
            }
            var numbers = [Float](repeating: 0, count: lists.count * known.count)
            for (row, list) in lists.enumerated() {
                for name in list {
                    if name == "-1" {
                        numbers[row * known.count] = .nan
                    } else if let place = places[name] {
                        numbers[row * known.count + place] = 1
                    } else {
                        throw DatasetFault(
                            option: option, message: "\(path):\(lines[row]): there is no label '\(name)'",
                            expected: "one of: " + known.joined(separator: ", "), suggestion: nearestName(to: name, among: known))
                    }
                }
            }
            return (.numbers(numbers, width: known.count), known)
        }
    }
}
