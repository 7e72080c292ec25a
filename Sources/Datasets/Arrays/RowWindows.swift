import Configuration
import Networks

/// How recordings are cut: into windows of so many steps, of which one begins every so many steps.
///
/// Window k of a recording holds the steps `k·every ..< k·every + steps`. What is left at its end and is no whole window is not used.
///
/// Of a recording of 10 steps, `window: 4, every: 3` makes three windows:
///
/// ```
/// step      0 1 2 3 4 5 6 7 8 9
/// window 0  · · · ·
/// window 1        · · · ·
/// window 2              · · · ·
/// ```
///
/// Nothing is copied here: a window is a row and the step that it begins at.
struct RowWindows: Hashable, Sendable {
    /// The length of a window.
    let steps: Int
    /// How many steps lie between the beginnings of two windows; fewer than ``steps`` where windows overlap.
    let every: Int

    /// The largest number of windows, which is that of rows.
    static let mostWindows = 1 << 28
    /// The largest number of values in all windows of a modality: with overlap they are many more than those that are stored.
    static let mostValues = 1 << 42

    /// Reads the options `window` and `every`; nil where rows are not cut.
    ///
    /// - Throws: `DatasetFault` where a number is not positive, or `every` stands alone.
    init?(_ options: Arrays.Options) throws(DatasetFault) {
        guard let steps = options.window else {
            guard options.every == nil else {
                throw DatasetFault(
                    option: "every", message: "option every says how far apart windows begin, and there is no option window",
                    expected: "window: STEPS beside it")
            }
            return nil
        }
        guard steps > 0 else { throw DatasetFault(option: "window", message: "a window has \(steps) steps", expected: "1 or more") }
        let every = options.every ?? steps
        guard every > 0 else { throw DatasetFault(option: "every", message: "a window begins every \(every) steps", expected: "1 or more") }
        (self.steps, self.every) = (steps, every)
    }

    /// Whether a step may lie in two windows.
    var overlap: Bool { every < steps }

    /// How many whole windows so many steps have; 0 where they are fewer than a window.
    ///
    /// - Parameter length: the number of real steps of a recording, without its padding.
    func count(in length: Int) -> Int { length < steps ? 0 : (length - steps) / every + 1 }

    /// Where windows lie in a table of recordings: the samples of the data set, in this order.
    ///
    /// All modalities share it, as they are cut alike.
    /// The windows of a recording follow one another, and recordings keep their order.
    struct Places: Sendable {
        /// The length of a window.
        let steps: Int
        /// The row of the recording of each window, ascending.
        var rows: [Int] = []
        /// The first step of each window.
        var starts: [Int] = []
        /// The number of each window within its recording, from 0.
        var numbers: [Int] = []
        /// For each row whether it has a modality, by the modality's name, where some lack it.
        var present: [String: [Bool]] = [:]
        /// What was left out, a sentence each.
        var remarks: [String] = []

        /// - Parameter steps: the length of a window.
        init(steps: Int) { self.steps = steps }

        /// A value for each window, from one for each row.
        ///
        /// - Parameter values: of the rows; that of a row is repeated for each of its windows.
        func repeating<Value>(_ values: [Value]) -> [Value] { rows.map { values[$0] } }

        /// Targets for each window, from those for each row, row-major.
        ///
        /// - Parameters:
        ///   - numbers: rows × `width`.
        ///   - width: how many a row has.
        /// - Returns: windows × `width`.
        /// - Throws: `DatasetFault` where they become more than targets may be.
        func repeating(_ numbers: [Float], width: Int) throws(DatasetFault) -> [Float] {
            guard rows.count <= RowTargets.mostNumbers / max(width, 1) else {
                throw DatasetFault(
                    option: "window", message: "\(rows.count) windows with \(width) targets each are more than \(RowTargets.mostNumbers) targets",
                    expected: "fewer windows")
            }
            return rows.flatMap { numbers[$0 * width..<($0 + 1) * width] }
        }
    }

