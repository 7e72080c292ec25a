import Foundation
import GoldenFixtures
import MediaSupport
import Testing

@testable import Datasets
@testable import Weights

@Suite("Pickled frames")
struct DataFrameFileTests {
    private var pickle: FramePickle {
        FramePickle(
            integers: [("start_frame", [245, 356]), ("stop_frame", [350, 433]), ("verb_class", [2, -1])],
            texts: [("video_id", ["P08_01", "P08_02"]), ("narration", ["öffnen", ""])])
    }

    private func fault(_ change: (inout FramePickle) -> Void) -> String {
        var pickle = pickle
        change(&pickle)
        do throws(WeightsFault) {
            _ = try DataFrameFile(pickle.data, named: "f.pkl")
        } catch { return "\(error)" }
        return "nothing was thrown"
    }

    @Test("Columns of whole numbers and strings come back by name")
    func columns() throws {
        let frame = try DataFrameFile(pickle.data, named: "f.pkl")
        #expect(frame.rowCount == 2)
        #expect(frame.columnNames == ["start_frame", "stop_frame", "verb_class", "video_id", "narration"])
        #expect(try frame.integers("stop_frame") == [350, 433])
        #expect(try frame.integers("verb_class") == [2, -1])
        #expect(try frame.texts("narration") == ["öffnen", ""])
    }

    @Test("An absent column, or one of the other kind, is named")
    func absentColumn() throws {
        let frame = try DataFrameFile(pickle.data, named: "f.pkl")
        #expect(throws: WeightsFault.self) { try frame.texts("verb_class") }
        #expect(throws: WeightsFault.self) { try frame.integers("video_id") }
        do {
            _ = try frame.texts("verb")
            Issue.record("an absent column was found")
        } catch {
            #expect("\(error)".contains("there is no column 'verb'; there are start_frame"))
        }
    }

    @Test("Arrays that are not what the frame says are refused")
    func contradictions() {
        #expect(fault { $0.integerType = "x8" }.contains("elements of NumPy's type 'x8' are not read"))
        #expect(fault { $0.missingBytes = 8 }.contains("the shape [3, 2] of I64 takes 48 bytes, but 40 are there"))
        #expect(fault { $0.statedRows = 3 }.contains("an array has 2 rows where the frame has 3"))
        #expect(fault { $0.statedRows = -1 }.contains("rows are not numbered"))
        #expect(fault { $0.texts[1].name = "video_id" }.contains("appears twice"))
        #expect(fault { $0.frameModule = "pandas.core.frames" }.contains("pandas.core.frames.DataFrame"))
    }

    @Test("Cut at every byte and with every byte changed, a frame is refused or read, without a crash")
    func damage() {
        let whole = pickle.data
        for length in 0..<whole.count {
            #expect(throws: WeightsFault.self) { try DataFrameFile(whole.prefix(length), named: "f.pkl") }
        }
        for place in 0..<whole.count {
            for value in [0x00, 0x29, 0x62, 0x7f, 0x81, 0xff] as [UInt8] {
                var data = whole
                data[place] = value
                _ = try? DataFrameFile(data, named: "f.pkl")
            }
        }
    }

    @Test("What pandas 2 and 3 write reads as what pandas 1 wrote", arguments: ["pandas-2.pkl", "pandas-3.pkl"])
    func laterPandas(name: String) throws {
        let frame = try DataFrameFile(Fixtures.path("frames/" + name))
        #expect(frame.columnNames == ["uid", "video_id", "start_frame", "stop_frame", "verb_class", "narration"])
        #expect(frame.rowCount == 2)
        #expect(try frame.texts("video_id") == ["P08_01", "P08_02"])
        #expect(try frame.integers("start_frame") == [245, 356])
        #expect(try frame.integers("verb_class") == [2, 0])
        #expect(try frame.texts("narration") == ["öffnen", ""])
    }

    @Test("A column that cannot be read does not disturb the others, and is named with the way out")
    func opaqueColumn() throws {
        let frame = try DataFrameFile(Fixtures.path("frames/pandas-2-mixed.pkl"))
        #expect(try frame.integers("verb_class") == [2, 0])
        let fault = #expect(throws: WeightsFault.self) { try frame.texts("extra") }
        #expect(fault?.reason.contains("df.to_csv") == true)
    }

    @Test("A pickle of a split reads as the CSV does")
    func split() throws {
        let folder = try MediaFolder()
        var pickle = pickle
        pickle.integers[2].values = [2, 0]
        pickle.texts += [("start_timestamp", ["00:00:04.09", "00:00:05.94"]), ("stop_timestamp", ["00:00:05.84", "00:00:07.23"])]
        _ = try folder.write(pickle.data, to: "MM-SADA_Domain_Adaptation_Splits/D1_train.pkl")
        #expect(
            try EpicSplits.segments("D1_train", in: folder.path) == [
                EpicSegment(video: "P08_01", startFrame: 245, stopFrame: 350, start: 4.09, stop: 5.84, label: 2),
                EpicSegment(video: "P08_02", startFrame: 356, stopFrame: 433, start: 5.94, stop: 7.23, label: 0),
            ])
    }
}
