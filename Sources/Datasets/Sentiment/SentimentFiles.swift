import Configuration
import Foundation
import Persistence
import Weights

/// The training, validation or test rows of one data set of sentiment.
///
/// Inputs stay in the file until rows are asked for; labels are read at once.
struct SentimentPart: Sendable {
    /// The number of the data set.
    let domain: Int
    /// Training, validation or test.
    let split: SplitName
    /// N×steps×features, by modality.
    ///
    /// `steps` and `features` may differ between modalities; `features` do not between the parts of a
    /// study.
    let arrays: [String: any StoredArray]
    /// The sentiment of each row, scaled.
    let labels: [Float]
    private let container: ArrayContainer
    private let prefix: String

    /// - Parameters:
    ///   - container: the file.
    ///   - prefix: what the part's keys begin with: `train.`.
    ///   - split: what the part is for.
    ///   - domain: the number of the data set.
    ///   - scale: what labels are multiplied by.
    /// - Throws: `DatasetFault` where an array is missing, or does not fit the others.
    init(_ container: ArrayContainer, prefix: String, split: SplitName, domain: Int, scale: Double) throws(DatasetFault) {
        (self.container, self.prefix, self.split, self.domain) = (container, prefix, split, domain)
        guard case .numbers(let numbers, 1) = try container.targets(prefix + "regression_labels", kind: .values, rows: try Self.rows(container, prefix))
        else {
            throw DatasetFault(option: "root", message: "\(container.path): '\(prefix)regression_labels' has several numbers a row", expected: "one")
        }
        if let row = numbers.firstIndex(where: { !$0.isFinite }) {
            throw DatasetFault(
                option: "root", message: "\(container.path): the label of row \(row) in '\(prefix)regression_labels' is \(numbers[row])",
                expected: "a finite number")
        }
        labels = numbers.map { Float(Double($0) * scale) }
        var arrays: [String: any StoredArray] = [:]
        for name in Sentiment.modalityNames {
            let array = try container.array(prefix + name, option: "root")
            guard array.shape.count == 3, array.shape[0] == numbers.count, array.shape[1] > 0, array.shape[2] > 0 else {
                throw DatasetFault(
                    option: "root", message: "\(container.path): '\(prefix)\(name)' has shape \(array.shapeText)",
                    expected: "\(numbers.count) rows × steps × features, as there are \(numbers.count) labels")
            }
            arrays[name] = array
        }
        self.arrays = arrays
    }

    /// The number of rows, by the labels: all their elements, whichever axis they lie along.
    ///
    /// - Throws: `DatasetFault` where the part has no labels.
    private static func rows(_ container: ArrayContainer, _ prefix: String) throws(DatasetFault) -> Int {
        try container.array(prefix + "regression_labels", option: "root").elementCount
    }

    /// The real steps of each row's sequence as the file says them, at most as many as are stored.
    ///
    /// For text the length is the number of set bits in the attention mask of `text_bert`; for audio
    /// and vision it is what `audio_lengths` and `vision_lengths` say.
    ///
    /// - Returns: `N` numbers from 0 to the stored steps.
    /// - Throws: `DatasetFault` of the option `lengths` where the file does not say it in this form.
    func lengths(_ modality: String) throws(DatasetFault) -> [Int] {
        let steps = arrays[modality]?.shape[1] ?? 0
        func bounded(_ lengths: [Int]) -> [Int] { lengths.map { min(max($0, 0), steps) } }
        if modality == "text" {
            let array = try container.array(prefix + "text_bert", option: "lengths")
            guard array.shape.count == 3, array.shape[0] == labels.count, array.shape[1] == 3 else {
                throw DatasetFault(
                    option: "lengths", message: "\(container.path): '\(prefix)text_bert' has shape \(array.shapeText)",
                    expected: "\(labels.count)×3×steps: tokens, mask and segments")
            }
            do throws(WeightsFault) {
                let values = try array.floats(rows: 0..<labels.count)
                let width = array.shape[2]
                return bounded(labels.indices.map { row in values[(row * 3 + 1) * width..<(row * 3 + 2) * width].count { $0 > 0 } })
            } catch {
                throw DatasetFault(option: "lengths", message: "\(error)")
            }
        }
        guard case .integers(let lengths) = try container.values(prefix + "\(modality)_lengths", option: "lengths", rows: labels.count) else {
            throw DatasetFault(option: "lengths", message: "\(container.path): '\(prefix)\(modality)_lengths' holds names", expected: "whole numbers")
        }
        return bounded(lengths)
    }
}

