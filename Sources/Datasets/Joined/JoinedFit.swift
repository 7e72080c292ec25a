import Configuration
import Tensors

/// Whether several data sets are one: what they have in common, and what keeps them apart.
///
/// Each question has a function of its own, whose fault leads to the first data set that differs from an earlier one and
/// names both. Rows of a data set are counted as it counts them, until ``Joined`` puts them one after another.
struct JoinedFit {
    /// What each data set is called.
    let names: [String]
    /// At least one.
    let parts: [any Dataset]

    /// The fault of a data set that does not fit an earlier one.
    ///
    /// - Parameters:
    ///   - part: its number.
    ///   - message: a sentence that names both.
    ///   - expected: what would fit.
    ///   - suggestion: one value that would, where one is near.
    private func misfit(_ part: Int, _ message: String, expected: String, suggestion: String? = nil) -> DatasetFault {
        var fault = DatasetFault(message: message, expected: expected, suggestion: suggestion)
        fault.within = ["domains", names[part]]
        return fault
    }

    // MARK: - Modalities

    /// The modalities of all, in the order of the first data set.
    ///
    /// - Returns: names and shapes; a modality is padded where it is in any of them.
    /// - Throws: `DatasetFault` that names both data sets where names or shapes differ.
    func modalities() throws(DatasetFault) -> [DatasetFacts.ModalityFacts] {
        var joined = parts[0].facts.modalities
        for (part, dataset) in parts.enumerated().dropFirst() {
            let own = dataset.facts
            guard Set(own.modalityNames) == Set(joined.map(\.name)) else {
                throw misfit(
                    part,
                    "'\(names[part])' has the modalities \(own.modalityNames.joined(separator: ", ")), but '\(names[0])' has "
                        + joined.map(\.name).joined(separator: ", "), expected: "the same modalities in all domains")
            }
            for index in joined.indices {
                guard let other = own.modalities.first(where: { $0.name == joined[index].name }) else { continue }
                guard let shape = Self.shape(joined[index], other) else {
                    func text(_ modality: DatasetFacts.ModalityFacts) -> String {
                        ArrayContainer.text(modality.sampleShape) + (modality.isPadded ? " (padded)" : "")
                    }
                    throw misfit(
                        part, "samples of '\(other.name)' have shape \(text(other)) in '\(names[part])', but \(text(joined[index])) in '\(names[0])'",
                        expected: "one shape in all domains, or padded sequences of as many features")
                }
                joined[index] = shape
            }
        }
        return joined
    }

    /// The shape that holds samples of both; nil where there is none.
    ///
    /// Two padded sequences may differ in their first extent, and the longer one holds both.
    private static func shape(_ first: DatasetFacts.ModalityFacts, _ second: DatasetFacts.ModalityFacts) -> DatasetFacts.ModalityFacts? {
        let isPadded = first.isPadded || second.isPadded
        if first.sampleShape == second.sampleShape {
            return DatasetFacts.ModalityFacts(name: first.name, sampleShape: first.sampleShape, isPadded: isPadded)
        }
        guard first.isPadded, second.isPadded, first.sampleShape.dropFirst() == second.sampleShape.dropFirst(),
            let steps = first.sampleShape.first, let others = second.sampleShape.first
        else { return nil }
        return DatasetFacts.ModalityFacts(name: first.name, sampleShape: [max(steps, others)] + first.sampleShape.dropFirst(), isPadded: true)
    }

    // MARK: - Targets

