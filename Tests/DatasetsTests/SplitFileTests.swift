import Configuration
import Foundation
import MediaSupport
import Testing
import Weights

@testable import Datasets

@Suite("Split files, sound and damaged")
struct SplitFileTests {
    private let folder: MediaFolder
    private let header = "video_id,start_timestamp,stop_timestamp,start_frame,stop_frame,verb_class"

    init() throws { folder = try MediaFolder() }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing was thrown"
    }

    private func epic(_ rows: String) throws -> [EpicSegment] {
        _ = try folder.write(Data(rows.utf8), to: "MM-SADA_Domain_Adaptation_Splits/D1_train.csv")
        return try EpicSplits.segments("D1_train", in: folder.path)
    }

    @Test("Rows of a CSV split are read, in any order of columns")
    func good() throws {
        let segments = try epic("\u{FEFF}verb_class,\(header.dropLast(11)),x\r\n3,P08_01,00:01:04.09,01:00:05.84,245,350,\"a, \"\"b\"\"\"\r\n")
        #expect(
            segments == [EpicSegment(video: "P08_01", startFrame: 245, stopFrame: 350, start: 64.09, stop: 3605.84, label: 3)])
    }

    @Test(
        "A bad row is named with its file and place",
        arguments: [
            ("P08_01,00:00:01.00,00:00:02.00,60,120", "line 2: 5 fields where the header has 6"),
            ("P08_01,00:00:01.00,00:00:02.00,60,many,1", "line 2: stop_frame is 'many'"),
            ("P08_01,00:00:01.00,00:00:02.00,60,60,1", "row 1: start_frame 60 and stop_frame 60 are not a segment"),
            ("P08_01,00:00:01.00,00:00:02.00,60,120,8", "row 1: the verb_class 8 is unknown; expected 0 to 7"),
            ("../../etc,00:00:01.00,00:00:02.00,60,120,1", "row 1: the video_id '../../etc' is not the name of a video"),
            ("P08_01,1 s,00:00:02.00,60,120,1", "row 1: start_timestamp '1 s' and stop_timestamp '00:00:02.00' are not a segment"),
            ("\"P08_01,00:00:01.00,00:00:02.00,60,120,1", ":2: a quote is never closed"),
        ])
    func badRow(row: String, expected: String) {
        let found = message { _ = try epic("\(header)\n\(row)\n") }
        #expect(found.contains(expected) && found.contains("D1_train.csv"), "\(found)")
    }

    @Test("A missing column is named with the nearest one")
    func missingColumn() {
        let found = message { _ = try epic("video,start_timestamp,stop_timestamp,start_frame,stop_frame,verb_class\n") }
        #expect(found.contains("there is no column 'video_id'"))
    }

    @Test(
        "HAC's lines are checked one by one",
        arguments: [
            ("a.mp4", "line 2: found 1 fields"), ("a.avi,1", "line 2: the name 'a.avi'"), ("../a.mp4,1", "line 2: the name '../a.mp4'"),
            ("a.mp4,7", "line 2: the label '7'; expected a whole number from 0 to 6"), ("a.mp4,x", "line 2: the label 'x'"),
        ])
    func hac(line: String, expected: String) throws {
        _ = try folder.write(Data("-b 1.mp4,0\r\n\(line)\r\n".utf8), to: "HAC_Splits/HAC_train_only_human.csv")
        let found = message { _ = try HACSplits.videos("train", domain: "human", in: folder.path) }
        #expect(found.contains(expected) && found.contains("HAC_train_only_human.csv"), "\(found)")
        _ = try folder.write(Data("-b 1.mp4,0\r\nc.mp4,6\r\n".utf8), to: "HAC_Splits/HAC_train_only_human.csv")
        let videos = try HACSplits.videos("train", domain: "human", in: folder.path)
        #expect(videos == [HACVideo(name: "-b 1", label: 0), HACVideo(name: "c", label: 6)])
    }

    @Test("A pickle that names a foreign function is refused with the name; nothing is called")
    func foreignFunction() throws {
        let mark = folder.path + "/called"
        // protocol 4; STACK_GLOBAL of posix.system, a tuple of a command, REDUCE.
        var pickle = Data([0x80, 4])
        for text in ["posix", "system"] { pickle += [0x8c, UInt8(text.utf8.count)] + Array(text.utf8) }
        let command = Array("touch \(mark)".utf8)
        try #require(command.count < 256)
        pickle += [0x93, 0x8c, UInt8(command.count)] + command + [0x85, 0x52, 0x2e]
        _ = try folder.write(pickle, to: "MM-SADA_Domain_Adaptation_Splits/D2_test.pkl")
        let found = message { _ = try EpicSplits.segments("D2_test", in: folder.path) }
        #expect(found.contains("D2_test.pkl") && found.contains("posix.system"), "\(found)")
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test("A pickle that is cut short, empty or of something else is refused with the file")
    func damagedPickle() throws {
        for bytes in [[], [0x80, 4], [0x80, 4, 0x4e, 0x2e], Array("not a pickle".utf8), [0x80, 4, 0x7d, 0x94, 0x2e]] as [[UInt8]] {
            _ = try folder.write(Data(bytes), to: "MM-SADA_Domain_Adaptation_Splits/D3_test.pkl")
            let found = message { _ = try EpicSplits.segments("D3_test", in: folder.path) }
            #expect(found.contains("D3_test.pkl"), "\(found)")
        }
    }
}
