import Configuration
import Foundation
import MediaSupport
import Tensors
import Testing

@testable import Datasets
@testable import Media

#if REGULUS_FFMPEG
    /// Two films of 60 frames, their flow and sound, a folder of pictures and one picture.
    private enum Tree {
        static let folder: MediaFolder? = try? {
            let folder = try MediaFolder()
            for (number, name) in ["one", "two"].enumerated() {
                func pictures(_ count: Int, isGray: Bool = false) -> [Picture] {
                    (0..<count).map { MediaWriter.picture(width: 64, height: 48, time: $0 + 10 * number, isGray: isGray) }
                }
                try MediaWriter.video(pictures(60), to: try folder.file("films/\(name).mp4"))
                try MediaWriter.video(pictures(30, isGray: true), to: try folder.file("flow/\(name)_x.mp4"))
                try MediaWriter.video(pictures(29, isGray: true), to: try folder.file("flow/\(name)_y.mp4"))
                _ = try folder.write(MediaWriter.wav(MediaWriter.tone(40_000, frequency: 300)), to: "sound/\(name).wav")
            }
            for frame in 0..<12 {
                try MediaWriter.jpeg(
                    MediaWriter.picture(width: 64, height: 48, time: frame), to: try folder.file(String(format: "frames/%03d.jpg", frame)))
            }
            return folder
        }()
    }

    @Suite("Clips by a table")
    struct ClipsTests {
        private let folder: MediaFolder

        init() throws { folder = try #require(Tree.folder) }

        private func clips(_ table: String, _ name: String = UUID().uuidString, _ change: (inout Clips.Options) -> Void = { _ in }) throws -> Clips {
            var options = Clips.Options()
            options.manifest = try folder.write(Data(table.utf8), to: "\(name).csv")
            options.clip = .small()
            change(&options)
            return try Clips(options: options)
        }

        private func fault(_ table: String) throws -> DatasetFault { try #require(throws: DatasetFault.self) { try clips(table) } }

        private static let table = """
            id,label,domain,split,video,flow_x,flow_y,audio,picture,start,stop
            a,run,north,train,films/one.mp4,flow/one_x.mp4,flow/one_y.mp4,sound/one.wav,frames/000.jpg,,
            b,sit,north,held-back,films/one.mp4,flow/one_x.mp4,flow/one_y.mp4,sound/one.wav,,0.5,1.5
            c,run,south,held-back,frames,,,,frames/003.jpg,0.1,0.3

            """

        @Test("modalities are those of the table's columns, classes, domains and parts its cells")
        func facts() throws {
            let data = try clips(Self.table)
            #expect(data.facts.modalityNames == ["video", "audio", "flow", "picture"])
            #expect(data.facts.classes == ["run", "sit"] && data.facts.domains == ["north", "south"])
            #expect(data.labels == [0, 1, 0] && data.domains == [0, 0, 1])
            #expect(data.split == [.train, .heldBack, .heldBack])
            #expect(data.groups?[0] == data.groups?[1] && data.groups?[0] != data.groups?[2])
        }

        @Test("every modality is decoded to its shape; a row without one is a sample that lacks it")
        func decoding() throws {
            let data = try clips(Self.table)
            for view in [SampleView.evaluation, .training(epoch: 1, random: RandomSource(seed: 3))] {
                for modality in data.facts.modalityNames {
                    let inputs = try data.inputs([0, 1, 2], modality: modality, view: view)
                    #expect(inputs.shape.dimensions == [3] + (data.sampleShape(modality, view: view) ?? []))
                    #expect(inputs.values.allSatisfy { $0.isFinite })
                }
            }
            #expect(try data.presence([0, 1, 2], modality: "flow").samples == [true, true, false])
            #expect(try data.presence([0, 1, 2], modality: "picture").samples == [true, false, true])
            #expect(try data.presence([0, 1, 2], modality: "video").isWhole)
            #expect(try data.inputs([0], modality: "video").values != data.inputs([1], modality: "video").values)
        }

        @Test("the page of samples shows pictures as well, and nothing where a modality is missing")
        func page() throws {
            let page = try #require(SamplePage.svg(clips(Self.table)))
            // Rows a and b: four frames each of video and flow, a spectrogram each, a picture of a; row c: four frames and a picture.
            #expect(page.split(separator: "<image").count - 1 == 2 * 9 + 1 + 5)
        }

        @Test("a folder of pictures shows what a film of the same frames shows, by frames as by seconds")
        func parts() throws {
            let table = """
                label,domain,video,start,stop,start_frame,stop_frame
                0,a,frames,,,2,6
                0,b,frames,0.08,0.24,,

                """
            let data = try clips(table) { ($0.clip.frames, $0.clip.interval, $0.frameRate) = (4, 1, 25) }
            let values = try data.inputs([0, 1], modality: "video").values
            #expect(Array(values.prefix(values.count / 2)) == Array(values.suffix(values.count / 2)))
            #expect(data.part(0) != data.part(1))
        }

        @Test(
            "what is wrong is named with its line",
            arguments: [
                ("label,domain,video\n0,a,../x.mp4\n", ":2: the path ../x.mp4 leaves the manifest's folder"),
                ("label,domain,flow_x\n0,a,x.mp4\n", "has only one of the columns flow_x and flow_y"),
                ("label,domain,video,start,stop\n0,a,x.mp4,2,1\n", ":2: '2' to '1' is not a part of a file"),
                ("label,domain,video\n0,a,x.mp4\n1,b,\n", ":3: the row has no file at all"),
                ("label,domain,video\n0,,x.mp4\n", ":2: the domain is empty"),
                ("label,domain,film\n0,a,x.mp4\n", "has no column of files"),
                ("label,video\n0,x.mp4\n", "there is no column 'domain'"),
                ("label,domain,video\n-1,a,x.mp4\n", "none of its 1 clips has a label"),
                ("label,domain,video\n0,a,x.mp4\n-2,a,x.mp4\n", "1 of 2 rows have a negative label such as -2 (line 3)"),
            ])
        func faults(table: String, message: String) throws {
            let found = try fault(table).message
            #expect(found.contains(message), "\(found)")
        }

        @Test("a folder in place of a table, and a table of labels alone, say what makes a table of clips")
        func noTable() throws {
            var options = Clips.Options()
            options.manifest = "\(folder.path)/films"
            let found = #expect(throws: DatasetFault.self) { try Clips(options: options) }
            #expect(found?.message == "\(folder.path)/films is a folder" && found?.expected?.contains("`regulus data manifest` writes one") == true)
            let labels = try fault("video_id,clip_id,label,domain\na,1,0,x\n")
            #expect(labels.message.hasSuffix("has no column of files") && labels.expected?.contains("it has video_id, clip_id, label, domain") == true)
            #expect(labels.expected?.hasSuffix("`regulus data manifest` makes one") == true)
        }

        @Test("clips without a label or a modality stay, are left out and counted, or end the run, as the recipe says")
        func incomplete() throws {
            let table = """
                label,domain,video,audio
                run,a,films/one.mp4,sound/one.wav
                ,a,films/one.mp4,sound/one.wav
                sit,b,films/two.mp4,
                -1,b,films/two.mp4,sound/two.wav
                sit,b,films/two.mp4,sound/two.wav

                """
            #expect(try fault(table).message.contains(":3: the clip has no label, as 1 more"))
            let kept = try clips(table) { $0.unlabeled = .leaveOut }
            #expect(kept.labels == [0, 1, 1] && kept.domains == [0, 1, 1])
            #expect(kept.remarks.count == 1 && kept.remarks[0].contains("2 of 5 rows have no label (-1 or empty; lines 3, 5); they are left out"))
            #expect(try kept.presence([0, 1, 2], modality: "audio").samples == [true, false, true])
            let skipped = try clips(table) { ($0.unlabeled, $0.onMissing) = (.leaveOut, .skip) }
            #expect(skipped.labels == [0, 1] && skipped.groups == nil)
            #expect(skipped.files(1, modality: "audio").first?.hasSuffix("two.wav") == true)
            #expect(skipped.remarks.last?.contains("1 of 3 clips lack a modality, the first in line 4; they are left out") == true)
            let stopped = #expect(throws: DatasetFault.self) { try clips(table) { ($0.unlabeled, $0.onMissing) = (.leaveOut, .stop) } }
            #expect(stopped?.option == "on-missing" && stopped?.message.contains("1 of 3 clips lack a modality, the first in line 4") == true)
        }

        @Test("films of fewer frames than a clip wrap around, down to one frame; flow and sound that end before the film are read as far as they go")
        func short() throws {
            func pictures(_ count: Int, isGray: Bool = false) -> [Picture] {
                (0..<count).map { MediaWriter.picture(width: 64, height: 48, time: 5 * $0, isGray: isGray) }
            }
            for count in [1, 2, 5] { try MediaWriter.video(pictures(count), to: try folder.file("short/\(count).mp4")) }
            for (axis, count) in [("x", 3), ("y", 1)] { try MediaWriter.video(pictures(count, isGray: true), to: try folder.file("short/\(axis).mp4")) }
            _ = try folder.write(MediaWriter.wav(MediaWriter.tone(800, frequency: 300)), to: "short/sound.wav")
            let table = """
                label,domain,video,flow_x,flow_y,audio
                0,a,short/1.mp4,short/x.mp4,short/y.mp4,short/sound.wav
                1,a,short/2.mp4,,,
                0,b,short/5.mp4,short/y.mp4,short/x.mp4,short/sound.wav
                1,b,films/one.mp4,short/x.mp4,short/y.mp4,short/sound.wav

                """
            let data = try clips(table) { $0.clip.frames = 8 }
            for view in [SampleView.evaluation, .training(epoch: 0, random: RandomSource(seed: 1))] {
                for modality in data.facts.modalityNames {
                    let inputs = try data.inputs([0, 1, 2, 3], modality: modality, view: view)
                    #expect(inputs.shape.dimensions == [4] + (data.sampleShape(modality, view: view) ?? []))
                    #expect(inputs.values.allSatisfy { $0.isFinite })
                }
            }
            let frames = try data.inputs([0], modality: "video").values
            let size = frames.count / 8
            #expect((1..<8).allSatisfy { frames[$0 * size..<($0 + 1) * size].elementsEqual(frames[..<size]) }, "a film of one frame is that frame")
            #expect(try DataCheck(data, depth: .all).isSound)
        }

        @Test("a film without frames, and sound without samples, are named as such")
        func nothing() throws {
            _ = try folder.write(MediaWriter.wav([]), to: "nothing.wav")
            let table = "label,domain,video,audio\n0,a,sound/one.wav,nothing.wav\n1,b,films/one.mp4,sound/one.wav\n"
            let check = try DataCheck(clips(table), depth: .all)
            #expect(!check.isSound && check.decoded.good == 1)
            #expect(check.lines.contains { $0.hasSuffix("sound/one.wav: there is no video in it") })
            let data = try clips(table)
            let silent = #expect(throws: DatasetFault.self) { try data.inputs([0], modality: "audio") }
            #expect(silent?.message.contains("nothing.wav: there are no samples in it") == true)
        }

        @Test("tables with values to learn are the domains of one data set: every row shows the clip that its value belongs to")
        func joinedValues() throws {
            func part(_ first: String, _ second: String) throws -> Clips {
                let table = "label,domain,video,audio\n0.5,any,films/\(first).mp4,sound/\(first).wav\n-0.25,any,films/\(second).mp4,\n"
                return try clips(table) { ($0.targets, $0.clip) = (.values, .small(frames: 4)) }
            }
            let parts = try ["clinic": part("one", "two"), "home": part("two", "one")]
            var options = Joined.Options()
            options.domains = ["clinic", "home"].map { NamedComponent($0) }
            let joined = try Joined(options: options) { (name, _) throws(DatasetFault) in
                guard let part = parts[name] else { throw DatasetFault(message: "no data") }
                return part
            }
            #expect(joined.facts.domains == ["clinic", "home"] && joined.domains == [0, 0, 1, 1])
            #expect(joined.facts.targets == TargetFacts(.values, names: ["value"]) && joined.targetValues == [0.5, -0.25, 0.5, -0.25])
            #expect(try joined.presence([0, 1, 2, 3], modality: "audio").samples == [true, false, true, false])
            try BatchLoader(joined, modalities: ["video", "audio"]).forEach([[3, 0], [2, 1]], view: .evaluation) { batch in
                for modality in ["video", "audio"] {
                    let own = try batch.rows.flatMap { row in
                        try parts[joined.facts.domains[row / 2]]?.inputs([row % 2], modality: modality).values ?? []
                    }
                    #expect(batch.inputs[modality]?.values == own, "\(modality)")
                }
            }
        }

        @Test("a folder of segments with a table of labels is read by the manifest that is written of it, and its labels may be values")
        func segments() throws {
            for (film, clip) in [("one", "video_0001/0001"), ("two", "video_0001/0002"), ("two", "video_0002/0001")] {
                let path = try folder.file("segments/Raw/\(clip).mp4")
                if !FileManager.default.fileExists(atPath: path) { try FileManager.default.copyItem(atPath: "\(folder.path)/films/\(film).mp4", toPath: path) }
            }
            let labels = "video_id,clip_id,label,mode\nvideo_0001,1,-0.8,train\nvideo_0001,2,,valid\nvideo_0002,1,1.0,test\n"
            let table = try folder.write(Data(labels.utf8), to: "segments/label.csv")
            let manifest = try ManifestWriter(
                "\(folder.path)/segments", table: table, columns: ["label={label}", "split={mode}", "group={video_id}", "domain=sims"],
                files: ["video=Raw/{video_id}/{clip_id:4}.mp4"])
            var options = Clips.Options()
            options.manifest = try folder.write(Data(manifest.csv.utf8), to: "segments/manifest.csv")
            (options.clip, options.targets, options.unlabeled) = (.small(frames: 4), .values, .leaveOut)
            let data = try Clips(options: options)
            #expect(data.facts.targets == TargetFacts(.values, names: ["value"]) && data.targetValues == [-0.8, 1])
            #expect(data.labels == [0, 0] && data.split == [.train, .test] && data.groups == [0, 1] && data.facts.domains == ["sims"])
            #expect(data.remarks[0].contains("1 of 3 rows have no label (-1 or empty; lines 3)"))
            try data.checkRows()
            options.targets = .labels
            options.unlabeled = .refuse
            #expect(try Clips(options: options).facts.targets == TargetFacts(.labels, names: ["-0.8", "1.0"]))
        }

        @Test("a clip behind the end of its film is the film's fault, named")
        func behind() throws {
            let data = try clips("label,domain,video,start_frame,stop_frame\n0,a,films/one.mp4,70,80\n0,b,films/two.mp4,0,9\n")
            let fault = #expect(throws: DatasetFault.self) { try data.inputs([0], modality: "video") }
            #expect(fault?.message.contains("the clip begins at frame 70, and the film has 60") == true)
        }

        @Test("the check finds the same content in rows of two domains")
        func duplicates() throws {
            let data = try clips(
                "label,domain,audio,video\n0,a,sound/one.wav,films/one.mp4\n0,b,sound/one.wav,films/one.mp4\n0,b,sound/two.wav,films/two.mp4\n")
            let lines = try DataCheck(data, depth: .presence).lines
            #expect(lines.contains("1 rows have the inputs of a row of another domain (row 1 those of row 0)"))
        }
    }

    @Suite("Layouts of MMDG-Bench's release")
    struct ReleasedLayoutTests {
        @Test("EPIC: a film for each segment, two for its flow, and sound cut by the row's times")
        func epic() throws {
            let folder = try MediaFolder()
            try MediaLayouts.epicFilms(in: folder)
            var options = EpicKitchens.Options()
            options.root = folder.path
            options.clip = .small()
            let data = try EpicKitchens(options: options)
            #expect(data.files(0, modality: "video") == ["\(folder.path)/video/train/D1/D1_P01_01_1_41_0.mp4"])
            #expect(data.files(0, modality: "flow").first == "\(folder.path)/flow/train/D1/D1_P01_01_1_21_0_u.mp4")
            let check = try DataCheck(data, depth: .all)
            #expect(check.isSound && check.decoded.good == data.count)
        }

        @Test("HAC: media inside the folder of the lists, beside it, and all the same")
        func hac() throws {
            let folder = try MediaFolder()
            try MediaLayouts.hac(in: folder)
            var options = HAC.Options()
            options.root = folder.path
            options.clip = .small()
            let beside = try HAC(options: options).inputs([0], modality: "video").values
            for domain in ["human", "animal", "cartoon"] {
                try FileManager.default.moveItem(atPath: "\(folder.path)/\(domain)", toPath: "\(folder.path)/HAC_Splits/\(domain)")
            }
            #expect(try HAC(options: options).inputs([0], modality: "video").values == beside)
        }
    }
#endif
