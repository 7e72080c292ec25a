import Foundation
import Testing
import Weights

@Suite("regulus data, on one's own arrays")
struct ArrayDataTests {
    private let folder: RecipeFolder

    init() throws { folder = try RecipeFolder() }

    /// Six rows in two domains: `video` 6×2, `audio` 6×3, labels and domains.
    private func write(_ name: String, video: [Float]) throws {
        var writer = SafetensorsWriter()
        writer.add("video", video, shape: [6, 2])
        writer.add("audio", (0..<18).map { Float($0) }, shape: [6, 3])
        writer.add("labels", [0, 1, 0, 1, 0, 1], shape: [6])
        writer.add("site", [0, 0, 0, 1, 1, 1], shape: [6])
        try folder.write(writer.encoded(), to: name)
    }

    @Test("check counts rows, prints shapes, and finds nothing wrong with sound data")
    func sound() async throws {
        try write("a.safetensors", video: (0..<12).map { Float($0) })
        let outcome = try await folder.regulus("data", "check", "arrays", "a.safetensors", "modalities=video,audio", "domains=site")
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(outcome.lines.starts(with: ["6 rows, 2 domains, 2 classes", "video: samples of 2", "audio: samples of 3"]))
        #expect(outcome.lines.last == "nothing is missing or damaged")
    }

    @Test("check counts values that are not finite and ends with status 1")
    func notFinite() async throws {
        var video = (0..<12).map { Float($0) }
        (video[3], video[4]) = (.nan, .infinity)
        try write("a.safetensors", video: video)
        let outcome = try await folder.regulus("data", "check", "arrays", "path=a.safetensors", "modalities=video,audio", "domains=site")
        #expect(outcome.code == 1)
        #expect(outcome.output.contains("video: 2 values in 2 rows are not finite (rows 1, 2)"))
        #expect(outcome.lines.last == "the data set is incomplete")
    }

    @Test("check looks at several data sets as one, counts what is not finite in each, and says where a section is wrong")
    func joined() async throws {
        try write("a.safetensors", video: (0..<12).map { Float($0) })
        var video = (100..<112).map { Float($0) }
        video[5] = .nan
        try write("b.safetensors", video: video)
        func section(_ second: String) -> String {
            "{use: joined, domains: [{name: first, use: arrays, path: a.safetensors, modalities: [video, audio], domains: site}, "
                + "{name: second, use: arrays, path: b.safetensors, modalities: [\(second)], domains: site}]}"
        }
        let outcome = try await folder.regulus("data", "check", section("video, audio"))
        #expect(outcome.code == 1, "\(outcome.messages)")
        #expect(outcome.lines.first == "12 rows, 2 domains, 2 classes")
        #expect(outcome.output.contains("video: 1 values in 1 rows are not finite (rows 8)"))
        let misfit = try await folder.regulus("data", "check", section("video"))
        #expect(misfit.code == 2 && misfit.messages.contains("'second' has the modalities video, but 'first' has video, audio"))
        let misspelt = try await folder.regulus("data", "check", "{use: joined, domian: []}")
        #expect(misspelt.code == 2 && misspelt.messages.contains("did you mean 'domains'?"))
    }

    @Test("check names an option that is not there, and the key that was probably meant")
    func misspelt() async throws {
        try write("a.safetensors", video: (0..<12).map { Float($0) })
        let option = try await folder.regulus("data", "check", "arrays", "path=a.safetensors", "modality=video")
        #expect(option.code == 2)
        #expect(option.messages.contains("'arrays' has no option 'modality'") && option.messages.contains("did you mean 'modalities'?"))
        let key = try await folder.regulus("data", "check", "arrays", "path=a.safetensors", "modalities=vidoe", "domains=site")
        #expect(key.code == 2)
        #expect(key.messages.contains("a.safetensors has no array 'vidoe'") && key.messages.contains("did you mean 'video'?"))
    }

