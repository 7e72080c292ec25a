import Configuration

extension DatasetFacts {
    /// The facts of data held in memory.
    /// - Precondition: every row's domain is an index into `domains`.
    init(_ arrays: [ModalityArray], domains: [String], classes: [String], domainOfRow: [Int]) {
        self.init(
            modalities: arrays.map(\.facts), domains: domains, classes: classes,
            samplesPerDomain: tally(domainOfRow, kinds: domains.count))
    }
}

/// How often each of `0..<kinds` occurs.
func tally(_ values: [Int], kinds: Int) -> [Int] {
    values.reduce(into: Array(repeating: 0, count: kinds)) { $0[$1] += 1 }
}
