import Configuration
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import Weights

@testable import Datasets

@Suite("Recordings that are cut into windows when they are read")
struct RowWindowsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The value of a channel of a step of a recording: no two are equal.
    private func value(_ row: Int, _ step: Int, _ channel: Int) -> Float { Float(row * 1000 + step * 10 + channel + 1) }

    /// Recordings of `T×2`, one after another.
    private func recordings(_ rows: [Int], steps: Int) -> [Float] {
        rows.flatMap { row in (0..<steps).flatMap { step in (0..<2).map { value(row, step, $0) } } }
    }

    /// Steps of one recording, row-major.
    private func steps(_ steps: Range<Int>, of row: Int) -> [Float] { steps.flatMap { step in (0..<2).map { value(row, step, $0) } } }

    /// Four recordings `x` of 10×2 in two domains and two classes, with a vector `v` for each and more that rows may have.
    private func writer() -> SafetensorsWriter {
        var writer = SafetensorsWriter()
        writer.add("x", recordings([0, 1, 2, 3], steps: 10), shape: [4, 10, 2])
        writer.add("v", (0..<12).map { Float($0) }, shape: [4, 3])
        writer.add("labels", [0, 1, 1, 0] as [Int32], shape: [4])
        writer.add("domains", [3, 3, 8, 8], shape: [4])
        writer.add("values", [0.5, 1.5, 2.5, 3.5] as [Float], shape: [4])
        writer.add("persons", [7, 7, 9, 9], shape: [4])
        writer.add("order", [20, 10, 1, 2], shape: [4])
        writer.add("parts", [0, 1, 0, 2], shape: [4])
        writer.add("real", [10, 7, 4, 8], shape: [4])
        writer.add("there", [1, 0, 1, 1], shape: [4])
        return writer
    }

    private func open(_ change: (inout Arrays.Options) -> Void = { _ in }) throws -> Arrays {
        try writer().write(to: folder("a.safetensors"))
        var options = Arrays.Options()
        options.path = [folder("a.safetensors")]
        options.modalities = ["x"]
        options.window = 4
        change(&options)
        return try Arrays(options: options)
    }

    private func fault(_ change: (inout Arrays.Options) -> Void) -> String {
        do {
            _ = try open(change)
            return "nothing was thrown"
        } catch { return "\(error)" }
    }

    private func cut(_ window: Int, every: Int?) throws -> RowWindows {
        var options = Arrays.Options()
        (options.window, options.every) = (window, every)
        return try #require(try RowWindows(options))
    }

    // MARK: - Values

    @Test("Windows hold what is cut beforehand, in memory and on disk, however rows are stored", arguments: [1, 3, 4, 6])
    func values(every: Int) throws {
        var writer = SafetensorsWriter()
        let all = recordings([0, 1, 2], steps: 10)
        writer.add("packed", all, shape: [3, 10, 2])
        writer.add("double", .float64, shape: [3, 10, 2], bytes: all.map { Double($0) }.withUnsafeBytes { Data($0) })
        var turned: [Float] = []
        for row in 0..<3 {
            for channel in 0..<2 { turned += (0..<10).map { value(row, $0, channel) } }
        }
        writer.add("turned", turned, shape: [3, 2, 10])
        for row in 0..<3 { writer.add("file\(row)", recordings([row], steps: 10), shape: [10, 2]) }
        try writer.write(to: folder("x.safetensors"))
        let file = try ArrayFile(folder("x.safetensors"))
        var expected: [[UInt32]] = []
        for row in 0..<3 {
            for start in stride(from: 0, through: 6, by: every) { expected.append(steps(start..<start + 4, of: row).map(\.bitPattern)) }
        }
        let files = try (0..<3).map { try file.array("file\($0)") }
        let modalities = [
            try ArrayModality("x", try file.array("packed"), layout: .channelsLast),
            try ArrayModality("x", try file.array("double"), layout: .channelsLast),
            try ArrayModality("x", try file.array("turned"), layout: .channelsFirst),
            try ArrayModality(
                "x", files, layout: .channelsLast, sample: [10, 2], places: RowPlaces((0..<3).map { StoredRows.Place(array: Int32($0), row: nil) })),
        ]
        for (kind, modality) in modalities.enumerated() {
            let places = try cut(4, every: every).places(in: [modality], skipsShort: false) { "row \($0)" }
            for limit in [0, 1 << 20] {
                var windows = modality.cut(into: places)
                #expect(try windows.holdIfSmall(limit: limit) == nil)
                #expect(windows.sampleShape == [4, 2] && windows.count == expected.count)
                // In an order that goes back and forth, and with one that occurs twice.
                let asked = Array(expected.indices.reversed()) + [0, 0, expected.count - 1]
                for _ in 0..<2 {
                    #expect(try windows.inputs(asked).values.map(\.bitPattern) == asked.flatMap { expected[$0] }, "\(kind) \(limit)")
                }
                for window in expected.indices { #expect(try windows.values(of: window).map(\.bitPattern) == expected[window]) }
                windows.readAhead(asked)
                let presence = try windows.presence(asked)
                #expect(asked.indices.allSatisfy(presence.contains) && presence.lengths == nil)
                #expect(windows.facts.isPadded == false)
            }
        }
    }

    @Test("Label, domain and part of the split are those of the row; every row is a group, in which windows are numbered")
    func whatIsKnown() throws {
        let data = try open { $0.split = "parts" }
        #expect(data.facts.modalities.map(\.sampleShape) == [[4, 2]])
        #expect(data.labels == [0, 0, 1, 1, 1, 1, 0, 0])
        #expect(data.domains == [0, 0, 0, 0, 1, 1, 1, 1] && data.facts.samplesPerDomain == [4, 4])
        #expect(data.split == [.train, .train, .validation, .validation, .train, .train, .test, .test])
        #expect(data.groups == [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(data.positions == [0, 1, 0, 1, 0, 1, 0, 1])
        #expect(try data.inputs([3, 0], modality: "x").values == steps(4..<8, of: 1) + steps(0..<4, of: 0))
        #expect(data.remarks == ["4 rows are cut into 8 windows of 4 steps, one every 4; 8 steps at their ends are in no window"])
        try data.checkRows()
        let values = try open { ($0.labels, $0.targets) = ("values", .values) }
        #expect(values.targetValues == [0.5, 0.5, 1.5, 1.5, 2.5, 2.5, 3.5, 3.5])
    }

    @Test("Windows that need not be cut are those of rows as they are")
    func whole() throws {
        let data = try open { $0.window = 10 }
        let rows = try open { $0.window = nil }
        #expect(data.facts == rows.facts && data.labels == rows.labels)
        #expect(try data.inputs([2, 1], modality: "x").values == rows.inputs([2, 1], modality: "x").values)
        #expect(rows.groups == nil && rows.positions == nil)
    }

    @Test("A vector beside a sequence is the same in all windows, and a missing modality is missing in all of them")
    func besideSequences() throws {
        let data = try open { $0.modalities = ["x", "v"] }
        #expect(data.facts.modalities.map(\.sampleShape) == [[4, 2], [3]])
        #expect(try data.inputs([4, 5, 0], modality: "v").values == [6, 7, 8, 6, 7, 8, 0, 1, 2])
        let lacking = try open { ($0.modalities, $0.present) = (["x", "v"], ["v=there"]) }
        #expect(lacking.labels == data.labels)
        #expect(try lacking.presence(Array(0..<8), modality: "v").samples == [true, true, false, false, true, true, true, true])
        #expect(try lacking.inputs([2, 4], modality: "v").values == [0, 0, 0, 6, 7, 8])
        // Of a recording without its sequence the vector is left, as one sample.
        let vector = try open { ($0.modalities, $0.present) = (["x", "v"], ["x=there"]) }
        #expect(vector.groups == [0, 0, 1, 2, 2, 3, 3] && vector.labels == [0, 0, 1, 1, 1, 0, 0])
        #expect(try vector.presence([1, 2, 3], modality: "x").samples == [true, false, true])
        #expect(try vector.inputs([2], modality: "x").values == Array(repeating: 0, count: 8))
        #expect(try vector.inputs([2], modality: "v").values == [3, 4, 5])
    }

    @Test("A modality may be missing in recordings that are longer than any that has it")
    func longerThanAny() throws {
        var writer = SafetensorsWriter()
        writer.add("x", recordings([0, 1], steps: 10), shape: [2, 10, 2])
        writer.add("y", [1, 2, 3, 4, 5, 6, 7, 8, 0, 0] as [Float], shape: [2, 5, 1])
        writer.add("labels", [0, 1] as [Int32], shape: [2])
        writer.add("domains", [0, 1], shape: [2])
        writer.add("real", [5, 10], shape: [2])
        writer.add("there", [1, 0], shape: [2])
        try writer.write(to: folder("l.safetensors"))
        let data = try open {
            ($0.path, $0.modalities, $0.window) = ([folder("l.safetensors")], ["x", "y"], 2)
            ($0.lengths, $0.present) = (["x=real"], ["y=there"])
        }
        #expect(data.groups == [0, 0, 1, 1, 1, 1, 1])
        #expect(try data.inputs(Array(0..<7), modality: "y").values == [1, 2, 3, 4] + Array(repeating: 0, count: 10))
        #expect(try data.presence([1, 2, 6], modality: "y").samples == [true, false, false])
    }

    // MARK: - Lengths

    @Test("Windows lie within the length of a row, given or told by its padding")
    func lengths() throws {
        let data = try open { ($0.lengths, $0.every) = (["x=real"], 2) }
        // 10, 7, 4 and 8 steps.
        #expect(data.groups == [0, 0, 0, 0, 1, 1, 2, 3, 3, 3])
        #expect(try data.inputs([5, 6, 9], modality: "x").values == steps(2..<6, of: 1) + steps(0..<4, of: 2) + steps(4..<8, of: 3))
        #expect(data.facts.modalities.first?.isPadded == false)
        #expect(data.remarks == ["4 rows are cut into 10 windows of 4 steps, one every 2; 1 steps at their ends are in no window"])
        var padded = SafetensorsWriter()
        var rows = recordings([0], steps: 10)
        rows += steps(0..<5, of: 1)
        rows += Array(repeating: 0, count: 30)
        padded.add("x", rows, shape: [3, 10, 2])
        padded.add("labels", [0, 1, 0] as [Int32], shape: [3])
        padded.add("domains", [0, 1, 1], shape: [3])
        try padded.write(to: folder("p.safetensors"))
        let found = try open { ($0.path, $0.lengths) = ([folder("p.safetensors")], ["x=padding"]) }
        #expect(found.groups == [0, 0, 1] && found.labels == [0, 0, 1])
        // The third recording is padding alone.
        #expect(try found.inputs([2], modality: "x").values == steps(0..<4, of: 1))
        #expect(found.remarks.contains("1 rows have no modality at all; they are left out"))
    }

    @Test("Recordings in a file each are cut, of whatever length; one that is too short is named by its line, or left out")
    func files() throws {
        var lines = ["id,label,domain,x"]
        for (row, length) in [9, 3, 4].enumerated() {
            let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(length), 2)}\n"
            var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8))
            for value in recordings([row], steps: length) { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
            try data.write(to: URL(fileURLWithPath: folder("\(row).npy")))
            lines.append("\(row),c\(row % 2),d,\(row).npy")
        }
        try (lines.joined(separator: "\n") + "\n").write(toFile: folder("m.csv"), atomically: true, encoding: .utf8)
        func open(_ rule: Arrays.OnMissing) throws -> Arrays {
            var options = Arrays.Options()
            (options.manifest, options.modalities, options.window, options.onMissing) = (folder("m.csv"), ["x"], 4, rule)
            return try Arrays(options: options)
        }
        let short = #expect(throws: DatasetFault.self) { try open(.keep) }
        #expect(short?.message == "\(folder("m.csv")):3: 'x' has 3 steps, fewer than one window of 4")
        #expect(short?.option == "window")
        let data = try open(.skip)
        #expect(data.facts.classes == ["c0", "c1"] && data.labels == [0, 0, 0] && data.groups == [0, 0, 2])
        #expect(try data.inputs([1, 2], modality: "x").values == steps(4..<8, of: 0) + steps(0..<4, of: 2))
        #expect(data.remarks.contains("1 of 3 rows are shorter than a window; they are left out"))
    }

    // MARK: - Validation

    @Test("Where windows overlap, validation takes whole recordings; an order that would divide them is refused")
    func overlap() throws {
        let data = try open { ($0.every, $0.domains) = (1, "labels") }
        #expect(data.positions == nil)
        let groups = try #require(data.groups)
        #expect(data.count == 28)
        let split = try SourceSplit(of: data, holdingOut: [1], validation: .fraction(0.3), random: RandomSource(seed: 4))
        let (training, validation) = (Set(split.training.rows.map { groups[$0] }), Set(split.validation.rows.map { groups[$0] }))
        #expect(!training.isEmpty && !validation.isEmpty && training.isDisjoint(with: validation))
        #expect(throws: DatasetFault.self) { try SourceSplit(of: data, holdingOut: [1], validation: .perClass(2), random: RandomSource(seed: 4)) }
        #expect(throws: DatasetFault.self) { try SourceSplit(of: data, trainingOnTarget: 1, validation: .perClass(2), random: RandomSource(seed: 4)) }
        let text = fault { ($0.every, $0.positions) = (3, "order") }
        #expect(text.contains("windows of 4 steps that begin every 3 overlap") && text.contains("no positions"), "\(text)")
    }

    @Test("Where windows do not overlap, validation takes the last of each recording, and shares no step with training")
    func lastWindows() throws {
        let data = try open { $0.window = 2 }
        let split = try SourceSplit(of: data, holdingOut: [1], validation: .fraction(0.4), random: RandomSource(seed: 4))
        #expect(split.validation.rows == [3, 4, 8, 9])
        #expect(split.training.rows == [0, 1, 2, 5, 6, 7])
    }

    @Test("Groups that are given stay whole; windows of ordered rows follow the order of the rows")
    func groups() throws {
        let data = try open { $0.groups = "persons" }
        #expect(data.groups == [0, 0, 0, 0, 1, 1, 1, 1] && data.positions == nil)
        let ordered = try open { ($0.groups, $0.positions) = ("persons", "order") }
        #expect(ordered.groups == data.groups)
        // The orders 20, 10, 1 and 2 are the fourth, third, first and second, of two windows each.
        #expect(ordered.positions == [6, 7, 4, 5, 0, 1, 2, 3])
    }

    // MARK: - Faults

    @Test("What cannot be cut is refused, with the option and the row")
    func faults() throws {
        #expect(fault { ($0.window, $0.every) = (nil, 3) }.contains("there is no option window"))
        #expect(fault { $0.window = 0 }.contains("a window has 0 steps"))
        #expect(fault { $0.every = -1 }.contains("a window begins every -1 steps"))
        #expect(fault { $0.window = 11 }.contains("row 0: 'x' has 10 steps, fewer than one window of 11"))
        #expect(fault { ($0.window, $0.onMissing) = (.max, .skip) }.contains("the longest has 10"))
        #expect(fault { $0.modalities = ["v"] }.contains("no modality is a sequence: samples of 'v' have shape 3"))
        #expect(try open { $0.every = .max }.count == 4)
        let field = try #require(Arrays.Options.descriptions.first { $0.name == "every" })
        #expect(field.defaultValue == .null && field.fault(in: .integer(0)) != nil && field.fault(in: .integer(64)) == nil)
        var other = writer()
        other.add("y", (0..<72).map { Float($0) }, shape: [4, 9, 2])
        try other.write(to: folder("y.safetensors"))
        let text = fault { ($0.path, $0.modalities) = ([folder("y.safetensors")], ["x", "y"]) }
        #expect(text.contains("row 0: 'x' has 10 steps and 'y' 9, which cannot be cut alike"), "\(text)")
    }

    @Test("Sizes that nothing could hold are refused before anything is made")
    func sizes() throws {
        let many = try ArrayModality("x", Claimed(shape: [2, 1 << 28, 1]), layout: .channelsLast)
        let windows = #expect(throws: DatasetFault.self) { try cut(1, every: nil).places(in: [many], skipsShort: false) { "row \($0)" } }
        #expect(windows?.message == "a window every 1 steps makes more than 268435456 windows")
        let large = try ArrayModality("x", Claimed(shape: [1, 1 << 17, 1 << 11]), layout: .channelsLast)
        let values = #expect(throws: DatasetFault.self) { try cut(1 << 16, every: 1).places(in: [large], skipsShort: false) { "row \($0)" } }
        #expect(values?.message == "65537 windows of 'x' with 134217728 values each are more than 4398046511104 values")
    }

    @Test("A value that is not finite is found in its windows, and left alone where no window has it")
    func notFinite() throws {
        func opened(_ place: Int) throws -> Arrays {
            var writer = SafetensorsWriter()
            var values = recordings([0, 1], steps: 10)
            values[place] = .nan
            writer.add("x", values, shape: [2, 10, 2])
            writer.add("labels", [0, 1] as [Int32], shape: [2])
            writer.add("domains", [0, 1], shape: [2])
            try writer.write(to: folder("n.safetensors"))
            return try open { $0.path = [folder("n.safetensors")] }
        }
        // Step 5 of recording 1 is in its second window; steps 8 and 9 are in none.
        let fault = #expect(throws: DatasetFault.self) { try opened(20 + 10) }
        #expect(fault?.message.contains("1 values in 1 rows are not finite (rows 3); the first is window 1, from step 4 on, of recording 1") == true)
        #expect(try opened(20 + 17).count == 4)
    }

    // MARK: - What training sees

    @Test("Means and deviations are those of the windows: a step counts as often as it is seen")
    func standardization() throws {
        let data = try open { ($0.every, $0.domains) = (3, "labels") }
        let rows = Array(0..<data.count)
        var beforehand = SafetensorsWriter()
        beforehand.add("x", try data.inputs(rows, modality: "x").values, shape: [data.count, 4, 2])
        beforehand.add("labels", data.labels, shape: [data.count])
        beforehand.add("domains", data.domains, shape: [data.count])
        beforehand.add("groups", data.groups ?? [], shape: [data.count])
        try beforehand.write(to: folder("w.safetensors"))
        let cut = try open { ($0.path, $0.window, $0.groups) = ([folder("w.safetensors")], nil, "groups") }
        func scale(_ data: Arrays) throws -> Standardization {
            let split = try SourceSplit(of: data, holdingOut: [1], validation: .fraction(0.3), random: RandomSource(seed: 2))
            return try Standardization(.channel, of: data, rows: split.training)
        }
        #expect(try scale(data) == scale(cut))
    }

    /// An array that claims a shape and has nothing.
    private struct Claimed: StoredArray {
        let file = "claimed"
        let name = "x"
        let type = ElementType.float32
        let shape: [Int]

        func bytes(rows: Range<Int>) throws(WeightsFault) -> Data { throw fault("has nothing") }
    }
}
