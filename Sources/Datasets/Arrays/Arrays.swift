import Configuration
import Networks
import Tensors
import Weights

/// A user's own data: one array for each modality, in any format that the usual libraries write, with
/// targets and domains; `arrays` in a recipe.
///
/// Every array has one row for each sample: `N×C`, `N×T×C`, `N×H×W×C` and so on, channels last unless
/// `layout` says otherwise. An array `N` is read as `N×1`. Labels and domains are `N` numbers or names.
/// Rows come from the arrays in order, those of several files one after another, or from a CSV
/// manifest, which names for every sample its files or its rows.
///
/// Written in Python:
///
/// ```python
/// # text 500×300, audio 500×50×74; emotion and speaker hold 500 names each
/// numpy.savez("features.npz", text=text, audio=audio, emotion=emotion, speaker=speaker)
/// ```
///
/// and read by a recipe:
///
/// ```yaml
/// data:
///   use: arrays
///   path: features.npz
///   modalities: [text, audio]
///   labels: emotion
///   domains: speaker
/// ```
///
/// Sequences of different lengths are padded at their ends, and `lengths: [audio=audio_lengths]` names
/// an array of `N` numbers of real steps; `lengths: [audio=padding]` takes steps that are 0 to the end
/// for padding. A row of length 0, an empty cell of a manifest and an id that is not found are samples
/// without that modality, as are rows that an array `N` of 0 and 1 marks, `present: [audio=has_audio]`.
///
/// `window: 128` cuts every row, a recording of `T×C`, into windows of 128 steps when it is read, and `every: 64` lets a window begin every
/// 64 steps. All sequences of a row are cut alike; what is no sequence, label, domain and split are those of the row in all of its windows.
/// Windows of one row, or of one group of rows, are a group. Validation takes the last windows of each row; where windows overlap or
/// groups are given it takes whole groups.
///
/// A modality of up to 256 MiB is held in memory, which is when its values are checked for NaN and
/// infinity; a larger one stays on disk and is read and checked batch by batch.
public struct Arrays: DatasetPlugin, UncheckedRows, ReadsAhead, ScalesInputs {
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "arrays",
            summary: "your own arrays: npy, npz, pickled dictionaries, PyTorch, HDF5, MATLAB 5 or safetensors; or a CSV manifest of files",
            options: Options.descriptions,
            notes: [
                "for numbers instead of classes: targets: values with `task: regression`; for several labels: targets: labels with `task: multi-label`",
                "every array has one row per sample; rows of several files are joined in the order of the list; files of a folder are ordered by name",
                "a folder of .npy files counts as one file, and their names are its keys; keys of nested dictionaries and groups are joined by dots",
                "a dictionary of train, valid and test parts is read as one data set with that split; in a file that has a group or a dictionary for "
                    + "each sample, with its modalities and its label inside, each of these is a row",
                "a manifest is a table with a header: id, label, domain, split, group, position, and for each modality a column of paths or of row "
                    + "numbers; `regulus data manifest` writes one for a folder",
                "a row lacks a modality if its cell is empty, its id is not found, its length is 0, or the array named by 'present' has a 0; it is then a "
                    + "sample without this modality; sequences of different lengths are padded at their ends, and 'lengths' says how many steps are real",
                "`window: STEPS` cuts recordings into windows; validation takes the last windows of each recording, or whole groups if windows overlap "
                    + "('every' is smaller than 'window') or groups are given",
                "no code in a file is executed; large arrays stay on disk and are read when a batch needs them",
                "`regulus data check arrays OPTION=VALUE…` shows what a training would see: shapes, counts, missing and non-finite values",
            ])
    }

    /// The modalities in the order of the option, with the names of domains and of targets.
    public let facts: DatasetFacts
    /// The class of each row; 0 for all rows where labels or values are learned.
    public let labels: [Int]
    /// Row-major `N×K`: 0 or 1 for each label, or the values; nil where classes are learned.
    public let targetValues: [Float]?
    /// The domain of each row, an index into the names of domains.
    public let domains: [Int]
    /// The group of each row; rows of a group stay on one side of a split. Nil where the option
    /// `groups` or the column `group` is not there.
    public let groups: [Int]?
    /// The place of each row in time within its group; nil where it is not given.
    public let positions: [Int]?
    /// The part of the prescribed split of each row; nil where the recipe decides on the split.
    public let split: [SplitName]?
    /// What a reader of the data should know, a sentence each: rows that were left out, shapes whose
    /// axes look exchanged.
    public let remarks: [String]

    /// The modalities, in the order of the option.
    let arrays: [ArrayModality]
    /// What a run would refuse, where the data were opened to be checked.
    package let problems: [String]

    /// Opens the files, reads targets and domains, and holds small modalities in memory.
    ///
    /// - Throws: `DatasetFault` with file, key, shape and the nearest key.
    public init(options: Options) throws(DatasetFault) { try self.init(options: options, requiringFinite: true) }

    /// Opens the data, with or without the demand that all of it can be trained on.
    ///
    /// - Parameter requiringFinite: whether a value that is not finite, a file of a manifest that cannot be read or a row without a
    ///   label is a fault; a check of the data reports them all instead.
    init(options: Options, requiringFinite: Bool) throws(DatasetFault) {
        let keys = try ModalityKey.parse(options.modalities)
        let table: RowTable
        if let manifest = options.manifest {
            table = try RowTable(try Manifest(manifest, links: options.links), keys: keys, options: options, listingFaults: !requiringFinite)
        } else {
            guard !options.path.isEmpty else {
                throw DatasetFault(option: "path", message: "option path: found none", expected: "at least one file or folder")
            }
            table = try RowTable(joining: try ArrayContainer.open(options.path, links: options.links), keys: keys, options: options)
        }
        var rows = table
        try rows.refuseNegativeClasses(listing: !requiringFinite)
        try rows.leaveOutMissing(options.onMissing)
        var remarks: [String] = []
        var problems = rows.faults
        if let unlabeled = try rows.leaveOutUnlabeled(requiringFinite ? options.unlabeled : .leaveOut) {
            if options.unlabeled == .leaveOut {
                remarks.append("\(unlabeled); they are left out")
            } else {
                problems.append("\(unlabeled): a label for every row, or unlabeled: leave-out")
            }
        }
        self.problems = problems
        if rows.count == 0 { throw DatasetFault(message: "there are no rows with a label", expected: "at least one") }
        let learned = try rows.targets.learned(
            options.targets, names: options.classNames.isEmpty ? rows.targetNames : options.classNames, option: "labels")
        let domains = try Categories(
            rows.domains, names: options.domainNames.isEmpty ? rows.domainNames : options.domainNames, what: "domain",
            option: "domains")
        // A window is learned as its row is, and belongs to its row's domain and part of the split.
        let windows = try RowWindows(options)
        let places: RowWindows.Places?
        if let windows {
            let found = try rows.places(of: windows, onMissing: options.onMissing)
            (groups, positions) = try windows.order(found, groups: rows.groups, positions: rows.positions)
            places = found
        } else {
            (groups, positions, places) = (rows.groups, rows.positions, nil)
        }
        labels = places?.repeating(learned.classes) ?? learned.classes
        targetValues = try learned.numbers.map { numbers throws(DatasetFault) in
            try places?.repeating(numbers, width: learned.facts.width) ?? numbers
        }
        self.domains = places?.repeating(domains.indices) ?? domains.indices
        split = rows.split.map { split in places?.repeating(split) ?? split }
        remarks += places?.remarks ?? []
        var arrays: [ArrayModality] = []
        var faults: [DatasetFault] = []
        for var array in rows.modalities {
            remarks += array.remarks(layout: options.layout)
            if let places { array = array.cut(into: places) }
            if requiringFinite, let fault = try array.holdIfSmall() { faults.append(fault) }
            arrays.append(array)
        }
        if let first = faults.first {
            throw DatasetFault(
                option: first.option, message: faults.map(\.message).joined(separator: "; "), expected: first.expected)
        }
        self.arrays = arrays
        self.remarks = rows.remarks + remarks
        facts = DatasetFacts(
            modalities: arrays.map(\.facts), domains: domains.names, targets: learned.facts,
            samplesPerDomain: tally(self.domains, kinds: domains.names.count))
    }

    /// Reads some rows of a modality, `N×(sample shape)`, channels last; zeros for a row without it and
    /// for padding.
    ///
    /// - Throws: `DatasetFault` for an unknown modality, a row that cannot be read, or a value that is
    ///   not finite.
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        try array(modality).inputs(rows)
    }

    package func inputs(_ rows: [Int], modality: String, view: SampleView, scale: ChannelScale) throws -> Tensor {
        try array(modality).inputs(rows, scale: scale)
    }

    /// Which of the rows have the modality, and how many of their steps are real where `lengths` says
    /// so.
    ///
    /// - Throws: `DatasetFault` for an unknown modality, or where padding is counted in a row that
    ///   cannot be read.
    public func presence(_ rows: [Int], modality: String) throws -> Presence {
        try array(modality).presence(rows)
    }

    package func isOnDisk(_ modality: String) -> Bool { arrays.first { $0.name == modality }?.isOnDisk ?? false }

    package func readAhead(_ rows: [Int], modality: String) { arrays.first { $0.name == modality }?.readAhead(rows) }

    /// One row of a modality, channels last, with whatever values it has.
    package func uncheckedRow(_ row: Int, modality: String) throws(DatasetFault) -> [Float] {
        try array(modality).values(of: row)
    }

    /// A number of a row that is infinite in single precision and finite in the file, in words.
    package func beyondSinglePrecision(_ row: Int, modality: String) -> String? {
        arrays.first { $0.name == modality }?.beyondSinglePrecision(row)
    }

    private func array(_ name: String) throws(DatasetFault) -> ArrayModality {
        guard let array = arrays.first(where: { $0.name == name }) else { throw unknownModality(name) }
        return array
    }
}

