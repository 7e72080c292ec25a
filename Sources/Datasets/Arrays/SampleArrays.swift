import Configuration
import Weights

/// The arrays that the samples of one modality are stored in: one with a row for each, or one for each sample.
///
/// Where every sample has an array of its own and channels come last, these may differ along their first axis, the steps: they
/// are then sequences of different lengths.
struct SampleArrays: Sendable {
    /// The arrays in the order in which they were added.
    private var arrays: [any StoredArray] = []
    /// The shape of a sample as the files store it; for sequences of different lengths that of the
    /// longest.
    private var sample: [Int] = []
    /// Whether arrays hold sequences of different lengths.
    private var differInLength = false

    /// No arrays yet.
    init() {}

    /// One array, whose rows are samples.
    init(rowsOf array: any StoredArray) { (arrays, sample) = ([array], Array(array.shape.dropFirst())) }

    /// Adds an array that is one sample as a whole.
    ///
    /// - Parameters:
    ///   - array: as the file stores it.
    ///   - layout: which axis holds channels.
    ///   - modality: its name, for the message.
    /// - Returns: the place of the sample.
    /// - Throws: `WeightsFault` for a shape that does not fit the ones before.
    mutating func append(_ array: any StoredArray, layout: Arrays.Layout, modality: String) throws(WeightsFault) -> StoredRows.Place {
        if arrays.isEmpty { sample = array.shape }
        if array.shape != sample, layout == .channelsLast, sample.count >= 2, array.shape.dropFirst() == sample.dropFirst(), array.rowCount > 0 {
            differInLength = true
            sample[0] = max(sample[0], array.rowCount)
        }
        guard array.shape.count == sample.count, array.shape.dropFirst() == sample.dropFirst(), array.shape == sample || differInLength else {
            throw array.fault("has shape \(array.shapeText), others of '\(modality)' have \(ArrayContainer.text(sample))")
        }
        arrays.append(array)
        return StoredRows.Place(array: Int32(arrays.count - 1), row: nil)
    }

    /// The modality whose samples lie at these places; those of different lengths are padded at their ends.
    ///
    /// - Parameters:
    ///   - name: of the modality.
    ///   - places: of each row; nil for one that lacks the modality.
    ///   - layout: which axis holds channels.
    /// - Throws: `DatasetFault` where no row has the modality, or samples have a shape that cannot be.
    func modality(_ name: String, places: [StoredRows.Place?], layout: Arrays.Layout) throws(DatasetFault) -> ArrayModality {
        guard !arrays.isEmpty else { throw DatasetFault(option: "modalities", message: "no row has '\(name)'") }
        var modality = try ArrayModality(name, arrays, layout: layout, sample: sample, places: RowPlaces(places))
        let stepCounts = arrays.map { $0.stepCounts }
        if differInLength || stepCounts.contains(where: { $0 != nil }) {
            let lengths = places.map { place -> Int in
                guard let place else { return 0 }
                guard let row = place.row else { return arrays[Int(place.array)].rowCount }
                return stepCounts[Int(place.array)]?[row] ?? modality.sampleShape[0]
            }
            try modality.take(lengths: lengths)
        }
        return modality
    }
}

/// The samples of a file that has a group or a dictionary for each of them, with its modalities and its label inside: `clip-7/video`,
/// `clip-7/label`.
///
/// They keep the order of the file. A sample may lack a modality.
struct SampleGroups {
    /// The file.
    private let container: ArrayContainer
    /// The samples' names: the keys on the way to their arrays, joined by dots.
    let names: [String]

    /// Finds the samples; nil where the file has one of the arrays itself, or fewer than two groups with one.
    ///
    /// - Parameter keys: of the modalities.
    init?(_ container: ArrayContainer, keys: [String]) {
        guard !keys.contains(where: container.has) else { return nil }
        var names: [String] = []
        var seen: Set<String> = []
        for entry in container.entries {
            guard let key = keys.first(where: { entry.name.hasSuffix("." + $0) }) else { continue }
            let name = String(entry.name.dropLast(key.count + 1))
            if seen.insert(name).inserted { names.append(name) }
        }
        guard names.count > 1 else { return nil }
        (self.container, self.names) = (container, names)
    }

