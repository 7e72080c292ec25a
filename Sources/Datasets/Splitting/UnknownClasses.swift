import Configuration

/// Classes that training does not know: `unknown-classes:` of a recipe's evaluation.
///
/// Their samples are neither trained on nor chosen by, and no score counts them. Measurements may ask
/// whether a trained model tells those of the held-out domains from samples of the classes that it
/// knows.
///
/// Rows keep their numbers. Those of unknown classes are in
/// ``Dataset/rowsOfUnknownClasses``, and their labels mean nothing.
public struct UnknownClasses: Hashable, Sendable {
    /// Names of classes of the data set.
    public let names: [String]

    /// - Parameter names: names of classes of the data set.
    public init(_ names: [String]) { self.names = names }

    /// The option of a data set under which a plan keeps them. No data set has such an option of its own.
    package static let option = "unknown-classes"

    /// As a plan keeps them.
    package var value: OptionValue { .list(names.map(OptionValue.string)) }

    /// - Throws: `DatasetFault` where the value is none that a plan keeps.
    init(_ value: OptionValue) throws(DatasetFault) {
        guard case .list(let items) = value else {
            throw DatasetFault(option: Self.option, message: "\(value) does not say which classes are unknown", expected: "a list of names of classes")
        }
        names = items.map(\.description)
    }

    /// The data set without these among its classes.
    ///
    /// - Throws: `DatasetFault` where the data set has no such class, has no classes, or fewer than two are left.
    func applied(to dataset: any Dataset) throws(DatasetFault) -> any Dataset {
        KnownClasses(original: dataset, known: try Known(self, of: dataset))
    }

    /// What is left of one data set.
    private struct Known: Sendable {
        let facts: DatasetFacts
        /// The number of each row's class among those that are known; 0, which nobody reads, for rows of others.
        let labels: [Int]
        /// Ascending.
        let unknownRows: [Int]

        init(_ classes: UnknownClasses, of dataset: any Dataset) throws(DatasetFault) {
            let facts = dataset.facts
            guard facts.targets.kind == .classes else {
                throw DatasetFault(option: UnknownClasses.option, message: "these data have no classes that could be unknown", expected: "data of classes")
            }
            try dataset.checkRows()
            if let name = classes.names.first(where: { !facts.classes.contains($0) }) {
                throw DatasetFault(
                    option: UnknownClasses.option, message: "the data have no class '\(name)'", expected: "of: " + facts.classes.joined(separator: ", "),
                    suggestion: nearestName(to: name, among: facts.classes))
            }
            let left = facts.classes.filter { !classes.names.contains($0) }
            guard left.count >= 2 else {
                throw DatasetFault(
                    option: UnknownClasses.option, message: "\(left.count) of \(facts.classes.count) classes would be left to learn", expected: "at least two")
            }
            let numbers = facts.classes.map { left.firstIndex(of: $0) }
            let found = dataset.labels.map { numbers[$0] }
            labels = found.map { $0 ?? 0 }
            unknownRows = found.indices.filter { found[$0] == nil }
            var counts = facts.domains.map { _ in 0 }
            for (label, domain) in zip(found, dataset.domains) where label != nil { counts[domain] += 1 }
            self.facts = DatasetFacts(
                modalities: facts.modalities, domains: facts.domains, targets: TargetFacts(.classes, names: left), samplesPerDomain: counts)
        }
    }

    /// A data set of which some classes are unknown.
    private struct KnownClasses: DatasetView {
        let original: any Dataset
        let known: Known

        var facts: DatasetFacts { known.facts }
        var labels: [Int] { known.labels }
        var rowsOfUnknownClasses: [Int] { known.unknownRows }

        func holdingOut(_ domains: [Int]) -> any Dataset { KnownClasses(original: original.holdingOut(domains), known: known) }
    }
}
