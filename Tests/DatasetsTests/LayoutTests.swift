import Configuration
import Foundation
import Tensors
import Testing
import Weights

@testable import Datasets
@testable import Media

/// Checks against the benchmarks' exact layouts, where the variable `REGULUS_LAYOUTS` names a folder that has them:
/// `epic`, `hac` and `expected.json`.
@Suite(
    "The exact layouts of both benchmarks",
    .enabled(
        if: FFmpegSupport.isAvailable && ProcessInfo.processInfo.environment["REGULUS_LAYOUTS"] != nil,
        "set REGULUS_LAYOUTS to the folder with the layouts of EPIC-Kitchens and HAC; FFmpeg has to be there"))
struct LayoutTests {
    private let folder = ProcessInfo.processInfo.environment["REGULUS_LAYOUTS"] ?? ""

    private func expected(_ name: String) throws -> [JSONValue] {
        let text = try Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json"))
        guard case .array(let rows)? = try JSONValue(parsing: text)[name] else { throw DatasetFault(message: "no \(name)") }
        return rows
    }

    private func integers(_ value: JSONValue?) -> [Int] {
        guard case .array(let values)? = value else { return [] }
        return values.compactMap(\.whole)
    }

    private func epic() throws -> EpicKitchens {
        var options = EpicKitchens.Options()
        options.root = folder + "/epic"
        return try EpicKitchens(options: options)
    }

    private func hac(_ clock: HAC.AudioClock = .video) throws -> HAC {
        var options = HAC.Options()
        options.root = folder + "/hac"
        options.audioClock = clock
        return try HAC(options: options)
    }

    /// A spectrogram's values at the places that are listed, `frequency,time`.
    private func compare(_ sample: [Float], with spectrogram: JSONValue, _ name: String) throws {
        for place in try #require(spectrogram["at"]).members {
            let parts = place.key.split(separator: ",").compactMap { Int($0) }
            let found = Double(sample[parts[0] * 1004 + parts[1]])
            #expect(abs(found - (place.value.double ?? .nan)) < 2e-5, "\(name) at \(place.key)")
        }
    }

    @Test("EPIC: rows, frames, sound windows and spectrograms are the released loader's")
    func epicRows() throws {
        let data = try epic()
        let rows = try expected("epic")
        #expect(data.count == rows.count && data.count == 24)
        var met: Set<Int> = []
        for expected in rows {
            let name = expected["video_id"]?.text ?? ""
            // The list is in another order than the split files.
            let row = try #require(
                data.labels.indices.first { row in
                    !met.contains(row) && data.segments[row].video == name && data.labels[row] == expected["label"]?.whole
                        && data.facts.domains[data.domains[row]] == expected["domain"]?.text
                        && data.split?[row] == (expected["split"]?.text == "train" ? .train : .heldBack)
                        && data.segments[row].frameCount == expected["total_frames"]?.whole
                })
            met.insert(row)
            var none: RandomStream?
            #expect(data.frameNumbers(row, modality: "video", from: &none) == integers(expected["rgb_test_inds"]))
            #expect(data.frameNumbers(row, modality: "flow", from: &none) == integers(expected["flow_test_inds"]))
            let sound = try SoundFile(data.files(row, modality: "audio")[0])
            let window = [sound.sample(at: data.segments[row].start), sound.sample(at: data.segments[row].stop)]
            #expect(window == integers(expected["audio_samples"]))
            let values = try data.inputs([row], modality: "audio").values
            try compare(values, with: try #require(expected["spectrogram"]), name)
        }
    }

    @Test("EPIC: clips have the released shapes and training differs by epoch only")
    func epicClips() throws {
        let data = try epic()
        #expect(try data.inputs([0, 9], modality: "video").shape == [2, 32, 224, 224, 3])
        #expect(try data.inputs([0], modality: "flow").shape == [1, 8, 256, 256, 2])
        let view = { SampleView.training(epoch: $0, random: RandomSource(seed: 4)) }
        let first = try data.inputs([3], modality: "flow", view: view(1))
        #expect(first.shape == [1, 8, 224, 224, 2])
        #expect(try data.inputs([5, 3], modality: "flow", view: view(1)).values.suffix(first.elementCount) == first.values[...])
        #expect(try data.inputs([3], modality: "flow", view: view(2)).values != first.values)
    }

    @Test("HAC: rows, decoded frames, sound windows and spectrograms are the released loader's", arguments: HAC.AudioClock.allCases)
    func hacRows(clock: HAC.AudioClock) throws {
        let data = try hac(clock)
        let rows = try expected("hac")
        #expect(data.count == rows.count && data.count == 21)
        for (row, expected) in rows.enumerated() {
            let name = expected["file"]?.text ?? ""
            #expect(data.files(row, modality: "video")[0].hasSuffix("/\(name)") && data.labels[row] == expected["label"]?.whole)
            var none: RandomStream?
            let (numbers, file) = try data.frameNumbers(row, modality: "video", from: &none)
            #expect(file.frameCount == expected["frames"]?.whole)
            #expect(numbers.map { min(max($0 - 1, 0), file.frameCount - 1) } == integers(expected["rgb_test_decoded"]), "\(name)")
            let flow = try data.frameNumbers(row, modality: "flow", from: &none)
            #expect(flow.file.frameCount == expected["flow_x_frames"]?.whole)
            #expect(flow.numbers == integers(expected["flow_test_inds"]), "\(name)")
            let sound = try SoundFile(data.files(row, modality: "audio")[0])
            let window = try data.soundWindow(row, of: sound, view: .evaluation)
            #expect([window.lowerBound, window.upperBound] == integers(expected["audio_samples_\(clock.rawValue)_clock"]), "\(name)")
            if clock == .video {
                let values = try data.inputs([row], modality: "audio").values
                try compare(values, with: try #require(expected["spectrogram_video_clock"]), name)
            }
        }
        #expect(try data.inputs([1], modality: "video").shape == [1, 32, 224, 224, 3])
        #expect(try data.inputs([1, 8], modality: "flow").shape == [2, 8, 256, 256, 2])
    }

    @Test("HAC: the frames of a clip are bit for bit those of the whole video")
    func hacFrames() throws {
        let data = try hac()
        for row in data.labels.indices {
            for modality in ["video", "flow"] {
                var none: RandomStream?
                let (numbers, file) = try data.frameNumbers(row, modality: modality, from: &none)
                func frames(_ numbers: Set<Int>) throws -> [Int: Picture] {
                    var found: [Int: Picture] = [:]
                    try file.frames(numbers, channels: .color) { number, picture throws(MediaFault) in found[number] = picture }
                    return found
                }
                let whole = try frames(Set(0..<file.frameCount))
                let chosen = try frames(Set(numbers))
                #expect(whole.count == file.frameCount)
                #expect(chosen == whole.filter { numbers.contains($0.key) }, "\(file.path)")
            }
        }
    }

    @Test("Nothing is missing or damaged in the layouts, and the page of samples shows them")
    func check() throws {
        for data in [try epic() as any Dataset, try hac()] {
            let check = try DataCheck(data, depth: .all)
            #expect(check.isSound, "\(check.lines.joined(separator: "\n"))")
            #expect(check.decoded.good == data.count)
            let page = try #require(SamplePage.svg(data, perDomain: 1))
            #expect(page.components(separatedBy: "<image").count == 1 + 3 * 9)
        }
    }
}

