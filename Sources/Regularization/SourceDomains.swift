/// The domains that a training learns from, by the numbers that its samples carry.
///
/// A data set numbers all of its domains, the held-out one included. A regularizer that keeps something
/// for each source domain, such as a weight or an output of a discriminator, finds its index here.
public struct SourceDomains: Hashable, Sendable, ExpressibleByArrayLiteral {
    /// The numbers of the domains, ascending and unique; empty where they are not known.
    public let numbers: [Int]

    /// The domains of these numbers, in any order and possibly repeated.
    public init(_ numbers: [Int]) { self.numbers = Set(numbers).sorted() }

    public init(arrayLiteral numbers: Int...) { self.init(numbers) }

    /// How many there are.
    public var count: Int { numbers.count }

    /// The index of a domain among the source domains, from 0.
    ///
    /// - Throws: ``UnknownDomain`` where it is not one of them.
    public func place(of number: Int) throws(UnknownDomain) -> Int {
        guard let place = numbers.firstIndex(of: number) else { throw UnknownDomain(number: number, known: numbers) }
        return place
    }
}

/// A sample belongs to a domain that is not among the source domains.
public struct UnknownDomain: Error, Hashable, Sendable, CustomStringConvertible {
    /// Its number.
    public let number: Int
    /// The numbers of the source domains.
    public let known: [Int]

    public var description: String {
        "a sample of domain \(number), where the source domains are \(known.isEmpty ? "unknown" : known.map(String.init).joined(separator: ", "))"
    }
}

/// The samples of one source domain in a batch.
public struct DomainRows: Hashable, Sendable {
    /// The domain's number.
    public let domain: Int

    /// Its rows, in the batch's order; at least one.
    public let rows: [Int]

    /// The rows of a batch by domain, in ascending order of the domains' numbers.
    ///
    /// - Parameter domains: the domain of each row.
    public static func all(of domains: [Int]) -> [DomainRows] {
        var rows: [Int: [Int]] = [:]
        for (row, domain) in domains.enumerated() { rows[domain, default: []].append(row) }
        return rows.sorted { $0.key < $1.key }.map { DomainRows(domain: $0.key, rows: $0.value) }
    }
}

extension TrainingStep {
    /// The rows of each source domain in the batch, in ascending order of the domains' numbers.
    public var rowsByDomain: [DomainRows] { DomainRows.all(of: domains) }
}

/// What a regularizer needs of the data beyond a number of samples.
public enum DataNeed: String, CaseIterable, Hashable, Sendable {
    /// Samples of at least two source domains; a recipe that trains on one is refused.
    case severalDomains

    /// At least two modalities, between which it works; a recipe in which the term sees one is refused.
    case severalModalities

    /// Several samples of one class in a batch. Batches of data sets with many classes may lack them;
    /// the term then has little to work with.
    case severalSamplesOfAClass

    /// The need as the object of “it needs …”.
    public var summary: String {
        switch self {
        case .severalDomains: "samples of at least two source domains"
        case .severalModalities: "at least two modalities"
        case .severalSamplesOfAClass: "several samples of a class in a batch"
        }
    }
}