    @Test("convert writes a file that check reads, and the section of a recipe that names it")
    func convert() async throws {
        try write("a.safetensors", video: (0..<12).map { Float($0) })
        let written = try await folder.regulus("data", "convert", "arrays", "a.safetensors", "modalities=video,audio", "domains=site", "-o", "b.safetensors")
        #expect(written.code == 0, "\(written.messages)")
        #expect(written.lines == ["data: {use: arrays, path: b.safetensors, modalities: [video, audio]}"])
        let outcome = try await folder.regulus("data", "check", "arrays", "b.safetensors", "modalities=video,audio")
        #expect(outcome.lines.first == "6 rows, 2 domains, 2 classes")
    }

    @Test("convert refuses values that are not finite, and leaves no file")
    func convertNotFinite() async throws {
        try write("a.safetensors", video: [.nan] + (1..<12).map { Float($0) })
        let outcome = try await folder.regulus("data", "convert", "arrays", "a.safetensors", "modalities=video", "domains=site", "-o", "b.safetensors")
        #expect(outcome.code == 2 && outcome.messages.contains("1 values in 1 rows are not finite"))
        #expect((try? folder.data("b.safetensors")) == nil)
    }

    @Test("manifest writes a table that check reads")
    func manifest() async throws {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n"
        let start = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8))
        for (number, place) in ["home/cut/a_video", "home/pour/b_video", "lab/cut/c_video", "lab/pour/d_video"].enumerated() {
            try folder.makeFolder("clips/" + place.split(separator: "/").dropLast().joined(separator: "/"))
            let values = [Float(number), 1].flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
            try folder.write(start + values, to: "clips/\(place).npy")
        }
        let written = try await folder.regulus("data", "manifest", "clips")
        #expect(written.code == 0, "\(written.messages)")
        #expect(
            written.lines == [
                "clips/manifest.csv: 4 samples", "domain: home 2, lab 2", "label: cut 2, pour 2", "video: 4 files",
            ])
        let outcome = try await folder.regulus("data", "check", "arrays", "manifest=clips/manifest.csv", "modalities=video")
        #expect(outcome.code == 0, "\(outcome.messages)")
        #expect(outcome.lines.first == "4 rows, 2 domains, 2 classes")

        try folder.write(Data("name,mood,place\na,sad,home\nb,glad,home\nc,glad,lab\n".utf8), to: "clips/labels.csv")
        let labeled = try await folder.regulus(
            "data", "manifest", "clips", "--table", "clips/labels.csv", "--column", "id={name}", "--column", "label={mood}", "--column", "domain={place}",
            "--file", "video={place}/cut/{name}_video.npy")
        #expect(labeled.code == 0, "\(labeled.messages)")
        #expect(
            labeled.lines == [
                "clips/manifest.csv: 2 samples", "domain: home 1, lab 1", "label: glad 1, sad 1", "video: 2 files",
                "the first file that is not there is home/cut/b_video.npy",
                "1 rows of clips/labels.csv have no file at all, the first in line 3; they are left out",
            ])
    }

    @Test("manifest refuses what contradicts itself, and does not write over the table of labels")
    func manifestFaults() async throws {
        try folder.makeFolder("clips")
        try folder.write(Data("name,mood\na,sad\n".utf8), to: "clips/labels.csv")
        let lonely = try await folder.regulus("data", "manifest", "clips", "--column", "label={mood}")
        #expect(lonely.code == 2 && lonely.messages.contains("'label={mood}' is taken from a table of labels; expected --table too"))
        let both = try await folder.regulus("data", "manifest", "clips", "--table", "clips/labels.csv", "--pattern", "{label}/{id}")
        #expect(both.code == 2 && both.messages.contains("--pattern and --table both say what the samples are; expected one of them"))
        try folder.write(Data(), to: "clips/a.mp4")
        let over = try await folder.regulus(
            "data", "manifest", "clips", "--table", "clips/labels.csv", "--column", "label={mood}", "--file", "video={name}.mp4", "--output",
            "clips/labels.csv")
        #expect(over.code == 2 && over.messages.contains("clips/labels.csv is the file that is read"))
    }
}
