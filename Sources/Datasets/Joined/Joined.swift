import Configuration
import Media
import Networks
import Tensors

/// Several data sets of equal modalities and targets, each of them a domain; `joined` in a recipe.
///
/// ```yaml
/// data:
///   use: joined
///   domains:
///     - {name: clinic, use: arrays, path: clinic.npz, modalities: [ecg, sound], domains: null}
///     - {name: home, use: arrays, path: home.h5, modalities: [ecg, sound], domains: null}
/// ```
///
/// Whatever domains a data set has itself are one domain here. Modalities go by their names and need samples of
/// equal shape; sequences that are padded may be of different length, and are padded to the longest. Classes,
/// labels and values go by their names, whatever their order in each data set.
///
/// Rows are those of the first data set, then those of the second, and so on. Each data set is opened with its own
/// options, in the order of the recipe, and keeps its arrays or files to itself: a batch asks every data set that
/// has rows in it for those rows at once.
///
/// What concerns all of them follows from what each says of itself:
/// - groups of different data sets are different groups, whatever their numbers;
/// - a prescribed split holds for the data sets that prescribe one; all rows of others may be trained on;
/// - an order in time is kept where all have one, else whole groups are held back;
/// - a generated world that is held out is shown as it shows its held-out domains.
package struct Joined: Dataset, DecodedByOthers, UncheckedRows, ReadsAhead {
    /// Which classes are learned.
    package enum Classes: String, CaseIterable, Sendable {
        /// Those of the first data set, which all others need to have too, and no more.
        case equal
        /// Those that all data sets have; rows of others are left out and counted.
        case shared
    }

    /// What a recipe may set.
    package struct Options: Configuration.Options {
        /// The data sets, at least two, each a domain under its name.
        var domains: [NamedComponent] = []
        /// Which classes are learned.
        var classes = Classes.equal

        package init() {}

        package static var fields: [OptionField<Options>] {
            [
                .components(
                    "domains", \.domains, of: .datasets, required: true,
                    "the data sets, each of them one domain: `use`, its options, and a `name` if two use the same kind"),
                .choice(
                    "classes", \.classes,
                    "equal: all data sets must have the same class names; shared: only classes that all have are learned, other samples are left out"),
            ]
        }
    }

    package static var description: ComponentDescription {
        ComponentDescription(
            name: "joined", summary: "several data sets with the same modalities and classes, each of them one domain",
            options: Options.descriptions,
            notes: [
                "any data set that `regulus list` prints can be joined, also one of a plug-in; all domains that it has by itself become one",
                "modalities, classes, labels and values go by their names; samples of a modality have one shape, except that padded sequences may differ "
                    + "in length",
                "data are standardized together, by training samples of the source domains; a data set that is decoded from films or sound is not "
                    + "standardized, and cannot be joined with arrays",
                "validation follows what each data set prescribes; where rows are ordered in some data sets only, whole groups are held back in place of "
                    + "the last rows of each",
            ])
    }

    /// The modalities and targets of the first data set, with the names of all data sets as domains. Padded sequences have the
    /// length of the longest among all.
    package let facts: DatasetFacts
    /// The class of each row among those of the first data set, by its name.
    package let labels: [Int]
    /// What is learned of each row where that is not its class, its columns in the first data set's order.
    package let targetValues: [Float]?
    /// The data set of each row, counted from 0.
    package let domains: [Int]
    /// A number for each group of each data set; nil where none has groups.
    package let groups: [Int]?
    /// The place of each row in time within its group; nil unless all data sets are ordered.
    package let positions: [Int]?
    /// What each data set prescribes of its rows, `train` where it prescribes nothing; nil where none prescribes anything.
    package let split: [SplitName]?
    /// What the data sets remark, each behind its name, and what was left out to make them fit.
    package let remarks: [String]

    /// The data sets, in the order of the domains.
    private let parts: [any Dataset]
    /// The row of its data set that each row is.
    private let rows: [Int]
    /// What decodes the rows where the data sets are films or sound.
    private let decoding: JoinedDecoder?

    /// Opens the data sets.
    ///
    /// - Parameters:
    ///   - options: which data sets, and which of their classes.
    ///   - open: opens one of them by its name and options.
    /// - Throws: `DatasetFault` of the data set that cannot be opened, or that does not fit those before it; its
    ///   ``DatasetFault/within`` leads to that data set.
    ///
    /// The checks follow each other: data sets are opened, then compared in their modalities, then in what is learned of
    /// them, then in the order and the decoding of their rows.
    init(
        options: Options, opening open: (_ name: String, _ options: [String: OptionValue]) throws(DatasetFault) -> any Dataset
    ) throws(DatasetFault) {
        let names = options.domains.map(\.name)
        guard names.count > 1 else {
            throw DatasetFault(option: "domains", message: "option domains: found \(names.count) data sets", expected: "at least two, each a domain")
        }
        if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw DatasetFault(option: "domains", message: "two data sets are called '\(names[twice])'", expected: "different names")
        }
        var parts: [any Dataset] = []
        for component in options.domains {
            do throws(DatasetFault) {
                let dataset = try open(component.use, component.options)
                try dataset.checkRows()
                parts.append(dataset)
            } catch {
                throw error.inside("domains", component.name)
            }
        }
        let fit = JoinedFit(names: names, parts: parts)
        let modalities = try fit.modalities()
        let targets = try fit.targets(options.classes)
        let classes = fit.labels(of: targets)
        let kept = try fit.rows(labels: classes)
        let places = kept.enumerated().flatMap { part, rows in rows.map { (part: part, row: $0) } }

        self.parts = parts
        let rows = places.map(\.row)
        self.rows = rows
        domains = places.map(\.part)
        labels = places.map { classes[$0.part][$0.row] ?? 0 }
        targetValues = targets.kind == .classes ? nil : fit.targetValues(of: targets)
        groups = fit.groups(kept)
        let (positions, remark) = try fit.positions(kept)
        self.positions = positions
        let splits = parts.map(\.split)
        split = splits.contains { $0 != nil } ? places.map { splits[$0.part]?[$0.row] ?? .train } : nil
        decoding = try fit.decoder(modalities, parts: domains, rows: rows)
        remarks = fit.remarks(kept, of: targets) + [remark].compactMap(\.self)
        facts = DatasetFacts(modalities: modalities, domains: names, targets: targets, samplesPerDomain: kept.map(\.count))
    }

    /// Arrays as they are, or clips as their decoders leave them: the parts are all of one kind.
    package var isStandardized: Bool { parts.allSatisfy(\.isStandardized) }

    /// What decodes the rows, each by the decoder of its data set; nil for arrays.
    package var foreignDecoder: (any SampleDecoder)? { decoding }

    /// Some rows of a modality, `N×(sample shape)`, whichever data sets they belong to.
    ///
    /// - Throws: `DatasetFault` for an unknown modality, and what the data sets throw.
    package func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        try gathered(rows, modality) { part, own in try parts[part].inputs(own, modality: modality) }
    }

    /// The same as training or evaluation is shown it. Each data set draws random numbers of its own.
    ///
    /// - Throws: as ``inputs(_:modality:)``.
    package func inputs(_ rows: [Int], modality: String, view: SampleView) throws -> Tensor {
        try gathered(rows, modality) { part, own in try parts[part].inputs(own, modality: modality, view: view.within(facts.domains[part])) }
    }

    /// The inputs of some rows, from all data sets that they belong to.
    ///
    /// - Parameters:
    ///   - rows: in the order of the result.
    ///   - modality: its name.
    ///   - read: reads rows of one data set, counted as that data set counts them.
    /// - Throws: `DatasetFault` where a data set gives another number of samples than was asked for, or larger ones.
    /// - Complexity: one request to each data set that has some of the rows, and one copy.
    private func gathered(_ rows: [Int], _ modality: String, _ read: (_ part: Int, _ rows: [Int]) throws -> Tensor) throws -> Tensor {
        guard let shape = facts.modalities.first(where: { $0.name == modality })?.sampleShape else { throw unknownModality(modality) }
        var pieces: [(places: [Int], values: Tensor)] = []
        for (part, places) in byPart(rows) {
            let values = try read(part, places.map { self.rows[rows[$0]] })
            guard values.shape.rank > 0, values.shape[0] == places.count else {
                throw DatasetFault(message: "'\(facts.domains[part])' gives \(values.shape) for \(places.count) rows of '\(modality)'")
            }
            pieces.append((places, values))
        }
        // A decoder's view decides about the shape; parts of one view agree in it.
        let whole = decoding == nil ? shape : pieces.first.map { Array($0.values.shape.dimensions.dropFirst()) } ?? shape
        if pieces.count == 1, let only = pieces.first, Array(only.values.shape.dimensions.dropFirst()) == whole { return only.values }
        let size = whole.reduce(1, *)
        if let odd = pieces.first(where: { $0.values.elementCount > size * $0.places.count }) {
            throw DatasetFault(message: "samples of '\(modality)' come as \(odd.values.shape), larger than \(ArrayContainer.text(whole))")
        }
        return Tensor(shape: Shape([rows.count] + whole)) { output in
            for piece in pieces {
                let own = piece.values.elementCount / max(piece.places.count, 1)
                piece.values.withUnsafeValues { values in
                    for (number, place) in piece.places.enumerated() {
                        let slot = UnsafeMutableBufferPointer(rebasing: output[place * size..<(place + 1) * size])
                        _ = slot.update(from: UnsafeBufferPointer(rebasing: values[number * own..<(number + 1) * own]))
                        // A sequence of a data set with shorter ones ends in padding.
                        for index in own..<size { slot[index] = 0 }
                    }
                }
            }
        }
    }

    /// The places of some rows by the number of their data set, in its order.
    private func byPart(_ rows: [Int]) -> [(part: Int, places: [Int])] {
        Dictionary(grouping: rows.indices) { domains[rows[$0]] }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Which rows have a modality, and how many of their steps are real. A sequence of a data set without padding is real as a whole.
    ///
    /// - Throws: `DatasetFault` for an unknown modality, and what the data sets throw.
    package func presence(_ rows: [Int], modality: String) throws -> Presence {
        guard let own = facts.modalities.first(where: { $0.name == modality }) else { throw unknownModality(modality) }
        var samples = [Bool](repeating: true, count: rows.count)
        var lengths = own.isPadded ? [Int](repeating: 0, count: rows.count) : nil
        for (part, places) in byPart(rows) {
            let presence = try parts[part].presence(places.map { self.rows[rows[$0]] }, modality: modality)
            let longest = parts[part].facts.modalities.first { $0.name == modality }?.sampleShape.first ?? 0
            let real = presence.lengths(of: places.count, places: longest)
            for (number, place) in places.enumerated() {
                samples[place] = presence.contains(number)
                lengths?[place] = real[number]
            }
        }
        return Presence(samples: samples, lengths: lengths)
    }

    /// Whether any of the data sets reads the modality from a file.
    package func isOnDisk(_ modality: String) -> Bool { parts.contains { ($0 as? any ReadsAhead)?.isOnDisk(modality) ?? false } }

    /// Asks each data set that has arrays on disk for its part of the rows.
    package func readAhead(_ rows: [Int], modality: String) {
        for (part, places) in byPart(rows) {
            (parts[part] as? any ReadsAhead)?.readAhead(places.map { self.rows[rows[$0]] }, modality: modality)
        }
    }

    /// What a run would refuse in any of the data sets.
    package var problems: [String] { parts.flatMap { ($0 as? any UncheckedRows)?.problems ?? [] } }

    /// One row with whatever values it has, filled up with zeros to the longest sequence.
    ///
    /// - Throws: `DatasetFault` where it cannot be read.
    package func uncheckedRow(_ row: Int, modality: String) throws(DatasetFault) -> [Float] {
        let part = parts[domains[row]]
        var values: [Float]
        if let arrays = part as? any UncheckedRows {
            values = try arrays.uncheckedRow(rows[row], modality: modality)
        } else {
            do { values = try part.inputs([rows[row]], modality: modality).values } catch {
                throw error as? DatasetFault ?? DatasetFault(message: "\(error)")
            }
        }
        let size = facts.modalities.first { $0.name == modality }?.sampleShape.reduce(1, *) ?? values.count
        values += [Float](repeating: 0, count: max(0, size - values.count))
        return values
    }

    package func beyondSinglePrecision(_ row: Int, modality: String) -> String? {
        (parts[domains[row]] as? any UncheckedRows)?.beyondSinglePrecision(rows[row], modality: modality)
    }

    /// A generated world that is held out is held out as a whole.
    package func holdingOut(_ domains: [Int]) -> any Dataset {
        Joined(self, parts: parts.indices.map { parts[$0].holdingOut(domains.contains($0) ? Array(parts[$0].facts.domains.indices) : []) })
    }

    /// The same rows of other views of the same data sets.
    private init(_ other: Joined, parts: [any Dataset]) {
        (facts, labels, targetValues, domains) = (other.facts, other.labels, other.targetValues, other.domains)
        (groups, positions, split, remarks) = (other.groups, other.positions, other.split, other.remarks)
        (self.parts, rows, decoding) = (parts, other.rows, other.decoding)
    }
}

