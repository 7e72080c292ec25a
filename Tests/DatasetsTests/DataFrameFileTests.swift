import Foundation
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
        do throws(DataFrameFault) {
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
        #expect(throws: DataFrameFault.self) { try frame.texts("verb_class") }
        #expect(throws: DataFrameFault.self) { try frame.integers("video_id") }
        do {
            _ = try frame.texts("verb")
            Issue.record("an absent column was found")
        } catch {
            #expect("\(error)".contains("there is no column 'verb'; there are start_frame"))
        }
    }

    @Test("Arrays that are not what the frame says are refused")
    func contradictions() {
        #expect(fault { $0.integerType = "f8" }.contains("neither 64-bit whole numbers nor strings"))
        #expect(fault { $0.byteOrder = ">" }.contains("not stored little-endian"))
        #expect(fault { $0.isColumnMajor = true }.contains("column by column"))
        #expect(fault { $0.missingBytes = 8 }.contains("6 whole numbers does not have 48 bytes"))
        #expect(fault { $0.statedRows = 3 }.contains("shape [3, 2] where columns × rows are [3, 3]"))
        #expect(fault { $0.statedRows = -1 }.contains("rows are not numbered from 0"))
        #expect(fault { $0.texts[1].name = "video_id" }.contains("there twice"))
        #expect(fault { $0.frameModule = "pandas.core.frames" }.contains("pandas.core.frames.DataFrame"))
    }

    @Test("Cut at every byte and with every byte changed, a frame is refused or read, without a crash")
    func damage() {
        let whole = pickle.data
        for length in 0..<whole.count {
            #expect(throws: DataFrameFault.self) { try DataFrameFile(whole.prefix(length), named: "f.pkl") }
        }
        for place in 0..<whole.count {
            for value in [0x00, 0x29, 0x62, 0x7f, 0x81, 0xff] as [UInt8] {
                var data = whole
                data[place] = value
                _ = try? DataFrameFile(data, named: "f.pkl")
            }
        }
    }

    @Test("Checkpoints still refuse what frames may name, and frames what checkpoints may")
    func dialects() {
        #expect(PickleConstructor(module: "pandas.core.frame", name: "DataFrame", dialect: .checkpoint) == nil)
        #expect(PickleConstructor(module: "numpy", name: "dtype", dialect: .checkpoint) == nil)
        #expect(PickleConstructor(module: "collections", name: "OrderedDict", dialect: .dataFrame) == nil)
        #expect(PickleConstructor(module: "torch", name: "FloatStorage", dialect: .dataFrame) == nil)
        let object = Data([0x80, 4, 0x8c, 5] + Array("torch".utf8) + [0x8c, 4] + Array("Size".utf8) + [0x93, 0x29, 0x81, 0x2e])
        do throws(PickleMachine.Fault) {
            _ = try PickleMachine.run(object, limits: PyTorchLimits())
            Issue.record("an object was created in a checkpoint")
        } catch {
            #expect(error.reason.contains("0x81"))
        }
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
