import Configuration
import Networks
import Tensors

/// How a data set is divided where its own domains are not what generalization is asked about.
///
/// It is used by the protocols `iid` and `k-fold`. Divisions are functions of the data set and of
/// `draw` alone: another seed of a study trains on the same parts. Groups, such as the windows of one
/// recording, always stay together; where the data set has none, every sample is a group of its own.
///
/// ```yaml
/// evaluation: {protocol: k-fold, folds: 5, draw: 1}
/// ```
public enum SampleDivision: Hashable, Sendable {
    /// Two parts, `train` and `test`: a share of the samples is for the final figure and nothing else.
    /// Where the data set itself prescribes test samples, those are the ones.
    ///
    /// `share` is above 0 and below 1, of the samples of each class of each domain; whole groups may
    /// miss it by up to one group a stratum.
    case test(share: Double, draw: Int)
    /// `count` parts of about equal size, `fold-1` and so on, each of which is held out in turn.
    ///
    /// `count` is 2 or more. Whatever split the data set prescribes is set aside.
    case folds(count: Int, draw: Int)

    /// The option of a data set under which a plan keeps it. No data set has such an option of its own.
    ///
    /// It holds a list, so that no option of a recipe can be mistaken for it.
    package static let option = "division"

    /// As a plan keeps it.
    ///
    /// A list of a word, the share or the number of folds, and the draw.
    package var value: OptionValue {
        switch self {
        case .test(let share, let draw): .list([.string("test"), .number(share), .integer(draw)])
        case .folds(let count, let draw): .list([.string("folds"), .integer(count), .integer(draw)])
        }
    }

    /// - Throws: `DatasetFault` where the value is none that a plan keeps.
    init(_ value: OptionValue) throws(DatasetFault) {
        if case .list(let parts) = value, parts.count == 3, case .string(let kind) = parts[0], case .integer(let draw) = parts[2] {
            switch (kind, parts[1]) {
            case ("test", .number(let share)) where share > 0 && share < 1:
                self = .test(share: share, draw: draw)
                return
            case ("folds", .integer(let count)) where count >= 2:
                self = .folds(count: count, draw: draw)
                return
            default: break
            }
        }
        throw DatasetFault(
            option: Self.option, message: "\(value) does not say how to divide the data", expected: "[test, share, draw] or [folds, count, draw]")
    }

    /// The data set with the parts in place of its domains. Groups are never divided, and every part
    /// has its share of each class and of each of the former domains, as far as groups allow.
    ///
    /// - Throws: `DatasetFault` where there are too few samples or groups.
    ///
    /// Inputs stay where they are: the result hands on every request to the original data set, which is
    /// read from files as before where it is one of files. The domains become `train` and `test`, or
    /// `fold-1` and so on; groups, positions and targets are those of the original.
    func applied(to dataset: any Dataset) throws(DatasetFault) -> any Dataset {
        Divided(original: dataset, parts: try Parts(self, of: dataset))
    }

    /// Whether the data set, divided into `train` and `test`, has for its `test` the samples that it prescribes itself: neither a share nor a draw has
    /// a say then.
    package static func takesPrescribedTest(_ dataset: any Dataset) -> Bool {
        if let divided = dataset as? Divided { return divided.original.split?.contains(.test) ?? false }
        return (dataset as? any DatasetView).map { takesPrescribedTest($0.original) } ?? false
    }