    /// What is learned in all, in the order of the first data set.
    ///
    /// - Parameter classes: whether all have to have the same classes, or those count that all have.
    /// - Throws: `DatasetFault` that names both data sets where something else is learned in one.
    func targets(_ classes: Joined.Classes) throws(DatasetFault) -> TargetFacts {
        let first = parts[0].facts.targets
        var names = first.names
        for (part, dataset) in parts.enumerated().dropFirst() {
            let own = dataset.facts.targets
            guard own.kind == first.kind else {
                throw misfit(
                    part, "'\(self.names[part])' has \(own.kind.rawValue) to learn, but '\(self.names[0])' has \(first.kind.rawValue)",
                    expected: "the same kind of targets in all domains")
            }
            if classes == .shared, first.kind == .classes {
                names = names.filter(own.names.contains)
                continue
            }
            let (missing, further) = (names.filter { !own.names.contains($0) }, own.names.filter { !names.contains($0) })
            guard missing.isEmpty, further.isEmpty else {
                let lacks = missing.isEmpty ? [] : ["lacks \(missing.joined(separator: ", "))"]
                let has = further.isEmpty ? [] : ["has \(further.joined(separator: ", ")) in addition"]
                let byNumber = missing.count == names.count && names.count == own.names.count
                throw misfit(
                    part,
                    "'\(self.names[part])' and '\(self.names[0])' differ in their \(first.kind.rawValue): '\(self.names[part])' "
                        + (lacks + has).joined(separator: " and "),
                    expected: first.kind != .classes || byNumber
                        ? "the same \(first.kind.rawValue) by name in all domains"
                        : "the same classes by name in all domains, or classes: shared to learn those that all have")
            }
        }
        guard classes == .equal || first.kind != .classes || names.count >= 2 else {
            throw DatasetFault(
                option: "classes", message: "the data sets share \(names.isEmpty ? "no class" : "one class, \(names[0])")",
                expected: "at least two classes that all have")
        }
        return TargetFacts(first.kind, names: names)
    }

    /// The class of each row of each data set among those of all; nil for one that is not learned. Where something else than
    /// classes is learned, the strata that validation is drawn from stay as they are.
    func labels(of targets: TargetFacts) -> [[Int?]] {
        parts.map { dataset in
            guard targets.kind == .classes else { return dataset.labels.map { $0 } }
            let numbers = dataset.facts.classes.map { targets.names.firstIndex(of: $0) }
            return dataset.labels.map { numbers[$0] }
        }
    }

    /// The rows of each data set that have something to learn.
    ///
    /// - Parameter labels: of each data set, nil for rows to be left out.
    /// - Throws: `DatasetFault` for a data set of which none has.
    func rows(labels: [[Int?]]) throws(DatasetFault) -> [[Int]] {
        var kept: [[Int]] = []
        for (part, labels) in labels.enumerated() {
            let own = labels.indices.filter { labels[$0] != nil }
            guard !own.isEmpty else {
                throw misfit(part, "'\(names[part])' has no sample of the classes that all have", expected: "samples of at least one")
            }
            kept.append(own)
        }
        return kept
    }

    /// The labels or values of all rows, row-major, in the order of `targets`.
    ///
    /// Only classes leave rows out, so that these are all rows.
    ///
    /// - Returns: rows × targets numbers; nil where a data set has none, which its own check refuses.
    func targetValues(of targets: TargetFacts) -> [Float]? {
        var all: [Float] = []
        for dataset in parts {
            guard let values = dataset.targetValues else { return nil }
            let width = dataset.facts.targets.width
            let columns = targets.names.compactMap { dataset.facts.targets.names.firstIndex(of: $0) }
            if columns == Array(0..<width) {
                all += values
            } else {
                for row in dataset.labels.indices { all += columns.map { values[row * width + $0] } }
            }
        }
        return all
    }

    // MARK: - Rows

    /// The group of each row, of which no two data sets share a number; nil where no data set has groups.
    ///
    /// - Parameter kept: the rows of each data set that take part.
    /// - Complexity: `O(N)`, of all rows.
    func groups(_ kept: [[Int]]) -> [Int]? {
        guard parts.contains(where: { $0.groups != nil }) else { return nil }
        var groups: [Int] = []
        for (dataset, rows) in zip(parts, kept) {
            var numbers: [Int: Int] = [:]
            let first = (groups.max() ?? -1) + 1
            let known = dataset.groups
            for row in rows {
                // A row without a group stands alone.
                let own = known?[row] ?? row
                let number = numbers[own] ?? first + numbers.count
                numbers[own] = number
                groups.append(number)
            }
        }
        return groups
    }

