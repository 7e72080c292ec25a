import Tensors

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
/// A group counts to the domain and class of its first row. Every stratum of two or more groups keeps at least one for
/// training and gives at least one; a stratum of one group stays with training.
private func stratifiedPart(
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