    /// The parts of one data set.
    fileprivate struct Parts: Sendable {
        /// Names of the parts, which become the domains.
        let names: [String]
        /// The part of every row.
        let ofRows: [Int]
        /// The prescribed split within the parts; nil where there is none, and for folds.
        let split: [SplitName]?
        /// The facts of the divided data set: other domains and counts, all else as before.
        let facts: DatasetFacts

        /// - Parameters:
        ///   - division: how to divide.
        ///   - dataset: what is divided.
        /// - Throws: `DatasetFault` where a part would be empty.
        init(_ division: SampleDivision, of dataset: any Dataset) throws(DatasetFault) {
            switch division {
            case .test(let share, let draw):
                names = ["train", "test"]
                if let prescribed = dataset.split, prescribed.contains(.test) {
                    ofRows = prescribed.map { $0 == .test ? 1 : 0 }
                } else {
                    let random = RandomSource(seed: UInt64(bitPattern: Int64(draw))).child("test samples")
                    let chosen = Set(
                        stratifiedPart(
                            of: Array(dataset.labels.indices), domains: dataset.domains, labels: dataset.labels, groups: dataset.groups,
                            fraction: share, random: random))
                    ofRows = dataset.labels.indices.map { chosen.contains($0) ? 1 : 0 }
                }
                // What was held back from training may serve for validation; the test samples are a part of their own.
                split = dataset.split?.map { $0 == .heldBack ? .validation : $0 == .test ? .train : $0 }
            case .folds(let count, let draw):
                names = (1...count).map { "fold-\($0)" }
                ofRows = Self.folds(count, draw: draw, of: dataset)
                // Folds are a division of everything, whatever the data set prescribes.
                split = nil
            }
            var counts = names.map { _ in 0 }
            for part in ofRows { counts[part] += 1 }
            if let empty = counts.firstIndex(of: 0) {
                let groups = dataset.groups.map { Set($0).count } ?? dataset.count
                throw DatasetFault(
                    option: SampleDivision.option, message: "nothing is left for the part '\(names[empty])'",
                    expected: "more than the \(groups) \(dataset.groups == nil ? "samples" : "groups") of the data, or fewer parts")
            }
            facts = DatasetFacts(
                modalities: dataset.facts.modalities, domains: names, targets: dataset.facts.targets, samplesPerDomain: counts)
        }

        /// Whole groups are dealt out, class by class of each domain, each to the fold that has the
        /// least of that class and then of all.
        ///
        /// - Parameters:
        ///   - count: the number of folds.
        ///   - draw: another one gives another division.
        /// - Returns: the fold of every row, `N` numbers in `0..<count`. A group counts to the domain
        ///   and class of its first row.
        /// - Complexity: `O(N · count)`.
        private static func folds(_ count: Int, draw: Int, of dataset: any Dataset) -> [Int] {
            struct Stratum: Hashable {
                let domain, label: Int
            }
            var members: [Int: [Int]] = [:]
            var order: [Int] = []
            for row in dataset.labels.indices {
                let group = dataset.groups?[row] ?? row
                if members[group] == nil { order.append(group) }
                members[group, default: []].append(row)
            }
            var strata: [Stratum: [[Int]]] = [:]
            var known: [Stratum] = []
            for group in order {
                guard let rows = members[group], let first = rows.first else { continue }
                let stratum = Stratum(domain: dataset.domains[first], label: dataset.labels[first])
                if strata[stratum] == nil { known.append(stratum) }
                strata[stratum, default: []].append(rows)
            }
            let random = RandomSource(seed: UInt64(bitPattern: Int64(draw))).child("folds")
            var ofRows = [Int](repeating: 0, count: dataset.count)
            var sizes = [Int](repeating: 0, count: count)
            for stratum in known {
                let groups = strata[stratum] ?? []
                var own = [Int](repeating: 0, count: count)
                var stream = random.stream("domain-\(stratum.domain)/class-\(stratum.label)")
                for place in stream.permutation(groups.count) {
                    let fold = (0..<count).min { (own[$0], sizes[$0], $0) < (own[$1], sizes[$1], $1) } ?? 0
                    own[fold] += groups[place].count
                    sizes[fold] += groups[place].count
                    for row in groups[place] { ofRows[row] = fold }
                }
            }
            return ofRows
        }
    }

    /// A data set under other domains.
    private struct Divided: DatasetView {
        let original: any Dataset
        let parts: Parts

        var facts: DatasetFacts { parts.facts }
        var domains: [Int] { parts.ofRows }
        var split: [SplitName]? { parts.split }
    }
}
