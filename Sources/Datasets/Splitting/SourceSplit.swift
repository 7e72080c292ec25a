import Configuration
import Tensors

/// Rows of source domains: what may be trained on, and what a choice may be based on.
///
/// Only a `SourceSplit` makes them, so that a function that takes `SourceIndices` cannot be given a
/// target's rows.
public struct SourceIndices: Hashable, Sendable {
    /// Ascending, without repetition.
    public let rows: [Int]

    /// The number of rows.
    public var count: Int { rows.count }

    /// Keeps the rows in ascending order.
    fileprivate init(_ rows: [Int]) { self.rows = rows.sorted() }
}

/// Rows of held-out domains: for the final figure, and for nothing else.
public struct TargetIndices: Hashable, Sendable {
    /// Ascending, without repetition.
    public let rows: [Int]

    /// The number of rows.
    public var count: Int { rows.count }

    /// Keeps the rows in ascending order.
    fileprivate init(_ rows: [Int]) { self.rows = rows.sorted() }
}

/// Where the validation rows of a split come from: what epochs and tuned values are chosen by. Rows of
/// held-out domains are never among them.
public enum ValidationRule: Hashable, Sendable {
    /// A part of every source domain: the prescribed validation rows where the data set has them, else
    /// this fraction.
    case fraction(Double)
    /// All of one source domain, which is then not trained on.
    case domain(Int)
}

/// A data set divided into rows to train on, rows to choose by, and rows of the held-out domains.
///
/// Rules, first that applies:
/// 1. The data set prescribes a split: training and validation rows are those of the source domains so
///    named; `test` rows of source domains are left out. Of each held-out domain the `test` rows count,
///    or all where none are so named. `held-back` rows count as validation in a source domain and as
///    test in a held-out one. Where it names no validation rows in the sources, rule 2 or 3 divides the
///    training rows.
/// 2. Rows are ordered: the last part of every group (recording) of every source domain, at least one
///    row of a group of two or more.
/// 3. Else: a random part, stratified by domain and class, whole groups only, a function of `random`.
public struct SourceSplit: Sendable {
    /// Rows to train on.
    public let training: SourceIndices
    /// Rows of the source domains to choose by.
    public let validation: SourceIndices
    /// Rows of the held-out domains.
    public let target: TargetIndices
    /// The domains trained or validated on, ascending.
    public let sourceDomains: [Int]
    /// The domains held out, ascending.
    public let targetDomains: [Int]
    private let targetRows: [Int: TargetIndices]

    /// Divides `dataset`.
    ///
    /// - Parameters:
    ///   - targets: the held-out domains.
    ///   - sources: the domains to learn from; all others where nil. One for single-source experiments.
    ///   - rule: where validation rows come from.
    ///   - needsValidation: whether there have to be validation rows; else there may be none, as with a
    ///     fraction of 0.
    ///   - random: what rule 3 draws from.
    /// - Throws: `DatasetFault` where a domain does not exist or is both source and target, or a part
    ///   would be empty.
    public init(
        of dataset: some Dataset, holdingOut targets: [Int], sources: [Int]? = nil, validation rule: ValidationRule,
        needsValidation: Bool = true, random: RandomSource
    ) throws(DatasetFault) {
        let names = dataset.facts.domains
        let targets = Set(targets)
        let sources = Set(sources ?? names.indices.filter { !targets.contains($0) })
        for domain in targets.union(sources).sorted() where !names.indices.contains(domain) {
            throw DatasetFault(message: "there is no domain number \(domain)", expected: "0 to \(names.count - 1)")
        }
        if let both = targets.intersection(sources).min() {
            throw DatasetFault(message: "the domain '\(names[both])' cannot be both source and held out")
        }
        let domains = dataset.domains
        let split = dataset.split
        let usable = domains.indices.filter { sources.contains(domains[$0]) && split?[$0] != .test }
        func isForValidation(_ row: Int) -> Bool { split?[row] == .validation || split?[row] == .heldBack }
        switch rule {
        case .domain(let chosen):
            guard sources.contains(chosen), sources.count > 1 else {
                let name = names.indices.contains(chosen) ? "'\(names[chosen])'" : "number \(chosen)"
                throw DatasetFault(
                    message: "the domain \(name) cannot serve for validation", expected: "one of at least two source domains")
            }
            validation = SourceIndices(usable.filter { domains[$0] == chosen })
            training = SourceIndices(usable.filter { domains[$0] != chosen && !isForValidation($0) })
        case .fraction(let fraction):
            let prescribed = usable.filter(isForValidation)
            let free = usable.filter { !isForValidation($0) }
            let chosen =
                prescribed.isEmpty
                ? Set(validationRows(of: dataset, among: free, fraction: fraction, random: random)) : Set(prescribed)
            validation = SourceIndices(usable.filter(chosen.contains))
            training = SourceIndices(usable.filter { !chosen.contains($0) })
        }
        let held = Dictionary(grouping: domains.indices.filter { targets.contains(domains[$0]) }) { domains[$0] }
        targetRows = held.mapValues { rows in
            let tests = rows.filter { split?[$0] == .test || split?[$0] == .heldBack }
            return TargetIndices(tests.isEmpty ? rows : tests)
        }
        target = TargetIndices(targetRows.values.flatMap(\.rows))
        sourceDomains = sources.sorted()
        targetDomains = targets.sorted()

        let sourceNames = sources.sorted().map { names[$0] }.joined(separator: ", ")
        if training.rows.isEmpty {
            throw DatasetFault(message: "no rows are left to train on in the source domains (\(sourceNames))")
        }
        if needsValidation && validation.rows.isEmpty {
            throw DatasetFault(
                message: "no rows are left for validation in the source domains (\(sourceNames))",
                expected: "more rows or groups a domain and class, or a larger validation fraction")
        }
    }

