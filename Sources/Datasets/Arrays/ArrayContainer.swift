import Configuration
import Foundation
import Persistence
import Weights

/// A file of arrays with keys, or a folder of `.npy` files that are its arrays. Its faults name the
/// file, the key, the shape and the nearest key.
///
/// Opening reads names and shapes; elements stay in the file until they are asked for.
struct ArrayContainer: Sendable {
    /// Where it is, for messages.
    let path: String
    /// The file of each array, by key, for a folder.
    private let files: [String: ArrayFile]
    /// The file; nil for a folder.
    private let file: ArrayFile?
    /// The arrays that are there: key, type and shape.
    let entries: [ArrayFile.Entry]
    /// Where each key stands among the entries.
    private let places: [String: Int]
    /// The keys of what is in the file and not read.
    private let unread: Set<String>

    /// Opens a file.
    private init(file path: String) throws(DatasetFault) {
        let file = try Self.read(path)
        (self.path, self.file, files, entries) = (path, file, [:], file.entries)
        (places, unread) = (Self.places(entries), Set(file.opaque.map(\.name)))
    }

    /// Opens the files of a folder; the name of each without `.npy` is its key.
    private init(folder path: String, names: [String]) throws(DatasetFault) {
        var files: [String: ArrayFile] = [:]
        var entries: [ArrayFile.Entry] = []
        for name in names {
            let file = try Self.read("\(path)/\(name)")
            let key = String(name.dropLast(".npy".count))
            files[key] = file
            entries += file.entries.map { ArrayFile.Entry(name: key, type: $0.type, shape: $0.shape) }
        }
        (self.path, file, self.files, self.entries) = (path, nil, files, entries)
        (places, unread) = (Self.places(entries), [])
    }

