import Configuration
import Persistence

/// A published way to search hyper-parameters, by its name in `tune:`.
///
/// What is drawn are the ranges that the row's regularizers publish: of an option with several the benchmark's own, else its source's.
enum SearchProtocol: String, CaseIterable, Sendable {
    /// Twenty random combinations.
    case standard = "default"
    /// DomainBed: the defaults and nineteen random combinations, three seeds each.
    case domainBed = "domainbed"
    /// MMDG-Bench: the defaults and ten random combinations, each with one random seed of its own.
    case mmdgBench = "mmdg-bench"

    private var benchmark: SearchRange.Benchmark? {
        switch self {
        case .standard: nil
        case .domainBed: .domainBed
        case .mmdgBench: .mmdgBench
        }
    }

    /// Whether the row as it stands is the first candidate.
    var beginsWithDefaults: Bool { self != .standard }

    /// How many combinations are drawn.
    var draws: Int {
        switch self {
        case .standard: 20
        case .domainBed: 19
        case .mmdgBench: 10
        }
    }

    /// The seeds that a candidate is trained with; nil for those of `tuning:`.
    ///
    /// - Parameter seed: which draw.
    func seeds(ofCandidate index: Int, seed: Int) -> [Int]? {
        switch self {
        case .standard: nil
        case .domainBed: [0, 1, 2]
        // The first 31 bits of a digest: two of eleven are alike about once in forty million searches.
        case .mmdgBench: [(Int(SHA256Digest(of: "tune seed \(seed) \(index)").hex.prefix(8), radix: 16) ?? index) >> 1]
        }
    }

    /// The ranges that are drawn from, one for each option.
    func ranges(of component: ComponentDescription) -> [SearchRange] {
        var options: Set<String> = []
        let own = component.search.filter { $0.benchmark != nil && $0.benchmark == benchmark }
        return (own + component.search).filter { options.insert($0.option).inserted }
    }

    /// `mmdg-bench, the row as it stands and 10 combinations drawn at random, a seed of its own each`.
    var phrase: String {
        let drawn = "\(draws) combinations drawn at random"
        let seeds = seeds(ofCandidate: 0, seed: 0).map { $0.count == 1 ? ", a seed of its own each" : ", \($0.count) seeds each" } ?? ""
        return "\(rawValue), \(beginsWithDefaults ? "the row as it stands and " : "")\(drawn)\(seeds)"
    }
}
