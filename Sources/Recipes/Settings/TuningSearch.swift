import Configuration
import Persistence

/// A row's `tune:`: every combination of some values, combinations that are drawn at random, or the search of a benchmark.
///
/// ```yaml
/// tune: {mer.weight: [0.1, 0.3, 1, 3]}
/// tune: {search: random, budget: 12, mer.weight: {between: [0.01, 10], scale: log}, mer.estimator: [paper, reference]}
/// tune: mmdg-bench
/// tune: {protocol: domainbed, mer.weight: {between: [0.01, 10], scale: log}}
/// ```
struct TuningSearch {
    private enum Kind: String, CaseIterable, Sendable { case grid, random }

    private struct Settings: Options {
        var search = Kind.grid
        var budget: Int?
        var seed = 0
        var published: SearchProtocol?

        static var fields: [OptionField<Settings>] {
            [
                .choice("search", \.search, "every combination, or some drawn at random"),
                .integer("budget", \.budget, in: 1...Expansion.mostCombinations, "combinations to draw"),
                .integer("seed", \.seed, in: 0..., "which draw; another seed gives other combinations"),
                .choice("protocol", \.published, "the search of a benchmark"),
            ]
        }

        static let keys = descriptions.map(\.name)
    }

    /// A path and what is tried at it.
    struct Axis {
        let path: NodePath
        let location: SourceLocation
        /// The values that combinations have, each once.
        let values: [OptionValue]
        /// The range that they were drawn from; nil for a list.
        let range: String?
    }

    private(set) var axes: [Axis] = []
    /// What to try; at least one, an empty one where nothing is tuned.
    private(set) var combinations: [[Assignment]] = [[]]
    /// Combinations with the ends of the ranges: where these are valid, so is everything between them.
    private(set) var ends: [[Assignment]] = []
    /// Combinations that were drawn; nil where every one is tried.
    private(set) var budget: Int?
    /// The benchmark whose search it is; nil for one of the recipe's own.
    private(set) var published: SearchProtocol?
    private var seed = 0

    /// No search: one candidate.
    init() {}

    /// The seeds that a combination is trained with; nil for those of `tuning:`.
    func seeds(ofCombination index: Int) -> [Int]? { published?.seeds(ofCandidate: index, seed: seed) }

    /// What a row says; everything that does not fit is reported.
    ///
    /// - Parameter current: the value that the row has at a path as it stands; nil where that is not known.
    init(_ node: YAMLNode?, at location: SourceLocation, current: @escaping (NodePath) -> YAMLNode? = { _ in nil }, faults: FaultCollector) {
        self.init()
        guard let node, let entries = node.entries, let section = SectionReader(node, name: "tune", at: location, faults: faults) else {
            take(Expansion(node, name: "tune", at: location, faults: faults))
            return
        }
        let settings = section.options(Settings.self)
        let own = entries.filter { !Settings.keys.contains($0.key) }
        Self.refuseMisspelt(own, faults: faults)
        if let published = settings.published {
            for key in ["search", "budget"] {
                guard let entry = node.entry(key) else { continue }
                faults.report("'\(key)' cannot stand beside a protocol, which sets it", at: entry.keyLocation, expected: "one of the two")
            }
            (self.published, seed) = (published, settings.seed)
            draw(
                published.draws, seed: settings.seed, from: own, first: published.beginsWithDefaults ? current : nil,
                at: node.entry("protocol")?.value.location ?? location, faults: faults)
            return
        }
        guard settings.search == .random else {
            for key in ["budget", "seed"] {
                guard let entry = node.entry(key) else { continue }
                faults.report("'\(key)' belongs to a random search", at: entry.keyLocation, expected: "search: random beside it")
            }
            for entry in own where DrawnRange.isRange(entry.value) && entry.value["between"] != nil {
                faults.report(
                    "a range needs a random search", at: entry.value.location,
                    expected: "a list of values to try, or search: random with a budget")
                faults.settle(entry.value.location)
            }
            take(Expansion(YAMLNode(.map(own), at: node.location), name: "tune", at: location, faults: faults))
            return
        }
        guard let budget = settings.budget else {
            // One at fault has been reported.
            if node["budget"] == nil { section.reportMissing("budget", expected: "the number of combinations to draw") }
            return
        }
        draw(budget, seed: settings.seed, from: own, at: node.entry("budget")?.value.location ?? location, faults: faults)
    }

    private mutating func take(_ grid: Expansion) {
        axes = grid.axes.map { Axis(path: $0.path, location: $0.location, values: $0.values.map(\.value), range: nil) }
        combinations = grid.combinations
    }

    /// One path of a random search.
    private enum Source {
        case list(Expansion.Axis)
        case range(DrawnRange, NodePath, SourceLocation)

        var path: NodePath {
            switch self {
            case .list(let axis): axis.path
            case .range(_, let path, _): path
            }
        }