    /// What is said of them beside the data.
    var remark: String { "\(container.path): its \(names.count) groups are read as one sample each, the first is '\(names[0])'" }

    /// The array of one sample; nil where it has none of this key.
    ///
    /// - Parameters:
    ///   - name: of the sample, one of ``names``.
    ///   - key: of the array in its group.
    /// - Throws: `DatasetFault` where there is something else than an array.
    func array(_ name: String, key: String) throws(DatasetFault) -> (any StoredArray)? {
        let full = "\(name).\(key)"
        return container.has(full) || container.hasUnread(full) ? try container.array(full, option: "modalities") : nil
    }

    /// One modality of all samples; a sample whose group has none of its key lacks it.
    ///
    /// - Parameters:
    ///   - key: the modality, and the name of its array in each group.
    ///   - layout: which axis holds channels.
    /// - Throws: `DatasetFault` with the first sample whose shape differs.
    func modality(_ key: ModalityKey, layout: Arrays.Layout) throws(DatasetFault) -> ArrayModality {
        var samples = SampleArrays()
        var places: [StoredRows.Place?] = []
        for name in names {
            guard let array = try array(name, key: key.key) else {
                places.append(nil)
                continue
            }
            do throws(WeightsFault) {
                places.append(try samples.append(array, layout: layout, modality: key.name))
            } catch {
                throw DatasetFault(option: "modalities", message: "\(error)", expected: "one shape in every group; sequences may differ in length")
            }
        }
        return try samples.modality(key.name, places: places, layout: layout)
    }

    /// One number or name for each sample; numbers become names where some samples have names.
    ///
    /// - Parameters:
    ///   - key: of the array in each group, which holds a single value.
    ///   - option: which option named it, for the message.
    /// - Throws: `DatasetFault` with the first sample that lacks it or has several.
    func values(_ key: String, option: String) throws(DatasetFault) -> RowValues {
        var found: [RowValues] = []
        for name in names {
            do throws(DatasetFault) {
                found.append(try container.values("\(name).\(key)", option: option, rows: 1))
            } catch {
                throw DatasetFault(
                    option: error.option, message: "\(error.message) (the modalities are in \(names.count) groups, which are read as one sample each)",
                    expected: error.expected, suggestion: error.suggestion)
            }
        }
        let integers = found.flatMap { if case .integers(let values) = $0 { values } else { [Int]() } }
        return integers.count == found.count ? .integers(integers) : .texts(found.flatMap(\.asTexts))
    }

    /// What there is to learn of each sample: a class, or as many labels or values as the array of each has.
    ///
    /// - Parameters:
    ///   - key: of the array in each group.
    ///   - kind: what is learned.
    /// - Returns: as the files hold it; NaN where a label or a value is missing.
    /// - Throws: `DatasetFault` with the first sample that has none, or another number of them than the first.
    func targets(_ key: String, kind: TargetKind) throws(DatasetFault) -> RowTargets {
        guard kind != .classes else { return .classes(try values(key, option: "labels")) }
        var numbers: [Float] = []
        var width = 0
        for name in names {
            let array = try container.array("\(name).\(key)", option: "labels")
            let count = array.elementCount
            guard count > 0, width == 0 || width == count, array.shape.count <= 1, names.count <= RowTargets.mostNumbers / count else {
                throw DatasetFault(
                    option: "labels", message: "\(container.path): the array '\(name).\(key)' of shape \(array.shapeText) cannot hold \(kind.rawValue)",
                    expected: width == 0 ? "one number or a row of them" : "\(width) numbers, as in the groups before")
            }
            width = count
            do throws(WeightsFault) {
                numbers += RowTargets.marked(try array.floats(rows: 0..<array.rowCount), kind)
            } catch {
                throw DatasetFault(option: "labels", message: "\(error)", expected: "numbers")
            }
        }
        return .numbers(numbers, width: width)
    }
}
