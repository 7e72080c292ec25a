import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite("Folders that become manifests")
struct ManifestWriterTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// An `npy` file of a vector.
    private func numbers(_ values: [Float], to name: String) throws {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(values.count),)}\n"
        var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8))
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        try folder.makeEmptyFiles([name])
        try data.write(to: URL(fileURLWithPath: folder(name)))
    }

    @Test("A folder becomes a table: what its paths mean is a pattern")
    func writing() throws {
        for path in ["home/cut/a_video.npy", "home/cut/a_audio.npy", "lab/pour/b_video.npy", "home/cut/c_1_audio.npy", "lab/pour/b_audio.npy"] {
            try numbers([1, 2], to: "clips/" + path)
        }
        try numbers([1], to: "clips/stray.npy")
        let table = try ManifestWriter(folder("clips"), pattern: ManifestWriter.defaultPattern)
        #expect(
            table.csv == """
                id,label,domain,audio,video
                a,cut,home,home/cut/a_audio.npy,home/cut/a_video.npy
                b,pour,lab,lab/pour/b_audio.npy,lab/pour/b_video.npy
                c_1,cut,home,home/cut/c_1_audio.npy,

                """)
        #expect(table.summary.contains("video: 2 files, missing for 1 samples"))
        #expect(table.summary.last == "1 files do not fit the pattern, the first is stray.npy")
        try table.csv.write(toFile: folder("clips/m.csv"), atomically: true, encoding: .utf8)
        var options = Arrays.Options()
        (options.manifest, options.modalities, options.onMissing) = (folder("clips/m.csv"), ["video", "audio"], .skip)
        #expect(try Arrays(options: options).count == 2)
    }

    @Test("A folder of films, sound and pictures becomes a table of them by their endings; arrays go before them")
    func writingFilms() throws {
        try folder.makeEmptyFiles(["tree/home/cut/a.mp4", "tree/home/cut/a.WAV", "tree/lab/pour/b.mkv", "tree/lab/pour/b.jpg", "tree/lab/notes.txt"])
        let pattern = "{domain}/{label}/{id}"
        #expect(
            try ManifestWriter(folder("tree"), pattern: pattern).csv == """
                id,label,domain,audio,picture,video
                a,cut,home,home/cut/a.WAV,,home/cut/a.mp4
                b,pour,lab,,lab/pour/b.jpg,lab/pour/b.mkv

                """)
        try folder.makeEmptyFiles(["tree/home/cut/a.npy"])
        let arrays = try ManifestWriter(folder("tree"), pattern: pattern)
        #expect(arrays.csv == "id,label,domain,array\na,cut,home,home/cut/a.npy\n")
        #expect(arrays.summary.last == "4 films, sounds and pictures beside the arrays are left out, the first is home/cut/a.WAV")
    }

    @Test("A pattern that is none, and a folder that fits none, are refused")
    func badPatterns() throws {
        try numbers([1], to: "x/a.npy")
        func fault(_ pattern: String) -> String {
            do {
                _ = try ManifestWriter(folder("x"), pattern: pattern)
                return ""
            } catch { return "\(error)" }
        }
        #expect(fault("{id}_{modality}").contains("no {id} or no {label}"))
        #expect(fault("{label}/{idd}").contains("did you mean 'id'?"))
        #expect(fault("{label}/{id").contains("not closed"))
        #expect(fault("{domain}/{label}/{id}").contains("none of 1 files fits the pattern"))
        #expect(fault("{id}_{modality}").contains("labels that stand in a table are read with --table"))
    }
}