        /// How many different values there are; nil for a range without steps.
        var count: Double? {
            switch self {
            case .list(let axis): Double(axis.values.count)
            case .range(let range, _, _): range.count
            }
        }

        func value(at share: Double) -> Assignment {
            switch self {
            case .list(let axis):
                return axis.values[min(Int(share * Double(axis.values.count)), axis.values.count - 1)]
            case .range(let range, let path, _):
                let node = range.value(at: share)
                return Assignment(path: path, node: node, value: node.optionValue ?? .null)
            }
        }

        init?(_ entry: YAMLNode.Entry, faults: FaultCollector) {
            guard DrawnRange.isRange(entry.value) else {
                let list = YAMLNode(.map([entry]), at: entry.keyLocation)
                guard let axis = Expansion(list, name: "tune", at: entry.keyLocation, faults: faults).axes.first else { return nil }
                self = .list(axis)
                return
            }
            do throws(Diagnostic) {
                let path = try NodePath(entry.key, at: entry.keyLocation)
                guard let range = DrawnRange(entry, faults: faults) else { return nil }
                self = .range(range, path, entry.keyLocation)
            } catch {
                faults.report(error)
                return nil
            }
        }
    }

    /// Draws different combinations until there are as many as the budget.
    ///
    /// A draw is a function of the seed, the path and its number. A larger budget therefore keeps what
    /// a smaller one drew, and rows that tune the same path over the same range try the same values.
    ///
    /// - Parameter current: gives the values that the row has as it stands, which are then the first
    ///   combination.
    private mutating func draw(
        _ budget: Int, seed: Int, from entries: [YAMLNode.Entry], first current: ((NodePath) -> YAMLNode?)? = nil, at location: SourceLocation,
        faults: FaultCollector
    ) {
        let sources = entries.compactMap { Source($0, faults: faults) }
        guard sources.count == entries.count else { return }
        guard !sources.isEmpty else {
            faults.report("a random search has nothing to draw", at: location, expected: "paths beside it, such as mer.weight")
            return
        }
        var drawn: [[Assignment]] = []
        var seen: Set<[OptionValue]> = []
        let possible = sources.reduce(1) { $0 * ($1.count ?? .infinity) }
        // Too many are refused without drawing them all.
        let draws = possible < Double(budget) ? 0 : 1000 + 20 * budget
        for number in 0..<draws where drawn.count < budget {
            let combination = sources.map { $0.value(at: Self.share(seed: seed, path: $0.path.text, number: number)) }
            if seen.insert(combination.map(\.value)).inserted { drawn.append(combination) }
        }
        guard drawn.count == budget else {
            faults.report(
                "a budget of \(budget) is more than the number of different combinations", at: location,
                expected: "at most \(draws == 0 ? Int(possible) : drawn.count), the different combinations of these values")
            return
        }
        let first = current.map { current in
            sources.compactMap { source in
                current(source.path).map { Assignment(path: source.path, node: $0, value: $0.optionValue ?? .null) }
            }
        }
        combinations = (first.map { [$0] } ?? []) + drawn
        self.budget = budget
        axes = sources.enumerated().map { index, source in
            var known: Set<OptionValue> = []
            let values = drawn.map { $0[index].value }.filter { known.insert($0).inserted }
            return switch source {
            case .list(let axis): Axis(path: axis.path, location: axis.location, values: values, range: nil)
            case .range(let range, let path, let location): Axis(path: path, location: location, values: values, range: range.phrase)
            }
        }
        for (index, source) in sources.enumerated() {
            guard case .range(let range, let path, _) = source else { continue }
            for end in range.ends {
                var combination = drawn[0]
                combination[index] = Assignment(path: path, node: end, value: end.optionValue ?? .null)
                ends.append(combination)
            }
        }
    }

    /// A number uniformly distributed from 0 to below 1, from the first 52 bits of a digest: the same
    /// on every machine.
    private static func share(seed: Int, path: String, number: Int) -> Double {
        let digest = SHA256Digest(of: "tune \(seed) \(path) \(number)").hex
        return Double(UInt64(digest.prefix(13), radix: 16) ?? 0) / Double(UInt64(1) << 52)
    }

    /// Reports a misspelt key of a search, which would otherwise be taken for a path.
    private static func refuseMisspelt(_ entries: [YAMLNode.Entry], faults: FaultCollector) {
        for entry in entries where !entry.key.contains(where: { ".[".contains($0) }) {
            guard let near = nearestName(to: entry.key, among: Settings.keys) else { continue }
            faults.report(
                "unknown key '\(printable(entry.key))' in tune", at: entry.keyLocation,
                expected: "a path such as mer.weight, or one of: " + Settings.keys.joined(separator: ", "), suggestion: near)
            faults.settle(entry.keyLocation)
            faults.settle(entry.value.location)
        }
    }
}