/// The files of sentiment data sets in a folder.
///
/// All of them have to have features of the same widths. Files of the same names with other widths are
/// known: the standard features of MMSA; their names, and their widths, are recognized.
///
/// MMSA's standard files differ in width from data set to data set, so no model could read them all; a
/// message says which files fit.
struct SentimentFiles {
    /// Three for each file, in the order of the option `sets`.
    ///
    /// Training, validation and test of one data set follow each other.
    private(set) var parts: [SentimentPart] = []

    /// Names of MMSA's files, whose features are others.
    private static let others = ["aligned_50.pkl", "unaligned_50.pkl", "unaligned_39.pkl"]

    /// Opens the files of the option `sets`.
    ///
    /// - Throws: `DatasetFault` where a file or one of its parts is missing, or widths differ.
    ///
    /// - Parameter options: `root` is the folder, `sets` the names of its files without `.pkl`,
    ///   `sims-scale` what the labels of `sims` are multiplied by.
    init(_ options: Sentiment.Options) throws(DatasetFault) {
        guard Set(options.sets).count == options.sets.count, !options.sets.isEmpty else {
            throw DatasetFault(option: "sets", message: "option sets: found \(options.sets.joined(separator: ", "))", expected: "one or more names, each once")
        }
        guard Folder.exists(options.root) else {
            throw DatasetFault(
                option: "root", message: "option root: there is no folder \(options.root)",
                expected: "the folder with " + options.sets.map { "\($0).pkl" }.joined(separator: ", "))
        }
        for (domain, name) in options.sets.enumerated() {
            guard !name.contains("/"), !name.contains("\0") else {
                throw DatasetFault(option: "sets", message: "option sets: found '\(name)'", expected: "names of files without folder and ending")
            }
            let path = "\(options.root)/\(name).pkl"
            guard FileContents.size(path) != nil else { throw Self.absent(name, options.root) }
            guard let container = try ArrayContainer.open([path], links: .follow).first else { throw Self.absent(name, options.root) }
            let found = container.parts(with: Sentiment.modalityNames + ["regression_labels"])
            for (part, split) in [("train", SplitName.train), ("valid", .validation), ("test", .test)] {
                guard let prefix = found.first(where: { $0.split == split })?.prefix else {
                    // Names what is missing, with the nearest key.
                    for key in Sentiment.modalityNames + ["regression_labels"] { _ = try container.array("\(part).\(key)", option: "root") }
                    throw DatasetFault(option: "root", message: "\(path) has no part '\(part)'", expected: "train, valid and test")
                }
                parts.append(
                    try SentimentPart(container, prefix: prefix, split: split, domain: domain, scale: name == "sims" ? options.simsScale : 1))
            }
        }
        for name in Sentiment.modalityNames {
            let arrays = parts.compactMap { $0.arrays[name] }
            guard let first = arrays.first, let other = arrays.first(where: { $0.shape[2] != first.shape[2] }) else { continue }
            throw DatasetFault(
                option: "sets", message: "'\(name)' has \(first.shape[2]) features in \(first.file), and \(other.shape[2]) in \(other.file)",
                expected: "equal widths: the files of CASP and MMDG-Bench; the standard features of MMSA differ from data set to data set")
        }
    }

    /// The fault of a file that is not there, with what is there instead.
    ///
    /// - Parameters:
    ///   - name: the data set's.
    ///   - root: the folder, of which up to twelve names are shown.
    private static func absent(_ name: String, _ root: String) -> DatasetFault {
        let names = (try? Folder.names(in: root)) ?? []
        if let other = names.first(where: others.contains) {
            return DatasetFault(
                option: "root", message: "option root: in \(root) there is no \(name).pkl, but \(other): one of MMSA's standard files",
                expected: "the files of CASP and MMDG-Bench, made with MMSA-FET so that their widths agree (text 768, audio 25, vision 171)")
        }
        return DatasetFault(
            option: "root",
            message: "option root: in \(root) there is no \(name).pkl; found " + (names.isEmpty ? "nothing" : names.prefix(12).joined(separator: ", "))
                + KnownLayout.remark(on: root, asFor: "sentiment"),
            expected: "\(name).pkl", suggestion: nearestName(to: "\(name).pkl", among: names))
    }
}