/// The data set `arrays` under its former name, `tensors`; older recipes use it.
public struct TensorFiles: DatasetPlugin, UncheckedRows, ReadsAhead, ScalesInputs {
    /// The options of ``Arrays``.
    public typealias Options = Arrays.Options

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "tensors", summary: "another name of 'arrays'", options: Options.descriptions, notes: Arrays.description.notes)
    }

    private let arrays: Arrays

    package var problems: [String] { arrays.problems }

    /// Opens the files.
    ///
    /// - Throws: as ``Arrays``.
    public init(options: Options) throws(DatasetFault) { arrays = try Arrays(options: options) }

    public var facts: DatasetFacts { arrays.facts }
    public var labels: [Int] { arrays.labels }
    public var targetValues: [Float]? { arrays.targetValues }
    public var domains: [Int] { arrays.domains }
    public var groups: [Int]? { arrays.groups }
    public var positions: [Int]? { arrays.positions }
    public var split: [SplitName]? { arrays.split }
    public var remarks: [String] { arrays.remarks }
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor { try arrays.inputs(rows, modality: modality) }
    package func inputs(_ rows: [Int], modality: String, view: SampleView, scale: ChannelScale) throws -> Tensor {
        try arrays.inputs(rows, modality: modality, view: view, scale: scale)
    }
    public func presence(_ rows: [Int], modality: String) throws -> Presence { try arrays.presence(rows, modality: modality) }
    package func isOnDisk(_ modality: String) -> Bool { arrays.isOnDisk(modality) }
    package func readAhead(_ rows: [Int], modality: String) { arrays.readAhead(rows, modality: modality) }
    package func uncheckedRow(_ row: Int, modality: String) throws(DatasetFault) -> [Float] {
        try arrays.uncheckedRow(row, modality: modality)
    }
    package func beyondSinglePrecision(_ row: Int, modality: String) -> String? { arrays.beyondSinglePrecision(row, modality: modality) }
}

