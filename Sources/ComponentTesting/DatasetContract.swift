import Configuration
import Datasets
import Networks
import Tensors

/// What every data set has to keep, checked in one call:
/// `#expect(DatasetContract.violations(of: MyData.self, options: options) == [])`.
public enum DatasetContract {
    /// What a data set does not keep, a sentence each; empty where it keeps everything.
    ///
    /// - Its description names it as recipes can, and it opens with the options.
    /// - Rows, domains and targets are as its facts say; whatever else it tells of rows, it tells of each one.
    /// - Inputs have the shape that the facts give, are finite where they are there, and do not depend on what else is asked for.
    /// - A modality that it does not have is refused.
    ///
    /// - Parameters:
    ///   - dataset: the data set.
    ///   - options: what to open it with.
    ///   - rows: how many rows are read, evenly spread; all facts are checked of every row.
    public static func violations<D: DatasetPlugin>(of dataset: D.Type, options: D.Options = D.Options(), rows: Int = 32) -> [String] {
        let described = D.description.faults(declaring: D.Options.descriptions)
        let opened: D
        do throws(DatasetFault) {
            opened = try D(options: options)
            try opened.checkRows()
        } catch {
            return described + ["it does not open: \(error)"]
        }
        guard opened.count > 0 else { return described + ["it has no rows"] }
        let step = max(1, opened.count / max(rows, 1))
        let read = Array(stride(from: 0, to: opened.count, by: step))
        return described + factViolations(of: opened)
            + opened.facts.modalities.flatMap { inputViolations(of: opened, $0, rows: read) }
    }

    private static func factViolations(of dataset: some Dataset) -> [String] {
        let facts = dataset.facts
        var violations: [String] = []
        if facts.modalities.isEmpty { violations.append("it has no modality") }
        if Set(facts.modalityNames).count != facts.modalities.count { violations.append("two of its modalities have one name") }
        if Set(facts.domains).count != facts.domains.count { violations.append("two of its domains have one name") }
        var counts = facts.domains.map { _ in 0 }
        for domain in dataset.domains where counts.indices.contains(domain) { counts[domain] += 1 }
        if counts != facts.samplesPerDomain {
            violations.append("its facts count \(facts.samplesPerDomain) samples in the domains, and its rows \(counts)")
        }
        for (domain, count) in zip(facts.domains, counts) where count == 0 { violations.append("the domain '\(domain)' has no sample") }
        let others = [("groups", dataset.groups?.count), ("positions", dataset.positions?.count), ("split", dataset.split?.count)]
        for (name, count) in others {
            if let count, count != dataset.count { violations.append("it tells \(name) of \(count) rows, and has \(dataset.count)") }
        }
        if (try? dataset.inputs([0], modality: "no-such-modality")) != nil {
            violations.append("it gives inputs of a modality that it does not have")
        }
        return violations
    }

    private static func inputViolations(of dataset: some Dataset, _ facts: DatasetFacts.ModalityFacts, rows: [Int]) -> [String] {
        let name = facts.name
        do {
            let inputs = try dataset.inputs(rows, modality: name)
            let expected = Shape([rows.count] + facts.sampleShape)
            guard inputs.shape == expected else { return ["the inputs of \(name) have the shape \(inputs.shape), expected \(expected)"] }
            var violations: [String] = []
            let presence = try dataset.presence(rows, modality: name)
            let size = facts.sampleShape.reduce(1, *)
            let isFinite = inputs.withUnsafeValues { values in
                (presence.rows ?? Array(rows.indices)).allSatisfy { values[$0 * size..<($0 + 1) * size].allSatisfy(\.isFinite) }
            }
            if !isFinite { violations.append("inputs of \(name) that are there are not finite") }
            let turned = try dataset.inputs(rows.reversed(), modality: name)
            if turned.gathering(rows: rows.indices.reversed()).values != inputs.values {
                violations.append("the inputs of \(name) depend on the order in which rows are asked for")
            }
            if let last = rows.last, try dataset.inputs([last], modality: name).values != inputs.gathering(rows: [rows.count - 1]).values {
                violations.append("a row of \(name) is something else alone than among others")
            }
            if facts.isPadded, presence.lengths == nil {
                violations.append("\(name) is said to be padded, and the lengths of its rows are not told")
            }
            return violations
        } catch {
            return ["the inputs of \(name) cannot be read: \(error)"]
        }
    }
}
