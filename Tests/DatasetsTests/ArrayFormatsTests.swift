import Configuration
import Foundation
import GoldenFixtures
import Networks
import Tensors
import TestSupport
import Testing
import Weights

@testable import Datasets

@Suite("One data set, whatever the format")
struct ArrayFormatsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func arrays(_ paths: [String], _ change: (inout Arrays.Options) -> Void = { _ in }) throws -> Arrays {
        var options = Arrays.Options()
        options.path = paths
        options.modalities = ["x=f4"]
        options.labels = "vector"
        options.domains = nil
        change(&options)
        return try Arrays(options: options)
    }

    private func fixture(_ name: String) -> String { Fixtures.path("arrays/" + name) }

    private static let formats = [
        "numpy-1.npz", "numpy-2.npz", "numpy-2-compressed.npz", "numpy-1-protocol-2.pkl", "numpy-2-protocol-5.pkl", "scipy.mat",
    ]

    @Test("The same values come from every format, in training's order of rows", arguments: formats)
    func equalValues(name: String) throws {
        let isNested = name.hasSuffix(".pkl")
        let isMatlab = name.hasSuffix(".mat")
        let data = try arrays([fixture(name)]) {
            if isNested { ($0.modalities, $0.labels) = (["x=train.f4"], "train.vector") }
            if isMatlab { $0.modalities = ["x=f4"] }
        }
        #expect(data.facts.modalities.map(\.sampleShape) == [[2, 3]])
        #expect(data.labels == [0, 1, 2, 3])
        #expect(try data.inputs([3, 0], modality: "x").values == [18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5])
    }

    @Test("Column-major, big-endian and integer arrays give what row-major floats give")
    func orders() throws {
        for key in ["columns", "big", "i2", "u8", "f2"] {
            let data = try arrays([fixture("numpy-2.npz")]) { $0.modalities = ["x=\(key)"] }
            #expect(try data.inputs([2], modality: "x").values == [12, 13, 14, 15, 16, 17], "\(key)")
        }
    }

    @Test("Labels and domains may be names; the distinct ones are the classes, by the alphabet")
    func names() throws {
        let data = try arrays([fixture("numpy-2.npz")]) {
            $0.labels = "bytes"
            $0.domains = "bytes"
            $0.unlabeled = .leaveOut
        }
        #expect(data.facts.classes == ["a", "bc", "d"])
        #expect(data.labels == [0, 1, 2])
        #expect(data.count == 3)
        #expect(data.remarks == ["1 of 4 rows have no label (-1, NaN or empty; rows 2); they are left out"])
    }

    @Test("A folder of .npy files is one file whose keys are their names")
    func folderOfArrays() throws {
        for name in ["c.npy", "columns.npy"] {
            try Data(contentsOf: URL(fileURLWithPath: fixture(name))).write(to: URL(fileURLWithPath: folder(name)))
        }
        let header = "{'descr': '|i1', 'fortran_order': False, 'shape': (4,)}\n"
        let labels = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + [1, 0, 1, 0])
        try labels.write(to: URL(fileURLWithPath: folder("y.npy")))
        let data = try arrays([folder.path]) { ($0.modalities, $0.labels) = (["c", "columns"], "y") }
        #expect(data.facts.modalityNames == ["c", "columns"])
        #expect(data.labels == [1, 0, 1, 0])
        #expect(try data.inputs([1], modality: "columns").values == data.inputs([1], modality: "c").values)
    }

    @Test("A group or a dictionary for each sample is a row, in the file's order", arguments: ["samples.pkl", "samples.h5"])
    func sampleGroups(name: String) throws {
        let data = try arrays([fixture(name)]) {
            ($0.modalities, $0.labels, $0.domains) = (["x", "steps", "other"], "label", "domain")
        }
        #expect(data.labels == [0, 1, 0, 1] && data.domains == [0, 0, 1, 1])
        #expect(data.facts.domains == ["a", "b"])
        #expect(try data.inputs([3, 0], modality: "x").values == [18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5])
        #expect(data.facts.modalities.map(\.sampleShape) == [[2, 3], [2, 3], [1]])
        #expect(try data.presence([0, 1], modality: "steps") == Presence(lengths: [1, 2]))
        #expect(try data.inputs([2], modality: "steps").values == [12, 13, 14, 0, 0, 0])
        #expect(try data.inputs([2, 3], modality: "other").values == [2, 0])
        #expect(try data.presence([2, 3], modality: "other").rows == [0])
        #expect(data.remarks.contains("\(fixture(name)): its 4 groups are read as one sample each, the first is 's0'"))
    }

    @Test("Groups of two files are joined with their lengths; what is learned may be several numbers of each")
    func joinedGroups() throws {
        let data = try arrays([fixture("samples.pkl"), fixture("samples.h5")]) {
            ($0.modalities, $0.labels, $0.targets, $0.domains) = (["steps"], "both", .values, "domain")
        }
        #expect(data.domains == [0, 0, 1, 1, 0, 0, 1, 1])
        #expect(try data.presence([1, 4, 5], modality: "steps") == Presence(lengths: [2, 1, 2]))
        #expect(data.targetValues?.suffix(4) == [12, 13, 18, 19])
    }

    @Test("A list of sequences of different lengths is padded, and its lengths are known, also where a manifest names its rows")
    func raggedLists() throws {
        let data = try arrays([fixture("sequences.pkl")]) { ($0.modalities, $0.labels, $0.domains) = (["steps"], "label", "domain") }
        #expect(data.facts.modalities.map(\.sampleShape) == [[2, 3]] && data.facts.modalities.map(\.isPadded) == [true])
        #expect(try data.inputs([2, 1], modality: "steps").values == [12, 13, 14, 0, 0, 0, 6, 7, 8, 9, 10, 11])
        #expect(try data.presence([2, 1], modality: "steps") == Presence(lengths: [1, 2]))
        try "label,domain,steps\n0,a,3\n1,b,0\n".write(toFile: folder("m.csv"), atomically: true, encoding: .utf8)
        let listed = try arrays([fixture("sequences.pkl")]) {
            ($0.modalities, $0.domains, $0.manifest) = (["steps"], "domains", folder("m.csv"))
        }
        #expect(try listed.presence([0, 1], modality: "steps") == Presence(lengths: [2, 1]))
        #expect(throws: DatasetFault.self) {
            try arrays([fixture("sequences.pkl")]) {
                ($0.modalities, $0.labels, $0.domains, $0.layout) = (["steps"], "label", "domain", .channelsFirst)
            }
        }
    }

    @Test("What a group lacks is named with the group")
    func incompleteGroups() throws {
        func fault(_ change: (inout Arrays.Options) -> Void) -> String {
            do {
                _ = try arrays([fixture("samples.pkl")], change)
                return "nothing was thrown"
            } catch { return "\(error)" }
        }
        #expect(fault { ($0.modalities, $0.labels) = (["x"], "other") }.contains("has no array 's3.other'"))
        #expect(
            fault { ($0.modalities, $0.labels) = (["x"], "both") }.contains(
                "the array 's0.both' of shape 2 does not fit the inputs (the modalities are in 4 groups,"))
    }

    @Test("Train, validation and test parts of a dictionary are the prescribed split")
    func nestedSplit() throws {
        var writer = SafetensorsWriter()
        for (part, values) in [("train", [1, 2, 3] as [Float]), ("valid", [4]), ("test", [5, 6])] {
            writer.add("\(part).vision", values, shape: [values.count, 1])
            writer.add("\(part).y", values.map { Int32($0) % 2 }, shape: [values.count])
        }
        try writer.write(to: folder("mosi.safetensors"))
        let data = try arrays([folder("mosi.safetensors")]) { ($0.modalities, $0.labels) = (["vision"], "y") }
        #expect(data.split == [.train, .train, .train, .validation, .test, .test])
        #expect(try data.inputs([0, 3, 5], modality: "vision").values == [1, 4, 6])
        #expect(data.facts.domains == ["mosi"])
    }

    @Test("Rows of label -1 are named, and left out where the recipe says so: they are no class of their own")
    func unlabeled() throws {
        var writer = SafetensorsWriter()
        writer.add("x", [1, 2, 3, 4] as [Float], shape: [4, 1])
        writer.add("y", [0, -1, 1, -1], shape: [4])
        try writer.write(to: folder("a.safetensors"))
        func open(_ rule: Arrays.Incomplete) throws -> Arrays {
            try arrays([folder("a.safetensors")]) { ($0.modalities, $0.labels, $0.unlabeled) = (["x"], "y", rule) }
        }
        let fault = #expect(throws: DatasetFault.self) { try open(.refuse) }
        #expect(fault?.option == "labels")
        #expect(
            fault?.description == "2 of 4 rows have no label (-1, NaN or empty; rows 1, 3), the first is row 1; expected a label for every row, or "
                + "unlabeled: leave-out")
        let data = try open(.leaveOut)
        #expect(data.facts.classes == ["0", "1"])
        #expect(try data.inputs([0, 1], modality: "x").values == [1, 3])
    }

    @Test("A shape that looks turned is asked about; the remedy silences the question")
    func turned() throws {
        var writer = SafetensorsWriter()
        writer.add("x", [Float](repeating: 0.5, count: 2 * 3 * 100), shape: [2, 3, 100])
        writer.add("y", [0, 1], shape: [2])
        try writer.write(to: folder("a.safetensors"))
        func remarks(_ layout: Arrays.Layout) throws -> [String] {
            try arrays([folder("a.safetensors")]) { ($0.modalities, $0.labels, $0.layout) = (["x"], "y", layout) }.remarks
        }
        #expect(
            try remarks(.channelsLast) == [
                "samples of 'x' have shape 3×100, so 100 channels; if these are 3 channels of 100, say layout: channels-first, which makes them 100×3"
            ])
        #expect(try remarks(.channelsFirst) == [])
    }

    @Test("Values that are not finite are counted for every modality, with the first rows and a remedy")
    func notFinite() throws {
        var writer = SafetensorsWriter()
        writer.add("a", [1, .nan, .infinity, 4, .nan, 6] as [Float], shape: [3, 2])
        writer.add("b", [1, 2, -.infinity] as [Float], shape: [3])
        writer.add("y", [0, 1, 1], shape: [3])
        try writer.write(to: folder("a.safetensors"))
        let path = folder("a.safetensors")
        let fault = #expect(throws: DatasetFault.self) { try arrays([path]) { ($0.modalities, $0.labels) = (["a", "b"], "y") } }
        #expect(
            fault?.message == "\(path): 'a' (array 'a'): 3 values in 3 rows are not finite (rows 0, 1, 2); "
                + "\(path): 'b' (array 'b'): 1 values in 1 rows are not finite (rows 2)")
        #expect(fault?.expected?.contains("nan_to_num") == true)
        let options: [String: OptionValue] = [
            "path": .string(path), "modalities": .list([.string("a"), .string("b")]), "labels": .string("y"), "domains": .null,
        ]
        let check = try DataCheck(DatasetRegistry.standard().makeUnchecked("arrays", options: options))
        #expect(!check.isSound)
        #expect(check.contents.notFinite.map(\.values) == [3, 1])
        #expect(check.lines.contains { $0.hasPrefix("a: 3 values in 3 rows are not finite (rows 0, 1, 2)") })
    }

    /// A safetensors file of arrays of 64-bit floats.
    private func write64(_ arrays: [(name: String, shape: [Int], values: [Double])], to path: String) throws {
        var (entries, data) = ([String](), Data())
        for array in arrays {
            let bytes = array.values.withUnsafeBytes { Data($0) }
            entries.append(
                "\"\(array.name)\":{\"dtype\":\"F64\",\"shape\":\(array.shape),\"data_offsets\":[\(data.count),\(data.count + bytes.count)]}")
            data += bytes
        }
        let header = Data("{\(entries.joined(separator: ","))}".utf8)
        try (withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + data).write(to: URL(fileURLWithPath: path))
    }

    @Test("A number beyond single precision is called that, with its value and its place, and not infinite")
    func beyondSinglePrecision() throws {
        let path = folder("wide.safetensors")
        try write64(
            [
                ("a", [3, 2], [1, 2, 3, 1e300, 5, 6]), ("c", [3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -4e38, 12]), ("y", [3], [0, 1, 1]),
                ("fine", [3], [3.4e38, -3.4e38, 1e-300]), ("v", [3], [0.5, 0.25, -1e39]),
            ], to: path)
        func fault(_ modality: String, labels: String = "y", targets: TargetKind = .classes) -> DatasetFault? {
            #expect(throws: DatasetFault.self) {
                try arrays([path]) { ($0.modalities, $0.labels, $0.targets, $0.domains) = ([modality], labels, targets, nil) }
            }
        }
        let a = fault("a")
        #expect(
            a?.message == "\(path): 'a' (array 'a'): 1 values in 1 rows are not finite (rows 1); "
                + "row 1 holds 1e+300 in column 1, which is beyond what single precision holds (±3.4028235e+38)")
        #expect(a?.expected == "numbers within that range; divide the array by a constant, or leave those rows out")
        #expect(fault("c")?.message.contains("row 2 holds -4e+38 at [1, 0], which is beyond") == true)
        #expect(fault("fine", labels: "v", targets: .values)?.message.contains("holds -1e+39, which is beyond what single precision holds") == true)
        #expect(try arrays([path]) { ($0.modalities, $0.labels, $0.domains) = (["fine"], "y", nil) }.inputs([1], modality: "fine").values == [-3.4e38])
        let options: [String: OptionValue] = [
            "path": .string(path), "modalities": .list([.string("a")]), "labels": .string("y"), "domains": .null,
        ]
        let check = try DataCheck(DatasetRegistry.standard().makeUnchecked("arrays", options: options))
        #expect(check.contents.notFinite.map(\.beyond) == ["row 1 holds 1e+300 in column 1, which is beyond what single precision holds (±3.4028235e+38)"])
        #expect(!check.isSound && !check.lines.joined().contains("nan_to_num"))
    }

    @Test("A row that repeats one of another domain is found by its content")
    func duplicates() throws {
        var writer = SafetensorsWriter()
        writer.add("x", [1, 2, 1, 3] as [Float], shape: [4, 1])
        writer.add("y", [0, 1, 0, 1], shape: [4])
        writer.add("d", [0, 0, 1, 1], shape: [4])
        try writer.write(to: folder("a.safetensors"))
        let data = try arrays([folder("a.safetensors")]) { ($0.modalities, $0.labels, $0.domains) = (["x"], "y", "d") }
        let check = try DataCheck(data)
        #expect(check.isSound)
        #expect(check.contents.duplicates.map(\.first) == [[[2, 0]]])
        #expect(check.lines.contains("1 rows have the inputs of a row of another domain (row 2 those of row 0)"))
    }

    @Test("The name 'tensors' stays valid")
    func otherName() throws {
        let options: [String: OptionValue] = [
            "path": .string(fixture("numpy-2.npz")), "modalities": .string("f4"), "labels": .string("vector"), "domains": .null,
        ]
        let data = try DatasetRegistry.standard().make("tensors", options: options)
        #expect(try data.inputs([1], modality: "f4").values == [6, 7, 8, 9, 10, 11])
    }
}