/// Where the lengths of a modality's sequences come from: an entry of the option `lengths`.
enum LengthsSource: Hashable, Sendable {
    /// An array, or a column of a manifest.
    case key(String)
    /// The zeros at their ends.
    case padding

    /// Reads the option `lengths`: `modality=key` or `modality=padding` for each modality.
    ///
    /// - Throws: `DatasetFault` for an entry of another form, for an unknown modality, and for one that
    ///   occurs twice.
    static func parse(_ texts: [String], of modalities: [ModalityKey]) throws(DatasetFault) -> [String: LengthsSource] {
        try ModalityKey.assigned(texts, to: modalities, option: "lengths", expected: "modality=key, or modality=padding").mapValues {
            $0 == "padding" ? .padding : .key($0)
        }
    }
}

/// A modality's name and the key of its array, or the column of a manifest; one entry of the option
/// `modalities`.
struct ModalityKey: Hashable, Sendable {
    let name: String
    let key: String

    /// Reads the option `modalities`: `name` or `name=key` for each.
    ///
    /// - Throws: `DatasetFault` where there is none, where one has no name, and where a name occurs
    ///   twice.
    static func parse(_ texts: [String]) throws(DatasetFault) -> [ModalityKey] {
        guard !texts.isEmpty else {
            throw DatasetFault(option: "modalities", message: "option modalities: found none", expected: "at least one name")
        }
        var result: [ModalityKey] = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = parts.first, let key = parts.last, !name.isEmpty, !key.isEmpty else {
                throw DatasetFault(
                    option: "modalities", message: "option modalities: found '\(text)'", expected: "name or name=key")
            }
            guard !result.contains(where: { $0.name == name }) else {
                throw DatasetFault(option: "modalities", message: "option modalities: '\(name)' appears twice")
            }
            result.append(ModalityKey(name: name, key: key))
        }
        return result
    }

    /// Reads an option that says something of some modalities: `name=text` for each.
    ///
    /// - Parameters:
    ///   - texts: the entries.
    ///   - modalities: those that there are.
    ///   - option: the option's name, for messages.
    ///   - expected: what an entry is, for messages.
    /// - Returns: the text for each modality that has one.
    /// - Throws: `DatasetFault` for an entry of another form, for an unknown modality, and for one that
    ///   occurs twice.
    static func assigned(
        _ texts: [String], to modalities: [ModalityKey], option: String, expected: String
    ) throws(DatasetFault) -> [String: String] {
        var result: [String: String] = [:]
        let names = modalities.map(\.name)
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[1].isEmpty else {
                throw DatasetFault(option: option, message: "option \(option): found '\(text)'", expected: expected)
            }
            guard names.contains(parts[0]) else {
                throw DatasetFault(
                    option: option, message: "option \(option): there is no modality '\(parts[0])'", expected: "one of: " + names.joined(separator: ", "),
                    suggestion: nearestName(to: parts[0], among: names))
            }
            guard result.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw DatasetFault(option: option, message: "option \(option): '\(parts[0])' appears twice")
            }
        }
        return result
    }
}