/// What decodes the rows of several data sets, each by its own decoder.
struct JoinedDecoder: SampleDecoder {
    /// How samples are decoded ahead: with as many workers and as much memory as any of the data sets asks for.
    let loading: LoadingOptions
    /// The decoder of each data set, and what it is called.
    let parts: [(name: String, decoder: any SampleDecoder)]
    /// The data set of each row.
    let part: [Int]
    /// The row of its data set that each row is.
    let row: [Int]

    /// Decodes one modality of one row. Training's random numbers are those of the row's own data set.
    ///
    /// - Throws: `MediaFault` with the file that is missing or damaged.
    func decode(_ row: Int, modality: String, view: SampleView) throws(MediaFault) -> DecodedSample {
        let (name, decoder) = parts[part[row]]
        return try decoder.decode(self.row[row], modality: modality, view: view.within(name))
    }

    /// The shape of a sample, which all data sets have in common.
    func sampleShape(_ modality: String, view: SampleView) -> [Int]? { parts.first?.decoder.sampleShape(modality, view: view) }
    /// The most that a value takes in any of them while it waits.
    func bytesOfValue(_ modality: String) -> Int { parts.map { $0.decoder.bytesOfValue(modality) }.max() ?? 1 }
    /// The files of a row in its data set.
    func files(_ row: Int, modality: String) -> [String] { parts[part[row]].decoder.files(self.row[row], modality: modality) }
    /// Which part of its files a row is.
    func part(_ row: Int) -> String { parts[part[row]].decoder.part(self.row[row]) }
    /// The length of a row, where its file says it.
    func seconds(_ row: Int) -> Double? { parts[part[row]].decoder.seconds(self.row[row]) }
}

extension SampleView {
    /// The view of one of several data sets, whose equal row numbers are not the same samples.
    fileprivate func within(_ name: String) -> SampleView {
        switch self {
        case .evaluation: .evaluation
        case .training(let epoch, let random): .training(epoch: epoch, random: random.child(name))
        }
    }
}
