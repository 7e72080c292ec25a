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
    /// This many rows of every class of every source domain, at random, whatever validation rows the
    /// data set prescribes.
    case perClass(Int)
    /// All of one source domain, which is then not trained on.
    case domain(Int)
}

/// A data set divided into rows to train on, rows to choose by, and rows of the held-out domains.
///
/// Rules, first that applies:
/// 1. The data set prescribes a split: training and validation rows are those of the source domains so
///    named; `test` rows of source domains are left out. Of each held-out domain the `test` rows count,
///    or all where none are so named. `held-back` rows count as validation in a source domain and as
///    test in a held-out one. Rule 2 or 3 divides the training rows of a source domain in which it names
///    no validation rows.
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
    /// Rows of the held-out domains whose class training does not know; never among ``target``.
    public let unknown: TargetIndices
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
        let unknownRows = Set(dataset.rowsOfUnknownClasses)
        let usable = domains.indices.filter { sources.contains(domains[$0]) && split?[$0] != .test && !unknownRows.contains($0) }
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
        case .perClass(let count):
            let chosen = Set(try Self.rowsPerClass(count, of: dataset, among: usable.filter { !isForValidation($0) }, random: random))
            validation = SourceIndices(Array(chosen))
            training = SourceIndices(usable.filter { !chosen.contains($0) && !isForValidation($0) })
        case .fraction(let fraction):
            let prescribed = usable.filter(isForValidation)
            // One source domain may come with validation rows and another without.
            let provided = Set(prescribed.map { domains[$0] })
            let free = usable.filter { !provided.contains(domains[$0]) }
            let chosen = Set(prescribed + validationRows(of: dataset, among: free, fraction: fraction, random: random))
            validation = SourceIndices(usable.filter(chosen.contains))
            training = SourceIndices(usable.filter { !chosen.contains($0) })
        }
        unknown = TargetIndices(dataset.rowsOfUnknownClasses.filter { targets.contains(domains[$0]) })
        let held = Dictionary(grouping: domains.indices.filter { targets.contains(domains[$0]) && !unknownRows.contains($0) }) { domains[$0] }
        targetRows = held.mapValues { rows in
            let tests = rows.filter { split?[$0] == .test || split?[$0] == .heldBack }
            return TargetIndices(tests.isEmpty ? rows : tests)
        }
        target = TargetIndices(targetRows.values.flatMap(\.rows))
        sourceDomains = sources.sorted()
        targetDomains = targets.sorted()

        if case .perClass = rule { try Self.refuseToDivideGroups(of: dataset) }
        // There may be a thousand folds.
        let shown = sources.sorted().prefix(5).map { names[$0] }.joined(separator: ", ")
        let sourceNames = sources.count > 5 ? "\(shown), … \(sources.count) in all" : shown
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

    /// Divides one domain into rows to train on and rows that are reported, which are none of those:
    /// the reference that is trained on the target. Nothing that is said of a source domain elsewhere
    /// holds here.
    ///
    /// Reported are the rows that the data set names `test` or `held-back`; where there are none, those
    /// that it names validation; where it names none, a fifth of the rows as rules 2 and 3 take it, the
    /// same for every seed. The rest is divided as ever.
    ///
    /// - Throws: as the other one.
    public init(
        of dataset: some Dataset, trainingOnTarget domain: Int, validation rule: ValidationRule, needsValidation: Bool = true,
        random: RandomSource
    ) throws(DatasetFault) {
        let names = dataset.facts.domains
        guard names.indices.contains(domain) else {
            throw DatasetFault(message: "there is no domain number \(domain)", expected: "0 to \(names.count - 1)")
        }
        let unknownRows = Set(dataset.rowsOfUnknownClasses)
        unknown = TargetIndices(dataset.rowsOfUnknownClasses.filter { dataset.domains[$0] == domain })
        let own = dataset.domains.indices.filter { dataset.domains[$0] == domain && !unknownRows.contains($0) }
        func named(_ parts: Set<SplitName>) -> [Int] { own.filter { row in dataset.split.map { parts.contains($0[row]) } ?? false } }
        var reported = named([.test, .heldBack])
        if reported.isEmpty { reported = named([.validation]) }
        if reported.isEmpty { reported = validationRows(of: dataset, among: own, fraction: 0.2, random: RandomSource(seed: 0).child("reported")) }
        let taken = Set(reported)
        let rest = own.filter { !taken.contains($0) }
        let prescribed = named([.validation]).filter { !taken.contains($0) }
        let chosen: [Int]
        switch rule {
        case .domain:
            throw DatasetFault(message: "a domain that is trained on itself has no other domain for selection", expected: "source-validation or last-epoch")
        case .perClass(let count):
            try Self.refuseToDivideGroups(of: dataset)
            chosen = try Self.rowsPerClass(count, of: dataset, among: rest.filter { !prescribed.contains($0) }, random: random)
        case .fraction(let fraction):
            chosen = prescribed.isEmpty ? validationRows(of: dataset, among: rest, fraction: fraction, random: random) : prescribed
        }
        let left = Set(chosen + prescribed)
        validation = SourceIndices(chosen)
        training = SourceIndices(rest.filter { !left.contains($0) })
        target = TargetIndices(reported)
        targetRows = [domain: target]
        (sourceDomains, targetDomains) = ([domain], [domain])
        guard !training.rows.isEmpty, !target.rows.isEmpty, !(needsValidation && validation.rows.isEmpty) else {
            throw DatasetFault(
                message: "'\(names[domain])' has \(own.count) rows, too few for training, selection and the report", expected: "more rows of each class")
        }
    }

    /// - Throws: where rows belong together, of which single ones cannot be chosen.
    private static func refuseToDivideGroups(of dataset: some Dataset) throws(DatasetFault) {
        guard dataset.groups != nil || dataset.positions != nil else { return }
        throw DatasetFault(
            message: "rows of this data set form groups, and taking a number of rows from each class would divide them",
            expected: "a share of the source samples for validation")
    }

    /// - Throws: where a class of a domain has no more rows than are asked for.
    private static func rowsPerClass(
        _ count: Int, of dataset: some Dataset, among rows: [Int], random: RandomSource
    ) throws(DatasetFault) -> [Int] {
        let facts = dataset.facts
        let (labels, domains) = (dataset.labels, dataset.domains)
        var chosen: [Int] = []
        let strata = Dictionary(grouping: rows) { [domains[$0], labels[$0]] }
        for (stratum, members) in strata.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            guard members.count > count else {
                let name = facts.classes.isEmpty ? "" : " of class '\(facts.classes[stratum[1]])'"
                throw DatasetFault(
                    message: "'\(facts.domains[stratum[0]])' has \(members.count) rows\(name), and \(count) are for validation",
                    expected: "at most \(members.count - 1) rows of each class for validation")
            }
            var stream = random.stream("validation/domain-\(stratum[0])/class-\(stratum[1])")
            chosen += stream.permutation(members.count).prefix(count).map { members[$0] }
        }
        return chosen
    }
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
    // A million rows without groups are a million groups, so a group is no array of its own but a range of this one.
    var ordered = rows.sorted()
    if let groups {
        var first: [Int: Int] = [:]
        for row in ordered where first[groups[row]] == nil { first[groups[row]] = row }
        // In the order of the groups' first rows.
        ordered.sort { (first[groups[$0]] ?? $0, $0) < (first[groups[$1]] ?? $1, $1) }
    }
    var strata: [Stratum: [Range<Int>]] = [:]
    var start = 0
    while start < ordered.count {
        let row = ordered[start]
        var end = start + 1
        if let groups { while end < ordered.count, groups[ordered[end]] == groups[row] { end += 1 } }
        strata[Stratum(domain: domains[row], label: labels[row]), default: []].append(start..<end)
        start = end
    }
    return strata.flatMap { stratum, groups -> [Int] in
        var stream = random.stream("validation/domain-\(stratum.domain)/class-\(stratum.label)")
        let wanted = validationCount(of: groups.reduce(0) { $0 + $1.count }, fraction: fraction)
        var taken: [Int] = []
        for place in stream.permutation(groups.count).dropLast() {
            // A group is taken while that brings the number nearer to the wanted one.
            let group = groups[place]
            if taken.isEmpty ? wanted > 0 : 2 * (wanted - taken.count) >= group.count { taken += ordered[group] }
        }
        return taken
    }
}

/// How many of `count` rows serve for validation.
private func validationCount(of count: Int, fraction: Double) -> Int {
    guard count > 1, fraction > 0 else { return 0 }
    return min(count - 1, max(1, Int((fraction * Double(count)).rounded())))
}