    /// Cuts the rows of a table.
    ///
    /// A row that lacks all sequences and has another modality is kept as one sample without them; one that has nothing is left out.
    ///
    /// - Parameters:
    ///   - modalities: those with an axis of steps are cut alike, the others are the same in all windows of a row.
    ///   - skipsShort: whether rows that are shorter than a window are left out and counted.
    ///   - name: what a row is called in messages, such as its line.
    /// - Returns: the windows of all rows, with remarks on what was left out.
    /// - Throws: `DatasetFault` where no modality is a sequence, sequences of a row differ in length, a row is too short, or windows are too many.
    func places(in modalities: [ArrayModality], skipsShort: Bool, naming name: (Int) -> String) throws(DatasetFault) -> Places {
        guard let first = modalities.first else { return Places(steps: steps) }
        guard modalities.contains(where: \.isSequence) else {
            throw DatasetFault(
                option: "window", message: "no modality is a sequence: samples of '\(first.name)' have shape \(ArrayContainer.text(first.sampleShape))",
                expected: "steps × channels, as in array[:, :, None] for recordings of one channel")
        }
        let all = Array(0..<first.count)
        var there: [(modality: ArrayModality, presence: Presence)] = []
        var places = Places(steps: steps)
        for modality in modalities {
            let presence = try modality.presence(all)
            there.append((modality, presence))
            places.present[modality.name] = presence.samples
        }
        // Windows are counted before there are any: a file may claim any shape.
        var cuts: [(row: Int, count: Int)] = []
        var (total, short, unused, empty, longest) = (0, 0, 0, 0, 0)
        for row in all {
            let present = there.filter { $0.presence.contains(row) }
            let lengths = present.filter(\.modality.isSequence).map { (name: $0.modality.name, steps: $0.presence.lengths?[row] ?? $0.modality.sampleShape[0]) }
            guard let length = lengths.first else {
                if present.isEmpty { empty += 1 } else { cuts.append((row, 1)) }
                total += present.isEmpty ? 0 : 1
                continue
            }
            if let other = lengths.first(where: { $0.steps != length.steps }) {
                throw DatasetFault(
                    option: "window",
                    message: "\(name(row)): '\(length.name)' has \(length.steps) steps and '\(other.name)' \(other.steps), which cannot be cut alike",
                    expected: "as many steps in all sequences of a row; what is no sequence is one vector a row")
            }
            longest = max(longest, length.steps)
            let count = count(in: length.steps)
            guard count > 0 else {
                guard skipsShort else {
                    throw DatasetFault(
                        option: "window", message: "\(name(row)): '\(length.name)' has \(length.steps) steps, fewer than one window of \(steps)",
                        expected: "window: \(length.steps) or less, or on-missing: skip, which leaves such rows out")
                }
                short += 1
                continue
            }
            guard count <= Self.mostWindows - total else {
                throw DatasetFault(
                    option: "every", message: "a window every \(every) steps makes more than \(Self.mostWindows) windows", expected: "a larger number")
            }
            cuts.append((row, count))
            total += count
            unused += length.steps - ((count - 1) * every + steps)
        }
        guard longest >= steps else {
            throw DatasetFault(
                option: "window", message: "no row has the \(steps) steps of a window; the longest has \(longest)", expected: "a smaller number of steps")
        }
        for modality in modalities {
            let width = modality.isSequence ? modality.sampleShape.dropFirst().reduce(steps, *) : modality.sampleShape.reduce(1, *)
            guard total <= Self.mostValues / max(width, 1) else {
                throw DatasetFault(
                    option: "every",
                    message: "\(total) windows of '\(modality.name)' with \(width) values each are more than \(Self.mostValues) values",
                    expected: "a larger number, or shorter windows")
            }
        }
        for (row, count) in cuts {
            for number in 0..<count { places.append(row: row, start: number * every, number: number) }
        }
        places.remarks.append(
            "\(cuts.count) rows are cut into \(total) windows of \(steps) steps, one every \(every)"
                + (unused > 0 ? "; \(unused) steps at their ends are in no window" : ""))
        if short > 0 { places.remarks.append("\(short) of \(all.count) rows are shorter than a window; they are left out") }
        if empty > 0 { places.remarks.append("\(empty) rows have no modality at all; they are left out") }
        return places
    }

    /// The groups and the places in time of windows, so that no window of validation shares a step with one of training.
    ///
    /// The group of a window is that of its row, or the row itself. Windows have an order where the rows have one, and where neither groups are
    /// given nor windows overlap: validation then takes the last part of each recording. Elsewhere they have none, and it takes whole groups.
    ///
    /// - Parameters:
    ///   - places: of the windows.
    ///   - groups: of the rows; nil where every row is a recording of its own.
    ///   - positions: of the rows within their groups; nil where they have no order.
    /// - Returns: a group for each window, and its place in time within the group where windows have an order.
    /// - Throws: `DatasetFault` where windows overlap and rows are ordered: the last part of a group would share steps with the rest.
    func order(
        _ places: Places, groups: [Int]?, positions: [Int]?
    ) throws(DatasetFault) -> (groups: [Int], positions: [Int]?) {
        let own = groups.map(places.repeating) ?? places.rows
        guard !overlap else {
            guard positions == nil else {
                throw DatasetFault(
                    option: "every",
                    message: "windows of \(steps) steps that begin every \(every) overlap, so validation by positions would separate windows "
                        + "that share steps",
                    expected: "every: \(steps) or more, or no positions, so that validation takes whole groups")
            }
            return (own, nil)
        }
        guard let positions else { return (own, groups == nil ? places.numbers : nil) }
        // Rows in their order, and the windows of a row in theirs. Both factors are at most 2²⁸.
        let ranks = RowValues.integers(positions).numbered()
        let most = (places.numbers.max() ?? 0) + 1
        return (own, places.rows.indices.map { ranks[places.rows[$0]] * most + places.numbers[$0] })
    }
}

extension RowWindows.Places {
    /// Adds a window.
    ///
    /// - Parameters:
    ///   - row: of its recording.
    ///   - start: its first step.
    ///   - number: its number within the recording.
    fileprivate mutating func append(row: Int, start: Int, number: Int) {
        rows.append(row)
        starts.append(start)
        numbers.append(number)
    }
}
