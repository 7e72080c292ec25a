import Configuration
import Foundation
import GoldenFixtures
import Networks
import Tensors
import TestSupport
import Testing
import Weights

@testable import Datasets

@Suite("Manifests")
struct ManifestTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String, to name: String = "m.csv") throws {
        try text.write(toFile: folder(name), atomically: true, encoding: .utf8)
    }

    /// An `npy` file of floats.
    private func array(_ values: [Float], shape: String, to name: String) throws {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape)}\n"
        var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8))
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        let path = folder(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: path))
    }

    private func open(_ change: (inout Arrays.Options) -> Void = { _ in }) throws -> Arrays {
        var options = Arrays.Options()
        options.manifest = folder("m.csv")
        options.modalities = ["video", "audio"]
        change(&options)
        return try Arrays(options: options)
    }

    private func fault(_ change: (inout Arrays.Options) -> Void = { _ in }) -> String {
        do {
            _ = try open(change)
            return "nothing was thrown"
        } catch { return "\(error)" }
    }

    @Test("Each row names its files; labels, domains, splits, groups and positions are columns")
    func files() throws {
        try array([1, 2], shape: "(2,)", to: "v/a.npy")
        try array([3, 4], shape: "(2,)", to: "v/b.npy")
        try array([5, 6, 7], shape: "(3, 1)", to: "s/a.npy")
        try array([8, 9, 10], shape: "(3, 1)", to: "s/b.npy")
        try write(
            """
            id,label,domain,split,group,position,video,audio
            a,cut,home,train,g,1,v/a.npy,s/a.npy
            b,"pour, slowly",lab,test,g,0,v/b.npy,s/b.npy

            """)
        let data = try open()
        #expect(data.facts.classes == ["cut", "pour, slowly"])
        #expect(data.facts.domains == ["home", "lab"])
        #expect(data.facts.modalities.map(\.sampleShape) == [[2], [3, 1]])
        #expect(data.split == [.train, .test] && data.groups == [0, 0] && data.positions == [1, 0])
        #expect(try data.inputs([1, 0], modality: "video").values == [3, 4, 1, 2])
        #expect(try data.inputs([1], modality: "audio").values == [8, 9, 10])
    }

    @Test("Rows of one array are named by number, or matched by id in any order; unmatched ids are counted")
    func rows() throws {
        var writer = SafetensorsWriter()
        writer.add("video", [10, 11, 12] as [Float], shape: [3, 1])
        writer.add("audio", [20, 21, 22] as [Float], shape: [3, 1])
        writer.add("ids", [7, 8, 9], shape: [3])
        try writer.write(to: folder("a.safetensors"))
        try write("id,label,domain,video\n9,0,x,2\n7,1,x,0\n5,1,y,1\n")
        let data = try open {
            $0.path = [folder("a.safetensors")]
            $0.onMissing = .skip
        }
        #expect(try data.inputs([0, 1], modality: "video").values == [12, 10])
        #expect(try data.inputs([0, 1], modality: "audio").values == [22, 20])
        #expect(data.facts.domains == ["x"])
        #expect(data.remarks.last?.contains("1 of 3 rows lack a modality, the first in line 4 (audio); they are left out") == true)
        #expect(
            fault { ($0.path, $0.onMissing) = ([folder("a.safetensors")], .stop) }.contains(
                "1 of 3 rows lack a modality, the first in line 4 (audio); expected every modality in every row, or on-missing: keep or skip"))
        let kept = try open { $0.path = [folder("a.safetensors")] }
        #expect(kept.facts.domains == ["x", "y"])
        #expect(try kept.presence([0, 1, 2], modality: "audio") == Presence(samples: [true, true, false]))
        #expect(try kept.presence([0, 1, 2], modality: "video") == .whole)
        #expect(
            kept.remarks == [
                "\(folder("m.csv")): 1 of 3 ids have no 'audio' in \(folder("a.safetensors")) (5)",
                "\(folder("a.safetensors")): 1 of 3 ids of 'audio' are not in \(folder("m.csv")) (8)",
                "\(folder("m.csv")): 1 of 3 rows lack a modality, the first in line 4 (audio): audio in 1",
            ])
    }

    @Test("A path that leaves the table's folder by a link is refused unless links are followed; one in a circle is named")
    func links() throws {
        try array([1, 2], shape: "(2,)", to: "table/in/a.npy")
        try array([3, 4], shape: "(2,)", to: "out/a.npy")
        func link(_ name: String, to place: String) throws {
            try FileManager.default.createSymbolicLink(atPath: folder("table/\(name)"), withDestinationPath: place)
        }
        try link("inside", to: "in")
        try link("outside", to: "../out")
        try link("file.npy", to: "../out/a.npy")
        try link("circle", to: "circle")
        func fault(_ path: String, _ links: LinkRule = .inside) throws -> String {
            try write("label,domain,video,audio\n0,x,\(path),in/a.npy\n1,x,in/a.npy,in/a.npy\n", to: "table/m.csv")
            return self.fault { ($0.manifest, $0.links) = (folder("table/m.csv"), links) }
        }
        #expect(try fault("inside/a.npy") == "nothing was thrown")
        for path in ["outside/a.npy", "file.npy"] {
            #expect(
                try fault(path)
                    == "\(folder("table/m.csv")):2: the path \(path) leaves the manifest's folder by a symbolic link; expected a file below "
                    + "\(folder("table")), or links: follow")
            #expect(try fault(path, .follow) == "nothing was thrown")
        }
        #expect(try fault("circle/a.npy").contains("m.csv:2: "))
        #expect(try fault("circle/a.npy").contains("Too many levels of symbolic links"))
        #expect(try fault("in/../../out/a.npy", .follow).contains("leaves the manifest's folder"), "a path that climbs is refused in any case")
    }

    @Test("A negative label is refused with its line, and -1 is none")
    func negativeLabels() throws {
        try array([1, 2], shape: "(2,)", to: "a.npy")
        try write("label,domain,video,audio\n0,x,a.npy,a.npy\n-2,x,a.npy,a.npy\n1,x,a.npy,a.npy\n")
        let rule = "expected classes from 0 on, or names; -1, NaN or an empty label says that a row has none"
        #expect(fault() == "\(folder("m.csv")): 1 of 3 rows have a negative label such as -2 (line 3); \(rule)")
        try write("label,domain,video,audio\ncat,x,a.npy,a.npy\n-7,x,a.npy,a.npy\n-1,x,a.npy,a.npy\n")
        #expect(fault() == "\(folder("m.csv")): 1 of 3 rows have a negative label such as -7 (line 3); \(rule)")
    }

    @Test("A label that another program writes for none is none, and no class of its own", arguments: ["NaN", "nan", "-1.0", "-1", ""])
    func missingLabels(text: String) throws {
        try array([1, 2], shape: "(2,)", to: "a.npy")
        try write("label,domain,video,audio\n0,x,a.npy,a.npy\n\(text),x,a.npy,a.npy\n1,x,a.npy,a.npy\n")
        #expect(fault().contains("m.csv: 1 of 3 rows have no label (-1, NaN or empty; lines 3)"), "\(fault())")
    }

    @Test("A check says why where not one file of a modality can be read")
    func nothingToRead() throws {
        try array([1], shape: "(1,)", to: "a.npy")
        try write("label,domain,video\n0,x,none.npy\n1,y,gone.npy\n")
        let options: [String: OptionValue] = ["manifest": .string(folder("m.csv")), "modalities": .list([.string("video")])]
        let fault = #expect(throws: DatasetFault.self) { try DatasetRegistry.standard().makeUnchecked("arrays", options: options) }
        #expect(fault?.message.contains("m.csv:2: \(folder("none.npy")): cannot read: No such file") == true, "\(fault?.message ?? "")")
    }

    @Test("Every fault names the table, the line and the nearest column")
    func faults() throws {
        try array([1, 2], shape: "(2,)", to: "a.npy")
        try array([1, 2, 3], shape: "(3,)", to: "b.npy")
        func fault(_ text: String) throws -> String {
            try write(text)
            return self.fault()
        }
        let m = folder("m.csv")
        #expect(try fault("") == "\(m): the file is empty; expected a header: id, label, domain, …")
        #expect(try fault("id,lable,domain\na,0,x\n").contains("there is no column 'label'"))
        #expect(try fault("id,lable,domain\na,0,x\n").contains("did you mean 'lable'?"))
        #expect(try fault("id,label,domain,video,audio\na,0,x,a.npy\n") == "\(m):2: 4 fields where the header has 5")
        #expect(try fault("id,label,domain,video,audio\na,0,x,a.npy,a.npy\na,1,x,a.npy,a.npy\n").contains("m.csv:3: the id 'a' is in line 2 already"))
        #expect(try fault("label,domain,video,audio\n0,x,../a.npy,a.npy\n").contains("m.csv:2: the path ../a.npy leaves the manifest's folder"))
        #expect(try fault("label,domain,video,audio\n0,x,/etc/passwd,a.npy\n").contains("leaves the manifest's folder"))
        #expect(try fault("label,domain,video,audio\n0,x,none.npy,a.npy\n").contains("m.csv:2: "))
        #expect(try fault("label,domain,video,audio\n0,x,a.npy,a.npy\n1,x,b.npy,a.npy\n").contains("m.csv:3: "))
        #expect(try fault("label,domain,video,audio\n0,x,b.npy,a.npy\n1,x,a.npy,a.npy\n").contains("has shape 2, others of 'video' have 3"))
        #expect(try fault("label,domain,video\n0,x,a.npy\n").contains("has no column 'audio'"))
        try write("label,domain,video,audio\n0,x,a.npy,a.npy\n1,x,,a.npy\n")
        #expect(self.fault { $0.onMissing = .stop }.contains("1 of 2 rows lack a modality, the first in line 3 (video)"))
        #expect(try fault("label,domain,video,audio\n0,x,,a.npy\n1,x,,a.npy\n").contains("'video'"))
        #expect(try fault("label,video,audio\n0,a.npy,a.npy\n").contains("has no column 'domain'"))
    }

    @Test("A file may hold a single number")
    func scalars() throws {
        try array([1], shape: "()", to: "a.npy")
        try array([2], shape: "()", to: "b.npy")
        try write("label,domain,video\n0,x,a.npy\n1,y,b.npy\n")
        let data = try open { $0.modalities = ["video"] }
        #expect(data.facts.modalities.map(\.sampleShape) == [[1]])
        #expect(try data.inputs([1, 0], modality: "video").values == [2, 1])
    }

    @Test("Ids name the groups of a file that has one for each sample")
    func groups() throws {
        try write("id,label,domain\ns2,0,x\ns7,0,x\ns0,1,y\n")
        let data = try open {
            ($0.modalities, $0.path) = (["x", "steps"], [Fixtures.path("arrays/samples.pkl")])
        }
        #expect(data.labels == [0, 1])
        #expect(try data.inputs([1, 0], modality: "x").values.prefix(7) == [0, 1, 2, 3, 4, 5, 12])
        try write("id,label,domain\na,0,x\nb,0,x\n")
        let unknown = fault { ($0.modalities, $0.path) = (["x"], [Fixtures.path("arrays/samples.pkl")]) }
        #expect(unknown.contains("none of the ids of") && unknown.contains("ids such as s0, s1, s2; the manifest has a, b"))
        try write("label,domain\n0,x\n")
        #expect(fault { ($0.modalities, $0.path) = (["x"], [Fixtures.path("arrays/samples.pkl")]) }.contains("has a group for each sample"))
    }

    @Test("Rows that cannot be read are named together, up to five; separators and encodings with what they are")
    func severalFaults() throws {
        try array([1], shape: "(1,)", to: "a.npy")
        try array([1, 2], shape: "(2,)", to: "b.npy")
        try write("label,domain,video\n0,x,a.npy\n1,y,b.npy\n" + (0..<6).map { "0,x,\($0).npy\n" }.joined())
        let several = fault { $0.modalities = ["video"] }
        #expect(several.contains("m.csv:3: ") && several.contains("has shape 2, others of 'video' have 1; "))
        #expect(several.contains("m.csv:4: ") && several.contains("0.npy: cannot read: No such file or directory"))
        #expect(several.contains("; and 2 more"))
        try write("label;domain;video\n0;x;a.npy\n")
        #expect(fault().contains("fields are separated by semicolons; expected commas"))
        try Data([0x6c, 0x0a, 0xff, 0x0a]).write(to: URL(fileURLWithPath: folder("m.csv")))
        #expect(fault().contains("not UTF-8 text in line 2"))
        try write("label,domain,video\n0,x,a.npy\n,y,a.npy\n")
        #expect(fault { $0.modalities = ["video"] }.contains("m.csv: 1 of 2 rows have no label (-1, NaN or empty; lines 3); expected a label"))
    }

    @Test("A check lists all that a run would refuse, and looks at the rest")
    func problems() throws {
        try array([1], shape: "(1,)", to: "a.npy")
        try array([.nan], shape: "(1,)", to: "b.npy")
        try write("label,domain,video,audio\n0,x,a.npy,a.npy\n1,y,none.npy,b.npy\n1,y,a.npy,gone.npy\n,y,a.npy,a.npy\n")
        let path = folder("m.csv")
        let data = try #require(
            DatasetRegistry.standard().makeUnchecked(
                "arrays", options: ["manifest": .string(path), "modalities": .list([.string("video"), .string("audio")])])
                as? Arrays)
        #expect(data.problems.count == 3)
        #expect(data.problems[0].hasPrefix("\(path):3: \(folder("none.npy")): cannot read"))
        #expect(data.problems[1].hasPrefix("\(path):4: \(folder("gone.npy")): cannot read"))
        #expect(data.problems[2] == "\(path): 1 of 4 rows have no label (-1, NaN or empty; lines 5): a label for every row, or unlabeled: leave-out")
        let check = try DataCheck(data)
        #expect(!check.isSound && check.lines.contains(data.problems[1]))
        #expect(check.lines.contains("audio: 1 values in 1 rows are not finite (rows 1); numpy.nan_to_num(array) puts zeros there, or leave those rows out"))
    }

    @Test("An empty cell is a sample without the modality; one that has none at all is left out")
    func emptyCells() throws {
        try array([1, 2], shape: "(2,)", to: "a.npy")
        try write("label,domain,video,audio\n0,x,a.npy,a.npy\n1,x,,a.npy\n0,y,,\n1,y,a.npy,\n")
        let data = try open()
        #expect(data.labels == [0, 1, 1])
        #expect(try data.presence([0, 1, 2], modality: "video").rows == [0, 2])
        #expect(try data.presence([2, 1], modality: "audio").rows == [1])
        #expect(try data.inputs([1], modality: "video").values == [0, 0])
        #expect(data.remarks[0].hasSuffix("m.csv: 1 of 4 rows have no modality at all; they are left out"))
        #expect(
            fault { $0.onMissing = .stop }.hasSuffix("m.csv:4: the row has no modality at all; expected one or more in every row, or on-missing: keep or skip"))
        #expect(data.remarks[1] == "\(folder("m.csv")): 2 of 3 rows lack a modality, the first in line 3 (video): video in 1, audio in 1")
        let check = try DataCheck(data)
        #expect(check.isSound)
        #expect(check.lines.contains("video: 1 of 3 rows lack it (x 1)"))
        #expect(check.lines.contains("audio: 1 of 3 rows lack it (y 1)"))
    }

    @Test("Files of different lengths are sequences that are padded at their ends")
    func sequences() throws {
        try array([1, 2, 3, 4], shape: "(2, 2)", to: "short.npy")
        try array([1, 2, 3, 4, 5, 6], shape: "(3, 2)", to: "long.npy")
        try write("label,domain,video,audio\n0,x,short.npy,long.npy\n1,y,long.npy,\n")
        let data = try open()
        #expect(data.facts.modalities.map(\.isPadded) == [true, false])
        #expect(try data.inputs([0], modality: "video").values == [1, 2, 3, 4, 0, 0])
        #expect(try data.presence([1, 0], modality: "video") == Presence(lengths: [3, 2]))
        #expect(try DataCheck(data).lines.contains("video: 2 to 3 real steps a row, median 3"))
        #expect(fault { $0.layout = .channelsFirst }.contains("others of 'video' have"))
    }

    @Test("Lengths are a column, an array or what is 0 to the end")
    func lengths() throws {
        try array([1, 2, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0], shape: "(3, 4, 1)", to: "all.npy")
        var writer = SafetensorsWriter()
        writer.add("video", [1, 2, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0] as [Float], shape: [3, 4, 1])
        writer.add("audio", [1, 2, 3] as [Float], shape: [3, 1])
        writer.add("steps", [2, 4, 0], shape: [3])
        writer.add("labels", [0, 1, 0], shape: [3])
        writer.add("domains", [0, 1, 1], shape: [3])
        try writer.write(to: folder("a.safetensors"))
        func arrays(_ lengths: [String], _ rule: Arrays.OnMissing = .keep) throws -> Arrays {
            try open { ($0.manifest, $0.path, $0.lengths, $0.onMissing) = (nil, [folder("a.safetensors")], lengths, rule) }
        }
        for source in ["steps", "padding"] {
            let expected = source == "steps" ? [2, 4, 0] : [2, 3, 0]
            #expect(try arrays(["video=\(source)"]).presence([0, 1, 2], modality: "video") == Presence(lengths: expected))
            #expect(try arrays(["video=\(source)"], .skip).count == 2)
        }
        try write("label,domain,video,audio,n\n0,x,0,0,3\n1,y,1,1,1\n")
        let table = try open { ($0.path, $0.lengths) = ([folder("a.safetensors")], ["video=n"]) }
        #expect(try table.presence([1, 0], modality: "video").lengths == [1, 3])

        #expect(fault { ($0.path, $0.lengths) = ([folder("a.safetensors")], ["video=m"]) }.contains("has no column 'm'"))
        #expect(fault { ($0.path, $0.lengths) = ([folder("a.safetensors")], ["vidoe=n"]) }.contains("did you mean 'video'?"))
        #expect(fault { ($0.path, $0.lengths) = ([folder("a.safetensors")], ["audio=n"]) }.contains("samples of 'audio' have shape 1, which are not sequences"))
        try write("label,domain,video,audio,n\n0,x,0,0,5\n1,y,1,1,x\n")
        #expect(fault { ($0.path, $0.lengths) = ([folder("a.safetensors")], ["video=n"]) }.contains("m.csv:3: 'x' is not a number of steps"))
        try write("label,domain,video,audio,n\n0,x,0,0,5\n1,y,1,1,1\n")
        #expect(
            fault { ($0.path, $0.lengths) = ([folder("a.safetensors")], ["video=n"]) }
                .contains("row 0 of 'video' is said to have 5 steps; expected 0 to 4"))
    }

    @Test("an array of 0 and 1, or such a column, says which rows have a modality")
    func present() throws {
        var writer = SafetensorsWriter()
        writer.add("video", [1, 2, 3] as [Float], shape: [3, 1])
        writer.add("audio", [1, .nan, 3] as [Float], shape: [3, 1])
        writer.add("heard", [1, 0, 1], shape: [3])
        writer.add("twice", [1, 2, 1], shape: [3])
        writer.add("labels", [0, 1, 0], shape: [3])
        writer.add("domains", [0, 1, 1], shape: [3])
        try writer.write(to: folder("a.safetensors"))
        let path = folder("a.safetensors")
        func arrays(_ present: [String], _ rule: Arrays.OnMissing = .keep) throws -> Arrays {
            try open { ($0.manifest, $0.path, $0.present, $0.onMissing) = (nil, [path], present, rule) }
        }
        let data = try arrays(["audio=heard"])
        #expect(try data.presence([0, 1, 2], modality: "audio").samples == [true, false, true])
        #expect(try data.inputs([1], modality: "audio").values == [0], "what lies in the row of a sample that is not there is not looked at")
        #expect(try data.presence([0, 1, 2], modality: "video").isWhole)
        #expect(try arrays(["audio=heard"], .skip).labels == [0, 0])
        #expect(
            fault { ($0.manifest, $0.path, $0.present) = (nil, [path], ["audio=twice"]) }.contains("row 1 holds 2 for 'audio'; expected 1 where it is there"))
        #expect(fault { ($0.manifest, $0.path, $0.present) = (nil, [path], ["audoi=heard"]) }.contains("did you mean 'audio'?"))
        #expect(fault { ($0.manifest, $0.path, $0.present) = (nil, [path], ["audio"]) }.contains("option present: found 'audio'; expected modality=key"))
        try write("label,domain,video,audio,heard\n0,x,0,0,1\n1,y,1,1,0\n")
        #expect(try open { ($0.path, $0.present) = ([path], ["audio=heard"]) }.presence([0, 1], modality: "audio").samples == [true, false])
        try write("label,domain,video,audio,heard\n0,x,0,0,1\n1,y,1,1,2\n")
        #expect(fault { ($0.path, $0.present) = ([path], ["audio=heard"]) }.contains("line 3 holds 2 for 'audio'"))
    }

    @Test("Standardization is of what is there")
    func standardization() throws {
        var writer = SafetensorsWriter()
        writer.add("video", [1, 3, 99, 5, 7, 99, 1, 3, 5, 99, 99, 99] as [Float], shape: [4, 3, 1])
        writer.add("steps", [2, 2, 3, 0], shape: [4])
        writer.add("labels", [0, 1, 0, 1], shape: [4])
        writer.add("domains", [0, 0, 0, 1], shape: [4])
        try writer.write(to: folder("a.safetensors"))
        let data = try open {
            ($0.manifest, $0.modalities, $0.path, $0.lengths) = (nil, ["video"], [folder("a.safetensors")], ["video=steps"])
        }
        #expect(data.count == 3)
        let split = try SourceSplit(
            of: data, holdingOut: [], validation: .fraction(0), needsValidation: false, random: RandomSource(seed: 1))
        let scale = try #require(try Standardization(.scale, of: data, rows: split.training).scales["video"])
        #expect(abs(scale.means[0] - 25.0 / 7) < 1e-5)
    }
}