    /// Where each key stands; of equal keys the first counts.
    private static func places(_ entries: [ArrayFile.Entry]) -> [String: Int] {
        Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    /// Opens a file of arrays; what is wrong with it becomes a fault of the option `path`.
    ///
    /// - Throws: `DatasetFault` with the byte and the reason where the file is damaged or of a format
    ///   that is not read.
    private static func read(_ path: String) throws(DatasetFault) -> ArrayFile {
        do throws(WeightsFault) {
            return try ArrayFile(path)
        } catch {
            throw DatasetFault(option: "path", message: "\(error)")
        }
    }

    /// Endings of the files in a folder that hold arrays; a file that is given itself may have any
    /// name.
    private static let endings = ["safetensors", "npz", "pkl", "pickle", "pt", "pth", "h5", "hdf5", "mat"]

    /// The containers that the option `path` names: files in the given order, and those in folders by
    /// name.
    ///
    /// - Throws: `DatasetFault` where a file cannot be read, where a folder has no file of arrays, or
    ///   where it mixes `.npy` files with others.
    ///
    /// - Parameters:
    ///   - given: paths of files or folders, at least one.
    ///   - links: what becomes of links in a folder that lead out of it; a file that is given itself may be
    ///     a link.
    static func open(_ given: [String], links: LinkRule) throws(DatasetFault) -> [ArrayContainer] {
        var result: [ArrayContainer] = []
        for path in given {
            guard Folder.exists(path) else {
                result.append(try ArrayContainer(file: path))
                continue
            }
            let names: [String]
            do throws(FileFault) {
                names = try Folder.names(in: path)
            } catch {
                throw DatasetFault(option: "path", message: "\(error)")
            }
            let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
            let files = names.filter { name in endings.contains { name.hasSuffix("." + $0) } }
            let place = ConfinedFolder(folder, links)
            if let name = names.first(where: { name in (endings + ["npy"]).contains { name.hasSuffix("." + $0) } && place.isLeft(by: name) }) {
                throw DatasetFault(
                    option: "path", message: "\(folder)/\(name) is a symbolic link that leads out of its folder",
                    expected: "the file itself, its path, or links: follow")
            }
            for name in files { result.append(try ArrayContainer(file: "\(folder)/\(name)")) }
            let single = names.filter { $0.hasSuffix(".npy") }
            guard files.isEmpty || single.isEmpty else {
                throw DatasetFault(
                    option: "path", message: "the folder \(path) has .npy files and others with several arrays",
                    expected: "one kind; name the files one by one otherwise")
            }
            if !single.isEmpty { result.append(try ArrayContainer(folder: folder, names: single)) }
            guard !files.isEmpty || !single.isEmpty else {
                throw DatasetFault(
                    option: "path",
                    message: "the folder \(path) has no file that ends in " + (endings + ["npy"]).map { "." + $0 }.joined(separator: ", ")
                        + KnownLayout.remark(on: path, asFor: "arrays"))
            }
        }
        return result
    }

    /// The name without folder and ending.
    ///
    /// `train` for `data/train.npz`; a folder keeps its whole name. It names the domain where every
    /// file is one.
    var name: String {
        let last = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = last.lastIndex(of: "."), dot != last.startIndex, file != nil else { return last }
        return String(last[..<dot])
    }

    /// A list in the file's metadata, separated by commas; empty where there is none.
    ///
    /// - Parameter key: such as `classes` or `domains`; only safetensors files have metadata.
    func names(_ key: String) -> [String] {
        (file?.metadata[key] ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// Whether there is an array of this key.
    func has(_ key: String) -> Bool { places[key] != nil }

    /// Whether there is something of this key that is not read.
    func hasUnread(_ key: String) -> Bool { unread.contains(key) }

    /// The parts of a nested dictionary `{train: {key: …}, valid: {…}, test: {…}}` that have all of
    /// `keys`, in the order of the split.
    ///
    /// - Returns: the parts with what their keys begin with, such as `train.`; none where the file has
    ///   all of `keys` itself.
    func parts(with keys: [String]) -> [(prefix: String, split: SplitName)] {
        guard keys.contains(where: { !has($0) }) else { return [] }
        var parts: [(prefix: String, split: SplitName)] = []
        for (name, known) in SplitNames.known.sorted(by: { ($0.value.order, $0.key) < ($1.value.order, $1.key) })
        where keys.allSatisfy({ has("\(name).\($0)") }) {
            parts.append((name + ".", known.value))
        }
        return parts
    }

    /// An array of numbers.
    ///
    /// - Throws: `DatasetFault` where there is none of this key, with the keys that there are, or where
    ///   it holds no numbers.
    ///
    /// - Parameters:
    ///   - key: nested keys are joined by dots.
    ///   - option: which option named it, for the message.
    func array(_ key: String, option: String) throws(DatasetFault) -> any StoredArray {
        _ = try entry(key, option: option)
        do throws(WeightsFault) {
            return try source(key).array(inner(key))
        } catch {
            throw DatasetFault(option: option, message: "\(error)")
        }
    }

    /// An array with one number or name for each row, of shape `N`, `N×1` or `1×N`, or a scalar for a single row. NaN in an array of
    /// whole numbers stands for a missing one and becomes −1.
    ///
    /// - Throws: `DatasetFault` where there is no such array, where it has another shape, or where it
    ///   holds fractions.
    ///
    /// - Parameters:
    ///   - key: of the array.
    ///   - option: which option named it, for the message.
    ///   - rows: the number of samples `N`.
    func values(_ key: String, option: String, rows: Int) throws(DatasetFault) -> RowValues {
        let entry = try entry(key, option: option)
        guard entry.shape == [rows] || entry.shape == [rows, 1] || entry.shape == [1, rows] || (rows == 1 && entry.shape.isEmpty) else {
            throw DatasetFault(
                option: option, message: "\(path): the array '\(key)' of shape \(Self.text(entry.shape)) does not fit the inputs",
                expected: rows == 1 ? "one number or name" : "one number or name for each of \(rows) rows")
        }
        do throws(WeightsFault) {
            if let texts = try source(key).texts(inner(key)) { return .texts(texts) }
            let array = try source(key).array(inner(key))
            do throws(WeightsFault) {
                return .integers(try array.integers())
            } catch {
                // A missing label is often written as NaN, in an array that has to be of floating point then.
                guard !array.type.isInteger else { throw error }
                let values = try array.floats(rows: 0..<array.rowCount)
                guard values.allSatisfy({ $0.isNaN || Int(exactly: $0) != nil }) else { throw error }
                return .integers(values.map { Int(exactly: $0) ?? RowValues.unlabeled })
            }
        } catch {
            throw DatasetFault(option: option, message: "\(error)", expected: "whole numbers or names")
        }
    }

    /// The file that holds an array.
    ///
    /// - Throws: `WeightsFault` for a key that a folder does not have.
    private func source(_ key: String) throws(WeightsFault) -> ArrayFile {
        guard let source = file ?? files[key] else { throw WeightsFault(file: path, reason: "there is no array '\(key)'") }
        return source
    }

    /// The key of an array within its own file.
    private func inner(_ key: String) -> String { file == nil ? ArrayFile.onlyName : key }

    /// The entry of an array.
    ///
    /// - Throws: `DatasetFault` with the keys that there are and the nearest one.
    ///
    /// A value that the file has but that is not read, such as an object, is named with its kind
    /// instead.
    private func entry(_ key: String, option: String) throws(DatasetFault) -> ArrayFile.Entry {
        if let place = places[key] { return entries[place] }
        if let unread = file?.opaque.first(where: { $0.name == key || $0.name.hasPrefix(key + ".") }) {
            throw DatasetFault(
                option: option, message: "\(path): '\(unread.name)' is \(unread.kind), which is not read",
                expected: "an array of numbers or strings; \(unread.wayOut)")
        }
        let known = entries.sorted { $0.name < $1.name }.map(\.summary)
        let shown = known.prefix(40).joined(separator: ", ") + (known.count > 40 ? ", and \(known.count - 40) more" : "")
        throw DatasetFault(
            option: option, message: "\(path) has no array '\(key)'", expected: "one of: " + shown,
            suggestion: nearestName(to: key, among: entries.map(\.name)))
    }

    /// A shape as messages show it: `100×3`.
    static func text(_ shape: [Int]) -> String { shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×") }
}
