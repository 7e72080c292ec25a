import Configuration
import Foundation

@testable import Datasets
@testable import Media
@testable import Persistence
@testable import Recipes
@testable import Weights

/// A parser of bytes that come from elsewhere. It may refuse anything, and crash, hang or fill the memory on nothing.
enum FuzzTarget {
    static let all = ofFormats.merging(ofRunFolders) { own, _ in own }.merging(ofSystems) { own, _ in own }

    private static let ofFormats: [String: @Sendable (Data) -> Void] = [
        "recipe": recipe, "setting": setting, "safetensors": safetensors, "checkpoint": checkpoint, "weights": weights, "frame": frame,
        "table": table, "arrays": arrays, "samples": samples, "manifest": manifest, "labels": labels, "recording": recording, "sentiment": sentiment,
        "argument": argument,
        "picture": picture, "sound": sound, "video": video,
    ]

    // MARK: - Recipes

    /// A recipe, and behind each line `%%% NAME` another file that it may include.
    private static func recipe(_ data: Data) {
        let files = data.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: true)
        var others: [String: Data] = [:]
        for (number, file) in files.dropFirst().enumerated() { others["\(number).yaml"] = Data(file) }
        load(Array(files.first ?? Data()), files: others, settings: [])
    }

    /// Settings of a small recipe, one a line.
    private static func setting(_ data: Data) {
        let settings = String(decoding: data, as: UTF8.self).split(separator: "\n").prefix(8).map(String.init)
        load(Array(SampleRecipe.text.utf8), files: [:], settings: settings)
    }

    /// A component with options, as an argument of the command line.
    private static func argument(_ data: Data) {
        do throws(RecipeError) { _ = try ComponentArgument(String(decoding: data, as: UTF8.self)) } catch {
            precondition(error.description.utf8.count < 1 << 20)
        }
    }

    private static func load(_ bytes: [UInt8], files: [String: Data], settings: [String]) {
        let reader = RecipeFiles(currentFolder: "/") { (path) throws(FileFault) in
            guard let data = files[path] else { throw FileFault(action: "read", path: path, reason: "No such file or directory") }
            return data
        }
        do throws(RecipeError) {
            let study = try RecipeLoader.load(
                file: "r.yaml", bytes: bytes, overrides: settings, catalogue: SampleRecipe.catalogue, files: reader)
            // What is written has to be read again as the same.
            let again = try RecipeLoader.load(
                file: "r.yaml", bytes: Array(study.resolvedYAML.utf8), catalogue: SampleRecipe.catalogue, files: reader)
            precondition(again.variants.count == study.variants.count)
        } catch {
            precondition(error.description.utf8.count < 1 << 20)
        }
    }

    // MARK: - Weights and tables

    private static func safetensors(_ data: Data) {
        guard let file = try? SafetensorsFile(data, named: "f") else { return }
        for name in file.names.prefix(16) {
            _ = try? file.floats(name, convertingIntegers: true)
            _ = try? file.integers(name)
        }
    }

    /// Small enough for AddressSanitizer, which takes several times the memory.
    private static var limits: ReadingLimits {
        var limits = ReadingLimits()
        limits.expandedBytes = 1 << 24
        limits.repeatedBytes = 1 << 20
        return limits
    }

    /// npy, npz, pickles, MATLAB; what HDF5's own library reads is not instrumented.
    private static func arrays(_ data: Data) {
        guard let file = try? ArrayFile(data, named: "f") else { return }
        for name in file.names.prefix(8) {
            if let array = try? file.array(name), !array.shape.isEmpty { _ = try? array.floats(rows: 0..<min(1, array.rowCount)) }
            _ = try? file.texts(name)
        }
    }

    /// Arrays as samples: a line with the options of `arrays`, as after `--set data=`, and the file behind it.
    private static func samples(_ data: Data) {
        let line = data.prefix { $0 != UInt8(ascii: "\n") }
        guard let choice = try? ComponentArgument(String(decoding: line, as: UTF8.self)) else { return }
        MemoryFile.write(Data(data.dropFirst(line.count + 1)), "samples/arrays")
        let file = OptionValue.string(MemoryFile.folder + "/samples/arrays")
        // Nothing outside of the folder is read, whatever the line says.
        let options = choice.options.filter { $0.key != "manifest" }.merging(["path": file, "links": .string("inside")]) { $1 }
        guard let values = try? Arrays.Options.decoding(options), let dataset = try? Arrays(options: values) else { return }
        precondition(dataset.domains.count == dataset.count && dataset.groups.map { $0.count == dataset.count } ?? true)
        precondition(dataset.positions.map { $0.count == dataset.count } ?? true && dataset.split.map { $0.count == dataset.count } ?? true)
        let rows = dataset.count > 1 ? [0, dataset.count - 1] : Array(0..<dataset.count)
        for modality in dataset.facts.modalities.map(\.name).prefix(8) {
            _ = try? dataset.presence(rows, modality: modality)
            if let inputs = try? dataset.inputs(rows, modality: modality) { precondition(inputs.shape[0] == rows.count) }
        }
        _ = dataset.remarks
    }

    private static func checkpoint(_ data: Data) {
        guard let file = try? PyTorchCheckpoint(data, named: "f", limits: limits) else { return }
        for entry in file.entries.prefix(16) { _ = try? file.floats(entry.name, convertingIntegers: true) }
    }

    private static func weights(_ data: Data) {
        guard let file = try? WeightsFile(data, named: "f") else { return }
        _ = try? file.safetensors()
    }

    private static func frame(_ data: Data) {
        guard let file = try? DataFrameFile(data, named: "f", limits: limits) else { return }
        _ = try? file.integers("start_frame")
        _ = try? file.texts("video_id")
    }

    private static func table(_ data: Data) {
        let folder = MemoryFile.folder + "/" + EpicSplits.folder
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try? data.write(to: URL(fileURLWithPath: folder + "/D1_train.csv"))
        _ = try? EpicSplits.segments("D1_train", in: MemoryFile.folder)
    }

    /// A CSV table of samples with its columns read in every way.
    private static func manifest(_ data: Data) {
        MemoryFile.write(data, "manifest.csv")
        guard var manifest = try? Manifest(MemoryFile.folder + "/manifest.csv", links: .inside) else { return }
        for name in manifest.names.prefix(8) {
            _ = try? manifest.values(name, option: name)
            _ = try? manifest.counts(name, rows: Array(0..<min(manifest.count, 64)), option: "lengths", what: "a number of steps")
        }
        for kind in [TargetKind.classes, .labels, .values] { _ = try? manifest.targets(kind, names: [], option: "manifest") }
        guard let clips = try? ClipRows(&manifest, frameRate: 25, onMissing: .keep) else { return }
        for row in 0..<min(manifest.count, 64) { _ = (clips.seconds(row), clips.paths("video", row)) }
    }

    /// A table of labels beside a folder of films, from which a manifest is made, and read: a line of columns and one of files, as `--column` and
    /// `--file` take them, divided by tabulators, and the table behind them.
    private static func labels(_ data: Data) {
        let lines = data.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3 else { return }
        let words = lines.prefix(2).map { String(decoding: $0, as: UTF8.self).split(separator: "\t").prefix(8).map(String.init) }
        let folder = MemoryFile.folder + "/films"
        for name in ["raw/a/0001.mp4", "raw/b/12.mp4", "c.wav"] { MemoryFile.write(Data(), "films/" + name) }
        MemoryFile.write(Data(lines[2]), "labels.csv")
        guard let writer = try? ManifestWriter(folder, table: MemoryFile.folder + "/labels.csv", columns: words[0], files: words[1]) else { return }
        _ = writer.summary
        MemoryFile.write(Data(writer.csv.utf8), "films/manifest.csv")
        // Columns may have names that no manifest may have; one that is read has as many rows as were written.
        if let manifest = try? Manifest(folder + "/manifest.csv", links: .inside) { precondition(manifest.count == writer.count) }
    }

    /// A file of sentiment data, with all that is read before training.
    private static func sentiment(_ data: Data) {
        MemoryFile.write(data, "sentiment.pkl")
        var options = Sentiment.Options()
        (options.root, options.sets) = (MemoryFile.folder, ["sentiment"])
        guard let files = try? SentimentFiles(options) else { return }
        for part in files.parts { for modality in Sentiment.modalityNames { _ = try? part.lengths(modality) } }
    }

    /// A recording of a motor, as text.
    private static func recording(_ data: Data) {
        MemoryFile.write(data, "recording.txt")
        for vibration in [HUSTMotor.Vibration.magnitude, .axes] { _ = try? MotorRecording(MemoryFile.folder + "/recording.txt", vibration: vibration) }
    }

    // MARK: - Media

    private static func picture(_ data: Data) {
        MemoryFile.write(data, "p.jpg")
        _ = try? PictureSource(.color).picture(MemoryFile.folder + "/p.jpg")
    }

    private static func sound(_ data: Data) {
        MemoryFile.write(data, "s.wav")
        guard let file = try? SoundFile(MemoryFile.folder + "/s.wav") else { return }
        _ = try? file.samples(0..<min(file.sampleCount, 4096))
        _ = try? file.samples(max(0, file.sampleCount - 100)..<file.sampleCount)
    }

    private static func video(_ data: Data) {
        MemoryFile.write(data, "v.mp4")
        guard let file = try? VideoFile(MemoryFile.folder + "/v.mp4"), file.frameCount < 10_000 else { return }
        try? file.frames([0, file.frameCount / 2, file.frameCount - 1], channels: .color) { _, _ in }
    }
}
