import Foundation
import GoldenFixtures
import Persistence
import TestSupport
import Testing

@testable import Weights

@Suite("Files of arrays")
struct ArrayFileTests {
    private func file(_ name: String) throws -> ArrayFile { try ArrayFile(Fixtures.path("arrays/" + name)) }

    private static let counting = (0..<24).map { Float($0) }

    private static let numeric = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "big", "bigi", "columns"]

    @Test(
        "NumPy's archives, stored and deflated: every type, byte order and order of elements",
        arguments: ["numpy-1.npz", "numpy-2.npz", "numpy-1-compressed.npz", "numpy-2-compressed.npz"])
    func archives(name: String) throws {
        let file = try file(name)
        #expect(file.format == "npz")
        for key in Self.numeric {
            let array = try file.array(key)
            #expect(array.shape == [4, 2, 3], "\(key)")
            #expect(try array.floats(rows: 0..<4) == Self.counting, "\(key)")
            #expect(try array.floats(rows: 2..<3) == [12, 13, 14, 15, 16, 17], "\(key)")
            #expect(try array.integers() == Array(0..<24), "\(key)")
        }
        #expect(try file.array("b1").floats(rows: 0..<1) == [0, 1, 0, 1, 0, 1])
        #expect(try file.array("vector").integers() == [0, 1, 2, 3])
        #expect(try file.texts("names") == ["a", "öl", "", "long name"])
        #expect(try file.texts("bytes") == ["a", "bc", "", "d"])
        #expect(try file.texts("f4") == nil)
        #expect(throws: WeightsFault.self) { try file.array("names") }
    }

    @Test("An archive that was written is read back: numbers, strings and shapes, also of nothing, with the checksums that it names")
    func written() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).npz").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = NumPyArchiveWriter()
        writer.add("embeddings.video", Self.counting, shape: [4, 6])
        writer.add("rows", [3, -1, 1 << 40, 0], shape: [4])
        writer.add("names", texts: ["a", "öl", "", "long name"])
        writer.add("none", [Float](), shape: [0, 6])
        try writer.write(to: path)
        let file = try ArrayFile(path)
        #expect(file.format == "npz")
        #expect(file.names.sorted() == ["embeddings.video", "names", "none", "rows"])
        #expect(try file.array("embeddings.video").shape == [4, 6])
        #expect(try file.array("embeddings.video").floats(rows: 0..<4) == Self.counting)
        #expect(try file.array("rows").integers() == [3, -1, 1 << 40, 0])
        #expect(try file.texts("names") == ["a", "öl", "", "long name"])
        #expect(try file.array("none").shape == [0, 6])
        // The reader passes over the checksums of what is stored; here they are compared.
        let archive = try ZipArchive(Data(contentsOf: URL(fileURLWithPath: path)))
        for entry in archive.entries { #expect(try archive.contents(of: entry).count == entry.size) }
    }

    @Test("Rows that were asked for ahead are read as ever, in any order of elements", arguments: ["f4", "f2", "big", "columns"])
    func ahead(key: String) throws {
        let array = try file("numpy-2.npz").array(key)
        for row in 0..<4 { array.readAhead(rows: row..<row + 1) }
        array.readAhead(rows: 0..<4)
        var values = [Float](repeating: -1, count: 12)
        try values.withUnsafeMutableBufferPointer { buffer in try array.read(rows: 1..<3, into: buffer) }
        #expect(values == Array(Self.counting[6..<18]))
    }

    @Test("An array of Python objects is named where it is asked for, and does not disturb the others")
    func objects() throws {
        let file = try file("numpy-2.npz")
        #expect(file.opaque.map(\.name) == ["objects"])
        let fault = #expect(throws: WeightsFault.self) { try file.array("objects") }
        #expect(fault?.reason.contains("an array of Python objects") == true)
        #expect(fault?.reason.contains("astype") == true)
        let single = #expect(throws: WeightsFault.self) { try self.file("objects.npy") }
        #expect(single?.description.contains("holds Python objects; save numbers or strings") == true)
        let records = #expect(throws: WeightsFault.self) { try self.file("records.npy") }
        #expect(records?.reason.contains("records of several fields") == true)
    }

    @Test(
        "Single arrays: versions 1 to 3, column-major and big-endian, bfloat16",
        arguments: [
            ("c.npy", ElementType.float32), ("columns.npy", .float64), ("bfloat16.npy", .bfloat16), ("version-2.npy", .int32),
            ("version-3.npy", .int32),
        ])
    func single(name: String, type: ElementType) throws {
        let array = try file(name).array(ArrayFile.onlyName)
        #expect(array.type == type)
        #expect(try array.floats(rows: 0..<4) == Self.counting)
        #expect(try array.floats(rows: 1..<2) == [6, 7, 8, 9, 10, 11])
        #expect(try file("names.npy").texts(ArrayFile.onlyName) == ["a", "öl", "", "long name"])
    }

    @Test("Pickled dictionaries of NumPy 1 and 2, protocols 2 to 5", arguments: [1, 2], [2, 3, 4, 5])
    func pickles(numPy: Int, version: Int) throws {
        let file = try file("numpy-\(numPy)-protocol-\(version).pkl")
        for key in ["train.f4", "train.columns", "train.big", "test.f4", "rows"] {
            #expect(file[key]?.shape == [4, 2, 3], "\(key)")
            #expect(try file.array(key).floats(rows: 0..<4) == Self.counting, "\(key)")
            #expect(try file.array(key).floats(rows: 3..<4) == [18, 19, 20, 21, 22, 23], "\(key)")
        }
        #expect(try file.array("train.vector").integers() == [0, 1, 2, 3])
        #expect(try file.array("numbers").integers() == [0, 1, 2])
        #expect(try file.array("floats").integers() == [0, 1, 2])
        #expect(try file.texts("train.names") == ["a", "öl", "", "long name"])
        #expect(try file.texts("texts") == ["a", "b"])
        #expect(file["ragged.1"]?.shape == [3, 3] && file["ragged"]?.shape == [2, 3, 3])
        let ragged = try file.array("ragged")
        #expect(ragged.stepCounts == [2, 3])
        var values = [Float](repeating: -1, count: 18)
        try values.withUnsafeMutableBufferPointer { buffer in try ragged.read(rows: 0..<2, into: buffer) }
        #expect(values == [Float](repeating: 0, count: 18))
        #expect(try ragged.floats(rows: 1..<2).count == 9)
        #expect(file.opaque.map(\.name) == ["objects"])
    }

    @Test("PyTorch's files, of both formats", arguments: ["full_zip.pth.tar", "full_legacy.pth.tar"])
    func torch(name: String) throws {
        let path = try #require(CheckpointCase.all.first { $0.name == name }).path
        let file = try ArrayFile(path)
        let checkpoint = try PyTorchCheckpoint(path)
        for entry in checkpoint.entries where !entry.shape.isEmpty {
            let array = try file.array(entry.name)
            #expect(array.shape == entry.shape && array.type == entry.type)
            #expect(try array.bytes(rows: 0..<array.rowCount) == checkpoint.bytes(entry.name))
        }
    }

    @Test("Single numbers and texts of a pickle are arrays without axes")
    func scalars() throws {
        let file = try file("samples.pkl")
        #expect(file["s1.label"] == ArrayFile.Entry(name: "s1.label", type: .int64, shape: []))
        #expect(try file.array("s1.label").integers() == [1])
        #expect(try file.texts("s2.domain") == ["b"])
        #expect(try file.array("s2.other").floats(rows: 0..<1) == [2])
        var value: [Float] = [-1]
        try value.withUnsafeMutableBufferPointer { buffer in try file.array("s2.other").read(rows: 0..<1, into: buffer) }
        #expect(value == [2])
    }

    @Test("A frame of pandas is refused with the way out")
    func frames() throws {
        let fault = #expect(throws: WeightsFault.self) { try self.file("frame.pkl") }
        #expect(fault?.reason.contains("it is an object of pandas.") == true)
        #expect(fault?.reason.contains("frame.to_csv('table.csv', index=False)") == true)
    }

    @Test("What a filter compressed that is not there is named with the filter and the way out", .enabled(if: HDF5File.isAvailable))
    func missingFilter() throws {
        let file = try file("lzf.h5")
        let fault = #expect(throws: WeightsFault.self) { try file.array("zeros") }
        #expect(fault?.reason.hasPrefix("row 0 cannot be read: compressed by 'lzf', which the library does not have; in h5py, create_dataset(") == true)
    }

    @Test("A file that is opened again for each reading has to hold the same array")
    func reopened() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: Fixtures.path("arrays/c.npy"), toPath: folder("a.npy"))
        let array = ReopenedArray(try ArrayFile(folder("a.npy")).array(ArrayFile.onlyName), at: folder("a.npy"))
        #expect(try array.floats(rows: 1..<2) == [6, 7, 8, 9, 10, 11])
        try AtomicFile.write(Data(contentsOf: URL(fileURLWithPath: Fixtures.path("arrays/version-2.npy"))), to: folder("a.npy"))
        let fault = #expect(throws: WeightsFault.self) { try array.floats(rows: 0..<1) }
        #expect(fault?.reason == "was F32 4×2×3 when it was opened, and is I32 4×2×3 now")
    }

    @Test("HDF5: contiguous and in compressed chunks, groups, strings", .enabled(if: HDF5File.isAvailable))
    func hdf5() throws {
        let file = try file("h5py.h5")
        for key in Self.numeric.filter({ $0 != "columns" }) + ["chunked", "chunkedbig"] {
            #expect(try file.array(key).floats(rows: 0..<4) == Self.counting, "\(key)")
            #expect(try file.array(key).floats(rows: 1..<3) == (6..<18).map { Float($0) }, "\(key)")
        }
        #expect(try file.array("b1").integers().prefix(4) == [0, 1, 0, 1])
        #expect(try file.texts("names") == ["a", "öl", "", "long name"])
        #expect(try file.texts("bytes") == ["a", "bc", "", "d"])
        #expect(try file.array("samples.s2.f4").floats(rows: 0..<2) == [12, 13, 14, 15, 16, 17])
        #expect(file.opaque.map(\.name).sorted() == ["complex", "outside"])
    }

    #if REGULUS_HDF5
        @Test("HDF5's library is named where it is not there")
        func missingLibrary() throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            let reason = try #require(HDF5Library.open(in: folder))
            #expect(reason.hasPrefix("\(folder)/libhdf5"))
        }
    #endif

    @Test("MATLAB 5: compressed or not, texts; structures and complex numbers are opaque")
    func matlab() throws {
        let file = try file("scipy.mat")
        for key in ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "columns"] {
            #expect(file[key]?.shape == [4, 2, 3], "\(key)")
            #expect(try file.array(key).floats(rows: 0..<4) == Self.counting, "\(key)")
        }
        #expect(try file.texts("names") == ["ab", "c"])
        #expect(file.opaque.map { "\($0.name): \($0.kind)" }.sorted() == ["complex: complex numbers", "structure: a structure"])
        let compressed = try self.file("scipy-compressed.mat")
        #expect(try compressed.array("f8").floats(rows: 0..<4) == Self.counting)
        #expect(try compressed.array("i2").floats(rows: 3..<4) == [18, 19, 20, 21, 22, 23])
    }

    private static let damaged = [
        "numpy-2.npz", "numpy-2-compressed.npz", "numpy-2-protocol-2.pkl", "numpy-2-protocol-5.pkl", "scipy.mat", "scipy-compressed.mat",
        "c.npy", "version-3.npy",
    ]

    /// Opens `data` and reads everything; returns whether it was accepted.
    private func readsOrThrows(_ data: Data) -> Bool {
        do {
            let file = try ArrayFile(data, named: "damaged")
            for entry in file.entries {
                if entry.type == nil {
                    _ = try file.texts(entry.name)
                } else {
                    let array = try file.array(entry.name)
                    _ = try array.bytes(rows: 0..<array.rowCount)
                }
            }
            return true
        } catch {
            #expect("\(error)".hasPrefix("damaged: "))
            return false
        }
    }

    @Test("Cut off, a file is refused or what is left is read, and nothing else happens", arguments: damaged)
    func cutOff(name: String) throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("arrays/" + name)))
        for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 200)) { _ = readsOrThrows(whole.prefix(count)) }
        #expect(!readsOrThrows(whole.prefix(whole.count / 2)))
        #expect(readsOrThrows(whole))
    }

    @Test("With bytes changed all over, a file is refused or read", arguments: damaged)
    func changedBytes(name: String) throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("arrays/" + name)))
        for place in stride(from: 0, to: whole.count, by: max(1, whole.count / 250)) {
            for value in [0, 0x28, 0xff] as [UInt8] {
                var data = whole
                data[place] = value
                _ = readsOrThrows(data)
            }
        }
    }

    @Test("An archive that would expand a thousand times is refused before it is expanded")
    func expansion() throws {
        let fault = #expect(throws: WeightsFault.self) { try self.file("expands.npz") }
        #expect(fault?.reason.contains("would expand to 83886208 bytes") == true, "\(fault?.description ?? "")")
        #expect(fault?.reason.contains("numpy.savez, not compressed") == true)
    }

    @Test("An HDF5 array that would take far more memory than its file has bytes is named, and others are read", .enabled(if: HDF5File.isAvailable))
    func expansionOfHDF5() throws {
        let file = try file("expands.h5")
        #expect(file.entries.map(\.name).sorted() == ["domains", "labels", "video"])
        #expect(file.opaque.map(\.name).sorted() == ["unwritten", "zeros"])
        #expect(try file.array("video").floats(rows: 0..<4) == (0..<12).map { Float($0) })
        let fault = #expect(throws: WeightsFault.self) { try file.array("zeros") }
        #expect(fault?.reason.contains("an array of 83886080 bytes in a file of 7152, more than is plausible") == true, "\(fault?.description ?? "")")
    }

    @Test("Cut off, an HDF5 file is refused", .enabled(if: HDF5File.isAvailable))
    func cutOffHDF5() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("arrays/h5py.h5")))
        let path = NSTemporaryDirectory() + "/regulus-\(UUID().uuidString).h5"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for count in stride(from: 16, to: whole.count, by: 1999) {
            try whole.prefix(count).write(to: URL(fileURLWithPath: path))
            #expect(throws: WeightsFault.self) { try ArrayFile(path) }
        }
    }

    @Test("A header that lies about sizes is refused before anything is made")
    func lies() throws {
        func npy(_ header: String, _ elements: [UInt8] = []) -> Data {
            Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + elements)
        }
        func reason(_ data: Data) -> String {
            do {
                _ = try ArrayFile(data, named: "t")
                return ""
            } catch { return error.description }
        }
        #expect(reason(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4)}")).contains("than can be counted"))
        #expect(reason(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}")).contains("takes 16 bytes, but 0 are there"))
        // An empty array has as few elements, whatever its other extents are.
        let texts = try ArrayFile(npy("{'descr': '<U4', 'fortran_order': False, 'shape': (4611686018427387904, 4, 0)}"), named: "t")
        #expect(try texts.names.map { try texts.texts($0) } == [[]])
        #expect(reason(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}")).contains("type '<c8'; save integers, floats"))
        #expect(reason(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}")).contains("whole numbers ≥ 0"))
        #expect(reason(npy("{'descr': '<f4', 'descr': '<f4'}")).contains("not a dictionary"))
        #expect(reason(npy("__import__('os')")).contains("not a dictionary"))
        #expect(reason(Data("cposix\nsystem\n".utf8)).contains("protocol 0 or 1"))
        #expect(reason(Data("a,b\n1,2\n".utf8)).contains("none of the formats that are read"))
        #expect(reason(Data()).contains("empty"))
    }
}
