import Foundation
import MediaSupport
import Testing

@testable import Media

#if REGULUS_FFMPEG
    @Suite("Decoding with FFmpeg")
    struct DecodingTests {
        private let folder: MediaFolder

        init() throws { folder = try MediaFolder() }

        private func fault(_ body: () throws -> Void) -> MediaFault? {
            do { try body() } catch { return error as? MediaFault }
            return nil
        }

        private func difference(_ a: Picture, _ b: Picture) -> Double {
            let sum = zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            return Double(sum) / Double(a.pixels.count)
        }

        @Test("Libraries that are not there are named, and so is what to install")
        func missingLibraries() throws {
            let place = try folder.file("libraries")
            let missing = try #require(FFmpegLibraries(in: place).failure)
            #expect(missing.hasPrefix("\(place)/libavutil.so."))
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let name = try #require(missing.dropFirst(place.count + 1).split(separator: ":").first)
            try Data("no library".utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)"))
            let damaged = try #require(FFmpegLibraries(in: place).failure)
            #expect(damaged.hasPrefix("\(place)/\(name)") && damaged != missing)
            #expect(FFmpegSupport.remedy(after: missing).contains(missing))
        }

        // MARK: - Pictures

        @Test("A JPEG comes back as it was, in color and in gray; one source decodes several")
        func jpeg() throws {
            let source = PictureSource(.color)
            for time in 0..<3 {
                let picture = MediaWriter.picture(width: 64, height: 48, time: time)
                let path = try folder.file("\(time).jpg")
                try MediaWriter.jpeg(picture, to: path)
                let decoded = try source.picture(path)
                #expect(decoded.width == 64 && decoded.height == 48 && decoded.channels == 3)
                #expect(difference(decoded, picture) < 4)
            }
            let gray = MediaWriter.picture(width: 64, height: 48, time: 9, isGray: true)
            let path = try folder.file("gray.jpg")
            try MediaWriter.jpeg(gray, to: path)
            let decoded = try PictureSource(.gray).picture(path)
            #expect(decoded.channels == 1)
            #expect(difference(decoded, gray) < 3)
        }

        @Test("A JPEG that is cut short is refused wherever the cut is, and the source goes on with the next")
        func truncatedJPEG() throws {
            let path = try folder.file("whole.jpg")
            try MediaWriter.jpeg(MediaWriter.picture(width: 64, height: 48, time: 0), to: path)
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let source = PictureSource(.color)
            for length in [3, 20, data.count / 2, data.count - 1] {
                let cut = try folder.write(data.prefix(length), to: "cut.jpg")
                let fault = fault { _ = try source.picture(cut) }
                #expect(fault?.path == cut)
                #expect(fault?.reason.contains("cut short") == true)
            }
            #expect(try source.picture(path).width == 64)
        }

        @Test("What stands behind a JPEG's end is no part of it", arguments: ["\r\n", "\0\0\0", "another file \u{FF}", "x"])
        func trailing(text: String) throws {
            let path = try folder.file("whole.jpg")
            try MediaWriter.jpeg(MediaWriter.picture(width: 64, height: 48, time: 0), to: path)
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let longer = try folder.write(data + Data(text.utf8), to: "longer.jpg")
            let source = PictureSource(.color)
            #expect(try source.picture(longer).pixels == source.picture(path).pixels)
        }

        @Test("The end marker of a thumbnail inside a segment is none")
        func thumbnail() {
            let head: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9, 0xFF, 0xDA, 0, 3, 1]
            #expect(JPEGEnd.find(in: Data(head + [1, 0xFF, 0x00, 2, 0xFF, 0xD0, 3])) == nil)
            #expect(JPEGEnd.find(in: Data(head + [1, 0xFF, 0x00, 2, 0xFF, 0xD0, 3, 0xFF, 0xD9, 9, 9])) == 24)
            #expect(JPEGEnd.find(in: Data(head.prefix(4))) == nil)
        }

        @Test("Missing, empty and foreign files are named")
        func badPictures() throws {
            let source = PictureSource(.color)
            let absent = folder.path + "/absent.jpg"
            #expect(fault { _ = try source.picture(absent) } == MediaFault(path: absent, reason: "there is no such file"))
            let empty = try folder.write(Data(), to: "empty.jpg")
            #expect(fault { _ = try source.picture(empty) } == MediaFault(path: empty, reason: "the file is empty"))
            let text = try folder.write(Data("no picture at all".utf8), to: "text.jpg")
            #expect(fault { _ = try source.picture(text) }?.path == text)
            #expect(fault { _ = try source.picture(folder.path) }?.reason == "not a regular file")
            let garbage = try folder.write(Data([0xff, 0xd8] + (0..<200).map { UInt8($0) } + [0xff, 0xd9]), to: "garbage.jpg")
            #expect(fault { _ = try source.picture(garbage) }?.path == garbage)
        }

        // MARK: - Video

        private func video(_ count: Int, name: String = "clip.mp4") throws -> String {
            let path = try folder.file(name)
            try MediaWriter.video((0..<count).map { MediaWriter.picture(width: 64, height: 48, time: 3 * $0) }, to: path)
            return path
        }

        @Test("Frames are counted without decoding, and the ones asked for are the right ones")
        func frames() throws {
            let file = try VideoFile(try video(20))
            #expect(file.frameCount == 20)
            #expect(abs((file.frameRate ?? 0) - 24) < 0.01)
            var met: [Int] = []
            try file.frames([17, 3, 9], channels: .color) { number, picture throws(MediaFault) in
                met.append(number)
                let errors = (0..<20).map { difference(picture, MediaWriter.picture(width: 64, height: 48, time: 3 * $0)) }
                #expect(errors.enumerated().min { $0.element < $1.element }?.offset == number)
            }
            #expect(met == [3, 9, 17])
        }

        @Test("Chosen frames are bit for bit those of the whole video, also where frames between them are left out", arguments: [0, 2])
        func chosenFrames(between: Int32) throws {
            let path = try folder.file("between.mp4")
            let pictures = (0..<30).map { MediaWriter.picture(width: 64, height: 48, time: 5 * $0) }
            try MediaWriter.video(pictures, to: path, between: between)
            let file = try VideoFile(path)
            #expect(file.frameCount == 30)
            func frames(_ numbers: Set<Int>) throws -> [Int: Picture] {
                var found: [Int: Picture] = [:]
                try file.frames(numbers, channels: .color) { number, picture throws(MediaFault) in found[number] = picture }
                return found
            }
            let whole = try frames(Set(0..<30))
            #expect(whole.count == 30)
            for first in [0, 1, 7] {
                let chosen = try frames(Set(stride(from: first, to: 30, by: 3)))
                #expect(chosen == whole.filter { ($0.key - first) % 3 == 0 && $0.key >= first })
            }
        }

        @Test("A video without frames, without a picture track, or that is no video is refused")
        func badVideos() throws {
            let none = try folder.file("none.mp4")
            try MediaWriter.video([], to: none)
            #expect(fault { _ = try VideoFile(none) }?.path == none)
            let sound = try folder.write(MediaWriter.wav(MediaWriter.tone(400, frequency: 300)), to: "sound.mp4")
            #expect(fault { _ = try VideoFile(sound) }?.reason == "there is no video in it")
            let empty = try folder.write(Data(), to: "empty.mp4")
            #expect(fault { _ = try VideoFile(empty) }?.reason == "the file is empty")
            let whole = try Data(contentsOf: URL(fileURLWithPath: try video(20)))
            let half = try folder.write(whole.prefix(whole.count / 2), to: "half.mp4")
            #expect(fault { _ = try VideoFile(half).frames([19], channels: .color) { _, _ in } }?.path == half)
        }

        // MARK: - Sound

        @Test("Samples of a stretch are those of the file, wherever it begins")
        func sound() throws {
            let samples = (0..<40_000).map { Int16(truncatingIfNeeded: $0 * 7) }
            let file = try SoundFile(try folder.write(MediaWriter.wav(samples), to: "a.wav"))
            #expect(file.sampleCount == 40_000)
            for range in [0..<10, 5_003..<9_111, 39_990..<40_000, 0..<40_000] {
                let found = try file.samples(range)
                #expect(found == samples[range].map { Float($0) / 32768 })
            }
            #expect(try file.samples(7..<7).isEmpty)
            #expect(file.sample(at: 1.25) == 20_000 && file.sample(at: 100) == 40_000)
        }

        @Test("Another rate and two channels become 16 kHz mono")
        func resampling() throws {
            let left = MediaWriter.tone(44_100, frequency: 440, rate: 44_100)
            let stereo = left.flatMap { [$0, $0] }
            let file = try SoundFile(try folder.write(MediaWriter.wav(stereo, rate: 44_100, channels: 2), to: "b.wav"))
            #expect(file.sampleCount == 16_000)
            let found = try file.samples(4_000..<8_000)
            let expected = MediaWriter.tone(16_000, frequency: 440)[4_000..<8_000].map { Float($0) / 32768 }
            let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 1
            #expect(error < 0.02)
        }

        @Test("Sound without samples, cut short or of no format is refused")
        func badSound() throws {
            let empty = try folder.write(Data(), to: "empty.wav")
            #expect(fault { _ = try SoundFile(empty) }?.reason == "the file is empty")
            let silent = try folder.write(MediaWriter.wav([]), to: "header.wav")
            #expect(fault { _ = try SoundFile(silent) }?.path == silent)
            let whole = MediaWriter.wav(MediaWriter.tone(8_000, frequency: 300))
            let cut = try folder.write(whole.prefix(whole.count / 2), to: "cut.wav")
            #expect(fault { _ = try SoundFile(cut).samples(7_000..<8_000) }?.path == cut)
            // Resamplers grow with the rate, without bound.
            let fast = try folder.write(MediaWriter.wav(MediaWriter.tone(8_000, frequency: 300), rate: 2_000_000), to: "fast.wav")
            #expect(fault { _ = try SoundFile(fast).samples(0..<10) }?.reason == "damaged: 2000000 samples per second are given, and 1000 to 768000 are read")
            let text = try folder.write(Data("tum te tum".utf8), to: "text.wav")
            #expect(fault { _ = try SoundFile(text) }?.path == text)
        }
    }
#endif
