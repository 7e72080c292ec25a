import Configuration
import Foundation
import Tensors
import TestSupport
import Testing
import Weights

@testable import Datasets

@Suite("A user's own arrays in safetensors files")
struct ArraysTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Four rows: `video` 4×2×3, `audio` 4×2, labels, domains and the rest.
    private func writer() -> SafetensorsWriter {
        var writer = SafetensorsWriter()
        writer.add("video", (0..<24).map { Float($0) }, shape: [4, 2, 3])
        writer.add("audio", (0..<8).map { Float($0) / 2 }, shape: [4, 2])
        writer.add("labels", [0, 1, 0, 1] as [Int32], shape: [4])
        writer.add("domains", [3, 3, 8, 8], shape: [4])
        writer.add("recordings", [5, 5, 6, 6], shape: [4, 1])
        writer.add("parts", [0, 1, 0, 2], shape: [4])
        return writer
    }

    private func options(_ path: String, _ change: (inout Arrays.Options) -> Void = { _ in }) -> Arrays.Options {
        var options = Arrays.Options()
        options.path = [path]
        options.modalities = ["video", "audio"]
        change(&options)
        return options
    }

    /// What is thrown, as a user reads it.
    private func fault(of body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch { return "\(error)" }
    }

    @Test("Arrays, labels and domains are read; numbers are the names where none are given")
    func reading() throws {
        try writer().write(to: folder("a.safetensors"))
        let data = try Arrays(options: options(folder("a.safetensors")))
        #expect(data.facts.modalities.map(\.sampleShape) == [[2, 3], [2]])
        #expect(data.facts.domains == ["3", "8"])
        #expect(data.facts.classes == ["0", "1"])
        #expect(data.domains == [0, 0, 1, 1])
        #expect(data.labels == [0, 1, 0, 1])
        #expect(data.facts.samplesPerDomain == [2, 2])
        let inputs = try data.inputs([2, 0], modality: "video")
        #expect(inputs.shape == [2, 2, 3])
        #expect(inputs.values == (12..<18).map { Float($0) } + (0..<6).map { Float($0) })
        #expect(data.groups == nil && data.split == nil && data.positions == nil)
    }

    @Test("Channels-first samples are turned, vectors stay")
    func channelsFirst() throws {
        try writer().write(to: folder("a.safetensors"))
        let data = try Arrays(options: options(folder("a.safetensors")) { $0.layout = .channelsFirst })
        #expect(data.facts.modalities.map(\.sampleShape) == [[3, 2], [2]])
        #expect(try data.inputs([0], modality: "video").values == [0, 3, 1, 4, 2, 5])
        #expect(try data.inputs([1], modality: "audio").values == [1, 1.5])
    }

    @Test("Keys can be renamed; groups, positions and split are read; names come from the recipe or the file")
    func everything() throws {
        var writer = writer()
        writer.metadata = ["classes": "cut , pour", "domains": "unused"]
        try writer.write(to: folder("a.safetensors"))
        let data = try Arrays(
            options: options(folder("a.safetensors")) {
                $0.modalities = ["rgb=video"]
                $0.groups = "recordings"
                $0.positions = "parts"
                $0.split = "parts"
                $0.domains = "labels"
                $0.domainNames = ["home", "kitchen", "lab"]
            })
        #expect(data.facts.modalityNames == ["rgb"])
        #expect(data.facts.classes == ["cut", "pour"])
        #expect(data.facts.domains == ["home", "kitchen", "lab"])
        #expect(data.facts.samplesPerDomain == [2, 2, 0])
        #expect(data.groups == [0, 0, 1, 1])
        #expect(data.positions == [0, 1, 0, 2])
        #expect(data.split == [.train, .validation, .train, .test])
    }

    @Test("Several files are joined, by name in a folder; each can be a domain, and groups stay apart")
    func severalFiles() throws {
        try writer().write(to: folder("b-second.safetensors"))
        try writer().write(to: folder("a-first.safetensors"))
        let data = try Arrays(
            options: options(folder.path) {
                $0.domains = nil
                $0.groups = "recordings"
            })
        #expect(data.facts.domains == ["a-first", "b-second"])
        #expect(data.domains == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(data.groups == [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(data.count == 8)
        #expect(try data.inputs([4], modality: "audio").values == [0, 0.5])
    }

    @Test("Features in half precision and scalars a row are samples too")
    func otherTypes() throws {
        let header = #"{"f":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"labels":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}"#
        var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
        data += [0, 0x3c, 0, 0xc0, 1, 0] as [UInt8]
        try data.write(to: URL(fileURLWithPath: folder("h.safetensors")))
        let features = try Arrays(
            options: options(folder("h.safetensors")) {
                $0.modalities = ["f"]
                $0.domains = nil
            })
        #expect(features.facts.modalities.map(\.sampleShape) == [[1]])
        #expect(try features.inputs([1, 0], modality: "f").values == [-2, 1])
        #expect(features.labels == [1, 0])
    }

    @Test("Every fault names file, key, shape and the nearest key")
    func faults() throws {
        let path = folder("a.safetensors")
        try writer().write(to: path)
        func fault(_ change: (inout Arrays.Options) -> Void) -> DatasetFault? {
            #expect(throws: DatasetFault.self) { try Arrays(options: options(path, change)) }
        }
        let all = "audio [4×2], domains [4], labels [4], parts [4], recordings [4×1], video [4×2×3]"
        let cases: [((inout Arrays.Options) -> Void, String, String)] = [
            (
                { $0.modalities = ["vidoe"] }, "modalities",
                "\(path) has no array 'vidoe'; expected one of: \(all); did you mean 'video'?"
            ),
            ({ $0.labels = "label" }, "labels", "\(path) has no array 'label'; expected one of: \(all); did you mean 'labels'?"),
            (
                { $0.labels = "video" }, "labels",
                "\(path): the array 'video' of shape 4×2×3 does not fit the inputs; expected one number or name for each of 4 rows"
            ),
            ({ $0.modalities = [] }, "modalities", "option modalities: found none; expected at least one name"),
            ({ $0.modalities = ["a="] }, "modalities", "option modalities: found 'a='; expected name or name=key"),
            ({ $0.modalities = ["audio", "audio=video"] }, "modalities", "option modalities: 'audio' appears twice"),
            (
                { $0.split = "recordings" }, "split",
                "\(path): row 0 has split 5; expected 0 train, 1 validation, 2 test or 3 held-back"
            ),
            (
                { $0.classNames = ["only"] }, "labels", "row 1 has class 1, but 1 class names are given; expected 0 to 0"
            ),
            ({ $0.domainNames = ["a", "a"] }, "domain-names", "the domain name 'a' appears twice"),
            (
                { $0.path = [self.folder("none.safetensors")] }, "path",
                "\(folder("none.safetensors")): cannot read: No such file or directory"
            ),
            ({ $0.path = [] }, "path", "option path: found none; expected at least one file or folder"),
        ]
        for (change, option, message) in cases {
            let found = fault(change)
            #expect(found?.description == message)
            #expect(found?.option == option)
        }
    }

    @Test("Rows that do not agree, values that are no numbers, and damaged files are refused")
    func badData() throws {
        func fault(_ paths: [String], _ change: (inout Arrays.Options) -> Void = { _ in }) -> String? {
            #expect(throws: DatasetFault.self) {
                try Arrays(
                    options: options("") {
                        $0.path = paths
                        change(&$0)
                    })
            }?.description
        }
        var short = SafetensorsWriter()
        short.add("video", [1, 2, 3] as [Float], shape: [3, 1])
        short.add("audio", [1, .nan] as [Float], shape: [2, 1])
        short.add("labels", [0.5, 0] as [Float], shape: [2])
        short.add("two", [0, 1], shape: [2])
        short.add("none", [] as [Float], shape: [0, 4])
        short.add("one", [1] as [Float], shape: [])
        try short.write(to: folder("short.safetensors"))
        let path = folder("short.safetensors")
        #expect(
            fault([path], { $0.modalities = ["video", "v=labels"] })
                == "\(path): 'v' has 2 rows, 'video' has 3; expected the same rows in every modality")
        #expect(
            fault([path], { ($0.modalities, $0.labels, $0.domains) = (["audio"], "two", nil) })
                == "\(path): 'audio' (array 'audio'): 1 values in 1 rows are not finite (rows 1); expected finite numbers; numpy.nan_to_num(array) puts "
                + "zeros there, or leave those rows out")
        #expect(
            fault([path], { $0.modalities = ["none"] })
                == "\(path): the array 'none' of shape 0×4 cannot hold samples; expected rows × up to 6 axes, none empty")
        #expect(
            fault([path], { $0.modalities = ["one"] })
                == "\(path): the array 'one' of shape scalar cannot hold samples; expected rows × up to 6 axes, none empty")
        let floats = fault([path], { $0.modalities = ["two"] })
        #expect(floats?.contains("holds 0.5 at element 0, where a whole number is expected") == true)

        try writer().write(to: folder("a.safetensors"))
        var other = SafetensorsWriter()
        other.add("video", [1, 2, 3] as [Float], shape: [1, 3])
        other.add("audio", [1, 2] as [Float], shape: [1, 2])
        other.add("labels", [0], shape: [1])
        other.add("domains", [0], shape: [1])
        try other.write(to: folder("b.safetensors"))
        #expect(
            fault([folder("a.safetensors"), folder("b.safetensors")])
                == "samples of 'video' have shape 3 in \(folder("b.safetensors")), but 2×3 in \(folder("a.safetensors")); "
                + "expected one shape in all files")

        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder("broken.safetensors")))
        #expect(
            fault([folder("broken.safetensors")])
                == "\(folder("broken.safetensors")): byte 0: is none of the formats that are read: safetensors, npy, npz, pickle, PyTorch, HDF5, MATLAB 5")
        let empty = try TemporaryFolder()
        #expect(fault([empty.path]) == "the folder \(empty.path) has no file that ends in .safetensors, .npz, .pkl, .pickle, .pt, .pth, .h5, .hdf5, .mat, .npy")
    }

    @Test("A modality on disk is read to the same bits as one in memory, from any file, and its values are looked at")
    func onDisk() throws {
        let rows = 70
        let values = (0..<rows * 33).map { Float($0).squareRoot() }
        var first = SafetensorsWriter()
        first.add("x", values, shape: [rows, 33])
        // Elements that need more than to be copied.
        first.add("y", .float64, shape: [rows, 33], bytes: values.map { Double($0) }.withUnsafeBytes { Data($0) })
        try first.write(to: folder("first.safetensors"))
        let file = try ArrayFile(folder("first.safetensors"))
        #expect(try file.array("x").packedRows != nil && file.array("y").packedRows != nil)
        let asked = [69, 0, 3, 3, 68]
        let expected = asked.flatMap { values[$0 * 33..<($0 + 1) * 33] }.map(\.bitPattern)
        for key in ["x", "y"] {
            for limit in [0, 1 << 20] {
                var modality = try ArrayModality("x", try file.array(key), layout: .channelsLast)
                #expect(try modality.holdIfSmall(limit: limit) == nil)
                for _ in 0..<2 { #expect(try modality.inputs(asked).values.map(\.bitPattern) == expected, "\(key) \(limit)") }
                #expect(try modality.keeping([5, 4, 69]).values(of: 2).map(\.bitPattern) == Array(expected.prefix(33)))
            }
        }
        // Rows of two arrays in one batch, and one that lacks the modality between them.
        let arrays = [try file.array("x"), try file.array("y")]
        let places = [(0, 69), (0, 0), (1, 3), nil, (0, 3), (1, 68)].map { place in place.map { StoredRows.Place(array: $0.0, row: $0.1) } }
        for limit in [0, 1 << 20] {
            var mixed = try ArrayModality("x", arrays, layout: .channelsLast, sample: [33], places: RowPlaces(places))
            #expect(try mixed.holdIfSmall(limit: limit) == nil)
            let read = try mixed.inputs([0, 1, 2, 3, 4, 5]).values.map(\.bitPattern)
            #expect(Array(read[..<99] + read[132...]) == expected && read[99..<132].allSatisfy { $0 == 0 }, "\(limit)")
        }
        var bad = SafetensorsWriter()
        bad.add("x", values.dropLast() + [.nan], shape: [rows, 33])
        try bad.write(to: folder("bad.safetensors"))
        var modality = try ArrayModality("x", try ArrayFile(folder("bad.safetensors")).array("x"), layout: .channelsLast)
        #expect(try modality.holdIfSmall(limit: 0) == nil)
        #expect(try modality.inputs([0, 68]).shape.dimensions == [2, 33])
        #expect(throws: DatasetFault.self) { try modality.inputs([0, 69]) }
        #expect(throws: DatasetFault.self, "a row that was not finite is not taken for one that is") { try modality.inputs([69]) }
    }

    @Test("NaN and infinity are found at every place, and no other number is taken for them", arguments: [0, 1, 15, 16, 17, 40])
    func notFinite(count: Int) {
        func found(_ values: [Float]) -> Bool {
            values.withUnsafeBufferPointer { NotFiniteRows.isAmong($0) }
        }
        let extremes: [Float] = [0, -0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -1]
        let finite = (0..<count).map { extremes[$0 % extremes.count] }
        #expect(!found(finite))
        for place in 0..<count {
            for bad in [Float.nan, .infinity, -.infinity, .signalingNaN] {
                var values = finite
                values[place] = bad
                #expect(found(values), "\(bad) at \(place) of \(count)")
            }
        }
    }

    @Test("A negative label is none where it is -1, and otherwise refused: it is never a class")
    func negativeLabels() throws {
        var writer = SafetensorsWriter()
        writer.add("video", [1, 2, 3, 4] as [Float], shape: [4, 1])
        writer.add("audio", [1, 2, 3, 4] as [Float], shape: [4, 1])
        writer.add("domains", [0, 0, 1, 1], shape: [4])
        writer.add("labels", [0, -2, 1, -1], shape: [4])
        writer.add("floats", [0, 1, -3, .nan] as [Float], shape: [4])
        writer.add("none", [0, -1, 1, -1], shape: [4])
        writer.add("several", [0, 1, -1, 0, 1, 1, 0, 0] as [Float], shape: [4, 2])
        try writer.write(to: folder("negative.safetensors"))
        let path = folder("negative.safetensors")
        func opened(_ key: String, _ targets: TargetKind = .classes, isChecked: Bool = false) throws -> Arrays {
            try Arrays(
                options: options("") {
                    ($0.path, $0.labels, $0.targets, $0.unlabeled) = ([path], key, targets, .leaveOut)
                }, requiringFinite: !isChecked)
        }
        let rule = "expected classes from 0 on, or names; -1, NaN or an empty label says that a row has none"
        #expect(
            fault { _ = try opened("labels") }
                == "\(path): 1 of 4 rows have a negative label such as -2 (row 1); \(rule)")
        #expect(
            fault { _ = try opened("floats") }
                == "\(path): 1 of 4 rows have a negative label such as -3 (row 2); \(rule)")
        let checked = try opened("labels", isChecked: true)
        #expect(checked.problems.first == "\(path): 1 of 4 rows have a negative label such as -2 (row 1); \(rule)")
        #expect(checked.facts.classes == ["0", "1"] && checked.labels == [0, 1])
        #expect(try opened("none").labels == [0, 1])
        #expect(try opened("several", .labels).targetValues == [0, 1, 1, 1, 0, 0])
    }

    @Test("In a folder, a link that leads out of it is refused unless links are followed")
    func links() throws {
        try FileManager.default.createDirectory(atPath: folder("here"), withIntermediateDirectories: true)
        var writer = SafetensorsWriter()
        writer.add("video", [1, 2] as [Float], shape: [2, 1])
        writer.add("audio", [1, 2] as [Float], shape: [2, 1])
        writer.add("labels", [0, 1], shape: [2])
        writer.add("domains", [0, 1], shape: [2])
        try writer.write(to: folder("a.safetensors"))
        try FileManager.default.createSymbolicLink(atPath: folder("here/a.safetensors"), withDestinationPath: "../a.safetensors")
        func opened(_ links: LinkRule) throws -> Arrays {
            try Arrays(options: options("") { ($0.path, $0.links) = ([folder("here")], links) })
        }
        #expect(
            fault { _ = try opened(.inside) }
                == "\(folder("here"))/a.safetensors is a symbolic link that leads out of its folder; expected the file itself, its path, or links: follow")
        #expect(try opened(.follow).count == 2)
        #expect(try Arrays(options: options("") { $0.path = [folder("here/a.safetensors")] }).count == 2, "a file that is named is the user's choice")
    }
}