    /// Rows of one of the held-out domains; none of a domain that is not held out.
    public func target(of domain: Int) -> TargetIndices { targetRows[domain] ?? TargetIndices([]) }
}

/// The rows among `rows` that serve for validation: see `SourceSplit`, rules 2 and 3.
func validationRows(of dataset: some Dataset, among rows: [Int], fraction: Double, random: RandomSource) -> [Int] {
    if let positions = dataset.positions {
        lastPart(of: rows, domains: dataset.domains, groups: dataset.groups, positions: positions, fraction: fraction)
    } else {
        stratifiedPart(
            of: rows, domains: dataset.domains, labels: dataset.labels, groups: dataset.groups, fraction: fraction,
            random: random)
    }
}

/// The last rows of every (domain, group), in the order of `positions`.
///
/// Of n rows, `fraction`·n rounded to the nearest, at least 1 and at most n − 1; of a single row none.
private func lastPart(of rows: [Int], domains: [Int], groups: [Int]?, positions: [Int], fraction: Double) -> [Int] {
    struct Recording: Hashable {
        let domain: Int
        let group: Int
    }
    let recordings = Dictionary(grouping: rows) { Recording(domain: domains[$0], group: groups?[$0] ?? 0) }
    return recordings.values.flatMap { members -> [Int] in
        // Rows of equal position keep their order in the file.
        let ordered = members.sorted { (positions[$0], $0) < (positions[$1], $1) }
        return Array(ordered.suffix(validationCount(of: ordered.count, fraction: fraction)))
    }
}

/// Whole groups at random, from every (domain, class) about `fraction` of its rows.
///
/// A group counts to the domain and class of its first row. Every stratum of two or more groups keeps
/// at least one for training and gives at least one; a stratum of one group stays with training.
func stratifiedPart(
    of rows: [Int], domains: [Int], labels: [Int], groups: [Int]?, fraction: Double, random: RandomSource
) -> [Int] {
    struct Stratum: Hashable {
        let domain: Int
        let label: Int
    }
    var members: [Int: [Int]] = [:]
    var order: [Int] = []
    for row in rows.sorted() {
        let group = groups?[row] ?? row
        if members[group] == nil { order.append(group) }
        members[group, default: []].append(row)
    }
    var strata: [Stratum: [[Int]]] = [:]
    for group in order {
        guard let own = members[group], let first = own.first else { continue }
        strata[Stratum(domain: domains[first], label: labels[first]), default: []].append(own)
    }
    return strata.flatMap { stratum, groups -> [Int] in
        var stream = random.stream("validation/domain-\(stratum.domain)/class-\(stratum.label)")
        let wanted = validationCount(of: groups.reduce(0) { $0 + $1.count }, fraction: fraction)
        var taken: [Int] = []
        for place in stream.permutation(groups.count).dropLast() {
            // A group is taken while that brings the number nearer to the wanted one.
            let group = groups[place]
            if taken.isEmpty ? wanted > 0 : 2 * (wanted - taken.count) >= group.count { taken += group }
        }
        return taken
    }
}

/// How many of `count` rows serve for validation.
private func validationCount(of count: Int, fraction: Double) -> Int {
    guard count > 1, fraction > 0 else { return 0 }
    return min(count - 1, max(1, Int((fraction * Double(count)).rounded())))
}