/// Checks against the published split files, where `REGULUS_SPLITS` names the folder that has them.
@Suite(
    "The published split files",
    .enabled(
        if: ProcessInfo.processInfo.environment["REGULUS_SPLITS"] != nil,
        "set REGULUS_SPLITS to the folder with MM-SADA_Domain_Adaptation_Splits, csv and HAC_Splits"))
struct PublishedSplitTests {
    private let folder = ProcessInfo.processInfo.environment["REGULUS_SPLITS"] ?? ""

    @Test(
        "Each pickle has the published rows and equals its CSV form, cell by cell",
        arguments: zip(
            ["D1_train", "D1_test", "D2_train", "D2_test", "D3_train", "D3_test"], [1543, 435, 2495, 750, 3897, 974]))
    func pickles(name: String, count: Int) throws {
        let frame = try DataFrameFile("\(folder)/MM-SADA_Domain_Adaptation_Splits/\(name).pkl")
        let table = try SeparatedValues("\(folder)/csv/\(name).csv")
        #expect(frame.rowCount == count && table.rows.count == count + 1)
        #expect(frame.columnNames.sorted() == table.rows[0].fields.sorted())
        for (place, column) in table.rows[0].fields.enumerated() {
            let cells = table.rows.dropFirst().map { $0.fields[place] }
            let found = try (try? frame.texts(column)) ?? frame.integers(column).map(String.init)
            #expect(found == cells, "\(column)")
        }
        #expect(try EpicSplits.segments(name, in: folder).count == count)
    }

    @Test("The published rows by class")
    func classes() throws {
        func counts(_ labels: [Int], _ kinds: Int) -> [Int] { tally(labels, kinds: kinds) }
        let segments = try EpicSplits.segments("D3_test", in: folder)
        #expect(counts(segments.map(\.label), 8) == [241, 280, 102, 71, 245, 29, 1, 5])
        #expect(segments.map(\.frameCount).min() == 30 && segments.map(\.frameCount).max() == 822)
        let videos = try HACSplits.videos("train", domain: "cartoon", in: folder)
        #expect(counts(videos.map(\.label), 7) == [83, 93, 135, 104, 121, 163, 171])
        #expect(try HACSplits.videos("test", domain: "human", in: folder).count == 276)
    }
}