    /// The place of each row in time; nil where not all data sets are ordered, with a remark where some are.
    ///
    /// - Parameter kept: the rows of each data set that take part.
    /// - Throws: `DatasetFault` for an ordered data set without groups among some without order: neighbors in time would come to lie on both sides
    ///   of the split.
    func positions(_ kept: [[Int]]) throws(DatasetFault) -> (positions: [Int]?, remark: String?) {
        let positions = parts.map(\.positions)
        let ordered = parts.indices.filter { positions[$0] != nil }
        if ordered.count == parts.count {
            return (zip(positions, kept).flatMap { positions, rows in rows.map { positions?[$0] ?? $0 } }, nil)
        }
        guard let first = ordered.first, let other = parts.indices.first(where: { positions[$0] == nil }) else { return (nil, nil) }
        if let alone = ordered.first(where: { parts[$0].groups == nil && parts[$0].split?.contains(.validation) != true }) {
            throw misfit(
                alone, "the rows of '\(names[alone])' are ordered in time and those of '\(names[other])' are not",
                expected: "an order in all domains or in none, or groups, so that whole groups can be held back")
        }
        return (nil, "'\(names[first])' is ordered in time and '\(names[other])' is not: validation takes whole groups, not the last rows of each")
    }

    // MARK: - Decoding

    /// What decodes the rows; nil where all data sets are arrays.
    ///
    /// - Parameters:
    ///   - modalities: those that all have.
    ///   - part: the data set of each row.
    ///   - rows: the row of its data set that each row is.
    /// - Throws: `DatasetFault` where only some are decoded, where clips differ in shape, and where a damaged file means another thing.
    func decoder(_ modalities: [DatasetFacts.ModalityFacts], parts part: [Int], rows: [Int]) throws(DatasetFault) -> JoinedDecoder? {
        let decoders = parts.map(\.decoder)
        guard let first = decoders[0] else {
            guard let index = decoders.firstIndex(where: { $0 != nil }) else {
                guard let index = parts.firstIndex(where: { $0.isStandardized != parts[0].isStandardized }) else { return nil }
                throw misfit(
                    index, "only one of '\(names[index])' and '\(names[0])' is standardized already",
                    expected: "both, or neither")
            }
            throw misfit(index, "'\(names[index])' is decoded from files, and '\(names[0])' holds arrays", expected: "one kind in all domains")
        }
        var loading = first.loading
        for (index, decoder) in decoders.enumerated().dropFirst() {
            guard let decoder else {
                throw misfit(index, "'\(names[index])' holds arrays, and '\(names[0])' is decoded from files", expected: "one kind in all domains")
            }
            for modality in modalities.map(\.name) {
                for view in [SampleView.evaluation, .training(epoch: 1, random: RandomSource(seed: 0))] {
                    let (own, others) = (decoder.sampleShape(modality, view: view) ?? [], first.sampleShape(modality, view: view) ?? [])
                    guard own == others else {
                        throw misfit(
                            index,
                            "clips of '\(modality)' have shape \(ArrayContainer.text(own)) in '\(names[index])', but "
                                + "\(ArrayContainer.text(others)) in '\(names[0])'", expected: "the same frames and crops in all domains")
                    }
                }
            }
            guard decoder.loading.onBadSample == loading.onBadSample else {
                throw misfit(
                    index, "on-bad-sample is \(decoder.loading.onBadSample.rawValue) in '\(names[index])' and \(loading.onBadSample.rawValue) in '\(names[0])'",
                    expected: "the same in all domains")
            }
            // One queue decodes for all of them: as much as any of them may take.
            loading.workers = [loading.workers, decoder.loading.workers].compactMap(\.self).max()
            loading.memory = max(loading.memory, decoder.loading.memory)
        }
        return JoinedDecoder(
            loading: loading, parts: zip(names, decoders).compactMap { name, decoder in decoder.map { (name, $0) } }, part: part, row: rows)
    }

    // MARK: - Remarks

    /// What the data sets remark about themselves, and how many samples of classes that are not learned were left out.
    ///
    /// - Parameters:
    ///   - kept: the rows of each data set that take part.
    ///   - targets: what is learned.
    func remarks(_ kept: [[Int]], of targets: TargetFacts) -> [String] {
        parts.enumerated().flatMap { part, dataset in
            let left = dataset.count - kept[part].count
            let classes = dataset.facts.classes.filter { !targets.names.contains($0) }
            return dataset.remarks.map { "'\(names[part])': \($0)" }
                + (left == 0
                    ? [] : ["'\(names[part])': \(left) samples of classes that not all data sets have (\(classes.joined(separator: ", "))) are left out"])
        }
    }
}
