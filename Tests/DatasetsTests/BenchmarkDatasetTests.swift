import Configuration
import Foundation
import MediaSupport
import Tensors
import Testing

@testable import Datasets
@testable import Media

#if REGULUS_FFMPEG
    /// Both trees, generated once: making 1200 small pictures takes longer than reading them.
    private enum Trees {
        static let epic: MediaFolder? = try? {
            let folder = try MediaFolder()
            try MediaLayouts.epic(in: folder)
            return folder
        }()
        static let hac: MediaFolder? = try? {
            let folder = try MediaFolder()
            try MediaLayouts.hac(in: folder)
            return folder
        }()
    }

    private func small<Options: ClipDatasetOptions>(_ options: Options) -> Options {
        var options = options
        options.clip = .small()
        return options
    }

    private func epic(_ folder: MediaFolder? = Trees.epic, _ change: (inout EpicKitchens.Options) -> Void = { _ in }) throws -> EpicKitchens {
        var options = small(EpicKitchens.Options())
        options.root = try #require(folder).path
        change(&options)
        return try EpicKitchens(options: options)
    }

    private func hac(_ change: (inout HAC.Options) -> Void = { _ in }) throws -> HAC {
        var options = small(HAC.Options())
        options.root = try #require(Trees.hac).path
        change(&options)
        return try HAC(options: options)
    }

    private let training = SampleView.training(epoch: 3, random: RandomSource(seed: 11))

    @Suite("EPIC-Kitchens and HAC, on generated media")
    struct BenchmarkDatasetTests {
        @Test("EPIC: a source's test rows validate, a target's are reported, its training rows are left out")
        func epicSplit() throws {
            let data = try epic()
            #expect(data.count == 18 && data.facts.samplesPerDomain == [6, 6, 6])
            let split = try SourceSplit(
                of: data, holdingOut: [1], validation: .fraction(0.2), random: RandomSource(seed: 1))
            #expect(split.training.rows == [0, 1, 2, 12, 13, 14])
            #expect(split.validation.rows == [3, 4, 5, 15, 16, 17])
            #expect(split.target.rows == [9, 10, 11])
            let single = try SourceSplit(
                of: data, holdingOut: [1], sources: [2], validation: .fraction(0.2), random: RandomSource(seed: 1))
            #expect(single.training.rows == [12, 13, 14] && single.validation.rows == [15, 16, 17])
        }

        @Test("HAC: a source's test rows validate, all of a target's rows are reported")
        func hacSplit() throws {
            let data = try hac()
            let split = try SourceSplit(
                of: data, holdingOut: [0], validation: .fraction(0.2), random: RandomSource(seed: 1))
            #expect(split.target.rows == [0, 1, 2, 3, 4])
            #expect(split.training.rows == [5, 6, 7, 10, 11, 12] && split.validation.rows == [8, 9, 13, 14])
            #expect(data.groups?[2] == data.groups?[3])
            #expect(try hac { $0.repeatedFiles = .once }.facts.samplesPerDomain == [4, 5, 5])
        }

        @Test("Modalities have the shapes that the facts announce")
        func shapes() throws {
            for data in [try epic() as any Dataset, try hac()] {
                #expect(data.facts.modalityNames == ["video", "audio", "flow"])
                for modality in data.facts.modalities {
                    let shown = try data.inputs([0, 4], modality: modality.name, view: training)
                    #expect(shown.shape == Shape([2] + modality.sampleShape))
                    #expect(shown.values.allSatisfy { $0.isFinite })
                }
                #expect(try data.inputs([1], modality: "flow").shape == [1, 8, 32, 32, 2])
                #expect(throws: DatasetFault.self) { try data.inputs([0], modality: "smell") }
            }
        }

        @Test("Frames of a clip are those that were asked for, also where a short segment wraps around")
        func frames() throws {
            let data = try epic { $0.clip.crop = 32 }
            var none: RandomStream?
            // Row 1 spans frames 30 to 61: the clip runs through it twice.
            let numbers = data.frameNumbers(1, modality: "video", from: &none)
            #expect(numbers == (0..<32).map { 30 + 2 * $0 % 32 })
            let clip = try data.decode(1, modality: "video", view: .evaluation)
            let shown = clip.thumbnails(count: 32)
            let cutter = FrameCutter(.center(of: PictureSize(width: 64, height: 48), shortSide: 32, side: 32))
            for (place, number) in numbers.enumerated() {
                var bytes = [UInt8](repeating: 0, count: 32 * 32 * 3)
                try bytes.withUnsafeMutableBufferPointer {
                    cutter.write(
                        MediaWriter.picture(width: 64, height: 48, time: number), into: try #require($0.baseAddress), pixelStride: 3)
                }
                let error = zip(bytes, shown[place].pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
                #expect(Double(error) / Double(bytes.count) < 6, "frame \(number)")
            }
        }

        @Test("What training shows depends on the row and the epoch, not on the batch")
        func determinism() throws {
            for data in [try epic() as any Dataset, try hac()] {
                for modality in data.facts.modalityNames {
                    let alone = try data.inputs([2], modality: modality, view: training).values
                    let together = try data.inputs([4, 2], modality: modality, view: training).values
                    #expect(together.suffix(alone.count) == alone[...])
                    let later = SampleView.training(epoch: 4, random: RandomSource(seed: 11))
                    #expect(try data.inputs([2], modality: modality, view: later).values != alone)
                }
            }
        }

        @Test("HAC: the sound follows the frames of the clip, in training too")
        func soundWindow() throws {
            let data = try hac()
            let sound = try SoundFile(data.files(1, modality: "audio")[0])
            for epoch in 1...5 {
                let view = SampleView.training(epoch: epoch, random: RandomSource(seed: 2))
                var stream = view.stream(row: 1, modality: "video")
                let numbers = try data.frameNumbers(1, modality: "video", from: &stream).numbers
                let window = try data.soundWindow(1, of: sound, view: view)
                #expect(window.lowerBound == Int((Double(numbers[0]) / 24 * 16_000).rounded()))
                #expect(window.upperBound == Int((Double(numbers[31]) / 24 * 16_000).rounded()))
            }
        }

        @Test("A wrong root gets the layout and what is there instead; a root one level too high is recognized")
        func wrongRoot() throws {
            func fault(_ path: String) -> DatasetFault? {
                do throws(DatasetFault) {
                    var options = EpicKitchens.Options()
                    options.root = path
                    _ = try EpicKitchens(options: options)
                    return nil
                } catch { return error }
            }
            let folder = try MediaFolder()
            _ = try folder.write(Data("x".utf8), to: "inside/MM-SADA_Domain_Adaptation_Splits/readme")
            let found = try #require(fault(folder.path))
            #expect(found.option == "root" && found.message.contains("found inside"))
            #expect(found.expected?.contains("rgb/{train,test}/{D1,D2,D3}/P08_01.wav") == true)
            #expect(found.suggestion == folder.path + "/inside")
            #expect(fault(folder.path + "/nowhere")?.message.contains("there is no folder") == true)
            let split = try #require(fault(folder.path + "/inside"))
            #expect(split.message.contains("D1_train.pkl"))
        }
    }

    @Suite("Loading ahead")
    struct BatchLoaderTests {
        private let batches = [[0, 5, 9], [17, 3, 3], [12, 1, 6], [8, 2, 14]]

        private func load(_ data: any Dataset, view: SampleView = training, modalities: [String] = ["video", "audio", "flow"]) throws
            -> (rows: [[Int]], values: [[Float]], report: LoadingReport)
        {
            let loader = try BatchLoader(data, modalities: modalities)
            var rows: [[Int]] = []
            var values: [[Float]] = []
            try loader.forEach(batches, view: view) { batch in
                rows.append(batch.rows)
                values.append(modalities.flatMap { batch.inputs[$0]?.values ?? [] })
            }
            return (rows, values, loader.report)
        }

        /// A tree with one damaged picture and one missing sound.
        private func damaged() throws -> MediaFolder {
            let folder = try MediaFolder()
            try MediaLayouts.epic(in: folder)
            let picture = folder.path + "/rgb/train/D2/P02_01/frame_0000000044.jpg"
            let data = try Data(contentsOf: URL(fileURLWithPath: picture))
            try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: picture))
            try FileManager.default.removeItem(atPath: folder.path + "/rgb/test/D3/P03_02.wav")
            return folder
        }

        @Test("Batches are the same for every number of workers and every bound on memory, and those of the data set itself")
        func workers() throws {
            let reference = try load(try epic { $0.loading.workers = 1 })
            #expect(reference.rows == batches)
            #expect(reference.report.samples == 12 && reference.report.skipped.isEmpty && reference.report.seconds > 0)
            for workers in [2, 5] {
                let found = try load(
                    try epic {
                        $0.loading.workers = workers
                        $0.loading.memory = workers == 5 ? 16 : 1024
                    })
                #expect(found.rows == reference.rows)
                #expect(found.values == reference.values)
            }
            let direct = try epic().inputs([17, 3, 3], modality: "video", view: training).values
            #expect(Array(reference.values[1].prefix(direct.count)) == direct)
        }

        @Test("A damaged file ends the run with its name, or its row is left out and counted")
        func badSamples() throws {
            let folder = try damaged()
            do {
                _ = try load(try epic(folder))
                Issue.record("a damaged picture was accepted")
            } catch let fault as DatasetFault {
                #expect(fault.message.hasPrefix("row 17 cannot be read: "))
                #expect(fault.message.contains("P03_02.wav: there is no such file"))
            }
            for workers in [1, 3] {
                let result = try load(
                    try epic(folder) {
                        $0.loading.onBadSample = .skip
                        $0.loading.workers = workers
                    }, view: .evaluation)
                // Of the video with the damaged frame, row 8 is shown the even frames and row 6 the odd ones.
                #expect(result.rows == [[0, 5, 9], [3, 3], [12, 1, 6], [2, 14]])
                #expect(result.report.skipped.map(\.row) == [17, 8])
                #expect(result.report.skipped[1].path.hasSuffix("frame_0000000044.jpg"))
                #expect(result.report.skipped[1].reason.contains("cut short"))
                #expect(result.report.summary.contains("2 rows left out (2 times)"))
            }
            withExtendedLifetime(folder) {}
        }

        @Test("A batch of which nothing can be read ends the run even where bad samples are skipped")
        func emptyBatch() throws {
            let folder = try damaged()
            let data = try epic(folder) { $0.loading.onBadSample = .skip }
            let loader = try BatchLoader(data, modalities: ["audio"])
            #expect(throws: DatasetFault.self) { try loader.forEach([[15, 16]], view: .evaluation) { _ in } }
            try loader.forEach([[14, 16]], view: .evaluation) { #expect($0.rows == [14]) }
            withExtendedLifetime(folder) {}
        }

        @Test("An error of the user's ends the workers")
        func interruption() throws {
            struct Stop: Error {}
            let loader = try BatchLoader(try epic(), modalities: ["video"])
            var met = 0
            #expect(throws: Stop.self) {
                try loader.forEach(batches, view: training) { _ in
                    met += 1
                    if met == 2 { throw Stop() }
                }
            }
            #expect(met == 2)
        }

        @Test("No more rows are decoded ahead than may be")
        func bound() throws {
            let data = CountingDataset()
            let queue = DecodingQueue(data, rows: Array(0..<40), modalities: ["x"], view: .evaluation, workers: 3, capacity: 4)
            for row in 0..<40 {
                #expect(queue.next()?.row == row)
                #expect(data.decoded.withLock { $0 } <= row + 1 + 4)
            }
            #expect(queue.next() == nil)
            queue.stop()
        }

        @Test("Data in memory pass through; an unknown modality is refused")
        func inMemory() throws {
            let data = SampleDataset.balanced(domains: 2, classes: 2, each: 5)
            let found = try load(data, modalities: ["x"])
            #expect(found.rows == batches)
            #expect(found.values[1] == [34, 35, 6, 7, 6, 7])
            #expect(throws: DatasetFault.self) { try BatchLoader(data, modalities: ["y"]) }
        }

        @Test("Evaluation takes fewer rows at once where they would not fit, however much may wait", arguments: [16, 4096])
        func evaluationBatch(memory: Int) throws {
            let data = try epic { $0.loading.memory = memory }
            let rows = try BatchLoader(data, modalities: ["video", "audio", "flow"]).evaluationBatch(limit: 256)
            #expect(rows == (256 << 20) / (4 * (32 * 24 * 24 * 3 + 257 * 1004 + 8 * 32 * 32 * 2)))
        }

        @Test("Of arrays so many rows are evaluated at once as stay in a cache, 64 at least", arguments: [(1, 256), (4096, 128), (50_000, 64)])
        func evaluationBatchOfArrays(width: Int, rows: Int) throws {
            let data = SampleDataset(labels: [0, 1], domains: [0, 1], sampleShape: [width])
            #expect(try BatchLoader(data, modalities: ["x"]).evaluationBatch(limit: 256) == rows)
        }

        @Test("Inputs that come on their scale are not measured")
        func standardization() throws {
            let data = try epic()
            let split = try SourceSplit(of: data, holdingOut: [0], validation: .fraction(0.2), random: RandomSource(seed: 1))
            #expect(try Standardization(.channel, of: data, rows: split.training) == .none)
        }

        @Test("The check counts rows and names what is missing and what is damaged")
        func check() throws {
            let folder = try damaged()
            let check = try DataCheck(try epic(folder), depth: .all)
            withExtendedLifetime(folder) {}
            #expect(check.parts == [.train, .heldBack])
            #expect(check.counts.map { $0.map { $0.reduce(0, +) } } == [[3, 3], [3, 3], [3, 3]])
            #expect(check.missing.map(\.modality) == ["audio"])
            #expect(check.missing.first?.rows == 3 && check.missing.first?.files == 1)
            #expect(check.unreadable.map(\.path).allSatisfy { $0.hasSuffix("P02_01/frame_0000000044.jpg") })
            #expect(check.unreadable.count == 1 && !check.isSound)
            #expect(check.seconds[0].count == 6)
            let text = check.lines.joined(separator: "\n")
            #expect(text.contains("missing, audio: 1 files, which 3 rows need"))
            #expect(text.contains("the data set is incomplete"))
            let part = try DataCheck(try epic(), depth: .some(2))
            #expect(part.decoded.good == 6 && part.decoded.tried == 6)
            let whole = try DataCheck(try hac(), depth: .all)
            #expect(whole.isSound && whole.decoded.tried == 15)
        }

        @Test("The check of HAC names an empty sound, a video without frames and one cut short, each with its reason")
        func checkOfDamagedFilms() throws {
            let folder = try MediaFolder()
            try MediaLayouts.hac(in: folder)
            try Data().write(to: URL(fileURLWithPath: folder.path + "/human/audio/third.wav"))
            try MediaWriter.wav([]).write(to: URL(fileURLWithPath: folder.path + "/animal/audio/third.wav"))
            try MediaWriter.video([], to: folder.path + "/animal/videos/third.mp4")
            let cut = folder.path + "/cartoon/flow/third_flow_y.mp4"
            let whole = try Data(contentsOf: URL(fileURLWithPath: cut))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: cut))
            let check = try DataCheck(try hac { $0.root = folder.path }, depth: .all)
            let reasons = Dictionary(check.unreadable.map { (String($0.path.dropFirst(folder.path.count + 1)), $0.reason) }) { $1 }
            #expect(
                Set(reasons.keys) == [
                    "human/audio/third.wav", "animal/audio/third.wav", "animal/videos/third.mp4", "cartoon/flow/third_flow_y.mp4",
                ])
            #expect(reasons["human/audio/third.wav"] == "the file is empty")
            #expect(reasons["animal/audio/third.wav"] == "there are no samples in it")
            #expect(reasons["animal/videos/third.mp4"]?.isEmpty == false && !check.isSound)
            // The human film stands in both lists.
            #expect(check.decoded.tried == 15 && check.decoded.good == 11)
            // A film that is not there does not hide that the sound beside it is empty.
            try FileManager.default.removeItem(atPath: folder.path + "/human/videos/third.mp4")
            let more = try DataCheck(try hac { $0.root = folder.path }, depth: .all)
            #expect(more.missing.map(\.modality) == ["video"] && more.missing[0].rows == 2)
            #expect(Set(more.unreadable.map(\.path)) == Set(check.unreadable.map(\.path)))
            #expect(more.decoded.tried == 13)
            withExtendedLifetime(folder) {}
        }

        @Test("The page shows frames, flow and a spectrogram of each row, or why not")
        func page() throws {
            let page = try #require(SamplePage.svg(try epic(), perDomain: 2))
            #expect(page.components(separatedBy: "<image").count == 1 + 6 * 9)
            #expect(page.contains("D1 · open · row 1"))
            let folder = try damaged()
            let broken = try #require(SamplePage.svg(try epic(folder), perDomain: 6))
            withExtendedLifetime(folder) {}
            #expect(broken.components(separatedBy: "<image").count > 1 + 15 * 9)
            #expect(broken.contains("there is no such file"))
            #expect(SamplePage.svg(SampleDataset.balanced(domains: 1, classes: 1, each: 1)) == nil)
        }
    }
#endif
