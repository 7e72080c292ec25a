import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite("Tables of labels beside folders")
struct LabelTableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: folder(name), atomically: true, encoding: .utf8)
    }

    @Test("A table of labels beside a folder becomes a manifest: texts say which of its cells are what, and which files belong to a row")
    func writing() throws {
        try folder.makeEmptyFiles([
            "sims/Raw/video_0001/0001.mp4", "sims/Raw/video_0001/0002.mp4", "sims/Raw/video_0002/0010.mp4", "sims/sound/video_0001_2.wav",
        ])
        try write(
            """
            video_id,clip_id,text,label,mode
            video_0001,1,"one, with a comma",-0.8,train
            video_0001,2,two,0.4,valid
            video_0002,10,three,1.0,test
            video_0003,1,no film,0.2,test

            """, to: "sims/label.csv")
        func writer(_ columns: [String], _ files: [String], table: String = "sims/label.csv") throws -> ManifestWriter {
            try ManifestWriter(folder("sims"), table: folder(table), columns: columns, files: files)
        }
        let columns = ["id={video_id}/{clip_id}", "label={label}", "split={mode}", "domain=sims"]
        let films = "video=Raw/{video_id}/{clip_id:4}.mp4"
        let manifest = try writer(columns, [films, "audio=sound/{video_id}_{clip_id}.wav"])
        #expect(
            manifest.csv == """
                id,label,split,domain,video,audio
                video_0001/1,-0.8,train,sims,Raw/video_0001/0001.mp4,
                video_0001/2,0.4,valid,sims,Raw/video_0001/0002.mp4,sound/video_0001_2.wav
                video_0002/10,1.0,test,sims,Raw/video_0002/0010.mp4,

                """)
        #expect(
            manifest.summary == [
                "domain: sims 3", "label: -0.8 1, 0.4 1, 1.0 1", "split: test 1, train 1, valid 1", "video: 3 files",
                "audio: 1 files, missing for 2 samples", "the first file that is not there is Raw/video_0003/0001.mp4",
                "the first file that is not there is sound/video_0001_1.wav",
                "1 rows of \(folder("sims/label.csv")) have no file at all, the first in line 5; they are left out",
            ])

        func fault(_ columns: [String], _ files: [String], table: String = "sims/label.csv") -> String {
            do {
                _ = try writer(columns, files, table: table)
                return ""
            } catch { return "\(error)" }
        }
        #expect(fault(columns, ["video=Raw/{video}/{clip_id}.mp4"]).contains("label.csv has no column 'video'; expected one of: video_id, clip_id"))
        #expect(fault(columns, ["video=Raw/{vide_id}.mp4"]).contains("did you mean 'video_id'?"))
        #expect(fault(columns, ["video=Raw/{video_id.mp4"]).contains("a brace is not closed"))
        #expect(fault(["{label}"], [films]).contains("--column {label}: there is no NAME=TEXT"))
        #expect(fault(["domain=sims"], [films]).contains("a manifest needs a label and a file of each sample"))
        #expect(fault(columns, []).contains("a manifest needs a label and a file of each sample"))
        #expect(fault(columns + ["label={text}"], [films]).contains("the column 'label' is given twice"))
        #expect(fault(["id={video_id}", "label={label}"], [films]).contains("label.csv:3: the id 'video_0001' is that of line 2 already"))
        #expect(fault(columns, ["video=Raw/{video_id}/{clip_id}.mp4"]).contains("there is no file of 'video' for any row of"))
        #expect(fault(columns, ["video=Raw/{video_id}/{clip_id}.mp4"]).contains("such as Raw/video_0001/1.mp4"))
        try write("video_id,label\n../../x,0\n", to: "sims/bad.csv")
        #expect(fault(["label={label}"], ["video=Raw/{video_id}.mp4"], table: "sims/bad.csv").contains("bad.csv:2: the path Raw/../../x.mp4 leaves the folder"))
        try write("video_id;label\n1;0\n", to: "sims/bad.csv")
        #expect(fault(["label={label}"], [films], table: "sims/bad.csv").contains("fields are separated by semicolons; expected commas"))
    }
}
