import Configuration
import Foundation
import Persistence
import Weights

/// One file of a user's data set; its faults name the file, the key, the shape and the nearest key.
struct TensorSource {
    let file: SafetensorsFile

    init(_ path: String) throws(DatasetFault) {
        do throws(WeightsFault) {
            file = try SafetensorsFile(path)
        } catch {
            throw DatasetFault(option: "path", message: "\(error)")
        }
    }

    /// The files that the option `path` means: files as they stand, and those in folders by name.
    static func paths(_ given: [String]) throws(DatasetFault) -> [String] {
        var result: [String] = []
        for path in given {
            guard Folder.exists(path) else {
                result.append(path)
                continue
            }
            let names: [String]
            do throws(FileFault) {
                names = try Folder.names(in: path).filter { $0.hasSuffix(".safetensors") }
            } catch {
                throw DatasetFault(option: "path", message: "\(error)")
            }
            guard !names.isEmpty else {
                throw DatasetFault(option: "path", message: "the folder \(path) has no file that ends in .safetensors")
            }
            result += names.map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
        }
        guard !result.isEmpty else {
            throw DatasetFault(option: "path", message: "option path: found none", expected: "at least one file or folder")
        }
        return result
    }

    /// The file's name without folder and ending.
    var name: String {
        let last = file.path.split(separator: "/").last.map(String.init) ?? file.path
        return last.hasSuffix(".safetensors") ? String(last.dropLast(".safetensors".count)) : last
    }

    /// A list in the metadata, separated by commas; empty where there is none.
    func names(_ key: String) -> [String] {
        (file.metadata[key] ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// One modality: its samples in channels-last order, all finite.
    func array(_ modality: ModalityKey, layout: TensorFiles.Layout) throws(DatasetFault) -> ModalityArray {
        let entry = try entry(modality.key, option: "modalities")
        guard let rows = entry.shape.first, entry.shape.count < Self.mostAxes, !entry.shape.contains(0) else {
            throw fault(entry, "modalities", "cannot hold samples", expected: "rows × up to \(Self.mostAxes - 2) axes, none empty")
        }
        var values: [Float]
        do throws(WeightsFault) {
            values = try file.floats(modality.key, convertingIntegers: true)
        } catch {
            throw DatasetFault(option: "modalities", message: "\(error)")
        }
        if let place = values.firstIndex(where: { !$0.isFinite }) {
            throw fault(
                entry, "modalities", "holds \(values[place]) in row \(place / (values.count / rows))",
                expected: "finite numbers")
        }
        var sample = Array(entry.shape.dropFirst())
        if sample.isEmpty { sample = [1] }
        if layout == .channelsFirst, sample.count > 1 {
            let channels = sample.removeFirst()
            values = ModalityArray.channelsLast(
                values, rows: rows, channels: channels, positions: sample.reduce(1, *))
            sample.append(channels)
        }
        return ModalityArray(name: modality.name, sampleShape: sample, values: values)
    }

    /// A tensor of one whole number for each of `rows`.
    func integers(_ key: String, option: String, rows: Int) throws(DatasetFault) -> [Int] {
        let entry = try entry(key, option: option)
        guard entry.shape == [rows] || entry.shape == [rows, 1] else {
            throw fault(entry, option, "does not fit the inputs", expected: "one whole number for each of \(rows) rows")
        }
        do throws(WeightsFault) {
            return try file.integers(key)
        } catch {
            throw DatasetFault(option: option, message: "\(error)")
        }
    }

    /// One axis of a tensor is left for the batch.
    private static let mostAxes = 8

    private func entry(_ key: String, option: String) throws(DatasetFault) -> SafetensorsEntry {
        guard let entry = file[key] else {
            let known = file.entries.sorted { $0.name < $1.name }.map { "\($0.name) [\($0.shapeText)]" }
            throw DatasetFault(
                option: option, message: "\(file.path) has no tensor '\(key)'",
                expected: known.isEmpty ? "a tensor of that name; the file has none" : "one of: " + known.joined(separator: ", "),
                suggestion: nearestName(to: key, among: file.names))
        }
        return entry
    }

    private func fault(
        _ entry: SafetensorsEntry, _ option: String, _ problem: String, expected: String
    ) -> DatasetFault {
        DatasetFault(
            option: option, message: "\(file.path): the tensor '\(entry.name)' of shape \(entry.shapeText) \(problem)",
            expected: expected)
    }
}
